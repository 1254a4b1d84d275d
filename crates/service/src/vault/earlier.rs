//! Versions that come with items which a change creates.

use std::collections::HashMap;

use keyarc_wire::{EarlierWrite, ItemId, limits};

use super::check_attachments;
use crate::{ServiceError, validate};

/// The last version of each item, where all of them stand in their order from 1.
pub(super) fn check(earlier: &[EarlierWrite]) -> Result<HashMap<ItemId, u64>, ServiceError> {
    if earlier.len() > limits::EARLIER_PER_WRITE {
        let rule = format!("must have at most {} entries", limits::EARLIER_PER_WRITE);
        return Err(ServiceError::invalid("earlier", rule));
    }
    let mut last: HashMap<ItemId, u64> = HashMap::new();
    for (at, version) in earlier.iter().enumerate() {
        let field = |name: &str| format!("earlier[{at}].{name}");
        validate::envelope(&version.overview, limits::OVERVIEW, || {
            field("overview").into()
        })?;
        let before = last.entry(version.item_id).or_default();
        match &version.details {
            Some(details) => {
                validate::envelope(details, limits::DETAILS, || field("details").into())?;
            }
            None if *before == 0 => {
                return Err(ServiceError::invalid(
                    field("details"),
                    "must come with the first version",
                ));
            }
            None => {}
        }
        let named = (version.attachments.as_slice(), version.details.is_some());
        check_attachments(named, || field("attachments"))?;
        if version.version != *before + 1 || version.version > limits::EARLIER_PER_ITEM as u64 {
            let most = limits::EARLIER_PER_ITEM;
            return Err(ServiceError::invalid(
                field("version"),
                format!("must follow the one before, from 1 to {most}"),
            ));
        }
        *before = version.version;
    }
    Ok(last)
}

//! Vaults: sync, writes, details. All of it ciphertext.

use std::collections::HashSet;

use futures::{
    StreamExt as _,
    stream::{self, BoxStream},
};
use keyarc_signature::{SignatureError, UserBundle, VaultManifest};
use keyarc_store::{Changes, DetailsOutcome, WriteOutcome};
use keyarc_wire::{
    AttachmentId, Bytes, Change, DetailsRequest, DetailsResponse, ItemChange, ItemId,
    MachineChangeName, VaultId, WriteItemsRequest, WriteItemsResponse, encode_change,
    encode_changes_end, encode_changes_start, encode_details, encode_grant, encode_manifest,
    encode_waiting, limits,
};

use crate::{Context, ServiceError, identity, validate};

mod earlier;

/// A body in the format of `keyarc_wire::changes`, in chunks of some 64 KiB.
///
/// It borrows nothing. An error in mid-stream leaves the body without its end, which the client
/// refuses.
pub type ChangesBody = BoxStream<'static, Result<Vec<u8>, ServiceError>>;

/// Most bytes of details in one answer, which is built in memory.
pub(crate) const DETAILS_BYTES: usize = 16 * 1024 * 1024;
/// The highest version that a column holds, less the one that a write adds.
pub(crate) const MAX_BASE_VERSION: u64 = i64::MAX as u64 - 1;

/// What changed in a vault after a revision, with its newest manifest and those from a version
/// on. Memory stays constant whatever the size.
pub async fn changes(
    context: &Context,
    vault: VaultId,
    since: u64,
    manifests_from: Option<u64>,
) -> Result<ChangesBody, ServiceError> {
    authorise(context, vault).await?;
    let store = context.services.store();
    let rows = store.changes(vault, since, manifests_from).await?;
    Ok(encode(rows).boxed())
}

/// Writes a batch: all of it or nothing.
pub async fn write_items(
    context: &Context,
    vault: VaultId,
    request: WriteItemsRequest,
) -> Result<WriteItemsResponse, ServiceError> {
    check_write(&request)?;
    let head = check_manifest(context, vault, &request.manifest).await?;
    let store = context.services.store();
    let now_ms = context.services.now_ms();
    match store.write_items(vault, head, request, now_ms).await? {
        WriteOutcome::Written { revision } => Ok(WriteItemsResponse { revision }),
        WriteOutcome::Conflict(conflicts) => Err(ServiceError::Conflict(conflicts)),
        WriteOutcome::Stale => Err(ServiceError::ManifestStale),
        WriteOutcome::NoVault => Err(ServiceError::NotFound),
        WriteOutcome::NoChange => Err(ServiceError::ChangesConflict),
        WriteOutcome::NoAttachment => Err(ServiceError::invalid(
            "writes",
            "must name attachments that were uploaded as a whole",
        )),
    }
}

/// The details of some items. Items that do not exist are left out.
pub async fn details(
    context: &Context,
    vault: VaultId,
    request: &DetailsRequest,
) -> Result<DetailsResponse, ServiceError> {
    check_items(&request.item_ids)?;
    authorise(context, vault).await?;
    let store = context.services.store();
    match store
        .details(vault, &request.item_ids, DETAILS_BYTES)
        .await?
    {
        DetailsOutcome::Found(details) => Ok(DetailsResponse { details }),
        DetailsOutcome::TooLarge => {
            let rule = format!("must name fewer items: their details exceed {DETAILS_BYTES} bytes");
            Err(ServiceError::invalid("item_ids", rule))
        }
    }
}

/// The manifest must follow the vault's head and be signed by the vault's owner. Whether its root
/// is that of the items is for clients to see: the server is not believed about it anyway.
/// Returns the head's version.
async fn check_manifest(
    context: &Context,
    vault: VaultId,
    manifest: &Bytes,
) -> Result<u64, ServiceError> {
    let head = match context.services.store().vault_head(vault).await? {
        Some(head) if head.owner == context.actor.account_id => head,
        _ => return Err(ServiceError::NotFound),
    };
    let signer = identity::in_force(&head.bundle, &head.rotations)?;
    let place = (vault, head.key_epoch);
    follows(manifest, &head.manifest, &signer, place, "manifest")
}

/// A manifest must follow another, be of a vault and the epoch of its key, and be signed by its
/// owner. Returns the version of the one before.
pub(crate) fn follows(
    manifest: &Bytes,
    before: &Bytes,
    signer: &UserBundle,
    (vault, key_epoch): (VaultId, u32),
    field: &'static str,
) -> Result<u64, ServiceError> {
    let wrong = |rule: &'static str| ServiceError::invalid(field, rule);
    let next = VaultManifest::decode(&manifest.0).map_err(|_| wrong("must be a manifest"))?;
    let corrupt = |error: SignatureError| ServiceError::internal(error);
    let last = VaultManifest::decode(&before.0).map_err(corrupt)?;
    next.verify(&signer.signing_key())
        .map_err(|_| wrong("must be signed by the vault's owner"))?;
    if next.body().vault != vault.0 || next.body().key_epoch != key_epoch {
        return Err(wrong("must be of this vault and its key"));
    }
    if !next.follows(&last) {
        return Err(ServiceError::ManifestStale);
    }
    Ok(last.body().version)
}

/// A vault of somebody else is as absent as one that does not exist.
pub(crate) async fn authorise(context: &Context, vault: VaultId) -> Result<(), ServiceError> {
    match context.services.store().vault_owner(vault).await? {
        Some(owner) if owner == context.actor.account_id => Ok(()),
        _ => Err(ServiceError::NotFound),
    }
}

/// Some items, none of them twice.
pub(crate) fn check_items(items: &[ItemId]) -> Result<(), ServiceError> {
    let count = items.len();
    if count == 0 || count > limits::DETAILS_PER_REQUEST {
        let rule = format!("must have 1 to {} entries", limits::DETAILS_PER_REQUEST);
        return Err(ServiceError::invalid("item_ids", rule));
    }
    match items.iter().collect::<HashSet<_>>().len() == count {
        true => Ok(()),
        false => Err(ServiceError::invalid(
            "item_ids",
            "must not name an item twice",
        )),
    }
}

pub(crate) fn check_write(request: &WriteItemsRequest) -> Result<(), ServiceError> {
    let WriteItemsRequest { writes, purges, .. } = request;
    let mut earlier = earlier::check(&request.earlier)?;
    let count = writes.len() + purges.len();
    if count == 0 || count > limits::ITEMS_PER_WRITE {
        let rule = format!(
            "must, with purges, have 1 to {} entries",
            limits::ITEMS_PER_WRITE
        );
        return Err(ServiceError::invalid("writes", rule));
    }
    check_takes(request)?;
    let mut seen = HashSet::with_capacity(count);
    for (at, write) in writes.iter().enumerate() {
        let field = |name: &str| format!("writes[{at}].{name}");
        validate::envelope(&write.overview, limits::OVERVIEW, || {
            field("overview").into()
        })?;
        match &write.details {
            Some(details) => {
                validate::envelope(details, limits::DETAILS, || field("details").into())?;
            }
            None if write.base_version == 0 || earlier.contains_key(&write.item_id) => {
                return Err(ServiceError::invalid(
                    field("details"),
                    "must come with a new item",
                ));
            }
            None => {}
        }
        let named = (write.attachments.as_slice(), write.details.is_some());
        check_attachments(named, || field("attachments"))?;
        if write.base_version > MAX_BASE_VERSION {
            return Err(ServiceError::invalid(
                field("base_version"),
                "must be a version",
            ));
        }
        if !seen.insert(write.item_id) {
            return Err(ServiceError::invalid(field("item_id"), "must occur once"));
        }
        if let Some(last) = earlier.remove(&write.item_id)
            && last != write.base_version
        {
            return Err(ServiceError::invalid(
                field("base_version"),
                "must be the last of the earlier versions that come with it",
            ));
        }
    }
    if !earlier.is_empty() {
        return Err(ServiceError::invalid(
            "earlier",
            "must be of items that are written",
        ));
    }
    for (at, purge) in purges.iter().enumerate() {
        let field = |name: &str| format!("purges[{at}].{name}");
        if purge.base_version == 0 || purge.base_version > MAX_BASE_VERSION {
            return Err(ServiceError::invalid(
                field("base_version"),
                "must be a version",
            ));
        }
        if !seen.insert(purge.item_id) {
            return Err(ServiceError::invalid(field("item_id"), "must occur once"));
        }
    }
    Ok(())
}

/// What a write takes of machine tokens: of each item that it writes at most one change.
fn check_takes(request: &WriteItemsRequest) -> Result<(), ServiceError> {
    if request.takes.is_empty() {
        return Ok(());
    }
    let written: HashSet<ItemId> = request.writes.iter().map(|write| write.item_id).collect();
    let mut taken = HashSet::with_capacity(request.takes.len());
    let fits =
        |name: &MachineChangeName| written.contains(&name.item_id) && taken.insert(name.item_id);
    match request.takes.iter().all(fits) {
        true => Ok(()),
        false => Err(ServiceError::invalid(
            "takes",
            "must name one change of an item at most, of items that are written",
        )),
    }
}

/// What a version names of attachments, and whether it has details of its own.
fn check_attachments(
    (named, has_details): (&[AttachmentId], bool),
    field: impl FnOnce() -> String,
) -> Result<(), ServiceError> {
    let rule = if !has_details && !named.is_empty() {
        "must come with details"
    } else if named.len() > limits::ATTACHMENTS_PER_ITEM {
        "must name fewer attachments"
    } else if named.iter().collect::<HashSet<_>>().len() != named.len() {
        "must not name an attachment twice"
    } else {
        return Ok(());
    };
    Err(ServiceError::invalid(field(), rule))
}

fn encode_item(out: &mut Vec<u8>, item: &ItemChange) {
    let live = item
        .live
        .as_ref()
        .map(|(version, sealed)| (*version, sealed.as_ref()));
    encode_change(
        out,
        item.item_id.as_bytes(),
        item.version,
        item.revision,
        live,
    );
}

/// How far a body has been written.
struct Progress {
    /// `None` once the body has its end, or has failed.
    rows: Option<Changes>,
    begun: bool,
    count: u32,
}

pub(crate) fn encode(
    rows: Changes,
) -> impl stream::Stream<Item = Result<Vec<u8>, ServiceError>> + Send + 'static {
    let start = Progress {
        rows: Some(rows),
        begun: false,
        count: 0,
    };
    stream::unfold(start, |mut progress| async move {
        let mut rows = progress.rows.take()?;
        let mut out = Vec::new();
        if !progress.begun {
            encode_changes_start(&mut out);
            progress.begun = true;
        }
        match rows.next().await {
            Some(Ok(chunk)) => {
                for row in &chunk {
                    match row {
                        Change::Item(item) => encode_item(&mut out, item),
                        Change::Manifest(manifest) => encode_manifest(&mut out, &manifest.0),
                        Change::Details(details) => encode_details(&mut out, details),
                        Change::Grant(grant) => encode_grant(&mut out, &grant.0),
                        Change::Waiting(waiting) => encode_waiting(&mut out, waiting),
                    }
                    progress.count = progress.count.saturating_add(1);
                }
                progress.rows = Some(rows);
            }
            Some(Err(error)) => return Some((Err(error.into()), progress)),
            None => encode_changes_end(&mut out, progress.count),
        }
        Some((Ok(out), progress))
    })
}

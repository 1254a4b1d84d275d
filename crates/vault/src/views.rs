//! Lists that a person keeps under a name.

use minicbor::{CborLen, Decode, Encode};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::{
    DraftError, LABEL_MAX,
    draft::{broken, is_visible, single_line},
    record::{decode_record, encode_record},
};

/// Most views that are kept.
pub const VIEWS_MAX: usize = 50;
/// Longest address of a list in bytes.
const PATH_MAX: usize = 4_000;

/// A list under a name.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Encode, Decode, CborLen)]
pub struct SavedView {
    /// At most [`LABEL_MAX`] characters; no two have the same.
    #[n(0)]
    pub name: String,
    /// The list, as the address of the interface writes it: what a later interface does not know
    /// of it, it ignores. It begins with `/`.
    #[n(1)]
    pub path: String,
}

impl std::fmt::Debug for SavedView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SavedView(redacted)")
    }
}

/// A change of the views.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ViewStep {
    /// Keeps a view, in the place of another one if it is there.
    Put {
        /// The view.
        view: SavedView,
        /// The name of the one that it replaces.
        instead_of: Option<String>,
    },
    /// Forgets the view of a name.
    Remove(String),
}

#[derive(Encode, Decode, CborLen)]
#[cbor(transparent)]
struct ViewsRecord(#[n(0)] Vec<SavedView>);

/// Changes views. `field` of an error is `name` or `views`; nothing was changed then.
pub fn change_views(views: &mut Vec<SavedView>, step: ViewStep) -> Result<(), DraftError> {
    let (view, instead_of) = match step {
        ViewStep::Remove(name) => {
            views.retain(|view| view.name != name);
            return Ok(());
        }
        ViewStep::Put { view, instead_of } => (view, instead_of),
    };
    let name = view.name.trim().to_owned();
    if !name.chars().any(is_visible) {
        return Err(broken("name", "is missing"));
    }
    single_line("name", &name, LABEL_MAX)?;
    if !view.path.starts_with('/') || view.path.len() > PATH_MAX {
        return Err(broken("view", "is too long to be kept"));
    }
    let at = instead_of.and_then(|old| views.iter().position(|view| view.name == old));
    let taken = views.iter().position(|view| view.name == name);
    if taken.is_some() && taken != at {
        return Err(broken("name", "is that of another view"));
    }
    let view = SavedView {
        name,
        path: view.path,
    };
    match at {
        Some(at) => views[at] = view,
        None if views.len() >= VIEWS_MAX => {
            return Err(broken("views", format!("are {VIEWS_MAX} already")));
        }
        None => views.push(view),
    }
    Ok(())
}

/// The canonical bytes, to be sealed.
pub fn encode_views(views: &[SavedView]) -> Zeroizing<Vec<u8>> {
    encode_record(&ViewsRecord(views.to_vec()))
}

/// Reads exactly what [`encode_views`] writes.
pub fn decode_views(bytes: &[u8]) -> Option<Vec<SavedView>> {
    decode_record::<ViewsRecord>(bytes)
        .ok()
        .map(|record| record.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(name: &str, path: &str, instead_of: Option<&str>) -> ViewStep {
        ViewStep::Put {
            view: SavedView {
                name: name.to_owned(),
                path: path.to_owned(),
            },
            instead_of: instead_of.map(str::to_owned),
        }
    }

    #[test]
    fn views_are_kept_renamed_replaced_and_forgotten() {
        let mut views = Vec::new();
        change_views(
            &mut views,
            put(" Live keys ", "/vault?env=production", None),
        )
        .unwrap();
        change_views(&mut views, put("Logins", "/vault?kind=login", None)).unwrap();
        let renamed = put("Production", "/vault?env=production", Some("Live keys"));
        change_views(&mut views, renamed).unwrap();
        let names: Vec<_> = views.iter().map(|view| view.name.as_str()).collect();
        assert_eq!(names, ["Production", "Logins"]);
        let bytes = encode_views(&views);
        assert_eq!(decode_views(&bytes), Some(views.clone()));
        assert_eq!(decode_views(&bytes[..bytes.len() - 1]), None);
        change_views(&mut views, ViewStep::Remove("Production".to_owned())).unwrap();
        assert_eq!(views.len(), 1);
    }

    #[test]
    fn what_breaks_a_rule_changes_nothing() {
        let mut views = Vec::new();
        change_views(&mut views, put("One", "/vault", None)).unwrap();
        let before = views.clone();
        for (step, field) in [
            (put("  ", "/vault", None), "name"),
            (put("One", "/vault?tag=a", None), "name"),
            (put("bell\u{7}", "/vault", None), "name"),
            (put(&"x".repeat(61), "/vault", None), "name"),
            (put("Two", "javascript:alert(1)", None), "view"),
            (put("Two", &format!("/{}", "x".repeat(4_000)), None), "view"),
        ] {
            assert_eq!(change_views(&mut views, step).unwrap_err().field, field);
            assert_eq!(views, before);
        }
        for at in 1..VIEWS_MAX {
            change_views(&mut views, put(&format!("View {at}"), "/vault", None)).unwrap();
        }
        let more = change_views(&mut views, put("One more", "/vault", None));
        assert_eq!(more.unwrap_err().field, "views");
    }
}

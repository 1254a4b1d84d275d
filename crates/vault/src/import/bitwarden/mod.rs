//! Bitwarden's exports: JSON in clear, JSON protected by a password, CSV.
//!
//! What has no kind of its own here becomes what comes nearest, with a field for everything else:
//! a card a login, an identity a note. A type that is newer than this becomes
//! a note. Attachments are in none of these files.

mod encrypted;
mod item;
mod table;

use zeroize::Zeroizing;

use self::item::Item;
use super::{Reading, Unreadable, node::Node};

pub(super) use self::table::{fits_csv, read_bitwarden_csv};

/// Whether the outermost object of a JSON text is Bitwarden's, by its names.
pub(super) fn fits(keys: &[String]) -> bool {
    let has = |name: &str| keys.iter().any(|key| key == name);
    has("encrypted") && (has("items") || has("data"))
        || has("items") && (has("folders") || has("collections"))
}

/// Reads Bitwarden's JSON, and what it protects by a password.
pub(super) fn read_bitwarden_json(
    text: &str,
    password: Option<&str>,
) -> Result<Reading, Unreadable> {
    let outer = Node::parse(text)?;
    if !outer.get("encrypted").is_some_and(Node::is_true) {
        return read(&outer);
    }
    if !outer.get("passwordProtected").is_some_and(Node::is_true) {
        return Err(Unreadable::Malformed(
            "only the Bitwarden account it came from can decrypt it. Export it there once more, \
             as .json, or as .json (encrypted) with “password protected” chosen",
        ));
    }
    let clear: Zeroizing<Vec<u8>> = encrypted::decrypt(&outer, password)?;
    let clear = std::str::from_utf8(&clear)
        .map_err(|_| Unreadable::Malformed("what it encrypts is no text"))?;
    read(&Node::parse(clear)?)
}

fn read(root: &Node) -> Result<Reading, Unreadable> {
    let Some(items @ Node::List(_)) = root.get("items") else {
        return Err(Unreadable::Malformed("it has no list of items"));
    };
    let folders = item::Folders::of(root);
    let mut reading = Reading::default();
    for (place, node) in (1..).zip(items.elements()) {
        match Item::of(node, &folders) {
            Ok(item) => reading.add(place, item.draft(), None),
            Err(reason) => {
                if !reading.miss(place, reason) {
                    break;
                }
            }
        }
        if reading.is_full() {
            break;
        }
    }
    Ok(reading)
}

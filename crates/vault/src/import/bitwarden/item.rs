use std::collections::HashMap;

use super::super::{
    node::Node,
    shape::{CODE, Sheet},
};
use crate::{Day, FieldType, ItemDraft, Totp};

/// The names of folders and collections by their ids.
pub(super) struct Folders<'a>(HashMap<&'a str, &'a str>);

impl<'a> Folders<'a> {
    pub(super) fn of(root: &'a Node) -> Self {
        let lists = ["folders", "collections"].into_iter();
        let all = lists
            .filter_map(|name| root.get(name))
            .flat_map(Node::elements);
        Self(all.map(|one| (one.word("id"), one.word("name"))).collect())
    }
}

/// An item of the file, and the parts of one here.
pub(super) struct Item<'a> {
    node: &'a Node,
    sheet: Sheet,
}

impl<'a> Item<'a> {
    pub(super) fn of(node: &'a Node, folders: &Folders<'_>) -> Result<Self, &'static str> {
        if node.entries().is_empty() {
            return Err("is no object");
        }
        if !node.word("deletedDate").is_empty() {
            return Err("lies in the trash there");
        }
        let name = |id: &str| folders.0.get(id).copied().unwrap_or_default();
        let mut collections = node
            .get("collectionIds")
            .map_or(&[][..], Node::elements)
            .iter()
            .filter_map(Node::text)
            .map(name)
            .filter(|name| !name.is_empty());
        let mut sheet = Sheet {
            name: node.word("name").to_owned(),
            folder: name(node.word("folderId")).to_owned(),
            favourite: node.get("favorite").is_some_and(Node::is_true),
            notes: node.word("notes").to_owned(),
            ..Sheet::default()
        };
        if sheet.folder.is_empty() {
            sheet.folder = collections.next().unwrap_or_default().to_owned();
        }
        // An item lies in one folder here, and may in several collections there.
        sheet.tags.extend(collections.map(str::to_owned));
        if !node.word("archivedDate").is_empty() {
            sheet.tags.push("archived".to_owned());
        }
        Ok(Self { node, sheet })
    }

    pub(super) fn draft(mut self) -> ItemDraft {
        let node = self.node;
        match node.get("type").and_then(Node::number) {
            Some(1) => {
                self.login(node.get("login").unwrap_or(&Node::Null));
                self.added();
                self.sheet.login()
            }
            Some(2) => {
                self.added();
                self.sheet.text()
            }
            Some(3) => {
                self.card(node.get("card").unwrap_or(&Node::Null));
                self.added();
                self.sheet.login()
            }
            Some(4) => {
                self.identity(node.get("identity").unwrap_or(&Node::Null));
                self.added();
                self.sheet.text()
            }
            Some(5) => {
                let key = node.get("sshKey").unwrap_or(&Node::Null);
                self.ssh_key(key);
                self.added();
                self.sheet.ssh_key(key.word("publicKey"))
            }
            _ => {
                self.unknown();
                self.added();
                self.sheet.text()
            }
        }
    }

    fn login(&mut self, login: &Node) {
        let sheet = &mut self.sheet;
        login.word("username").clone_into(&mut sheet.username);
        login.word("password").clone_into(&mut sheet.password);
        let uris = login.get("uris").map_or(&[][..], Node::elements);
        for uri in uris.iter().map(|uri| uri.word("uri")) {
            match sheet.url.is_empty() {
                true => uri.clone_into(&mut sheet.url),
                false => sheet.filled("Address", FieldType::Url, uri),
            }
        }
        code(sheet, login.word("totp"));
        let passkeys = login.get("fido2Credentials");
        for passkey in passkeys.map_or(&[][..], Node::elements) {
            let name = format!("Passkey of {}", passkey.word("rpId"));
            sheet.field(&name, FieldType::Secret, &passkey.to_json());
        }
    }

    fn card(&mut self, card: &Node) {
        let sheet = &mut self.sheet;
        card.word("cardholderName").clone_into(&mut sheet.username);
        card.word("number").clone_into(&mut sheet.password);
        sheet.filled("Brand", FieldType::Text, card.word("brand"));
        let (month, year) = (card.word("expMonth"), card.word("expYear"));
        if !month.is_empty() || !year.is_empty() {
            sheet.field("Expires", FieldType::Text, &format!("{month}/{year}"));
            sheet.expires_on = last_day(month, year);
        }
        sheet.filled("Security code", FieldType::Secret, card.word("code"));
    }

    fn identity(&mut self, identity: &Node) {
        for (key, name, field_type) in IDENTITY {
            self.sheet.filled(name, field_type, identity.word(key));
        }
    }

    fn ssh_key(&mut self, key: &Node) {
        let sheet = &mut self.sheet;
        key.word("privateKey").clone_into(&mut sheet.password);
        sheet.filled("Fingerprint", FieldType::Text, key.word("keyFingerprint"));
    }

    /// Whatever object a newer version has put in: one field for each of its values.
    fn unknown(&mut self) {
        for (name, part) in self.node.entries() {
            for (key, node) in part.entries() {
                let title = format!("{name} {key}");
                match node.scalar() {
                    Some(value) => self.sheet.filled(&title, FieldType::Secret, value),
                    None => self.sheet.field(&title, FieldType::Secret, &node.to_json()),
                }
            }
        }
    }

    /// The fields that a person added, and earlier passwords.
    fn added(&mut self) {
        let fields = self.node.get("fields").map_or(&[][..], Node::elements);
        for field in fields {
            let (name, value) = (field.word("name"), field.word("value"));
            match field.get("type").and_then(Node::number) {
                Some(1) => self.sheet.field(name, FieldType::Secret, value),
                // It points at another field, which is there as well.
                Some(3) => {}
                _ if name.is_empty() && value.is_empty() => {}
                _ => self.sheet.field(name, FieldType::Text, value),
            }
        }
        let history = self.node.get("passwordHistory");
        for earlier in history.map_or(&[][..], Node::elements) {
            let used = earlier.word("lastUsedDate").get(..10).unwrap_or_default();
            let name = format!("Earlier password {used}");
            self.sheet
                .filled(name.trim_end(), FieldType::Secret, earlier.word("password"));
        }
    }
}

/// Codes: what gives none here is kept as a secret. Steam's are such.
pub(super) fn code(sheet: &mut Sheet, key: &str) {
    let field_type = match Totp::parse(key) {
        Ok(_) => FieldType::Totp,
        Err(_) => FieldType::Secret,
    };
    sheet.filled(CODE, field_type, key);
}

/// The last day of a month, until which a card is good.
fn last_day(month: &str, year: &str) -> Option<Day> {
    let year: i32 = year.parse().ok()?;
    let month: u32 = month.parse().ok()?;
    let (year, month) = match month {
        12 => (year.checked_add(1)?, 1),
        _ => (year, month.checked_add(1)?),
    };
    let next = Day::from_ymd(year, month, 1)?;
    (next > Day::FIRST).then_some(Day(next.0 - 1))
}

const IDENTITY: [(&str, &str, FieldType); 18] = [
    ("title", "Title", FieldType::Text),
    ("firstName", "First name", FieldType::Text),
    ("middleName", "Middle name", FieldType::Text),
    ("lastName", "Last name", FieldType::Text),
    ("username", "User name", FieldType::Text),
    ("company", "Company", FieldType::Text),
    ("email", "E-mail", FieldType::Text),
    ("phone", "Phone", FieldType::Text),
    ("address1", "Address", FieldType::Text),
    ("address2", "Address, second line", FieldType::Text),
    ("address3", "Address, third line", FieldType::Text),
    ("city", "City", FieldType::Text),
    ("state", "State", FieldType::Text),
    ("postalCode", "Postal code", FieldType::Text),
    ("country", "Country", FieldType::Text),
    ("ssn", "Social security number", FieldType::Secret),
    ("passportNumber", "Passport number", FieldType::Secret),
    ("licenseNumber", "Licence number", FieldType::Secret),
];

//! 1Password's `1pux` (<https://support.1password.com/1pux-format/>): a ZIP archive with
//! `export.data`, a JSON of accounts, their vaults and items, and attachments beside it.
//!
//! A vault becomes a folder, below its account when there are several. Every field of an item
//! stays one, with its section's title before its name where two would be called the same.
//! Earlier passwords are left out; attachments are told of.

use super::{
    Reading, Unreadable,
    node::Node,
    shape::{Sheet, is_secret_title},
    text::decode,
    zip::{self, Archive},
};
use crate::{Day, FieldType, ItemDraft};

/// Largest `export.data` (100 MB).
const DATA_MAX: usize = 100 << 20;

const EMPTY: Unreadable =
    Unreadable::Malformed("it is a ZIP archive, but none that 1Password exports");

/// Whether bytes begin like an archive.
pub(super) fn fits(bytes: &[u8]) -> bool {
    zip::fits(bytes)
}

/// Reads an archive.
pub(crate) fn read_1pux(bytes: &[u8]) -> Result<Reading, Unreadable> {
    let data = Archive::open(bytes)?.file("export.data", DATA_MAX)?;
    read_data(&decode(&data.ok_or(EMPTY)?)?)
}

fn read_data(text: &str) -> Result<Reading, Unreadable> {
    let root = Node::parse(text)?;
    let accounts = list(&root, "accounts");
    if accounts.is_empty() {
        return Err(EMPTY);
    }
    let mut reading = Reading::default();
    let mut place = 0;
    for account in accounts {
        for vault in list(account, "vaults") {
            let folder = match accounts.len() {
                1 => segment(vault, "name"),
                _ => format!(
                    "{}/{}",
                    segment(account, "accountName"),
                    segment(vault, "name")
                ),
            };
            for item in list(vault, "items") {
                if reading.is_full() {
                    return Ok(reading);
                }
                place += 1;
                // Some versions wrap it together with its file.
                let item = item.get("item").unwrap_or(item);
                if item.word("state") == "trashed" || item.get("trashed").is_some_and(Node::is_true)
                {
                    reading.tell(place, "lies in the trash there");
                    continue;
                }
                let mut reader = ItemReader::of(item, &folder);
                let draft = reader.draft(item);
                if reader.is_empty(&draft) {
                    reading.tell(place, "is an attachment alone, which is not imported");
                    continue;
                }
                reading.add(place, draft, None);
                if reader.has_attachment {
                    reading.tell(place, "has an attachment, which is not imported");
                }
            }
        }
    }
    Ok(reading)
}

struct ItemReader {
    sheet: Sheet,
    /// Of an SSH key.
    public_key: String,
    has_attachment: bool,
}

impl ItemReader {
    fn of(item: &Node, folder: &str) -> Self {
        let overview = item.get("overview").unwrap_or(&Node::Null);
        let mut sheet = Sheet {
            name: overview.word("title").to_owned(),
            folder: folder.to_owned(),
            favourite: item.get("favIndex").and_then(Node::number) > Some(0),
            ..Sheet::default()
        };
        let tags = list(overview, "tags").iter().filter_map(Node::text);
        sheet.tags.extend(tags.map(str::to_owned));
        if item.word("state") == "archived" {
            sheet.tags.push("archived".to_owned());
        }
        overview.word("url").clone_into(&mut sheet.url);
        for url in list(overview, "urls") {
            let address = url.word("url");
            match url.word("label") {
                _ if address == sheet.url => {}
                _ if sheet.url.is_empty() => address.clone_into(&mut sheet.url),
                "" => sheet.filled("Address", FieldType::Url, address),
                label => sheet.filled(label, FieldType::Url, address),
            }
        }
        Self {
            sheet,
            public_key: String::new(),
            has_attachment: false,
        }
    }

    fn draft(&mut self, item: &Node) -> ItemDraft {
        let details = item.get("details").unwrap_or(&Node::Null);
        let category = item.word("categoryUuid");
        for field in list(details, "loginFields") {
            self.login_field(field);
        }
        // A password without anything else stands by itself.
        let password = details.word("password");
        match self.sheet.password.is_empty() {
            true => password.clone_into(&mut self.sheet.password),
            false => self.sheet.filled("Password", FieldType::Secret, password),
        }
        self.sheet.note(details.word("notesPlain"));
        for section in list(details, "sections") {
            for field in list(section, "fields") {
                self.field(section.word("title"), field, category);
            }
        }
        if details
            .get("documentAttributes")
            .is_some_and(|one| !one.entries().is_empty())
            || !item.get("files").map_or(&[][..], Node::elements).is_empty()
        {
            self.has_attachment = true;
        }
        let mut sheet = std::mem::take(&mut self.sheet);
        // A key in an item of another sort.
        if category != "114" {
            let public_key = std::mem::take(&mut self.public_key);
            sheet.filled("Public key", FieldType::Text, &public_key);
        }
        match category {
            "001" => sheet.login(),
            // An API credential, an SSH key.
            "112" | "114" if !sheet.password.is_empty() => {
                let (username, url) = (
                    std::mem::take(&mut sheet.username),
                    std::mem::take(&mut sheet.url),
                );
                sheet.filled("Username", FieldType::Text, &username);
                sheet.filled("Address", FieldType::Url, &url);
                match category {
                    "114" => sheet.ssh_key(&self.public_key),
                    _ => sheet.secret(),
                }
            }
            _ => sheet.guess(),
        }
    }

    fn login_field(&mut self, field: &Node) {
        let value = field.word("value");
        let sheet = &mut self.sheet;
        match field.word("designation") {
            "username" if sheet.username.is_empty() => value.clone_into(&mut sheet.username),
            "password" if sheet.password.is_empty() => value.clone_into(&mut sheet.password),
            _ => {
                // P is a password, I a button, C a box to tick.
                let field_type = match field.word("fieldType") {
                    "P" => FieldType::Secret,
                    "I" | "B" => return,
                    "C" if value.is_empty() => return,
                    _ => FieldType::Text,
                };
                let name = match field.word("name") {
                    "" => field.word("id"),
                    name => name,
                };
                sheet.filled(name, field_type, value);
            }
        }
    }

    fn field(&mut self, section: &str, field: &Node, category: &str) {
        let Some((sort, value)) = field.get("value").and_then(|value| value.entries().first())
        else {
            return;
        };
        let id = field.word("id");
        let title = match field.word("title") {
            "" => id,
            title => title,
        };
        // A title that comes again is told by its section.
        let named = self.sheet.names.contains(&title.to_lowercase());
        let titled = match named && !section.is_empty() {
            true => format!("{section}: {title}"),
            false => title.to_owned(),
        };
        let sheet = &mut self.sheet;
        let text = value.scalar().unwrap_or_default();
        match (sort.as_str(), id) {
            ("concealed", "credential" | "password") if sheet.password.is_empty() => {
                text.clone_into(&mut sheet.password);
            }
            ("string", "username") if sheet.username.is_empty() && category != "003" => {
                text.clone_into(&mut sheet.username);
            }
            ("date", "expires") if sheet.expires_on.is_none() => sheet.expires_on = date(value),
            ("totp", _) if sheet.totp.is_none() && !text.is_empty() => {
                sheet.totp = Some(text.to_owned());
            }
            ("totp", _) => sheet.filled(&titled, FieldType::Totp, text),
            ("concealed", _) => sheet.filled(&titled, FieldType::Secret, text),
            ("url", _) => sheet.filled(&titled, FieldType::Url, text),
            ("date", _) => {
                let day = date(value).map(|day| day.to_string());
                sheet.filled(&titled, FieldType::Text, day.as_deref().unwrap_or(text));
            }
            ("monthYear", _) => sheet.filled(&titled, FieldType::Text, &month(value)),
            ("email", _) => {
                let address = match value.text() {
                    Some(address) => address,
                    None => value.word("email_address"),
                };
                sheet.filled(&titled, FieldType::Text, address);
            }
            ("address", _) => sheet.filled(&titled, FieldType::Lines, &address(value)),
            ("creditCardNumber", _) => sheet.filled(&titled, FieldType::Secret, text),
            ("sshKey", _) => self.ssh_key(value),
            ("file", _) => self.has_attachment = true,
            _ => {
                let field_type = match is_secret_title(title) {
                    true => FieldType::Secret,
                    false => FieldType::Text,
                };
                let json;
                let text = match value.scalar() {
                    Some(text) => text,
                    None => {
                        json = value.to_json();
                        &json
                    }
                };
                sheet.filled(&titled, field_type, text);
            }
        }
    }

    fn ssh_key(&mut self, key: &Node) {
        let sheet = &mut self.sheet;
        match sheet.password.is_empty() {
            true => key.word("privateKey").clone_into(&mut sheet.password),
            false => sheet.filled("Private key", FieldType::Secret, key.word("privateKey")),
        }
        let about = key.get("metadata").unwrap_or(&Node::Null);
        match self.public_key.is_empty() {
            true => about.word("publicKey").clone_into(&mut self.public_key),
            false => sheet.filled("Public key", FieldType::Text, about.word("publicKey")),
        }
        sheet.filled("Fingerprint", FieldType::Text, about.word("fingerprint"));
    }

    /// Whether an attachment was all there was.
    fn is_empty(&self, draft: &ItemDraft) -> bool {
        self.has_attachment
            && draft.fields.is_empty()
            && draft.content.part("text").is_some_and(str::is_empty)
    }
}

fn list<'a>(node: &'a Node, name: &str) -> &'a [Node] {
    node.get(name).map_or(&[], Node::elements)
}

/// A name as one folder, for what is a name there would be two folders here.
fn segment(node: &Node, name: &str) -> String {
    let attrs = node.get("attrs").unwrap_or(&Node::Null);
    attrs.word(name).trim().replace('/', "-")
}

/// Unix seconds.
fn date(value: &Node) -> Option<Day> {
    let Node::Number(seconds) = value else {
        return None;
    };
    let ms = seconds.parse::<i64>().ok()?.checked_mul(1_000)?;
    let day = Day::from_unix_ms(ms, 0);
    (Day::FIRST..=Day::LAST).contains(&day).then_some(day)
}

/// 202705 → 2027-05.
fn month(value: &Node) -> String {
    match value.number() {
        Some(number @ 100_001..=999_912) => format!("{}-{:02}", number / 100, number % 100),
        _ => value.scalar().unwrap_or_default().to_owned(),
    }
}

fn address(value: &Node) -> String {
    let lines = ["street", "city", "zip", "state", "country"].map(|part| value.word(part));
    let lines: Vec<&str> = lines.into_iter().filter(|line| !line.is_empty()).collect();
    lines.join("\n")
}

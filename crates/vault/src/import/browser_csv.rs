//! The CSV of browsers: `name,url,username,password,note` of Chrome and its relatives, and
//! `url,username,password,httpRealm,formActionOrigin,guid,timeCreated,…` of Firefox.

use super::{
    Reading, Role, Unreadable,
    csv::{have, read_product},
    shape::Sheet,
};

pub(super) fn fits_chrome(titles: &[String]) -> bool {
    let rest =
        |title: &String| ["name", "url", "username", "password", "note"].contains(&title.as_str());
    have(titles, &["name", "url", "username", "password"]) && titles.iter().all(rest)
}

pub(super) fn fits_firefox(titles: &[String]) -> bool {
    have(
        titles,
        &["url", "username", "password", "httprealm", "guid"],
    )
}

/// Reads Chrome's CSV.
pub(super) fn read_chrome_csv(text: &str) -> Result<Reading, Unreadable> {
    read_product(text, fits_chrome, |reading, cells| {
        let mut sheet = Sheet::default();
        for (title, role) in [
            ("name", Role::Name),
            ("url", Role::Url),
            ("username", Role::Username),
            ("password", Role::Secret),
            ("note", Role::Notes),
        ] {
            sheet.put(role, title, cells.get(title));
        }
        reading.add(cells.line(), sheet.login(), None);
    })
}

/// Reads Firefox's CSV. Its own numbers and times say nothing about the login; the realm of an
/// HTTP log-in does.
pub(super) fn read_firefox_csv(text: &str) -> Result<Reading, Unreadable> {
    const OWN: [&str; 8] = [
        "url",
        "username",
        "password",
        "guid",
        "formactionorigin",
        "timecreated",
        "timelastused",
        "timepasswordchanged",
    ];
    read_product(text, fits_firefox, |reading, cells| {
        let mut sheet = Sheet::default();
        sheet.put(Role::Url, "url", cells.get("url"));
        sheet.put(Role::Username, "username", cells.get("username"));
        sheet.put(Role::Secret, "password", cells.get("password"));
        for (title, value) in cells.others(&OWN) {
            let title = match title {
                "httprealm" => "HTTP realm",
                title => title,
            };
            sheet.put(Role::Field, title, value);
        }
        reading.add(cells.line(), sheet.login(), None);
    })
}

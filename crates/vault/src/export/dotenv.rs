//! `.env`: the variables of environment sets under their own names, and keys under the name that
//! programs know them by, or one made of the name for people.

use std::collections::{HashMap, HashSet};

use zeroize::Zeroizing;

use super::{Exported, LeftOut, Told, out::Out};
use crate::{Content, NAME_MAX, draft::is_variable_name, import::render};

/// The names that stand in a file, and the number that comes next where one is taken.
#[derive(Default)]
pub(super) struct Names {
    taken: HashSet<String>,
    next: HashMap<String, u32>,
}

impl Names {
    /// The name, or with a number behind it when it is taken. All looks together are as many as
    /// there are names, however many of them are the same.
    fn free(&mut self, name: &str, told: &mut Told) -> String {
        if self.taken.insert(name.to_owned()) {
            return name.to_owned();
        }
        told.tell(LeftOut::Numbered);
        let next = self.next.entry(name.to_owned()).or_insert(2);
        loop {
            let number = format!("_{next}");
            *next = next.saturating_add(1);
            // Names are ASCII and of bounded length; the number must not make one too long.
            let kept = name.len().min(NAME_MAX - number.len());
            let numbered = format!("{}{number}", &name[..kept]);
            if self.taken.insert(numbered.clone()) {
                return numbered;
            }
        }
    }
}

pub(super) fn put(exported: &Exported, names: &mut Names, out: &mut Out, told: &mut Told) {
    let summary = &exported.item.summary;
    match &exported.item.content {
        Content::ApiKey { value } => {
            let known = exported
                .variable
                .as_deref()
                .filter(|name| is_variable_name(name));
            let made = known.map_or_else(|| variable_of(&summary.name), str::to_owned);
            if made != summary.name {
                told.tell(LeftOut::Name);
            }
            line(&made, value, names, out, told);
        }
        Content::EnvironmentSet { variables } => {
            // A name has one line and no control character; one of another client might.
            let heading: String = summary
                .name
                .chars()
                .map(|c| if c.is_control() { ' ' } else { c })
                .collect();
            out.text("# ");
            out.text(&heading);
            out.text("\n");
            for variable in variables {
                line(&variable.name, &variable.value, names, out, told);
            }
        }
        // The format takes no other kind.
        _ => {}
    }
}

fn line(name: &str, value: &str, names: &mut Names, out: &mut Out, told: &mut Told) {
    let is_plain = |c: char| !c.is_control() || matches!(c, '\n' | '\r' | '\t');
    if !value.chars().all(is_plain) {
        return told.tell(LeftOut::Values);
    }
    let name = names.free(name, told);
    out.text(&Zeroizing::new(render([(name.as_str(), value)])));
}

/// `Stripe live key` → `STRIPE_LIVE_KEY`. What every shell takes for a name stays as it is.
fn variable_of(name: &str) -> String {
    if is_variable_name(name) && !name.contains(['-', '.']) {
        return name.to_owned();
    }
    let mut made = String::new();
    for c in name.chars() {
        match c {
            c if c.is_ascii_alphanumeric() => made.push(c.to_ascii_uppercase()),
            _ if made.ends_with('_') => {}
            _ => made.push('_'),
        }
    }
    let bare = made.trim_matches('_');
    let bare = &bare[..bare.len().min(NAME_MAX - 1)];
    match bare.bytes().next() {
        None => "SECRET".to_owned(),
        Some(b'0'..=b'9') => format!("_{bare}"),
        Some(_) => bare.to_owned(),
    }
}

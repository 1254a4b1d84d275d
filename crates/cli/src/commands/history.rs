use keyarc_lookup::{Wanted, printable};
use keyarc_vault::{Change, Day};

use crate::{
    args::History,
    failure::Failure,
    home::Home,
    open, output,
    vault::{Answer, Question, VersionLine},
};

const HEAD: [&str; 4] = ["VERSION", "WRITTEN (UTC)", "NAME", "CHANGED"];

/// Lists what an item was.
pub async fn run(home: &Home, wish: History) -> Result<(), Failure> {
    let wanted =
        Wanted::typed(&wish.item, None).map_err(|error| Failure::Usage(error.to_string()))?;
    let wanted = wanted.of_environment(wish.environment.as_deref());
    let answer = open::ask(home, &Question::History(wanted)).await?;
    let Answer::Versions(versions) = &answer else {
        return Err(Failure::Other("no versions came".to_owned()));
    };
    if wish.printed.json {
        return output::json(versions);
    }
    let cells = versions.iter().map(|one| {
        [
            one.version.to_string(),
            one.written_at_ms.map(moment).unwrap_or_default(),
            printable(one.name.as_deref().unwrap_or_default()),
            changed(one),
        ]
    });
    output::table(HEAD, cells)
}

/// `2026-11-29 15:04`
pub fn moment(ms: u64) -> String {
    let minutes = ms / 60_000;
    let day = Day::from_unix_ms(i64::try_from(ms).unwrap_or(i64::MAX), 0);
    format!("{day} {:02}:{:02}", minutes / 60 % 24, minutes % 60)
}

fn changed(one: &VersionLine) -> String {
    if let Some(problem) = &one.problem {
        return problem.clone();
    }
    let words: Vec<&str> = one.changes.iter().map(word).collect();
    words.join(", ")
}

fn word(change: &Change) -> &'static str {
    match change {
        Change::Created => "created",
        Change::Trashed => "to the trash",
        Change::Restored => "out of the trash",
        Change::Name => "name",
        Change::Content => "secret",
        Change::Fields => "fields",
        Change::Attachments => "files",
        Change::Saved => "saved",
        Change::Folder => "folder",
        Change::Tags => "tags",
        Change::Environment => "environment",
        Change::Provider => "provider",
        Change::Expiry => "expiry",
        Change::Rotation => "rotation",
        Change::Tested => "tested",
        Change::Starred => "starred",
        Change::Unstarred => "star taken off",
    }
}

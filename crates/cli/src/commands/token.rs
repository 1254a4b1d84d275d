//! Commands that look after machine tokens.

use std::net::IpAddr;

use ipnet::IpNet;
use keyarc_client::{Host as _, NativeHost};
use keyarc_lookup::printable;
use keyarc_vault::{Day, MachineScope};
use keyarc_wire::MachineUseKind;
use serde::Serialize;
use zeroize::Zeroizing;

use super::history::moment;
use crate::{
    args::{Printed, TokenCommand, TokenCreate, TokenRm, TokenUses},
    failure::Failure,
    home::Home,
    open, output,
    tokens::{TokenLine, TokenWish, UseLine},
    vault::{Answer, Question},
};

const DAY_MS: u64 = 86_400_000;
const HEAD: [&str; 7] = [
    "NAME",
    "OF",
    "MAY",
    "EXPIRES (UTC)",
    "FROM",
    "LAST USED (UTC)",
    "COPY",
];
const USES_HEAD: [&str; 3] = ["WHEN (UTC)", "FROM", "WHAT"];

#[derive(Serialize)]
struct Made<'a> {
    token: &'a str,
    id: &'a str,
    items: u32,
}

/// Does what was typed.
pub async fn run(home: &Home, command: TokenCommand) -> Result<(), Failure> {
    match command {
        TokenCommand::Create(wish) => create(home, wish).await,
        TokenCommand::Ls(printed) => ls(home, &printed).await,
        TokenCommand::Rm(wish) => rm(home, wish).await,
        TokenCommand::Uses(wish) => uses(home, wish).await,
    }
}

async fn create(home: &Home, wish: TokenCreate) -> Result<(), Failure> {
    let is_narrow = !(wish.folder.is_empty() && wish.environment.is_empty());
    if is_narrow == wish.all {
        return Err(Failure::Usage(
            "say what the token is to read: --folder, --environment or both; or --all".to_owned(),
        ));
    }
    let networks: Vec<String> = wish
        .from
        .iter()
        .map(|text| network(text))
        .collect::<Result<_, _>>()?;
    let token = TokenWish {
        name: wish.name,
        scope: MachineScope {
            folders: wish.folder,
            environments: wish.environment,
        },
        expires_at_ms: wish.expires.as_deref().map(end_of).transpose()?,
        networks,
        writes: wish.write,
    };
    let answer = open::ask(home, &Question::MakeToken(token)).await?;
    let Answer::Token { text, id, items } = &answer else {
        return Err(Failure::Other("no token came".to_owned()));
    };
    if wish.printed.json {
        return output::json(&Made {
            token: text,
            id,
            items: *items,
        });
    }
    let does = if wish.write {
        "reads and writes"
    } else {
        "reads"
    };
    eprintln!(
        "It {does} {}. This is the only time that it is shown:",
        output::items(*items)
    );
    output::secret(Zeroizing::new(format!("{text}\n")).as_bytes())
}

async fn ls(home: &Home, printed: &Printed) -> Result<(), Failure> {
    let answer = open::ask(home, &Question::Tokens).await?;
    let Answer::Tokens(lines) = &answer else {
        return Err(Failure::Other("no list came".to_owned()));
    };
    if printed.json {
        return output::json(lines);
    }
    let cells = lines.iter().map(|line| {
        [
            printable(line.name.as_deref().unwrap_or(&line.id)),
            printable(&scope(line)),
            access(line),
            line.expires_at_ms.map(moment).unwrap_or_default(),
            printable(&line.networks.join(" ")),
            printable(&line.last_use.as_ref().map(last).unwrap_or_default()),
            printable(&copy(line)),
        ]
    });
    output::table(HEAD, cells)
}

async fn rm(home: &Home, wish: TokenRm) -> Result<(), Failure> {
    let answer = open::ask(home, &Question::RemoveTokens(wish.names)).await?;
    let Answer::Removed(names) = &answer else {
        return Err(Failure::Other("no answer came".to_owned()));
    };
    for name in names {
        eprintln!("Revoked {}", printable(name));
    }
    Ok(())
}

async fn uses(home: &Home, wish: TokenUses) -> Result<(), Failure> {
    let answer = open::ask(home, &Question::TokenUses(wish.name)).await?;
    let Answer::Uses(lines) = &answer else {
        return Err(Failure::Other("no list came".to_owned()));
    };
    if wish.printed.json {
        return output::json(lines);
    }
    let cells = lines.iter().map(|line| {
        let what = kind(line.kind).to_owned();
        [moment(line.at_ms), printable(&line.address), what]
    });
    output::table(USES_HEAD, cells)
}

/// The end of a day, in UTC.
fn end_of(day: &str) -> Result<u64, Failure> {
    let wrong = || Failure::Usage("a day is written as 2027-01-31".to_owned());
    let Day(day) = day.parse().map_err(|_| wrong())?;
    let end = u64::try_from(day)
        .ok()
        .and_then(|day| day.checked_add(1)?.checked_mul(DAY_MS))
        .ok_or_else(wrong)?;
    match end > NativeHost.now_ms() {
        true => Ok(end),
        false => Err(Failure::Usage("that day is over".to_owned())),
    }
}

/// A network in its one spelling; an address alone is a network of its own.
fn network(text: &str) -> Result<String, Failure> {
    let wrong = |what: &str| Failure::Usage(format!("--from {}: {what}", printable(text)));
    let alone = text.parse::<IpAddr>().map(IpNet::from);
    let network: IpNet = alone
        .or_else(|_| text.parse())
        .map_err(|_| wrong("write a network as 10.0.0.0/8, or an address"))?;
    if network.trunc() != network {
        let meant = network.trunc();
        return Err(wrong(&format!("is an address within {meant}: write that")));
    }
    Ok(network.to_string())
}

fn scope(line: &TokenLine) -> String {
    let folders = line.folders.iter().map(|folder| format!("{folder}/"));
    let parts: Vec<String> = folders.chain(line.environments.iter().cloned()).collect();
    match (parts.is_empty(), &line.name) {
        (true, Some(_)) => "everything".to_owned(),
        _ => parts.join(", "),
    }
}

/// What its holder may do.
fn access(line: &TokenLine) -> String {
    match (line.writes, line.waiting) {
        (false, _) => "reads".to_owned(),
        (true, 0) => "writes".to_owned(),
        (true, waiting) => format!("writes, {waiting} to be taken"),
    }
}

fn last(line: &UseLine) -> String {
    let refused = match line.kind {
        MachineUseKind::Opened | MachineUseKind::Details | MachineUseKind::HandedIn => {
            String::new()
        }
        refused => format!(", {}", kind(refused)),
    };
    format!("{} {}{refused}", moment(line.at_ms), line.address)
}

fn copy(line: &TokenLine) -> String {
    match (&line.items, &line.problem) {
        (Some(items), _) => format!("up to date, {}", output::items(*items)),
        (None, Some(problem)) => format!("{}: {problem}", line.state),
        (None, None) => line.state.clone(),
    }
}

fn kind(kind: MachineUseKind) -> &'static str {
    match kind {
        MachineUseKind::Opened => "read",
        MachineUseKind::Details => "read more",
        MachineUseKind::RefusedAddress => "refused: another address",
        MachineUseKind::RefusedExpired => "refused: it had ended",
        MachineUseKind::RefusedRevoked => "refused: it was revoked",
        MachineUseKind::HandedIn => "changes handed in",
        MachineUseKind::RefusedReadsOnly => "refused: it only reads",
        _ => "something else",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_are_written_in_one_way() {
        for (typed, written) in [
            ("10.0.0.0/8", "10.0.0.0/8"),
            ("203.0.113.7", "203.0.113.7/32"),
            ("2001:DB8::/32", "2001:db8::/32"),
            ("::1", "::1/128"),
        ] {
            assert_eq!(network(typed), Ok(written.to_owned()));
        }
        for wrong in [
            "",
            "10.0.0.1/8",
            "10.0.0.0/33",
            "example.org",
            "10.0.0.0/8 ",
        ] {
            let refused = network(wrong).map_err(|failure| failure.exit_code());
            assert_eq!(refused, Err(2), "{wrong}");
        }
    }

    #[test]
    fn a_day_ends_when_the_next_begins() {
        assert_eq!(end_of("9999-12-31"), Ok(253_402_300_800_000));
        for wrong in ["1970-01-01", "2027-1-31", "tomorrow", ""] {
            let refused = end_of(wrong).map_err(|failure| failure.exit_code());
            assert_eq!(refused, Err(2), "{wrong}");
        }
    }
}

//! Whether keys still work: which request tells it of each item, and what is noted of the answers.
//! The requests are sent by the command itself: whoever holds the keys speaks to the vault's server
//! alone.

use keyarc_client::{Host as _, NativeHost};
use keyarc_lookup::{Wanted, find};
use keyarc_vault::{
    CheckAnswer, CheckNote, CheckOutcome, CheckPlan, CheckRequest, CheckResult, Item, Kind,
    PlanError,
};
use keyarc_wire::ItemId;
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::{
    failure::Failure,
    host::Open,
    vault::{Row, Source, rows},
};

/// How an item is tested.
#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
pub struct ToCheck {
    /// The item.
    #[zeroize(skip)]
    pub row: Row,
    /// Who is asked: host and port.
    #[zeroize(skip)]
    pub host: String,
    /// Whether somebody agreed before to ask there.
    #[zeroize(skip)]
    pub agreed: bool,
    /// The request, with the key in it.
    pub request: CheckRequest,
}

/// What was answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checked {
    /// The item's id: thirty-two hexadecimal digits.
    pub item: String,
    /// Who was asked.
    pub host: String,
    /// The answer.
    pub answer: CheckAnswer,
}

/// The requests for items that are meant, or for all that have a test. One that is meant and has
/// none is an error.
pub async fn begin(session: &Open, meant: Option<&[Wanted]>) -> Result<Vec<ToCheck>, Failure> {
    let all = rows(Source::Account(session));
    let ids: Vec<ItemId> = match meant {
        Some(meant) => {
            let found = meant.iter().map(|one| find(&all, one));
            let mut ids: Vec<ItemId> = found.collect::<Result<_, _>>()?;
            let mut seen = std::collections::HashSet::new();
            ids.retain(|id| seen.insert(*id));
            ids
        }
        // A definition of one's own is sealed with the secret: it counts from its first test on.
        None => {
            let may = all.iter().filter(|row| {
                let is_known = row.kind == Kind::ApiKey && row.provider.is_some();
                is_known || !row.checks.is_empty()
            });
            may.map(|row| row.id).collect()
        }
    };
    let mut found = Vec::new();
    for item in session.read_many(&ids).await? {
        match to_check(session, &item) {
            Ok(one) => found.push(one),
            Err(PlanError::NoDefinition) if meant.is_none() => {}
            Err(why) => {
                let place = Row::of(item.summary.clone()).place();
                return Err(Failure::Usage(format!(
                    "{}: {}",
                    keyarc_lookup::printable(&place),
                    words(why)
                )));
            }
        }
    }
    Ok(found)
}

fn words(why: PlanError) -> &'static str {
    match why {
        PlanError::Kind => "only API keys and logins can be tested",
        PlanError::NoDefinition => {
            "there is no ready-made test for this key. Define one, in a browser"
        }
        PlanError::Empty => "the item has no secret that could be tested",
        PlanError::Key => {
            "the secret is longer than a request carries, or has characters that no header takes"
        }
    }
}

fn to_check(session: &Open, item: &Item) -> Result<ToCheck, PlanError> {
    let plan = CheckPlan::of(item)?;
    let request = plan.request(item)?;
    let host = plan.host().to_owned();
    Ok(ToCheck {
        row: Row::of(item.summary.clone()),
        agreed: session.look(|vault| vault.was_asked(&host)),
        host,
        request,
    })
}

/// Notes what was answered, in as few writes as that takes, and tells what it means: `None` of an
/// item that is gone, or is tested elsewhere by now.
pub async fn note(
    session: &Open,
    checked: &[Checked],
) -> Result<Vec<Option<CheckOutcome>>, Failure> {
    let known: std::collections::HashSet<ItemId> = rows(Source::Account(session))
        .into_iter()
        .map(|row| row.id)
        .collect();
    let id = |one: &Checked| {
        one.item
            .parse::<ItemId>()
            .ok()
            .filter(|id| known.contains(id))
    };
    let ids: Vec<ItemId> = checked.iter().filter_map(id).collect();
    let items = session.read_many(&ids).await?;
    let mut notes = Vec::new();
    let mut outcomes = Vec::with_capacity(checked.len());
    for one in checked {
        let item = items.iter().find(|item| Some(item.summary.id) == id(one));
        let plan = item.and_then(|item| Some((item, CheckPlan::of(item).ok()?)));
        let plan = plan.filter(|(_, plan)| plan.host() == one.host);
        outcomes.push(plan.map(|(item, plan)| {
            let outcome = plan.interpret(one.answer);
            notes.push(CheckNote {
                item: item.summary.id,
                host: one.host.clone(),
                result: CheckResult {
                    day: NativeHost.today(),
                    outcome,
                    status: one.answer.status(),
                },
            });
            outcome
        }));
    }
    session.note_checks(&notes).await?;
    Ok(outcomes)
}

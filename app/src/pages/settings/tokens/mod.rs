//! Machine tokens: what programs read and write with, made, looked at and revoked; and what they handed
//! in that waits for a person.

mod make;
mod uses;
mod waiting;

use keyarc_vault::{Day, MachineScope};
use keyarc_wire::MachineTokenId;
use leptos::{prelude::*, task::spawn_local};

use self::{
    make::MakeToken,
    uses::{Uses, use_words},
    waiting::Waiting,
};
use crate::{
    language::known,
    state::use_toasts,
    ui::{Badge, BadgeTone, Button, Confirm, Icon, Look, SkeletonLines},
    words::{capitalised, listed, long_day, moment},
    worker::{
        Command, Failure, Reply, TokenCommand, TokenReply, TokenStanding, TokenView, Worker,
        use_worker,
    },
};

/// Milliseconds of a day.
const DAY_MS: u64 = 86_400_000;

/// Asks the worker.
async fn ask(worker: Worker, command: TokenCommand) -> Result<TokenReply, Failure> {
    match worker.call(Command::Tokens(command)).await? {
        Reply::Tokens(reply) => Ok(reply),
        _ => Err(Failure::NotFound),
    }
}

/// The tokens of the account.
#[component]
pub(super) fn Tokens() -> impl IntoView {
    let worker = use_worker();
    let toasts = use_toasts();
    let tokens = RwSignal::new(None::<Vec<TokenView>>);
    let problem = RwSignal::new(None::<String>);
    let load = move || {
        problem.set(None);
        spawn_local(async move {
            match ask(worker, TokenCommand::List).await {
                Ok(TokenReply::List(list)) => drop(tokens.try_set(Some(list))),
                Ok(_) => {}
                Err(failure) => drop(problem.try_set(Some(failure.to_string()))),
            }
        });
    };
    load();
    let is_writing =
        |list: &Option<Vec<TokenView>>| list.iter().flatten().any(|token| token.writes);
    let writes = Memo::new(move |_| tokens.with(is_writing));
    let making = RwSignal::new(false);
    let looking = RwSignal::new(false);
    let revoking = RwSignal::new(false);
    let chosen = RwSignal::new(None::<(MachineTokenId, String)>);
    let chosen_name = move || {
        chosen.with(|one| {
            one.as_ref()
                .map(|(_, name)| name.clone())
                .unwrap_or_default()
        })
    };
    let revoke = move |()| {
        let Some((id, name)) = chosen.get_untracked() else {
            return;
        };
        spawn_local(async move {
            match ask(worker, TokenCommand::Revoke(id)).await {
                Ok(_) => {
                    toasts.say(t!("{name} was revoked. It opens nothing any more.", name));
                    load();
                }
                Err(failure) => toasts.failed(&failure),
            }
        });
    };
    let row = move |token: TokenView| {
        let name = name_of(&token);
        let (id, named) = (token.id, name.clone());
        let choose = move |open: RwSignal<bool>| {
            chosen.set(Some((id, named.clone())));
            open.set(true);
        };
        let look = choose.clone();
        let is_revoked = matches!(token.standing, TokenStanding::Revoked(_));
        let (tone, words) = badge(&token.standing);
        view! { class="v",
            <li>
                <div>
                    <b>
                        <bdi>{name}</bdi>
                    </b>
                    <small>
                        <bdi>{reads(&token)}</bdi>
                    </small>
                    <small>{bounds(&token)}</small>
                    <small>{last_use(&token)}</small>
                    {(token.waiting > 0)
                        .then(|| {
                            let words = tn!(
                                token.waiting,
                                "{count} change handed in",
                                "{count} changes handed in"
                            );
                            view! { class="v", <small>{words}</small> }
                        })}
                    {standing_words(&token.standing)
                        .map(|words| view! { class="v", <small>{words}</small> })}
                </div>
                <Badge tone=tone>{words}</Badge>
                <div class="button-row">
                    <Button on_press=move |()| look(looking)>{t!("Uses…")}</Button>
                    {(!is_revoked)
                        .then(|| {
                            view! { class="v",
                                <Button on_press=move |()| choose(revoking)>{t!("Revoke…")}</Button>
                            }
                        })}
                </div>
            </li>
        }
    };
    view! { class="v",
        <section class="settings-part" aria-labelledby="tokens-title">
            <h2 id="tokens-title">{t!("Machine tokens")}</h2>
            <p class="quiet">
                {t!("A pipeline or a server reads some of your items with a token, without you and without your password. It opens a copy of those items that is sealed for it, and nothing else. One that may write hands its changes in, and they come into the vault when it is next open.")}
            </p>
            {move || match (tokens.get(), problem.get()) {
                (_, Some(problem)) => {
                    view! { class="v",
                        <p class="quiet">{capitalised(&problem)}</p>
                        <Button on_press=move |()| load()>{t!("Try again")}</Button>
                    }
                        .into_any()
                }
                (None, None) => view! { class="v", <SkeletonLines count=2 /> }.into_any(),
                (Some(list), None) if list.is_empty() => {
                    view! { class="v", <p>{t!("There is none yet.")}</p> }.into_any()
                }
                (Some(list), None) => {
                    view! { class="v",
                        <ul class="sessions device-list token-list">
                            {list.into_iter().map(row).collect_view()}
                        </ul>
                    }
                        .into_any()
                }
            }}
            <Button icon=Icon::Plus look=Look::Plain on_press=move |()| making.set(true)>
                {t!("New token…")}
            </Button>
            {move || {
                writes.get().then(|| view! { class="v", <Waiting on_change=move |()| load() /> })
            }}
            <MakeToken open=making on_made=move |()| load() />
            <Uses open=looking token=chosen />
            <Confirm
                open=revoking
                title=t!("Revoke the token?")
                detail=Signal::derive(move || {
                    t!(
                        "Whatever reads with {name} stops reading, at once and for good. Who had the token knows what was in its items: if it may have leaked, change those secrets at their providers.",
                        name = chosen_name(),
                    )
                })
                verb=t!("Revoke")
                on_confirm=revoke
            />
        </section>
    }
}

/// What its owner calls it, or else its id.
fn name_of(token: &TokenView) -> String {
    match &token.note {
        Some((name, _)) => name.clone(),
        None => token.id.to_string(),
    }
}

fn reads(token: &TokenView) -> String {
    match &token.note {
        Some((_, scope)) => scope_words(scope, token.writes),
        None => t!("What it reads cannot be opened: it was made with keys that are not in force any more, or the server shows another one’s note. Revoke it.").to_owned(),
    }
}

fn scope_words(scope: &MachineScope, writes: bool) -> String {
    let folders = listed(&scope.folders);
    let environments: Vec<String> = scope
        .environments
        .iter()
        .map(|name| capitalised(name))
        .collect();
    let environments = listed(&environments);
    match (folders.is_empty(), environments.is_empty(), writes) {
        (true, true, false) => t!("Reads all items").to_owned(),
        (false, true, false) => t!("Reads {folders}", folders),
        (true, false, false) => t!("Reads what is in {environments}", environments),
        (false, false, false) => t!(
            "Reads what is in {environments} of {folders}",
            environments,
            folders
        ),
        (true, true, true) => t!("Reads and writes all items").to_owned(),
        (false, true, true) => t!("Reads and writes {folders}", folders),
        (true, false, true) => t!("Reads and writes what is in {environments}", environments),
        (false, false, true) => t!(
            "Reads and writes what is in {environments} of {folders}",
            environments,
            folders
        ),
    }
}

fn bounds(token: &TokenView) -> String {
    let last_day = token.expires_at_ms.map(last_day);
    match (last_day, token.networks.is_empty()) {
        (None, true) => t!("Never ends; from anywhere").to_owned(),
        (Some(day), true) => t!("Until {day}; from anywhere", day = long_day(day)),
        (None, false) => t!(
            "Never ends; from {networks}",
            networks = listed(&token.networks)
        ),
        (Some(day), false) => t!(
            "Until {day}; from {networks}",
            day = long_day(day),
            networks = listed(&token.networks)
        ),
    }
}

/// The day before a moment, which is the end of one in UTC. The server says it, and may say anything.
fn last_day(end_ms: u64) -> Day {
    let day = i32::try_from(end_ms.saturating_sub(1) / DAY_MS);
    day.map_or(Day::LAST, Day).min(Day::LAST)
}

fn last_use(token: &TokenView) -> String {
    match &token.last_use {
        None => t!("Never used").to_owned(),
        Some(one) => t!(
            "Last: {moment} from {address}, {what}",
            moment = moment(one.at_ms),
            address = known(&one.address),
            what = use_words(one.kind)
        ),
    }
}

fn badge(standing: &TokenStanding) -> (BadgeTone, String) {
    match standing {
        TokenStanding::Current { items } => {
            (BadgeTone::Ok, tn!(*items, "{count} item", "{count} items"))
        }
        TokenStanding::Behind(_) => (BadgeTone::Warn, t!("older values").to_owned()),
        TokenStanding::Expired => (BadgeTone::Mute, t!("ended").to_owned()),
        TokenStanding::Revoked(_) => (BadgeTone::Mute, t!("revoked").to_owned()),
    }
}

/// What there is to say beside the badge.
fn standing_words(standing: &TokenStanding) -> Option<String> {
    match standing {
        TokenStanding::Behind(why) => {
            Some(t!("It reads older values: {why}", why = why.to_string()))
        }
        TokenStanding::Revoked(at_ms) => Some(t!("Revoked: {moment}", moment = moment(*at_ms))),
        TokenStanding::Current { .. } | TokenStanding::Expired => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_ends_on_a_day_whatever_the_server_says() {
        assert_eq!(last_day(2 * DAY_MS), Day(1));
        assert_eq!(last_day(2 * DAY_MS - 1), Day(1));
        assert_eq!(last_day(0), Day(0));
        assert_eq!(last_day(u64::MAX), Day::LAST);
    }
}

use std::net::IpAddr;

use keyarc_vault::{Day, DraftError, Facets, MachineScope};
use leptos::{ev, prelude::*, task::spawn_local};

use super::{DAY_MS, ask};
use crate::{
    language::known,
    state::use_clipboard,
    ui::{
        Banner, BannerTone, Button, Dialog, EnvironmentDot, Icon, Look, Segmented, SkeletonLines,
        TextArea, TextInput,
    },
    words::{capitalised, now_ms},
    worker::{Command, Failure, Reply, TokenCommand, TokenReply, TokenWish, use_worker},
};

/// What the choice between some items and all is called in the form.
const SOME: &str = "some";
const ALL: &str = "all";
/// And that between reading alone and writing, too.
const READ: &str = "read";
const WRITE: &str = "write";

/// A token that was made: its text, how many items it reads, and whether it writes.
type Made = (String, u32, bool);

/// Makes a token, and shows it once.
#[component]
pub(super) fn MakeToken(
    /// Whether it is open.
    open: RwSignal<bool>,
    /// One was made, and the dialog is closed.
    #[prop(into)]
    on_made: Callback<()>,
) -> impl IntoView {
    let made = RwSignal::new(None::<Made>);
    // Closed in whatever way: the token goes from the page.
    Effect::new(move |before: Option<bool>| {
        let is_open = open.get();
        if before == Some(true) && !is_open && made.try_update(Option::take).flatten().is_some() {
            on_made.run(());
        }
        is_open
    });
    let title = Signal::derive(move || match made.with(Option::is_some) {
        true => t!("Your new token").to_owned(),
        false => t!("New machine token").to_owned(),
    });
    view! { class="v",
        <Dialog open=open title=title>
            {move || match made.get() {
                Some((text, items, writes)) => {
                    view! { class="v", <Once text=text items=items writes=writes open=open /> }
                        .into_any()
                }
                None => view! { class="v", <Form made=made open=open /> }.into_any(),
            }}
        </Dialog>
    }
}

/// The token, the only time that it is shown.
#[component]
fn Once(text: String, items: u32, writes: bool, open: RwSignal<bool>) -> impl IntoView {
    let clipboard = use_clipboard();
    let origin = window().location().origin().unwrap_or_default();
    let both = StoredValue::new(format!("KEYARC_SERVER={origin}\nKEYARC_TOKEN={text}\n"));
    let token = StoredValue::new(text.clone());
    let copy = move |what: &'static str, value: StoredValue<String>| {
        let value = value.get_value();
        clipboard.copy(what.to_owned(), async move { Ok(value) });
    };
    view! { class="v",
        <Banner tone=BannerTone::Warn icon=Icon::Key>
            {match writes {
                false => {
                    tn!(
                        items,
                        "It is shown this once. Whoever has it reads {count} item.",
                        "It is shown this once. Whoever has it reads {count} items.",
                    )
                }
                true => {
                    tn!(
                        items,
                        "It is shown this once. Whoever has it reads and changes {count} item.",
                        "It is shown this once. Whoever has it reads and changes {count} items.",
                    )
                }
            }}
        </Banner>
        <p class="token-once">
            <code data-testid="machine-token" translate="no">
                {text}
            </code>
        </p>
        <p class="dialog-text">
            {t!("Give it to the program as a secret of its own, in the variable KEYARC_TOKEN, and the address {origin} in KEYARC_SERVER. Then keyarc run, get, env and inject answer there.", origin)}
        </p>
        <footer class="dialog-foot">
            <Button icon=Icon::Copy on_press=move |()| copy(t!("Both lines"), both)>
                {t!("Copy both variables")}
            </Button>
            <Button icon=Icon::Copy autofocus=true on_press=move |()| copy(t!("Token"), token)>
                {t!("Copy token")}
            </Button>
            <Button look=Look::Go on_press=move |()| open.set(false)>
                {t!("I have saved it")}
            </Button>
        </footer>
    }
}

/// What is wrong, by the field that it is about.
#[derive(Clone, Default, PartialEq)]
struct Wrong {
    name: Option<String>,
    scope: Option<String>,
    expires: Option<String>,
    networks: Option<String>,
    /// About no field.
    all: Option<String>,
}

#[component]
fn Form(made: RwSignal<Option<Made>>, open: RwSignal<bool>) -> impl IntoView {
    let worker = use_worker();
    let facets = RwSignal::new(None::<Facets>);
    spawn_local(async move {
        // Without an answer there is nothing to choose from, and all items can still be read.
        let reply = worker.call(Command::Facets).await;
        let found = match reply {
            Ok(Reply::Facets(facets)) => facets,
            _ => Facets::default(),
        };
        let _ = facets.try_set(Some(found));
    });
    let name = RwSignal::new(String::new());
    let which = RwSignal::new(SOME.to_owned());
    let access = RwSignal::new(READ.to_owned());
    let folders = RwSignal::new(Vec::<String>::new());
    let environments = RwSignal::new(Vec::<String>::new());
    let expires = RwSignal::new(String::new());
    let networks = RwSignal::new(String::new());
    let wrong = RwSignal::new(Wrong::default());
    let busy = RwSignal::new(false);
    let error = move |pick: fn(&Wrong) -> Option<String>| Signal::derive(move || wrong.with(pick));
    let wish = move || -> Result<TokenWish, Wrong> {
        let mut found = Wrong::default();
        let name = name.with_untracked(|name| name.trim().to_owned());
        if name.is_empty() {
            found.name = Some(t!("Give it a name.").to_owned());
        }
        let scope = match which.get_untracked() == SOME {
            true => MachineScope {
                folders: folders.get_untracked(),
                environments: environments.get_untracked(),
            },
            false => MachineScope::default(),
        };
        if which.get_untracked() == SOME && scope == MachineScope::default() {
            found.scope = Some(t!("Choose what it reads, or let it read all items.").to_owned());
        }
        let end = end_of(&expires.read_untracked(), now_ms() as u64);
        let networks = networks_of(&networks.read_untracked());
        let (expires_at_ms, networks) = match (end, networks) {
            (Ok(end), Ok(networks)) => (end, networks),
            (end, networks) => {
                found.expires = end.err().map(str::to_owned);
                found.networks = networks.err();
                (None, Vec::new())
            }
        };
        if found != Wrong::default() {
            return Err(found);
        }
        Ok(TokenWish {
            name,
            scope,
            expires_at_ms,
            networks,
            writes: access.get_untracked() == WRITE,
        })
    };
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() {
            return;
        }
        let wish = match wish() {
            Ok(wish) => wish,
            Err(found) => {
                wrong.set(found);
                focus_wrong();
                return;
            }
        };
        wrong.set(Wrong::default());
        let writes = wish.writes;
        busy.set(true);
        spawn_local(async move {
            let answer = ask(worker, TokenCommand::Make(wish)).await;
            let _ = busy.try_set(false);
            match answer {
                Ok(TokenReply::Made { text, items }) => {
                    drop(made.try_set(Some((text, items, writes))));
                }
                Ok(_) => {}
                Err(failure) => {
                    let _ = wrong.try_set(refusal(&failure));
                    focus_wrong();
                }
            }
        });
    };
    view! { class="v",
        <form class="token-form" method="post" novalidate on:submit=submit>
            <TextInput
                id="token-name"
                label=t!("Name")
                value=name
                hint=Some(t!("Where it is used: CI of the shop, say.").to_owned())
                error=error(|wrong| wrong.name.clone())
                required=true
            />
            <Segmented
                name="token-scope"
                label=t!("What it reads")
                options=vec![
                    (SOME.to_owned(), t!("Some items").to_owned()),
                    (ALL.to_owned(), t!("All items").to_owned()),
                ]
                value=which
                on_change=move |chosen: String| which.set(chosen)
            />
            {move || {
                (which.get() == SOME)
                    .then(|| match facets.get() {
                        None => view! { class="v", <SkeletonLines count=3 /> }.into_any(),
                        Some(facets) => {
                            view! { class="v",
                                <Choices facets=facets folders=folders environments=environments />
                            }
                                .into_any()
                        }
                    })
            }}
            {move || {
                wrong
                    .with(|wrong| wrong.scope.clone())
                    .map(|words| {
                        view! { class="v",
                            <p class="field-error" id="token-scope-error" role="alert" tabindex="-1">
                                {words}
                            </p>
                        }
                    })
            }}
            <Segmented
                name="token-access"
                label=t!("What it may do")
                options=vec![
                    (READ.to_owned(), t!("Read").to_owned()),
                    (WRITE.to_owned(), t!("Read and write").to_owned()),
                ]
                value=access
                on_change=move |chosen: String| access.set(chosen)
            />
            <p class="field-hint">
                {move || match access.get() == WRITE {
                    false => t!("It changes nothing."),
                    true => {
                        t!("What it changes, adds or moves to the trash is handed in, and comes into the vault when you next open it: as a new version, only where it reads, and only while nobody changed the item meanwhile. Otherwise it waits for you.")
                    }
                }}
            </p>
            <TextInput
                id="token-expires"
                label=t!("Last day")
                kind="date"
                value=expires
                hint=Some(t!("In UTC. Left empty, it never ends.").to_owned())
                error=error(|wrong| wrong.expires.clone())
            />
            <TextArea
                id="token-networks"
                label=t!("From where")
                value=networks
                rows=2
                mono=true
                placeholder="203.0.113.0/24"
                hint=Some(
                    t!("Addresses and networks, one a line; the server keeps to it. Left empty, it is good from anywhere.")
                        .to_owned(),
                )
                error=error(|wrong| wrong.networks.clone())
            />
            {move || {
                wrong
                    .with(|wrong| wrong.all.clone())
                    .map(|words| {
                        view! { class="v",
                            <Banner tone=BannerTone::Bad icon=Icon::Warning>
                                {words}
                            </Banner>
                        }
                    })
            }}
            <footer class="dialog-foot">
                <Button on_press=move |()| open.set(false)>{t!("Cancel")}</Button>
                <Button look=Look::Go submit=true busy=busy>
                    {move || if busy.get() { t!("Sealing the items…") } else { t!("Make token") }}
                </Button>
            </footer>
        </form>
    }
}

/// Folders and environments to tick.
#[component]
fn Choices(
    facets: Facets,
    folders: RwSignal<Vec<String>>,
    environments: RwSignal<Vec<String>>,
) -> impl IntoView {
    if facets.folders.is_empty() && facets.environments.is_empty() {
        return view! { class="v",
            <p class="dialog-text">
                {t!("No item is in a folder or an environment yet. Put some into one first, or let the token read all items.")}
            </p>
        }
        .into_any();
    }
    let group = |label: &'static str,
                 names: Vec<String>,
                 chosen: RwSignal<Vec<String>>,
                 dots: bool| {
        let prefix = if dots { "environment" } else { "folder" };
        let choice = move |(at, name): (usize, String)| {
            let id = format!("token-{prefix}-{at}");
            let labelled = id.clone();
            let (own, toggled) = (name.clone(), name.clone());
            view! { class="v",
                <label class="check" for=labelled>
                    <input
                        id=id
                        r#type="checkbox"
                        prop:checked=move || chosen.with(|chosen| chosen.contains(&own))
                        on:change=move |event| {
                            let is_on = event_target_checked(&event);
                            chosen
                                .update(|chosen| {
                                    chosen.retain(|one| *one != toggled);
                                    if is_on {
                                        chosen.push(toggled.clone());
                                    }
                                });
                        }
                    />
                    {dots.then(|| view! { class="v", <EnvironmentDot environment=name.clone() /> })}
                    <bdi>{if dots { capitalised(&name) } else { name.clone() }}</bdi>
                </label>
            }
        };
        (!names.is_empty()).then(|| {
            view! { class="v",
                <fieldset class="plain token-choices">
                    <legend class="field-label">{label}</legend>
                    <div class="token-choice-list">
                        {names.into_iter().enumerate().map(choice).collect_view()}
                    </div>
                </fieldset>
            }
        })
    };
    let names = |counts: Vec<keyarc_vault::Count>| -> Vec<String> {
        counts.into_iter().map(|count| count.name).collect()
    };
    view! { class="v",
        {group(t!("Folders, with those in them"), names(facets.folders), folders, false)}
        {group(t!("Environments"), names(facets.environments), environments, true)}
        <p class="field-hint">
            {t!("Of folders that you tick it reads the environments that you tick. What comes into them later is read, too.")}
        </p>
    }
    .into_any()
}

/// The focus goes to what is wrong.
fn focus_wrong() {
    use wasm_bindgen::JsCast;
    request_animation_frame(|| {
        let wrong = ".token-form [aria-invalid=true], #token-scope-error";
        let field = document().query_selector(wrong).ok().flatten();
        if let Some(field) = field.and_then(|field| field.dyn_into::<web_sys::HtmlElement>().ok()) {
            let _ = field.focus();
        }
    });
}

/// Why it was not made.
fn refusal(failure: &Failure) -> Wrong {
    let mut wrong = Wrong::default();
    match failure {
        Failure::Draft(DraftError { field, rule }) => match field.as_str() {
            "name" => wrong.name = Some(capitalised(&known(rule))),
            "scope" => {
                wrong.scope = Some(t!("There is no item in that. Choose more.").to_owned());
            }
            _ => wrong.scope = Some(capitalised(&known(rule))),
        },
        failure => wrong.all = Some(failure.to_string()),
    }
    wrong
}

/// The end of a day in UTC, Unix milliseconds, which must lie ahead; `None` for no day.
fn end_of(day: &str, now_ms: u64) -> Result<Option<u64>, &'static str> {
    if day.is_empty() {
        return Ok(None);
    }
    let Ok(Day(day)) = day.parse::<Day>() else {
        return Err(t!("This is not a day."));
    };
    let end = u64::try_from(day).ok().map(|day| (day + 1) * DAY_MS);
    match end {
        Some(end) if end > now_ms => Ok(Some(end)),
        _ => Err(t!("This day is over.")),
    }
}

/// Networks in their one spelling, from lines.
fn networks_of(text: &str) -> Result<Vec<String>, String> {
    let lines = text.split(['\n', ',', ' ']).map(str::trim);
    let lines = lines.filter(|line| !line.is_empty());
    let mut networks: Vec<String> = Vec::new();
    for line in lines {
        let network = network(line).map_err(|meant| match meant {
            Some(meant) => t!("{line} is within {meant}: write that.", line, meant),
            None => t!("{line} is no address and no network.", line),
        })?;
        if !networks.contains(&network) {
            networks.push(network);
        }
    }
    Ok(networks)
}

/// An address or a network as `10.0.0.0/8`. An error holds the network that was meant, if there is
/// one.
fn network(text: &str) -> Result<String, Option<String>> {
    let (address, length) = match text.split_once('/') {
        Some((address, length)) => (address, Some(length)),
        None => (text, None),
    };
    let address: IpAddr = address.parse().map_err(|_| None)?;
    let (bits, most) = match address {
        IpAddr::V4(address) => (u128::from(u32::from(address)) << 96, 32),
        IpAddr::V6(address) => (u128::from(address), 128),
    };
    let length: u32 = match length {
        Some(length) if length.bytes().all(|digit| digit.is_ascii_digit()) => {
            length.parse().map_err(|_| None)?
        }
        Some(_) => return Err(None),
        None => most,
    };
    if length > most {
        return Err(None);
    }
    let kept = bits & u128::MAX.checked_shl(128 - length).unwrap_or(0);
    let written = |bits: u128| match address {
        IpAddr::V4(_) => IpAddr::V4(((bits >> 96) as u32).into()),
        IpAddr::V6(_) => IpAddr::V6(bits.into()),
    };
    match kept == bits {
        true => Ok(format!("{address}/{length}")),
        false => Err(Some(format!("{}/{length}", written(kept)))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_are_written_in_one_way() {
        assert_eq!(
            networks_of("10.0.0.0/8\n203.0.113.7, 2001:DB8::/32\n\n10.0.0.0/8 0.0.0.0/0"),
            Ok(
                ["10.0.0.0/8", "203.0.113.7/32", "2001:db8::/32", "0.0.0.0/0"]
                    .map(str::to_owned)
                    .to_vec()
            )
        );
        assert_eq!(networks_of(" \n"), Ok(Vec::new()));
        for (wrong, told) in [
            ("10.0.0.1/8", "10.0.0.0/8"),
            ("2001:db8::1/32", "2001:db8::/32"),
            ("10.0.0.0/33", "no address"),
            ("::/129", "no address"),
            ("10.0.0.0/+8", "no address"),
            ("10.0.0.0/", "no address"),
            ("example.org", "no address"),
        ] {
            let error = networks_of(wrong).unwrap_err();
            assert!(error.contains(told), "{wrong}: {error}");
        }
    }

    #[test]
    fn a_day_ends_when_the_next_begins_and_must_not_be_over() {
        assert_eq!(end_of("", 5), Ok(None));
        assert_eq!(end_of("1970-01-02", 0), Ok(Some(2 * DAY_MS)));
        assert!(end_of("1970-01-02", 2 * DAY_MS).is_err());
        assert!(end_of("tomorrow", 0).is_err());
    }
}

use keyarc_client::Trust;
use keyarc_vault::{Count, Scope};
use leptos::prelude::*;

use super::{
    folders::FolderLink,
    frame::{Section, use_panels},
    views::SavedViews,
};
use crate::{
    state::{ConnectionState, Place, use_connection, use_items, use_place, use_session},
    ui::{EnvironmentDot, Icon, IconButton, IconView, Kbd, Mark},
    words::{capitalised, number},
};

/// The left pane: where to look, and the lock.
#[component]
pub(super) fn Nav(
    /// The page shown.
    section: Section,
    /// The vault is open.
    open: Memo<bool>,
) -> impl IntoView {
    let panels = use_panels();
    let facets = use_items().facets();
    let here = StoredValue::new(use_here(section));
    let palette_key = RwSignal::new("Ctrl K".to_owned());
    Effect::new(move |_| {
        if window()
            .navigator()
            .platform()
            .is_ok_and(|platform| platform.starts_with("Mac"))
        {
            palette_key.set("⌘ K".to_owned());
        }
    });
    let scope = move |scope: Scope| Place {
        scope,
        ..Place::default()
    };
    let count =
        move |pick: fn(&keyarc_vault::Facets) -> u32| Signal::derive(move || facets.with(pick));
    view! { class="v",
        <nav class="nav" id="nav" aria-label=t!("Vault")>
            <a class="brand" href="/vault">
                <Mark />
                "KeyArc"
            </a>
            <button
                class="find"
                r#type="button"
                aria-keyshortcuts="Control+K Meta+K"
                on:click=move |_| panels.palette.set(open.get_untracked())
            >
                <IconView icon=Icon::Search />
                <span>{t!("Find anything")}</span>
                <Kbd keys=palette_key />
            </button>
            <div class="nav-scroll">
                <ul class="nav-list">
                    <ToolLink icon=Icon::Chart words=t!("Dashboard") path="/vault/dashboard" here=section == Section::Dashboard />
                    <ToolLink icon=Icon::Bell words=t!("Reminders") path="/vault/reminders" here=section == Section::Reminders />
                    <li><NavLink icon=Icon::List words=t!("All items") place=scope(Scope::All) here=here count=count(|f| f.all) /></li>
                    <li><NavLink icon=Icon::Clock words=t!("Due soon") place=scope(Scope::Expiring) here=here count=count(|f| f.expiring) /></li>
                    <li><NavLink icon=Icon::Star words=t!("Favourites") place=scope(Scope::Favourites) here=here count=count(|f| f.favourites) /></li>
                    <li><NavLink icon=Icon::Undo words=t!("Recent") place=scope(Scope::Recent) here=here count=count(|_| 0) /></li>
                    <li><NavLink icon=Icon::Trash words=t!("Trash") place=scope(Scope::Trash) here=here count=count(|f| f.trash) /></li>
                </ul>
                <SavedViews />
                <Environments here=here />
                <Folders here=here />
                <Tags here=here />
                <h2>{t!("Tools")}</h2>
                <ul class="nav-list">
                    <ToolLink icon=Icon::Import words=t!("Import") path="/vault/import" here=section == Section::Import />
                    <ToolLink icon=Icon::Download words=t!("Export") path="/vault/export" here=section == Section::Export />
                    <ToolLink icon=Icon::Clock words=t!("As it was") path="/vault/moment" here=section == Section::Moment />
                    <ToolLink icon=Icon::Check words=t!("Test keys") path="/vault/checks" here=section == Section::Checks />
                    <ToolLink icon=Icon::Settings words=t!("Settings") path="/settings" here=section == Section::Settings />
                    <li>
                        <button class="nav-link" r#type="button" on:click=move |_| panels.help.set(true)>
                            <IconView icon=Icon::Keyboard />
                            <span>{t!("Keyboard")}</span>
                            <Kbd keys="?" />
                        </button>
                    </li>
                </ul>
            </div>
            <Foot open=open />
        </nav>
    }
}

/// The place that the navigation marks as current.
fn use_here(section: Section) -> Memo<Option<Place>> {
    let place = use_place();
    Memo::new(move |_| {
        (section == Section::Vault).then(|| {
            let place = place.get();
            Place {
                scope: place.scope,
                folder: place.folder,
                tag: place.tag,
                environment: place.environment,
                ..Place::default()
            }
        })
    })
}

pub(super) type Here = StoredValue<Memo<Option<Place>>>;

/// A place to go to, with the number of its items.
#[component]
pub(super) fn NavLink(
    #[prop(optional, into)] icon: Option<Icon>,
    #[prop(optional)] dot: Option<String>,
    #[prop(into)] words: String,
    #[prop(optional)] depth: usize,
    place: Place,
    here: Here,
    count: Signal<u32>,
) -> impl IntoView {
    let panels = use_panels();
    let path = place.to_path();
    let current = move || {
        here.with_value(|here| here.with(|here| here.as_ref() == Some(&place)))
            .then_some("page")
    };
    let class = match depth {
        0 => "nav-link",
        1 => "nav-link nav-deep",
        _ => "nav-link nav-deeper",
    };
    view! { class="v",
        <a
            class=class
            href=path
            draggable="false"
            aria-current=current
            on:click=move |_| panels.nav.set(false)
        >
            {icon.map(|icon| view! { class="v", <IconView icon=icon /> })}
            {dot.map(|dot| view! { class="v", <EnvironmentDot environment=dot /> })}
            <span class="nav-words">
                <bdi>{words}</bdi>
            </span>
            <b>{move || Some(count.get()).filter(|count| *count > 0).map(number)}</b>
        </a>
    }
}

#[component]
fn ToolLink(icon: Icon, words: &'static str, path: &'static str, here: bool) -> impl IntoView {
    view! { class="v",
        <li>
            <a class="nav-link" href=path aria-current=here.then_some("page")>
                <IconView icon=icon />
                <span class="nav-words">{words}</span>
            </a>
        </li>
    }
}

#[component]
fn Environments(here: Here) -> impl IntoView {
    let facets = use_items().facets();
    let list = Memo::new(move |_| facets.with(|facets| facets.environments.clone()));
    let link = move |Count { name, count }: Count| {
        let place = Place {
            environment: Some(name.clone()),
            ..Place::default()
        };
        view! { class="v",
            <li>
                <NavLink
                    dot=name.clone()
                    words=capitalised(&name)
                    place=place
                    here=here
                    count=Signal::derive(move || count)
                />
            </li>
        }
    };
    view! { class="v", <Group title=t!("Environments") list=list link=link /> }
}

#[component]
fn Folders(here: Here) -> impl IntoView {
    let facets = use_items().facets();
    let list = Memo::new(move |_| facets.with(|facets| facets.folders.clone()));
    let link = move |folder: Count| view! { class="v", <FolderLink folder=folder here=here /> };
    view! { class="v",
        <Group title=t!("Folders") list=list link=link />
    }
}

#[component]
fn Tags(here: Here) -> impl IntoView {
    let facets = use_items().facets();
    let list = Memo::new(move |_| facets.with(|facets| facets.tags.clone()));
    let link = move |Count { name, count }: Count| {
        view! { class="v",
            <li>
                <NavLink
                    icon=Icon::Tag
                    words=name.clone()
                    place=Place { tag: Some(name), ..Place::default() }
                    here=here
                    count=Signal::derive(move || count)
                />
            </li>
        }
    };
    view! { class="v", <Group title=t!("Tags") list=list link=link /> }
}

/// A heading and its links; nothing when there are none.
#[component]
fn Group<V: IntoView + 'static>(
    title: &'static str,
    list: Memo<Vec<Count>>,
    link: impl Fn(Count) -> V + Copy + Send + Sync + 'static,
) -> impl IntoView {
    view! { class="v",
        <Show when=move || list.with(|list| !list.is_empty())>
            <h2>{title}</h2>
            <ul class="nav-list">
                <For
                    each=move || list.get()
                    key=|count| (count.name.clone(), count.count)
                    children=link
                />
            </ul>
        </Show>
    }
}

#[component]
fn Foot(open: Memo<bool>) -> impl IntoView {
    let session = use_session();
    let connection = use_connection();
    let alarm = move || session.trust().is_alarm();
    let online = move || connection.get() == ConnectionState::Online && !alarm();
    let words = move || {
        if alarm() {
            t!("Not the newest state").to_owned()
        } else {
            connection.get().words()
        }
    };
    view! { class="v",
        <div class="nav-foot">
            <Show when=move || open.get()>
                <span
                    class="dot"
                    class:dot-ok=online
                    class:dot-warn=move || !online()
                    aria-hidden="true"
                ></span>
                <span class="nav-words">
                    {words}
                    {move || {
                        (session.trust() == Trust::FreshnessUnverified)
                            .then(|| {
                                view! { class="v",
                                    <small title=t!("This device has no memory of your vault to compare with. From the next visit on it has.")>
                                        {t!("Freshness unverified")}
                                    </small>
                                }
                            })
                    }}
                </span>
                <IconButton icon=Icon::Lock label=t!("Lock") on_press=move |()| session.lock() />
            </Show>
        </div>
    }
}

/// The navigation of a phone.
#[component]
pub(super) fn TabBar(
    /// The page shown.
    section: Section,
) -> impl IntoView {
    let panels = use_panels();
    let on_vault = section == Section::Vault;
    view! { class="v",
        <nav class="tabbar" aria-label=t!("Sections")>
            <a
                href="/vault"
                aria-current=move || (on_vault && !panels.nav.get()).then_some("page")
                on:click=move |_| panels.nav.set(false)
            >
                <IconView icon=Icon::List />
                {t!("Vault")}
            </a>
            <button r#type="button" on:click=move |_| panels.palette.set(true)>
                <IconView icon=Icon::Search />
                {t!("Find")}
            </button>
            <button
                r#type="button"
                aria-expanded=move || if panels.nav.get() { "true" } else { "false" }
                aria-controls="nav"
                class:is-on=move || panels.nav.get()
                on:click=move |_| panels.nav.update(|open| *open = !*open)
            >
                <IconView icon=Icon::Folder />
                {t!("Browse")}
            </button>
            <a
                href="/settings"
                aria-current=(section == Section::Settings).then_some("page")
                on:click=move |_| panels.nav.set(false)
            >
                <IconView icon=Icon::Settings />
                {t!("Settings")}
            </a>
        </nav>
    }
}

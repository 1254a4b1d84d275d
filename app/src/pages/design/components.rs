use leptos::{html, prelude::*};

use super::Part;
use crate::{
    state::{use_theme, use_toasts},
    theme::Theme,
    ui::{
        Badge, BadgeTone, Banner, BannerTone, Button, Checkbox, Confirm, Dialog, EmptyState,
        EnvironmentDot, ErrorState, Icon, IconButton, IconView, Kbd, Look, Mark, Menu, MenuItem,
        Meter, PasswordField, Segmented, Select, SkeletonLines, SkeletonRows, Tag, TextArea,
        TextInput, VirtualList,
    },
};

#[component]
pub(super) fn Components() -> impl IntoView {
    view! { class="v",
        <ThemePart />
        <Buttons />
        <Icons />
        <Labels />
        <Fields />
        <Overlays />
        <Messages />
        <Waiting />
        <LongList />
    }
}

#[component]
fn ThemePart() -> impl IntoView {
    let theme = use_theme();
    let value = |theme: Theme| theme.attribute().unwrap_or("system").to_owned();
    let options = Theme::ALL
        .into_iter()
        .map(|t| (value(t), t.label().to_owned()))
        .collect();
    view! { class="v",
        <Part title="Mark and theme">
            <Mark />
            <Segmented
                name="gallery-theme"
                label="Theme"
                options=options
                value=Signal::derive(move || value(theme.get()))
                on_change=move |chosen: String| theme.set(Theme::from_attribute(Some(&chosen)))
            />
        </Part>
    }
}

#[component]
fn Buttons() -> impl IntoView {
    let pressed = RwSignal::new(true);
    let on = Signal::derive(|| true);
    view! { class="v",
        <Part title="Buttons">
            <Button look=Look::Go icon=Icon::Plus>"New"</Button>
            <Button key="E">"Edit"</Button>
            <Button look=Look::Bare>"Recently changed"</Button>
            <Button look=Look::Danger>"Delete for good"</Button>
            <Button disabled=on>"Disabled"</Button>
            <Button look=Look::Go busy=on>"Saving…"</Button>
            <Button look=Look::Go large=true>"Create vault"</Button>
            <IconButton icon=Icon::Copy label="Copy" on_press=|()| () />
            <IconButton icon=Icon::Trash label="Disabled" disabled=on on_press=|()| () />
            <IconButton
                icon=Icon::Star
                label="Favourite"
                class="star"
                pressed=pressed
                on_press=move |()| pressed.update(|p| *p = !*p)
            />
        </Part>
    }
}

#[component]
fn Icons() -> impl IntoView {
    view! { class="v",
        <Part title="Icons">
            {Icon::ALL
                .into_iter()
                .map(|icon| {
                    view! { class="v",
                        <span class="gallery-icon" title=format!("{icon:?}")>
                            <IconView icon=icon />
                        </span>
                    }
                })
                .collect_view()}
        </Part>
    }
}

#[component]
fn Labels() -> impl IntoView {
    let level = |level: Option<u8>, words: &'static str| {
        view! { class="v",
            <Meter label="Strength" level=Signal::derive(move || level) words=words />
        }
    };
    view! { class="v",
        <Part title="Badges, tags, keys, dots, meter">
            <Badge>"2 h ago"</Badge>
            <Badge tone=BadgeTone::Ok>"works"</Badge>
            <Badge tone=BadgeTone::Warn>"14 days"</Badge>
            <Badge tone=BadgeTone::Bad>"expired"</Badge>
            <Badge tone=BadgeTone::Arc>"Stripe"</Badge>
            <Tag>"API key"</Tag>
            <Tag>
                <EnvironmentDot environment="production" />
                "Production"
            </Tag>
            <Tag>
                <EnvironmentDot environment="staging" />
                "Staging"
            </Tag>
            <Tag>
                <EnvironmentDot environment="development" />
                "Development"
            </Tag>
            <Tag>
                <EnvironmentDot environment="preview" />
                "Preview"
            </Tag>
            <Kbd keys="Ctrl K" />
            {level(None, "Not rated yet")}
            {level(Some(0), "Very weak")}
            {level(Some(2), "Not enough")}
            {level(Some(3), "Good")}
            {level(Some(4), "Strong")}
        </Part>
    }
}

#[component]
fn Fields() -> impl IntoView {
    let text = RwSignal::new("Checkout/Payments".to_owned());
    let empty = RwSignal::new(String::new());
    let secret = RwSignal::new("correct horse battery staple".to_owned());
    let choice = RwSignal::new("1".to_owned());
    let on = RwSignal::new(true);
    let wrong = Signal::derive(|| Some("Needs a name".to_owned()));
    let options = vec![
        ("1".to_owned(), "Production".to_owned()),
        ("2".to_owned(), "Staging".to_owned()),
    ];
    view! { class="v",
        <Part title="Fields">
            <div class="gallery-form">
                <TextInput id="g-folder" label="Folder" value=text />
                <TextInput
                    id="g-name"
                    label="Name"
                    value=empty
                    error=wrong
                    placeholder="OpenAI · checkout service"
                />
                <PasswordField
                    id="g-secret"
                    label="Secret"
                    value=secret
                    hint=Some("Sealed on this device.".to_owned())
                />
                <TextArea id="g-notes" label="Notes" value=empty rows=3 />
                <Select
                    id="g-kind"
                    label="Environment"
                    value=choice
                    options=options
                    on_change=move |value| choice.set(value)
                />
                <Checkbox id="g-check" checked=on>
                    "Remember this device"
                </Checkbox>
                <Checkbox
                    id="g-check-wrong"
                    checked=RwSignal::new(false)
                    error=Signal::derive(|| Some("Needed to create a vault.".to_owned()))
                >
                    "I agree to the terms"
                </Checkbox>
            </div>
        </Part>
    }
}

#[component]
fn Overlays() -> impl IntoView {
    let toasts = use_toasts();
    let dialog = RwSignal::new(false);
    let confirm = RwSignal::new(false);
    let items = vec![
        MenuItem {
            icon: Some(Icon::Copy),
            label: "Copy reference".to_owned(),
            checked: None,
            danger: false,
            run: Callback::new(|()| ()),
        },
        MenuItem {
            icon: Some(Icon::Trash),
            label: "Delete".to_owned(),
            checked: None,
            danger: true,
            run: Callback::new(|()| ()),
        },
    ];
    view! { class="v",
        <Part title="Dialog, menu, toasts">
            <Button on_press=move |()| dialog.set(true)>"Dialog"</Button>
            <Button on_press=move |()| confirm.set(true)>"Question"</Button>
            <Menu id="g-menu" label="More" icon=Icon::More items=items />
            <Button on_press=move |()| toasts.say("Saved.")>"Toast"</Button>
            <Button on_press=move |()| {
                toasts.undoable("Stripe live secret moved to the trash.", || ());
            }>"Toast with undo"</Button>
            <Button on_press=move |()| {
                toasts.count_down("OpenAI copied.", 30);
            }>"Toast with countdown"</Button>
            <Button on_press=move |()| {
                toasts.fail("The server has no space left. Reading still works; nothing was changed.");
            }>"Toast that failed"</Button>
            <Dialog open=dialog title="A dialog">
                <p class="dialog-text">"Esc, the cross and a click beside it close it."</p>
            </Dialog>
            <Confirm
                open=confirm
                title="Delete for good?"
                detail="Stripe live secret and its history are lost. Nobody can bring it back."
                verb="Delete for good"
                on_confirm=|()| ()
            />
        </Part>
    }
}

#[component]
fn Messages() -> impl IntoView {
    view! { class="v",
        <Part title="Banners and states">
            <div class="gallery-column">
                <Banner icon=Icon::Edit>"An unsaved form is kept, sealed."</Banner>
                <Banner tone=BannerTone::Warn icon=Icon::CloudOff on_dismiss=|()| ()>
                    "The server does not answer. What is open stays usable."
                </Banner>
                <Banner tone=BannerTone::Bad icon=Icon::Warning>
                    "3 items could not be opened."
                </Banner>
                <EmptyState icon=Icon::Star title="No favourites yet">
                    <p>"Star what you need often, and it is here."</p>
                </EmptyState>
                <ErrorState
                    title="The list could not be read"
                    detail="The server cannot be reached. Nothing was lost."
                >
                    <Button>"Try again"</Button>
                </ErrorState>
            </div>
        </Part>
    }
}

#[component]
fn Waiting() -> impl IntoView {
    view! { class="v",
        <Part title="Skeletons">
            <div class="gallery-column">
                <SkeletonRows count=3 />
                <SkeletonLines />
            </div>
        </Part>
    }
}

#[component]
fn LongList() -> impl IntoView {
    let scroller = NodeRef::<html::Div>::new();
    let rows = RwSignal::new(0..0);
    view! { class="v",
        <Part title="Virtual list of 50,000">
            <p class="quiet">{move || format!("Rows that exist: {:?}", rows.get())}</p>
            <div class="gallery-list" node_ref=scroller tabindex="0" role="group" aria-label="Rows">
                <VirtualList
                    total=Signal::derive(|| 50_000)
                    row_height=28
                    scroller=scroller
                    on_rows=move |now| rows.set(now)
                    row=|index| {
                        view! { class="v", <div class="gallery-list-row">{index.to_string()}</div> }
                    }
                />
            </div>
        </Part>
    }
}

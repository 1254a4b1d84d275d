use std::sync::Arc;

use keyarc_vault::{Content, Day, Due, DueReason, Item, ItemDraft, ItemSummary, Kind, Rotation};
use keyarc_wire::ItemId;
use leptos::prelude::*;

use super::Part;
use crate::{
    pages::{
        account::{KitView, StrengthView},
        vault::{ConflictView, DueBadge, ExpiryBadge, HelpDialog, RowFace},
    },
    ui::Button,
    words::{now_ms, today},
    worker::{RecoveryKit, Strength},
};

#[component]
pub(super) fn Domain() -> impl IntoView {
    let help = RwSignal::new(false);
    let unrated: Option<Strength> = None;
    let day = |offset: i32| Day(today().0 + offset);
    let rotate = move |offset: i32| Due {
        on: day(offset),
        why: DueReason::Rotation,
    };
    view! { class="v",
        <Part title="Expiry">
            <ExpiryBadge expires_on=day(-3) />
            <ExpiryBadge expires_on=day(0) />
            <ExpiryBadge expires_on=day(14) />
            <ExpiryBadge expires_on=day(120) />
            <ExpiryBadge expires_on=day(1_200) />
            <DueBadge due=rotate(-3) />
            <DueBadge due=rotate(12) />
            <DueBadge due=rotate(90) />
        </Part>
        <Part title="Rows">
            <div class="gallery-column" role="listbox" aria-label="Rows">
                <div class="row" role="option">
                    <RowFace item=row("OpenAI · checkout service", "OA", Some(day(14))) />
                </div>
                <div class="row" role="option" aria-selected="true">
                    <RowFace item=row("Stripe live secret", "ST", None) />
                </div>
                <div class="row" role="option">
                    <RowFace item=row(
                        "<b>markup</b> \u{202e}right to left\u{202c} and a name that is far too long for its row",
                        "?!",
                        Some(day(-1)),
                    ) />
                </div>
            </div>
        </Part>
        <Part title="Password strength">
            <div class="gallery-column">
                <StrengthView strength=unrated />
                <StrengthView strength=Some(rated(1)) />
                <StrengthView strength=Some(rated(4)) />
            </div>
        </Part>
        <Part title="Recovery kit">
            <div class="card">
                <KitView kit=kit() />
            </div>
        </Part>
        <Part title="Conflict">
            <div class="gallery-column">
                <ConflictView
                    mine=draft("OpenAI · checkout", "sk-proj-mine")
                    current=Some(item())
                    on_mine=|()| ()
                    on_theirs=|()| ()
                    on_back=|()| ()
                />
            </div>
        </Part>
        <Part title="Keyboard">
            <Button on_press=move |()| help.set(true)>"Shortcuts"</Button>
            <HelpDialog open=help />
        </Part>
    }
}

fn row(name: &str, mark: &str, expires_on: Option<Day>) -> Arc<ItemSummary> {
    let now = now_ms() as u64;
    Arc::new(ItemSummary {
        id: ItemId([0; 16]),
        version: 3,
        kind: Kind::ApiKey,
        name: name.to_owned(),
        provider: Some("openai".to_owned()),
        provider_name: Some("OpenAI".to_owned()),
        mark: mark.to_owned(),
        environment: Some("production".to_owned()),
        hint: "sk-proj-…f3Q2".to_owned(),
        folder: "Checkout/Payments".to_owned(),
        tags: vec!["llm".to_owned()],
        favourite: expires_on.is_none(),
        expires_on,
        rotation: Rotation::default(),
        created_at_ms: now.saturating_sub(90 * 86_400_000),
        updated_at_ms: now.saturating_sub(7_200_000),
        trashed_at_ms: None,
        field_names: Vec::new(),
        checks: Vec::new(),
        files: Vec::new(),
        matches: vec![0, 1, 2],
        found: Vec::new(),
    })
}

fn rated(score: u8) -> Strength {
    Strength {
        score,
        guesses_log10: f64::from(score) * 3.0,
        warning: if score < 3 {
            "This is a common password".to_owned()
        } else {
            String::new()
        },
        suggestions: vec!["Add another word or two".to_owned()],
    }
}

/// A code of the right shape that opens nothing.
fn kit() -> RecoveryKit {
    RecoveryKit {
        setup_code: "KA1-00000-00000-00000-00000-00000-00000-00000-00000".to_owned(),
        email: Some("ann@example.org".to_owned()),
        created_at_ms: now_ms() as u64,
        origin: "https://keyarc.example".to_owned(),
        recovery_key: Some(
            [
                "KR1",
                "0000-0000-0000-0000-0000-0000-0000-0000-0000-0000-0000-0000-0000-0000",
            ]
            .join("-"),
        ),
        checkpoint: None,
        qr: None,
    }
}

fn draft(name: &str, value: &str) -> ItemDraft {
    ItemDraft {
        id: Some(ItemId([0; 16])),
        base_version: 2,
        name: name.to_owned(),
        folder: "Checkout".to_owned(),
        tags: vec!["llm".to_owned()],
        environment: Some("production".to_owned()),
        provider: Some("openai".to_owned()),
        favourite: false,
        expires_on: Some(today()),
        content: Content::ApiKey {
            value: value.to_owned(),
        },
        notes: "Owner: payments.".to_owned(),
        fields: Vec::new(),
        rotation: Rotation::default(),
        places: Vec::new(),
        walk: None,
        check: None,
        attachments: Vec::new(),
    }
}

fn item() -> Item {
    Item {
        summary: ItemSummary::clone(&row("OpenAI · checkout service", "OA", Some(today()))),
        content: Content::ApiKey {
            value: "sk-proj-theirs".to_owned(),
        },
        notes: "Owner: payments.".to_owned(),
        fields: Vec::new(),
        places: Vec::new(),
        check: None,
        attachments: Vec::new(),
    }
}

//! Reminders that leave the vault: by e-mail, webhook and calendar. Each says what it discloses,
//! letter by letter, before it is switched on.

mod deliveries;
mod desk;
mod feed;
mod mail;
mod once;
mod sample;
mod webhook;

use leptos::prelude::*;

use self::{
    deliveries::Deliveries,
    desk::{Stand, provide_desk},
    feed::Feed,
    mail::Mail,
    webhook::Webhook,
};
use crate::{
    ui::{Button, SkeletonLines},
    words::capitalised,
};

/// The ways out, what they disclose, and what was sent.
#[component]
pub(super) fn Reminders() -> impl IntoView {
    let desk = provide_desk();
    desk.load();
    view! { class="v",
        <section class="settings-part" id="reminders" aria-labelledby="reminders-title">
            <h2 id="reminders-title">{t!("Reminders")}</h2>
            <p>
                {t!("What is due stands under ")} <a href="/vault/reminders">{t!("Reminders")}</a>
                {t!(" in the vault. It can also come to you, which tells something to others. All three ways are off until you switch them on.")}
            </p>
            {move || match desk.stand() {
                Stand::Loading => {
                    view! { class="v",
                        <SkeletonLines count=3 />
                    }
                        .into_any()
                }
                Stand::Problem(problem) => {
                    view! { class="v",
                        <p class="quiet">{capitalised(&problem)}</p>
                        <Button on_press=move |()| desk.load_again()>{t!("Try again")}</Button>
                    }
                        .into_any()
                }
                Stand::Is(view) => {
                    let count = view.count;
                    view! { class="v",
                        <p class="quiet">
                            {tn!(
                                count,
                                "While any of them is on, this server keeps {count} date under ids that only your devices can read, and how many days before you want to hear of them. It learns neither names nor kinds of items, nor what is due. Dates of the past 30 and the next 400 days are told, at most 1,000; what you dismissed is not. With the last one off, it forgets all of them.",
                                "While any of them is on, this server keeps {count} dates under ids that only your devices can read, and how many days before you want to hear of them. It learns neither names nor kinds of items, nor what is due. Dates of the past 30 and the next 400 days are told, at most 1,000; what you dismissed is not. With the last one off, it forgets all of them."
                            )}
                        </p>
                        <Mail view=view.clone() />
                        <Webhook view=view.clone() />
                        <Feed view=view.clone() />
                        <Deliveries deliveries=view.deliveries />
                    }
                        .into_any()
                }
            }}
        </section>
    }
}

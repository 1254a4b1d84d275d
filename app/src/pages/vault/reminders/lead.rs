use keyarc_wire::limits::REMINDER_LEADS;
use leptos::prelude::*;

use super::work::use_reminders;

/// How early reminders come. The longest decides from when on something stands in the list; each of
/// them is a day on which mails and webhooks go out.
#[component]
pub(super) fn LeadDays() -> impl IntoView {
    let work = use_reminders();
    let chosen = Memo::new(move |_| work.look(|view| view.lead_days.clone()));
    let set = move |days: u16, on: bool| {
        let mut all = chosen.get_untracked();
        all.retain(|other| *other != days);
        if on {
            all.push(days);
        }
        work.set_lead_days(all);
    };
    let choice = move |days: u16| {
        let on = move || chosen.with(|chosen| chosen.contains(&days));
        view! { class="v",
            <label class="check">
                <input
                    r#type="checkbox"
                    prop:checked=on
                    disabled=move || work.busy().get()
                    on:change=move |event| set(days, event_target_checked(&event))
                />
                <span>{words(days)}</span>
            </label>
        }
    };
    view! { class="v",
        <fieldset class="reminders-lead">
            <legend>{t!("How early")}</legend>
            {REMINDER_LEADS.into_iter().map(choice).collect_view()}
        </fieldset>
        <p class="quiet">
            {t!("What is due stands here as early as the earliest of these. By e-mail and webhook it comes on each of them. Kept sealed with your account, for all your devices.")}
        </p>
    }
}

fn words(days: u16) -> String {
    match days {
        0 => t!("On the day").to_owned(),
        days => tn!(days, "{count} day before", "{count} days before"),
    }
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn days_are_said_as_people_do() {
        assert_eq!(words(0), "On the day");
        assert_eq!(words(1), "1 day before");
        assert_eq!(words(30), "30 days before");
    }
}

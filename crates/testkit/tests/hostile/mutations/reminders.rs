//! The journey about reminders.

use keyarc_client::{Host as _, Session, Transport};
use keyarc_vault::{Day, ItemDraft, ReminderChange, ReminderRow, Reminders};
use keyarc_wire::{ReminderChannel, ReminderStep};

use super::journeys::{End, Eyes, Given, SECRETS, draft, said};
use crate::device::Device;

/// What a list of reminders claims: that an item is due on a day. For how many days before
/// somebody asked, and what they put away, is the server's to forget.
fn hear(list: &Reminders, eyes: &Eyes) {
    let rows = list.rows.iter().chain(&list.hidden);
    for ReminderRow { name, due, .. } in rows {
        eyes.hear("a reminder", format!("{name} {due:?}"));
    }
}

/// Is reminded of an item, puts that away and takes it back, and switches a calendar on and off.
pub async fn reminders<T: Transport>(
    session: &Session<T, Device>,
    device: &Device,
    given: &Given,
    eyes: &Eyes,
) -> End {
    let Day(today) = device.today();
    let due = ItemDraft {
        expires_on: Some(Day(today + 5)),
        ..draft("Due", SECRETS[0])
    };
    let saved = session.save(&due).await.map_err(said)?;
    eyes.look("with a date", session, Some(&saved));
    hear(&session.reminders().await.map_err(said)?, eyes);
    let change = async |change| {
        let list = session.change_reminders(&change).await.map_err(said)?;
        hear(&list, eyes);
        Ok::<_, String>(list)
    };
    let list = change(ReminderChange::LeadDays(vec![1, 7])).await?;
    let row = list.rows.first().ok_or("nothing is due")?;
    let hide = ReminderChange::Hide {
        id: row.id,
        until: None,
    };
    change(hide).await?;
    change(ReminderChange::Show(row.id)).await?;
    let found = session.find_reminder(row.id);
    assert_eq!(found, Some(saved.summary.id), "its name is its own");

    let fresh = session.prove_password(&given.origin, &given.password).await;
    let on = ReminderStep::MakeFeed(fresh.map_err(said)?);
    session.reminder_step(&on).await.map_err(said)?;
    session.reminder_channels().await.map_err(said)?;
    let later = ItemDraft {
        id: Some(saved.summary.id),
        base_version: saved.summary.version,
        expires_on: Some(Day(today + 6)),
        ..due
    };
    let saved = session.save(&later).await.map_err(said)?;
    eyes.look("with another date", session, Some(&saved));
    session.tell_reminders().await.map_err(said)?;
    let off = ReminderStep::TurnOff(ReminderChannel::Feed);
    session.reminder_step(&off).await.map_err(said)?;
    hear(&session.reminders().await.map_err(said)?, eyes);
    Ok(())
}

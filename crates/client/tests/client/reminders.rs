//! Reminders: put away on every device, told only while something needs it, and told of nothing.

use keyarc_client::ClientError;
use keyarc_vault::{Day, ItemDraft, ReminderChange};
use keyarc_wire::{
    FreshProof, ReminderChannel, ReminderId, ReminderSet, ReminderStep, ReminderStepResponse, paths,
};

use crate::common::{ORIGIN, PASSWORD, TestHost, TestSession, World, draft, run};

const TODAY: i32 = (TestHost::START_MS / 86_400_000) as i32;

fn due(name: &str, days: i32) -> ItemDraft {
    ItemDraft {
        expires_on: Some(Day(TODAY + days)),
        ..draft(name, "canary-of-a-secret")
    }
}

async fn proof(session: &TestSession) -> FreshProof {
    let fresh = session.prove_password(ORIGIN, PASSWORD).await;
    fresh.expect("proven")
}

async fn feed_on(session: &TestSession) {
    let step = ReminderStep::MakeFeed(proof(session).await);
    let made = session.reminder_step(&step).await.expect("made");
    assert_eq!(made, ReminderStepResponse::Feed("token".to_owned()));
}

fn told(world: &World) -> Option<ReminderSet> {
    world.server.borrow().reminding.set.clone()
}

fn asked(world: &World) -> usize {
    let server = world.server.borrow();
    let seen = server.seen.iter();
    seen.filter(|path| path.starts_with(paths::REMINDERS))
        .count()
}

async fn names(session: &TestSession) -> Vec<String> {
    let view = session.reminders().await.expect("here");
    view.rows.into_iter().map(|row| row.name).collect()
}

#[test]
fn nothing_is_told_while_nothing_is_on() {
    run(async {
        let world = World::new().await;
        world.session.save(&due("Key", 3)).await.expect("saves");
        assert!(!world.session.reminds());
        world.session.tell_reminders().await.expect("nothing to do");
        assert_eq!(asked(&world), 0);
        // What is put away is kept sealed, and no date with it.
        assert_eq!(names(&world.session).await, ["Key"]);
        let id = world.session.reminders().await.expect("here").rows[0].id;
        let hide = ReminderChange::Hide { id, until: None };
        world.session.change_reminders(&hide).await.expect("kept");
        assert!(names(&world.session).await.is_empty());
        assert_eq!(told(&world), None);
        assert_eq!(names(&world.device().await).await, Vec::<String>::new());
    });
}

#[test]
fn a_server_is_told_ids_and_days_once_and_again_when_they_change() {
    run(async {
        let world = World::new().await;
        let session = &world.session;
        session.save(&due("Key", 3)).await.expect("saves");
        session
            .save(&draft("Without a date", "x"))
            .await
            .expect("saves");
        feed_on(session).await;
        let set = told(&world).expect("told with the step");
        assert_eq!(set.entries.len(), 1);
        assert_eq!(set.entries[0].on, (TODAY + 3) as u32);
        assert_eq!(set.lead_days, [30, 14, 7, 1]);
        // The id says nothing of the item's.
        let row = &session.reminders().await.expect("here").rows[0];
        assert_eq!(row.id, set.entries[0].id);
        assert_ne!(row.id.0, row.item.0);
        let before = asked(&world);
        session.tell_reminders().await.expect("told");
        assert_eq!(asked(&world), before, "nothing has changed");
        let later = session.save(&due("Later", 40)).await.expect("saves");
        session.tell_reminders().await.expect("told");
        assert_eq!(asked(&world), before + 1, "one request");
        assert_eq!(told(&world).expect("told").entries.len(), 2);
        assert_eq!(
            session.find_reminder(told(&world).expect("told").entries[1].id),
            Some(later.summary.id)
        );
        assert_eq!(session.find_reminder(ReminderId([7; 16])), None);
        // Another device says the same, and finds that nobody needs to be told.
        let other = world.device().await;
        assert!(other.reminds());
        other.tell_reminders().await.expect("told");
        assert_eq!(world.server.borrow().reminding.revision, 2);
        assert_eq!(told(&world).expect("told").entries.len(), 2);
        // With the last one off, the server has nothing.
        let off = ReminderStep::TurnOff(ReminderChannel::Feed);
        session.reminder_step(&off).await.expect("off");
        assert_eq!((told(&world), session.reminds()), (None, false));
        other.save(&due("More", 5)).await.expect("saves");
        other.tell_reminders().await.expect("learns that it is off");
        assert_eq!((told(&world), other.reminds()), (None, false));
    });
}

#[test]
fn a_server_that_says_by_itself_that_something_is_on_is_told_nothing() {
    run(async {
        let world = World::new().await;
        world.session.save(&due("Key", 3)).await.expect("saves");
        world.server.borrow_mut().reminding.feed = true;
        world.server.borrow_mut().twist = Some(Box::new(|path, answer| {
            if path == paths::LOGIN {
                answer["account"]["reminders"] = true.into();
            }
        }));
        let session = world.device().await;
        session.tell_reminders().await.expect("nothing to tell");
        let id = session.reminders().await.expect("here").rows[0].id;
        let hide = ReminderChange::Hide { id, until: None };
        session.change_reminders(&hide).await.expect("kept");
        session.tell_reminders().await.expect("nothing to tell");
        assert!(session.reminds());
        assert_eq!(told(&world), None);
    });
}

#[test]
fn of_two_devices_the_slower_one_takes_what_the_faster_left() {
    run(async {
        let world = World::new().await;
        let session = &world.session;
        for (name, days) in [("One", 1), ("Two", 2)] {
            session.save(&due(name, days)).await.expect("saves");
        }
        feed_on(session).await;
        let other = world.device().await;
        let rows = other.reminders().await.expect("here").rows;
        let hide = |at: usize| ReminderChange::Hide {
            id: rows[at].id,
            until: None,
        };
        session.change_reminders(&hide(0)).await.expect("kept");
        let left = other.change_reminders(&hide(1)).await.expect("kept");
        assert!(left.rows.is_empty());
        assert_eq!(left.hidden.len(), 2);
        assert!(told(&world).expect("told").entries.is_empty());
        let again = session
            .change_reminders(&ReminderChange::Show(rows[0].id))
            .await;
        assert_eq!(again.expect("kept").rows.len(), 1);
    });
}

#[test]
fn settings_that_do_not_open_are_none_and_a_server_that_is_away_loses_nothing() {
    run(async {
        let world = World::new().await;
        let session = &world.session;
        session.save(&due("Key", 3)).await.expect("saves");
        let id = session.reminders().await.expect("here").rows[0].id;
        let until = Some(Day(TODAY + 1));
        session
            .change_reminders(&ReminderChange::Hide { id, until })
            .await
            .expect("kept");
        if let Some(state) = &mut world.server.borrow_mut().reminding.state {
            let last = state.0.len() - 1;
            state.0[last] ^= 1;
        }
        assert_eq!(names(&world.device().await).await, ["Key"]);
        world.server.borrow_mut().down = true;
        let change = ReminderChange::LeadDays(vec![1]);
        let failed = session.change_reminders(&change).await;
        assert_eq!(failed, Err(ClientError::Unreachable));
        // What was there before is there still.
        assert_eq!(
            session.reminders().await.expect("here").lead_days,
            [30, 14, 7, 1]
        );
    });
}

#[test]
fn a_server_that_always_says_that_somebody_was_faster_is_given_up() {
    run(async {
        let world = World::new().await;
        world.session.save(&due("Key", 3)).await.expect("saves");
        world.session.reminders().await.expect("here");
        world.server.borrow_mut().twist = Some(Box::new(|path, answer| {
            if path == paths::REMINDERS && answer.get("mail").is_some() {
                answer["revision"] = 77.into();
            }
        }));
        world.server.borrow_mut().reminding.revision = 5;
        let failed = world
            .session
            .change_reminders(&ReminderChange::LeadDays(vec![1]))
            .await;
        assert!(
            matches!(failed, Err(ClientError::Refused { .. })),
            "{failed:?}"
        );
        assert!(asked(&world) < 20);
    });
}

#[test]
fn a_device_that_is_behind_forgets_nothing_that_another_put_away() {
    run(async {
        let world = World::new().await;
        let behind = world.device().await;
        world.session.save(&due("Key", 3)).await.expect("saves");
        let id = world.session.reminders().await.expect("here").rows[0].id;
        let hide = ReminderChange::Hide { id, until: None };
        world.session.change_reminders(&hide).await.expect("kept");
        let change = ReminderChange::LeadDays(vec![14]);
        behind.change_reminders(&change).await.expect("kept");
        assert_eq!(names(&world.device().await).await, Vec::<String>::new());
    });
}

#[test]
fn what_was_switched_on_is_told_even_when_that_could_not_be_noted_at_once() {
    run(async {
        let world = World::new().await;
        let session = &world.session;
        session.save(&due("Key", 3)).await.expect("saves");
        let step = ReminderStep::MakeFeed(proof(session).await);
        world.server.borrow_mut().twist = Some(Box::new(|path, answer| {
            if path == paths::REMINDERS {
                *answer = "nonsense".into();
            }
        }));
        session.reminder_step(&step).await.expect("made");
        assert_eq!(told(&world), None);
        world.server.borrow_mut().twist = None;
        session.tell_reminders().await.expect("told");
        assert_eq!(told(&world).expect("told").entries.len(), 1);
    });
}

#[test]
fn what_was_switched_off_elsewhere_is_not_told_when_a_server_says_it_is_on_again() {
    run(async {
        let world = World::new().await;
        let session = &world.session;
        session.save(&due("Key", 3)).await.expect("saves");
        feed_on(session).await;
        assert!(told(&world).is_some());
        let say = |on: bool| {
            let mut server = world.server.borrow_mut();
            server.reminding.feed = on;
            server.reminding.set = None;
        };
        say(false);
        session.reminder_channels().await.expect("here");
        assert!(session.reminds());
        session.tell_reminders().await.expect("noted");
        say(true);
        session.reminder_channels().await.expect("here");
        session.tell_reminders().await.expect("nothing to tell");
        assert_eq!(told(&world), None);
    });
}

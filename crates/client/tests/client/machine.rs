//! Machine tokens: what they read, how copies follow the vault, and what a server cannot make of them.

use std::rc::Rc;

use keyarc_client::{
    ClientError, Machine, MachineError, MadeToken, NewToken, TokenError, TokenState,
};
use keyarc_crypto::MachineToken;
use keyarc_vault::{BulkChange, Item, ItemDraft, MachineScope};
use keyarc_wire::{ApiError, ErrorCode, ItemId, MachineTokenId, paths};

use crate::common::{Fault, Line, ORIGIN, TestHost, TestSession, World, draft, run, value};

type TestMachine = Machine<Line, TestHost>;

fn of(folder: &str, name: &str, value: &str) -> ItemDraft {
    ItemDraft {
        folder: folder.to_owned(),
        ..draft(name, value)
    }
}

/// The next version of an item, where it is.
fn edit(item: &Item, value: &str) -> ItemDraft {
    ItemDraft {
        folder: item.summary.folder.clone(),
        ..crate::common::edit(item, value)
    }
}

fn payments() -> MachineScope {
    MachineScope {
        folders: vec!["Payments".to_owned()],
        environments: Vec::new(),
    }
}

/// Two items in the scope and one outside.
async fn world() -> (World, Vec<Item>) {
    let world = World::new().await;
    let mut items = Vec::new();
    for draft in [
        of("Payments", "Stripe", "canary-live"),
        of("Payments/EU", "Adyen", "canary-eu"),
        of("Private", "Diary", "canary-private"),
    ] {
        items.push(world.session.save(&draft).await.expect("saves"));
    }
    (world, items)
}

async fn make(session: &TestSession, name: &str, scope: &MachineScope) -> MadeToken {
    let new = NewToken {
        name,
        scope,
        expires_at_ms: None,
        networks: &[],
        writes: false,
    };
    session.make_token(&new).await.expect("is made")
}

async fn open(world: &World, made: &MadeToken) -> Result<TestMachine, MachineError> {
    let token = MachineToken::parse(&made.text).expect("a token");
    let line = Line::to(&world.server);
    Machine::open(line, world.host.clone(), ORIGIN, &token).await
}

async fn reads(world: &World, made: &MadeToken) -> Vec<(String, String)> {
    let copy = open(world, made).await.expect("opens");
    let ids = copy.look(|vault| vault.item_ids());
    let items = copy.read_many(&ids).await.expect("reads");
    let mut found: Vec<(String, String)> = items
        .iter()
        .map(|item| (item.summary.name.clone(), value(item).to_owned()))
        .collect();
    found.sort();
    found
}

fn pair(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

/// How often something of the tokens was asked for, or written.
fn asked(world: &World) -> usize {
    let server = world.server.borrow();
    let seen = server.seen.iter();
    seen.filter(|path| path.starts_with(paths::MACHINE_TOKENS))
        .count()
}

fn written(world: &World) -> usize {
    let server = world.server.borrow();
    let seen = server.seen.iter();
    seen.filter(|path| path.starts_with(paths::MACHINE_TOKENS) && path.ends_with("/items"))
        .count()
}

fn is_tampered(outcome: Result<TestMachine, MachineError>) -> bool {
    matches!(
        outcome.err(),
        Some(MachineError::Client(ClientError::Tampered))
    )
}

#[test]
fn a_token_reads_its_scope_by_one_request_and_nothing_else() {
    run(async {
        let (world, items) = world().await;
        let made = make(&world.session, "ci", &payments()).await;
        assert_eq!(made.items, 2);
        world.server.borrow_mut().seen.clear();
        let found = reads(&world, &made).await;
        assert_eq!(
            found,
            [pair("Adyen", "canary-eu"), pair("Stripe", "canary-live")]
        );
        assert_eq!(world.server.borrow().seen, [paths::MACHINE_OPEN]);
        let copy = open(&world, &made).await.expect("opens");
        let stripe = items[0].summary.id;
        let there = |id: ItemId| copy.look(|vault| vault.summary(id).is_some());
        assert!(there(stripe), "the same id");
        assert!(!there(items[2].summary.id));
        assert_eq!(
            copy.reveal(items[2].summary.id).await.err(),
            Some(MachineError::Client(ClientError::NotFound))
        );
        // Details that do not come along are fetched, in as many requests as their size takes.
        world.server.borrow_mut().machine.details_for = Some(1);
        world.server.borrow_mut().page = 1;
        world.server.borrow_mut().seen.clear();
        assert_eq!(reads(&world, &made).await, found);
        let seen = world.server.borrow().seen.clone();
        assert_eq!(
            seen.iter()
                .filter(|path| *path == paths::MACHINE_DETAILS)
                .count(),
            3
        );
    });
}

#[test]
fn a_scope_is_folders_with_those_in_them_and_environments() {
    run(async {
        let world = World::new().await;
        for (folder, environment, name) in [
            ("Payments", Some("production"), "a"),
            ("Payments/EU", Some("production"), "b"),
            ("Payments", Some("staging"), "c"),
            ("Payments", None, "d"),
            ("Payments-old", Some("production"), "e"),
            ("", Some("production"), "f"),
        ] {
            let draft = ItemDraft {
                environment: environment.map(str::to_owned),
                ..of(folder, name, "x")
            };
            world.session.save(&draft).await.expect("saves");
        }
        let scope = |folders: &[&str], environments: &[&str]| MachineScope {
            folders: folders.iter().map(|text| (*text).to_owned()).collect(),
            environments: environments.iter().map(|text| (*text).to_owned()).collect(),
        };
        for (number, (scope, expected)) in [
            (scope(&["Payments"], &[]), "abcd"),
            (scope(&[" Payments/ "], &["Production"]), "ab"),
            (scope(&[], &["production", "staging"]), "abcef"),
            (scope(&["Payments/EU", "Payments-old"], &[]), "be"),
            (scope(&[], &[]), "abcdef"),
        ]
        .into_iter()
        .enumerate()
        {
            let made = make(&world.session, &format!("token {number}"), &scope).await;
            let names = reads(&world, &made).await;
            let names: String = names.into_iter().map(|(name, _)| name).collect();
            assert_eq!(names, expected, "{scope:?}");
        }
        let empty = scope(&["Payments"], &["test"]);
        let new = NewToken {
            name: "of nothing",
            scope: &empty,
            expires_at_ms: None,
            networks: &[],
            writes: false,
        };
        let refused = world.session.make_token(&new).await.err();
        assert_eq!(refused, Some(TokenError::NoItem));
        for (name, scope) in [
            ("token 0", scope(&["Payments"], &[])),
            ("  ", scope(&["Payments"], &[])),
            ("a\nb", scope(&["Payments"], &[])),
            ("one", scope(&["/"], &[])),
            ("one", scope(&["a\u{202e}b"], &[])),
            ("one", scope(&[], &["a\nb"])),
        ] {
            let new = NewToken {
                name,
                scope: &scope,
                ..new
            };
            let refused = world.session.make_token(&new).await.err();
            assert!(
                matches!(refused, Some(TokenError::Draft(_))),
                "{name} {scope:?}"
            );
        }
    });
}

#[test]
fn a_copy_follows_the_vault_in_one_write_and_in_none_where_nothing_differs() {
    run(async {
        let (world, items) = world().await;
        let session = &world.session;
        let made = make(session, "ci", &payments()).await;
        assert_eq!(session.update_tokens().await, Ok(Vec::new()));
        let before = asked(&world);
        assert_eq!(session.update_tokens().await, Ok(Vec::new()));
        assert_eq!(asked(&world), before, "nothing is asked for");
        // Outside the scope: it is looked at, and nothing is written.
        let diary = session
            .save(&edit(&items[2], "other"))
            .await
            .expect("saves");
        assert_eq!(session.update_tokens().await, Ok(Vec::new()));
        assert_eq!((asked(&world), written(&world)), (before, 0));
        // One is changed, one comes, one goes.
        session
            .save(&edit(&items[0], "canary-next"))
            .await
            .expect("saves");
        session
            .save(&of("Payments", "New", "canary-new"))
            .await
            .expect("saves");
        let away = BulkChange::Folder("Private".to_owned());
        let moved = session.change_many(&[items[1].summary.id], &away).await;
        moved.expect("moves");
        assert_eq!(session.update_tokens().await, Ok(Vec::new()));
        assert_eq!(written(&world), 1);
        let now = [pair("New", "canary-new"), pair("Stripe", "canary-next")];
        assert_eq!(reads(&world, &made).await, now);
        // What left comes back, and what is in the trash is gone.
        let back = BulkChange::Folder("Payments".to_owned());
        let ids = [items[1].summary.id, diary.summary.id];
        session.change_many(&ids, &back).await.expect("moves");
        session
            .trash(&[items[0].summary.id])
            .await
            .expect("trashes");
        assert_eq!(session.update_tokens().await, Ok(Vec::new()));
        let now = [
            pair("Adyen", "canary-eu"),
            pair("Diary", "other"),
            pair("New", "canary-new"),
        ];
        assert_eq!(reads(&world, &made).await, now);
        // A device that knows nothing of the copy finds it as it is to be.
        let other = world.device().await;
        let written_before = written(&world);
        assert_eq!(other.update_tokens().await, Ok(Vec::new()));
        assert_eq!(written(&world), written_before);
    });
}

#[test]
fn two_devices_bring_one_copy_up_to_date() {
    run(async {
        let (world, items) = world().await;
        let made = make(&world.session, "ci", &payments()).await;
        let other = world.device().await;
        assert_eq!(other.update_tokens().await, Ok(Vec::new()));
        world
            .session
            .save(&edit(&items[0], "one"))
            .await
            .expect("saves");
        assert_eq!(world.session.update_tokens().await, Ok(Vec::new()));
        // The other one does not know of that write, and is told so.
        other.sync().await.expect("syncs");
        let adyen = other.reveal(items[1].summary.id).await.expect("opens");
        other.save(&edit(&adyen, "two")).await.expect("saves");
        assert_eq!(other.update_tokens().await, Ok(Vec::new()));
        let now = [pair("Adyen", "two"), pair("Stripe", "one")];
        assert_eq!(reads(&world, &made).await, now);
        // A token that was made elsewhere is known after a minute.
        let later = make(&other, "later", &payments()).await;
        world.host.pass(60_000);
        world.session.sync().await.expect("syncs");
        let stripe = world
            .session
            .reveal(items[0].summary.id)
            .await
            .expect("opens");
        world
            .session
            .save(&edit(&stripe, "three"))
            .await
            .expect("saves");
        assert_eq!(world.session.update_tokens().await, Ok(Vec::new()));
        assert_eq!(
            reads(&world, &later).await,
            [pair("Adyen", "two"), pair("Stripe", "three")]
        );
    });
}

#[test]
fn what_could_not_be_written_is_told_and_made_up_for() {
    run(async {
        let (world, items) = world().await;
        let session = &world.session;
        let made = make(session, "ci", &payments()).await;
        assert_eq!(session.update_tokens().await, Ok(Vec::new()));
        session.save(&edit(&items[0], "next")).await.expect("saves");
        for fault in [Fault::RequestLost, Fault::AnswerLost, Fault::FailAfter] {
            world.faults([fault]);
            let behind = session.update_tokens().await.expect("lists");
            assert_eq!(behind.len(), 1, "{fault:?}");
            assert_eq!(behind[0].name.as_deref(), Some("ci"));
            assert_eq!(behind[0].id, made.id);
            assert_eq!(session.update_tokens().await, Ok(Vec::new()), "{fault:?}");
            assert_eq!(reads(&world, &made).await[1].1.len(), 4);
            let stripe = session.reveal(items[0].summary.id).await.expect("opens");
            session.save(&edit(&stripe, "next")).await.expect("saves");
        }
        let rows = session.tokens().await.expect("lists");
        assert_eq!(rows[0].state, TokenState::Current { items: 2 });
    });
}

#[test]
fn a_revoked_token_opens_nothing_and_gets_nothing_more() {
    run(async {
        let (world, items) = world().await;
        let session = &world.session;
        assert!(!session.has_tokens());
        let (ci, cd) = (
            make(session, "ci", &payments()).await,
            make(session, "cd", &payments()).await,
        );
        assert!(session.has_tokens() && world.device().await.has_tokens());
        session.revoke_token(ci.id).await.expect("revokes");
        assert_eq!(open(&world, &ci).await.err(), Some(MachineError::Revoked));
        assert!(open(&world, &cd).await.is_ok());
        let rows = session.tokens().await.expect("lists");
        let state = |id: MachineTokenId| {
            let row = rows.iter().find(|row| row.id == id).expect("is listed");
            row.state.clone()
        };
        assert!(matches!(state(ci.id), TokenState::Revoked { .. }));
        assert_eq!(state(cd.id), TokenState::Current { items: 2 });
        // Whatever the server says of it later, nothing is sealed for it.
        world.server.borrow_mut().forget_revocations();
        let before = written(&world);
        session
            .save(&edit(&items[0], "canary-later"))
            .await
            .expect("saves");
        assert_eq!(session.update_tokens().await, Ok(Vec::new()));
        assert_eq!(written(&world), before + 1, "for the other one");
        assert!(
            !reads(&world, &ci)
                .await
                .contains(&pair("Stripe", "canary-later"))
        );
        // Its name may be given again.
        make(session, "ci", &payments()).await;
    });
}

#[test]
fn a_server_cannot_put_what_one_token_reads_to_another() {
    run(async {
        let (world, items) = world().await;
        let session = &world.session;
        let narrow = make(session, "narrow", &payments()).await;
        let wide = make(session, "wide", &MachineScope::default()).await;
        assert_eq!(wide.items, 3);
        world.server.borrow_mut().swap_notes();
        let other = world.device().await;
        let item = other.reveal(items[0].summary.id).await.expect("opens");
        other.save(&edit(&item, "next")).await.expect("saves");
        let before = written(&world);
        let behind = other.update_tokens().await.expect("lists");
        assert_eq!(behind.len(), 2);
        assert!(behind.iter().all(|one| one.why == ClientError::Tampered));
        assert_eq!(written(&world), before, "nothing is sealed for either");
        assert_eq!(reads(&world, &narrow).await.len(), 2);
    });
}

#[test]
fn nothing_is_given_out_of_a_copy_that_is_older_or_not_as_it_was_signed() {
    run(async {
        let (world, items) = world().await;
        let session = &world.session;
        let made = make(session, "ci", &payments()).await;
        let other = make(session, "other", &payments()).await;
        let first = world.server.borrow().copy_of(made.id);
        session.save(&edit(&items[0], "next")).await.expect("saves");
        assert_eq!(session.update_tokens().await, Ok(Vec::new()));
        // A machine that has read the newer one in this process does not go back.
        world.server.borrow_mut().machine.details_for = Some(0);
        let copy = open(&world, &made).await.expect("opens");
        assert_eq!(
            value(&copy.reveal(items[0].summary.id).await.expect("reads")),
            "next"
        );
        // The copy of another token.
        let foreign = world.server.borrow().copy_of(other.id);
        world.server.borrow_mut().machine.shown = Some((made.id, foreign));
        assert!(is_tampered(open(&world, &made).await));
        // The newest state that the token was made at is as old as it may be.
        world.server.borrow_mut().machine.shown = Some((made.id, first));
        assert!(open(&world, &made).await.is_ok());
        world.server.borrow_mut().machine.shown = None;
        // Every byte of the answer counts.
        let length = Rc::new(std::cell::Cell::new(0));
        let told = Rc::clone(&length);
        world.server.borrow_mut().machine.details_for = None;
        world.server.borrow_mut().twist_changes = Some(Box::new(move |body| {
            told.set(body.len());
            body
        }));
        assert!(open(&world, &made).await.is_ok());
        for at in (0..length.get()).step_by(97) {
            world.server.borrow_mut().twist_changes = Some(Box::new(move |mut body| {
                body[at] ^= 1;
                body
            }));
            let Ok(copy) = open(&world, &made).await else {
                continue;
            };
            // Details are looked at when they are read; a details version decides nothing.
            let ids = copy.look(|vault| vault.item_ids());
            if let Ok(read) = copy.read_many(&ids).await {
                let values: Vec<&str> = read.iter().map(value).collect();
                assert!(
                    values.contains(&"next") && values.contains(&"canary-eu"),
                    "{at}"
                );
            }
        }
    });
}

#[test]
fn a_copy_that_is_held_follows_the_vault_and_never_goes_back() {
    run(async {
        let (world, items) = world().await;
        let session = &world.session;
        let made = make(session, "ci", &payments()).await;
        let first = world.server.borrow().copy_of(made.id);
        let copy = open(&world, &made).await.expect("opens");
        let stripe = items[0].summary.id;
        session.save(&edit(&items[0], "next")).await.expect("saves");
        assert_eq!(session.update_tokens().await, Ok(Vec::new()));
        copy.sync().await.expect("fetches");
        assert_eq!(value(&copy.reveal(stripe).await.expect("reads")), "next");
        // Good enough for a machine that has seen nothing, and not for this one.
        world.server.borrow_mut().machine.shown = Some((made.id, first));
        let older = copy.sync().await;
        assert_eq!(older, Err(MachineError::Client(ClientError::Tampered)));
        assert_eq!(value(&copy.reveal(stripe).await.expect("reads")), "next");
        world.server.borrow_mut().machine.shown = None;
        copy.sync().await.expect("fetches");
        session.revoke_token(made.id).await.expect("revokes");
        assert_eq!(copy.sync().await, Err(MachineError::Revoked));
    });
}

#[test]
fn what_a_server_refuses_a_token_for_is_told_apart() {
    run(async {
        let (world, _) = world().await;
        let made = make(&world.session, "ci", &payments()).await;
        for (code, expected) in [
            (ErrorCode::TokenExpired, MachineError::Expired),
            (ErrorCode::TokenRevoked, MachineError::Revoked),
            (ErrorCode::AddressRefused, MachineError::AddressRefused),
            (ErrorCode::LoginRefused, MachineError::Refused),
            (
                ErrorCode::ClockSkew,
                MachineError::Client(ClientError::Tampered),
            ),
        ] {
            world.server.borrow_mut().machine.refuses = Some(ApiError::new(code, "No.", "Go."));
            assert_eq!(open(&world, &made).await.err(), Some(expected), "{code:?}");
        }
        let mut error = ApiError::new(ErrorCode::ClockSkew, "No.", "Go.");
        error.server_time_ms = Some(TestHost::START_MS + 3_600_000);
        world.server.borrow_mut().machine.refuses = Some(error);
        let Some(MachineError::ClockSkew { ahead_ms }) = open(&world, &made).await.err() else {
            panic!("the clock is wrong");
        };
        assert!((-3_600_000..-3_590_000).contains(&ahead_ms), "{ahead_ms}");
        world.server.borrow_mut().machine.refuses = None;
        world.server.borrow_mut().down = true;
        assert_eq!(
            open(&world, &made).await.err(),
            Some(MachineError::Client(ClientError::Unreachable))
        );
        world.server.borrow_mut().down = false;
        // A token that has ended by this machine's clock is not good, whatever a server says.
        let new = NewToken {
            name: "short",
            scope: &payments(),
            expires_at_ms: Some(TestHost::START_MS + 60_000),
            networks: &["10.0.0.0/8".to_owned()],
            writes: false,
        };
        let short = world.session.make_token(&new).await.expect("is made");
        assert!(open(&world, &short).await.is_ok());
        world.host.pass(60_000);
        assert_eq!(
            open(&world, &short).await.err(),
            Some(MachineError::Expired)
        );
        let rows = world.session.tokens().await.expect("lists");
        let row = rows
            .iter()
            .find(|row| row.id == short.id)
            .expect("is listed");
        assert_eq!(row.state, TokenState::Expired);
        assert_eq!(row.networks, ["10.0.0.0/8"]);
    });
}

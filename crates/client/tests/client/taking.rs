//! What is handed in with machine tokens, as the owner's client takes it or leaves it to wait.

use keyarc_client::{ClientError, MadeToken, NewToken, SaveError, TakenChanges, WaitsBecause};
use keyarc_crypto::{MachineGrant, MachineToken};
use keyarc_vault::{Item, ItemDraft, MachineChange, MachineScope, UnlockedVault};
use keyarc_wire::{
    AccountId, ItemId, MachineChangeId, MachineChangeName, MachineTokenId, SealedChange, VaultId,
    paths,
};
use rand_core::UnwrapErr;

use crate::common::{TestHost, TestSession, World, draft, run, value};

fn of(folder: &str, name: &str, value: &str) -> ItemDraft {
    ItemDraft {
        folder: folder.to_owned(),
        ..draft(name, value)
    }
}

fn payments() -> MachineScope {
    MachineScope {
        folders: vec!["Payments".to_owned()],
        environments: Vec::new(),
    }
}

/// One item in the scope and one outside.
async fn world() -> (World, Vec<Item>) {
    let world = World::new().await;
    let mut items = Vec::new();
    for draft in [
        of("Payments", "Stripe", "one"),
        of("Private", "Diary", "canary-private"),
    ] {
        items.push(world.session.save(&draft).await.expect("saves"));
    }
    (world, items)
}

async fn make(session: &TestSession, name: &str, writes: bool, ends: Option<u64>) -> MadeToken {
    let new = NewToken {
        name,
        scope: &payments(),
        expires_at_ms: ends,
        networks: &[],
        writes,
    };
    session.make_token(&new).await.expect("is made")
}

/// Somebody who has a token, and sees its copy as it is at the server.
struct Holder {
    token: MachineTokenId,
    copy: UnlockedVault,
    made: u8,
}

impl Holder {
    fn of(world: &World, made: &MadeToken) -> Self {
        let token = MachineToken::parse(&made.text).expect("a token");
        let server = world.server.borrow();
        let grant = server.grant_of(made.id);
        let (grant, key) =
            MachineGrant::open(&grant.0, &token.derive_keys(), token.id()).expect("its own grant");
        let owner = AccountId(grant.account);
        let mut copy = UnlockedVault::granted(owner, VaultId(grant.vault), grant.epoch, key);
        let report = copy.apply(server.copy_of(made.id).changes());
        assert_eq!((report.unreadable, report.refused), (0, 0));
        Self {
            token: made.id,
            copy,
            made: 0,
        }
    }

    fn seal(&mut self, item: ItemId, put: Option<ItemDraft>) -> SealedChange {
        self.made += 1;
        let wish = MachineChange {
            made_at_ms: TestHost::START_MS,
            put: put.map(Box::new),
        };
        let name = MachineChangeId([self.made; 16]);
        let mut rng = UnwrapErr(getrandom::SysRng);
        self.copy
            .seal_change(self.token, (name, item), &wish, &mut rng)
            .expect("is sealed")
    }

    fn hand_in(
        &mut self,
        world: &World,
        item: ItemId,
        put: Option<ItemDraft>,
    ) -> MachineChangeName {
        let sealed = self.seal(item, put);
        let name = MachineChangeName {
            token_id: self.token,
            item_id: item,
            change_id: sealed.change_id,
        };
        world.server.borrow_mut().hand_in(self.token, sealed);
        name
    }
}

/// Somebody with a token that writes, its holder, and an item that it may change.
async fn with_token() -> (World, MadeToken, Holder, ItemId) {
    let (world, items) = world().await;
    let made = make(&world.session, "ci", true, None).await;
    let holder = Holder::of(&world, &made);
    (world, made, holder, items[0].summary.id)
}

/// Of the item as it was at first, and of somebody else.
fn edited(stripe: ItemId, secret: &str) -> ItemDraft {
    ItemDraft {
        id: Some(stripe),
        base_version: 1,
        ..of("Payments", "Stripe", secret)
    }
}

async fn take(session: &TestSession) -> TakenChanges {
    session.take_changes().await.expect("looks")
}

fn why(outcome: &TakenChanges) -> Vec<WaitsBecause> {
    outcome.waiting.iter().map(|row| row.why.clone()).collect()
}

fn asked(world: &World, path: &str) -> usize {
    let server = world.server.borrow();
    server
        .seen
        .iter()
        .filter(|seen| seen.as_str() == path)
        .count()
}

async fn reads(session: &TestSession, item: ItemId) -> String {
    value(&session.reveal(item).await.expect("is there")).to_owned()
}

#[test]
fn what_fits_is_taken_in_one_write_and_copies_follow() {
    run(async {
        let (world, items) = world().await;
        let session = &world.session;
        let old = session
            .save(&of("Payments", "Old", "x"))
            .await
            .expect("saves");
        assert_eq!(take(session).await, TakenChanges::default());
        assert_eq!(asked(&world, paths::MACHINE_WAITING), 0, "nothing writes");
        let made = make(session, "ci", true, None).await;
        let mut ci = Holder::of(&world, &made);
        let fresh = ItemId([0x44; 16]);
        let stripe = items[0].summary.id;
        ci.hand_in(&world, stripe, Some(of("Payments/EU", "Stripe", "two")));
        ci.hand_in(&world, fresh, Some(of("Payments", "Adyen", "new")));
        ci.hand_in(&world, old.summary.id, None);
        world.server.borrow_mut().seen.clear();
        let outcome = take(session).await;
        assert!(outcome.waiting.is_empty(), "{outcome:?}");
        let mut told: Vec<(&str, &str, bool)> = outcome
            .taken
            .iter()
            .map(|one| (one.token.as_str(), one.name.as_str(), one.trashed))
            .collect();
        told.sort_unstable();
        assert_eq!(
            told,
            [
                ("ci", "Adyen", false),
                ("ci", "Old", true),
                ("ci", "Stripe", false)
            ]
        );
        let items_written = {
            let server = world.server.borrow();
            server
                .seen
                .iter()
                .filter(|path| path.ends_with("/items"))
                .count()
        };
        assert_eq!(
            (asked(&world, paths::MACHINE_WAITING), items_written),
            (1, 1)
        );
        assert_eq!(reads(session, stripe).await, "two");
        assert_eq!(reads(session, fresh).await, "new");
        let trashed = session
            .look(|vault| vault.summary(old.summary.id))
            .expect("stays");
        assert!(trashed.trashed_at_ms.is_some());
        assert!(session.update_tokens().await.expect("lists").is_empty());
        let after = Holder::of(&world, &made);
        let mut names: Vec<String> = after
            .copy
            .item_ids()
            .iter()
            .filter_map(|item| Some(after.copy.summary(*item)?.name))
            .collect();
        names.sort();
        assert_eq!(names, ["Adyen", "Stripe"]);
        // What was there before stays among the versions, and another device sees all of it.
        let versions = session.versions(stripe).await.expect("versions");
        assert_eq!(versions.len(), 2);
        let other = world.device().await;
        assert!(other.has_writing_tokens());
        assert_eq!(reads(&other, stripe).await, "two");
        assert_eq!(take(&other).await, TakenChanges::default());
    });
}

#[test]
fn what_a_person_changed_meanwhile_waits_and_is_taken_or_discarded() {
    run(async {
        let (world, _, mut ci, stripe) = with_token().await;
        let session = &world.session;
        let name = ci.hand_in(
            &world,
            stripe,
            Some(of("Payments", "Stripe", "by the machine")),
        );
        let edit = edited(stripe, "by the person");
        session.save(&edit).await.expect("saves");
        for _ in 0..2 {
            let outcome = take(session).await;
            assert!(outcome.taken.is_empty());
            assert_eq!(why(&outcome), [WaitsBecause::Outdated]);
            let row = &outcome.waiting[0];
            assert_eq!(
                (row.token.as_deref(), row.name.as_deref()),
                (Some("ci"), Some("Stripe"))
            );
            assert!(row.why.can_be_taken() && !row.trashes);
        }
        assert_eq!(reads(session, stripe).await, "by the person");
        // It is looked at first, and that changes nothing.
        let revision = world.revision();
        let (then, now) = session.look_at_change(name).await.expect("is looked at");
        let now = now.expect("the item is there");
        assert_eq!(then.content, of("", "", "by the machine").content);
        assert_eq!((then.base_version, value(&now)), (2, "by the person"));
        assert_eq!(world.revision(), revision);
        let taken = session.take_change(name).await.expect("is taken");
        assert_eq!((taken.token.as_str(), taken.item), ("ci", stripe));
        assert_eq!(reads(session, stripe).await, "by the machine");
        let before = session
            .version(stripe, 2)
            .await
            .expect("stays among the versions");
        assert_eq!(value(&before), "by the person");
        let again = session.take_change(name).await;
        assert_eq!(again.err(), Some(SaveError::Client(ClientError::NotFound)));
        let gone = session.look_at_change(name).await;
        assert_eq!(gone.err(), Some(ClientError::NotFound));
        // Discarded, it is gone, and the item as it was.
        let name = ci.hand_in(&world, stripe, None);
        assert_eq!(why(&take(session).await), [WaitsBecause::Outdated]);
        let to_the_trash = session.look_at_change(name).await;
        assert_eq!(to_the_trash.err(), Some(ClientError::NotFound));
        session
            .discard_changes(&[name])
            .await
            .expect("is discarded");
        assert_eq!(take(session).await, TakenChanges::default());
        assert_eq!(reads(session, stripe).await, "by the machine");
    });
}

#[test]
fn what_was_looked_at_is_what_is_taken() {
    run(async {
        let (world, made, mut ci, stripe) = with_token().await;
        let session = &world.session;
        let edit = edited(stripe, "by the person");
        let shown = ci.seal(stripe, Some(of("Payments", "Stripe", "harmless")));
        // The holder of the token and the server are of one mind: something else has its name.
        ci.made -= 1;
        let swapped = ci.seal(stripe, Some(of("Payments", "Stripe", "harmful")));
        assert_eq!(shown.change_id, swapped.change_id);
        let name = MachineChangeName {
            token_id: made.id,
            item_id: stripe,
            change_id: shown.change_id,
        };
        session.save(&edit).await.expect("saves");
        let waits = |one: SealedChange| {
            world.server.borrow_mut().machine.waiting.clear();
            world.server.borrow_mut().hand_in(made.id, one);
        };
        waits(shown.clone());
        let (then, _) = session.look_at_change(name).await.expect("is looked at");
        assert_eq!(then.content, of("", "", "harmless").content);
        waits(swapped);
        let refused = session.take_change(name).await;
        assert_eq!(
            refused.err(),
            Some(SaveError::Client(ClientError::NotFound))
        );
        assert_eq!(reads(session, stripe).await, "by the person");
        waits(shown);
        session.take_change(name).await.expect("is taken");
        assert_eq!(reads(session, stripe).await, "harmless");
    });
}

#[test]
fn a_look_shows_the_item_as_it_is_elsewhere_by_now() {
    run(async {
        let (world, _, mut ci, stripe) = with_token().await;
        let session = &world.session;
        let name = ci.hand_in(
            &world,
            stripe,
            Some(of("Payments", "Stripe", "by the machine")),
        );
        let other = world.device().await;
        let edit = edited(stripe, "by another device");
        other.save(&edit).await.expect("saves");
        let (then, now) = session.look_at_change(name).await.expect("is looked at");
        assert_eq!(value(&now.expect("it is there")), "by another device");
        assert_eq!(then.base_version, 2);

        // What the server says of it is believed as little as ever: withheld, and another item's.
        let lies: [fn(&str, &mut serde_json::Value); 2] = [
            |path, answer| {
                if path == "/details" {
                    answer["details"] = serde_json::json!([]);
                }
            },
            |path, answer| {
                if path == "/details" {
                    answer["details"][0]["item_id"] = "00".repeat(16).into();
                }
            },
        ];
        for lie in lies {
            world.server.borrow_mut().twist = Some(Box::new(lie));
            let looked = session.look_at_change(name).await;
            assert_eq!(looked.err(), Some(ClientError::Tampered));
        }
    });
}

#[test]
fn a_server_that_shows_a_change_again_gets_it_taken_once() {
    run(async {
        let (world, items) = world().await;
        let session = &world.session;
        let made = make(session, "ci", true, None).await;
        let mut ci = Holder::of(&world, &made);
        let (stripe, fresh) = (items[0].summary.id, ItemId([0x44; 16]));
        world.server.borrow_mut().machine.keeps_waiting = true;
        ci.hand_in(&world, stripe, Some(of("Payments", "Stripe", "two")));
        ci.hand_in(&world, fresh, Some(of("Payments", "Adyen", "new")));
        assert_eq!(take(session).await.taken.len(), 2);
        let revision = world.revision();
        let outcome = take(session).await;
        assert!(outcome.taken.is_empty());
        assert_eq!(
            why(&outcome),
            [WaitsBecause::Outdated, WaitsBecause::Outdated]
        );
        // Nor does an item come back that was deleted for good.
        let of_fresh = |outcome: &TakenChanges| {
            let mut rows = outcome.waiting.iter();
            let row = rows.find(|row| row.change.item_id == fresh);
            row.map(|row| row.why.clone())
        };
        session.trash(&[fresh]).await.expect("goes to the trash");
        let trashed = take(session).await;
        assert_eq!(of_fresh(&trashed), Some(WaitsBecause::OutOfScope));
        session.purge(&[fresh]).await.expect("is deleted");
        let deleted = take(session).await;
        assert_eq!(of_fresh(&deleted), Some(WaitsBecause::Gone));
        let name = deleted
            .waiting
            .iter()
            .find(|row| row.change.item_id == fresh);
        let looked = session.look_at_change(name.expect("it waits").change).await;
        let (then, now) = looked.expect("is looked at");
        assert_eq!((then.name.as_str(), now.is_none()), ("Adyen", true));
        assert!(trashed.taken.is_empty() && deleted.taken.is_empty());
        assert_eq!(world.revision(), revision + 2);
    });
}

#[test]
fn only_what_its_note_says_is_taken_of_a_token() {
    run(async {
        let (world, items) = world().await;
        let session = &world.session;
        let reading = make(session, "reads", false, None).await;
        let writing = make(session, "writes", true, None).await;
        let (stripe, diary) = (items[0].summary.id, items[1].summary.id);
        let mut reads_only = Holder::of(&world, &reading);
        // The server calls it one that writes.
        world.server.borrow_mut().say_writes(reading.id, true);
        reads_only.hand_in(&world, stripe, Some(of("Payments", "Stripe", "stolen")));
        let mut ci = Holder::of(&world, &writing);
        // Out of the folder, and of an item that it does not read.
        ci.hand_in(&world, stripe, Some(of("Private", "Stripe", "moved")));
        ci.hand_in(&world, diary, Some(of("Payments", "Diary", "stolen")));
        let outcome = take(session).await;
        assert!(outcome.taken.is_empty(), "{outcome:?}");
        assert_eq!(why(&outcome), vec![WaitsBecause::OutOfScope; 3]);
        for row in &outcome.waiting {
            assert!(!row.why.can_be_taken());
            let refused = session.take_change(row.change).await;
            assert_eq!(
                refused.err(),
                Some(SaveError::Client(ClientError::NotFound))
            );
        }
        assert_eq!(reads(session, stripe).await, "one");
        assert_eq!(reads(session, diary).await, "canary-private");
        // One's change under the name of the other, of another item, another version, and spoilt.
        let good = ci.seal(stripe, Some(of("Payments", "Stripe", "two")));
        let edits: [fn(&mut SealedChange); 4] = [
            |one| one.item_id.0[0] ^= 1,
            |one| one.change_id.0[0] ^= 1,
            |one| one.base_version = 0,
            |one| one.change.0[200] ^= 1,
        ];
        for edit in edits {
            world.server.borrow_mut().machine.waiting.clear();
            let mut other = good.clone();
            edit(&mut other);
            world.server.borrow_mut().hand_in(writing.id, other);
            assert_eq!(why(&take(session).await), [WaitsBecause::Unreadable]);
        }
        world.server.borrow_mut().machine.waiting.clear();
        world.server.borrow_mut().hand_in(reading.id, good.clone());
        assert_eq!(
            why(&take(session).await),
            [WaitsBecause::Unreadable],
            "another token"
        );
        world.server.borrow_mut().machine.waiting.clear();
        world.server.borrow_mut().hand_in(writing.id, good);
        assert_eq!(take(session).await.taken.len(), 1);
        assert_eq!(reads(session, stripe).await, "two");
    });
}

#[test]
fn of_two_tokens_that_change_one_item_the_second_waits() {
    run(async {
        let (world, items) = world().await;
        let session = &world.session;
        let (one, two) = (
            make(session, "one", true, None).await,
            make(session, "two", true, None).await,
        );
        let stripe = items[0].summary.id;
        let (mut first, mut second) = (Holder::of(&world, &one), Holder::of(&world, &two));
        world.server.borrow_mut().clock_ms += 1;
        second.hand_in(&world, stripe, Some(of("Payments", "Stripe", "second")));
        world.server.borrow_mut().clock_ms -= 1;
        first.hand_in(&world, stripe, Some(of("Payments", "Stripe", "first")));
        let outcome = take(session).await;
        assert_eq!(outcome.taken[0].token, "one");
        assert_eq!(why(&outcome), [WaitsBecause::Outdated]);
        assert_eq!(reads(session, stripe).await, "first");
        // What a revoked token handed in is gone with it.
        session.revoke_token(two.id).await.expect("is revoked");
        assert_eq!(take(session).await, TakenChanges::default());
        second.hand_in(&world, stripe, Some(of("Payments", "Stripe", "late")));
        world.server.borrow_mut().forget_revocations();
        assert_eq!(
            take(session).await,
            TakenChanges::default(),
            "whatever the server says"
        );
    });
}

#[test]
fn what_a_token_that_has_ended_handed_in_is_for_a_person_to_say() {
    run(async {
        let (world, items) = world().await;
        let session = &world.session;
        let end = TestHost::START_MS + 1_000_000;
        let made = make(session, "ci", true, Some(end)).await;
        let mut ci = Holder::of(&world, &made);
        let stripe = items[0].summary.id;
        let name = ci.hand_in(&world, stripe, Some(of("Payments", "Stripe", "two")));
        world.host.pass(2_000_000);
        let outcome = take(session).await;
        assert_eq!(why(&outcome), [WaitsBecause::Ended]);
        assert_eq!(reads(session, stripe).await, "one");
        session.take_change(name).await.expect("is taken");
        assert_eq!(reads(session, stripe).await, "two");
    });
}

#[test]
fn many_changes_come_by_pages() {
    run(async {
        let (world, _) = world().await;
        let session = &world.session;
        let made = make(session, "ci", true, None).await;
        let mut ci = Holder::of(&world, &made);
        for number in 1..=7_u8 {
            let draft = of("Payments", &format!("item {number}"), "x");
            ci.hand_in(&world, ItemId([number; 16]), Some(draft));
        }
        world.server.borrow_mut().machine.waiting_page = Some(3);
        world.server.borrow_mut().seen.clear();
        let outcome = take(session).await;
        assert_eq!((outcome.taken.len(), outcome.waiting.len()), (7, 0));
        assert_eq!(asked(&world, paths::MACHINE_WAITING), 3);
        assert!(world.server.borrow().machine.waiting.is_empty());
    });
}

//! Tests of keys: what is noted of them, and which items can be tested.

use keyarc_vault::{
    CheckDefinition, CheckNote, CheckOutcome, CheckResult, Day, ItemDraft, OverviewChange,
};
use keyarc_wire::ItemId;

use crate::common::{Fixture, TODAY, fixture, key};

const HOST: &str = "api.example.com";

fn note(item: ItemId, day: i32, outcome: CheckOutcome) -> CheckNote {
    CheckNote {
        item,
        host: HOST.to_owned(),
        result: CheckResult {
            day: Day(TODAY.0 + day),
            outcome,
            status: 200,
        },
    }
}

/// Notes it, and returns the size of the sealed overview when there was something new.
fn noted(this: &mut Fixture, item: ItemId, day: i32, outcome: CheckOutcome) -> Option<usize> {
    let note = note(item, day, outcome);
    let write = this.vault.seal_check(&note, &mut this.rng).unwrap()?;
    assert!(write.details.is_none(), "the secret part stays as it is");
    let size = write.overview.0.len();
    this.accept(write);
    Some(size)
}

fn outcomes(this: &Fixture, item: ItemId) -> Vec<CheckOutcome> {
    let checks = this.vault.summary(item).unwrap().checks;
    checks.iter().map(|result| result.outcome).collect()
}

#[test]
fn what_a_test_found_stays_with_the_item() {
    let mut this = fixture();
    let write = this.seal(&key("A key", "value-1"));
    let item = write.item_id;
    let details = crate::common::details_of(&write);
    this.accept(write);
    let before = this.vault.summary(item).unwrap();
    assert!(before.checks.is_empty() && !this.vault.was_asked(HOST));

    assert!(noted(&mut this, item, 0, CheckOutcome::Valid).is_some());
    assert!(
        noted(&mut this, item, 1, CheckOutcome::Valid).is_none(),
        "nothing new"
    );
    assert!(noted(&mut this, item, 2, CheckOutcome::Invalid).is_some());
    assert_eq!(
        outcomes(&this, item),
        [CheckOutcome::Invalid, CheckOutcome::Valid]
    );
    assert!(this.vault.was_asked(HOST) && !this.vault.was_asked("other.example"));
    let after = this.vault.summary(item).unwrap();
    assert_eq!(
        after.updated_at_ms, before.updated_at_ms,
        "no change of the item"
    );
    assert_eq!(after.version, before.version + 2);
    assert!(
        this.vault
            .open_details(&keyarc_wire::SealedDetails {
                version: after.version,
                ..details
            })
            .is_ok()
    );

    // Nothing else that is done to the item forgets it.
    let star = this.vault.seal_overview_change(
        item,
        OverviewChange::Favourite(true),
        this.now,
        &mut this.rng,
    );
    this.accept(star.unwrap());
    let mut renamed = key("Another name", "value-1");
    renamed.id = Some(item);
    renamed.base_version = this.vault.summary(item).unwrap().version;
    let write = this.seal(&renamed);
    this.accept(write);
    assert_eq!(outcomes(&this, item).len(), 2);

    // Of another secret it says nothing.
    let mut replaced = key("Another name", "value-2");
    replaced.id = Some(item);
    replaced.base_version = this.vault.summary(item).unwrap().version;
    let write = this.seal(&replaced);
    this.accept(write);
    assert!(outcomes(&this, item).is_empty());
}

#[test]
fn ten_results_fit_the_bucket_of_an_ordinary_overview() {
    let mut this = fixture();
    let mut draft = key(
        "OpenAI API key, checkout service",
        &format!("sk-proj-{}", "a1B2".repeat(39)),
    );
    draft.provider = Some("openai".to_owned());
    draft.environment = Some("production".to_owned());
    draft.folder = "Checkout/Payments".to_owned();
    draft.tags = ["llm", "billing-critical"].map(str::to_owned).to_vec();
    draft.expires_on = Some(TODAY);
    let item = this.add(&draft);
    for day in 0..20 {
        let outcome = [CheckOutcome::Valid, CheckOutcome::RateLimited][day as usize % 2];
        assert_eq!(noted(&mut this, item, day, outcome), Some(350));
    }
    assert_eq!(outcomes(&this, item).len(), 10);
}

#[test]
fn a_definition_of_ones_own_is_sealed_with_the_secret() {
    let mut this = fixture();
    let definition = CheckDefinition {
        url: "https://api.example.com/me".to_owned(),
        pattern: "ok".to_owned(),
        ..CheckDefinition::default()
    };
    let draft = ItemDraft {
        check: Some(definition.clone()),
        ..key("A key", "value-1")
    };
    let write = this.seal(&draft);
    this.accept(write.clone());
    let item = this.open(&write).unwrap();
    assert_eq!(item.check, Some(definition));
    assert_eq!(ItemDraft::of(&item).check, item.check);

    let broken = ItemDraft {
        check: Some(CheckDefinition::default()),
        ..key("A key", "value-1")
    };
    let refused = keyarc_vault::check_draft(&broken).unwrap_err();
    assert_eq!(refused.field, "check.url");
}

#[test]
fn hosts_take_turns_in_a_test_of_all() {
    let mut this = fixture();
    let of = |name: &str, provider: &str| ItemDraft {
        provider: Some(provider.to_owned()),
        ..key(name, name)
    };
    for at in 0..3 {
        this.add(&of(&format!("openai {at}"), "openai"));
    }
    this.add(&of("groq", "groq"));
    this.add(&of("slack", "slack"));
    this.add(&of("nobody", "a-provider-of-later"));
    let tested = this.add(&key("own", "value"));
    let trashed = this.add(&of("trashed", "openai"));
    let trash = this
        .vault
        .seal_overview_change(trashed, OverviewChange::Trash, 1, &mut this.rng);
    this.accept(trash.unwrap());
    assert_eq!(this.vault.check_candidates().items.len(), 4);
    noted(&mut this, tested, 0, CheckOutcome::Valid);

    let found = this.vault.check_candidates();
    assert_eq!(found.not_by_browsers, 1);
    assert_eq!(found.items.len(), 5);
    let names: Vec<String> = found
        .items
        .iter()
        .map(|id| this.vault.summary(*id).unwrap().name)
        .collect();
    // One of each first; those of the provider that has more of them at the end.
    assert!(
        names[3].starts_with("openai") && names[4].starts_with("openai"),
        "{names:?}"
    );
    assert!(names[..3].contains(&"own".to_owned()) && names[..3].contains(&"groq".to_owned()));
}

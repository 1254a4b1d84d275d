//! Sample items, for somebody who wants to look around before the first key of their own. All of
//! them are in one folder, so that they go as they came.

use crate::{Content, Day, Field, FieldType, ItemDraft, Rotation, Variable, import::PlannedItem};

/// The folder of the sample items.
pub const SAMPLE_FOLDER: &str = "Sample data";

/// Sample items as they would be on a day: some of them expired, due, reused or weak, so that
/// there is something to see everywhere. Nothing in them opens anything.
pub fn sample_items(today: Day) -> Vec<PlannedItem> {
    let day = |days: i32| Some(Day(today.0.saturating_add(days)));
    let key = |name: &str, provider: &str, value: &str| ItemDraft {
        provider: Some(provider.to_owned()),
        ..ItemDraft::new(
            name,
            Content::ApiKey {
                value: value.to_owned(),
            },
        )
    };
    let login = |name: &str, username: &str, password: &str, url: &str| {
        ItemDraft::new(
            name,
            Content::Login {
                username: username.to_owned(),
                password: password.to_owned(),
                url: url.to_owned(),
            },
        )
    };
    let variable = |(name, value): (&str, &str)| Variable {
        name: name.to_owned(),
        value: value.to_owned(),
    };
    let drafts = [
        ItemDraft {
            tags: words(["billing"]),
            environment: Some("production".to_owned()),
            favourite: true,
            expires_on: day(12),
            notes: "Used by the *checkout* only. Revoke at the dashboard, never by mail.".to_owned(),
            places: words(["checkout: STRIPE_KEY", "CI: release job"]),
            rotation: Rotation {
                rotated_on: day(-78),
                every_days: Some(90),
            },
            ..key("Stripe live", "stripe", "sk_live_SampleOnlySampleOnlySample0001")
        },
        ItemDraft {
            tags: words(["billing"]),
            environment: Some("development".to_owned()),
            ..key("Stripe test", "stripe", "sk_test_SampleOnlySampleOnlySample0002")
        },
        ItemDraft {
            tags: words(["llm"]),
            environment: Some("production".to_owned()),
            rotation: Rotation {
                rotated_on: day(-200),
                every_days: Some(180),
            },
            ..key(
                "OpenAI search service",
                "openai",
                "sk-proj-SampleOnlySampleOnlySampleOnlySampleOnlySample0003",
            )
        },
        ItemDraft {
            tags: words(["ci"]),
            expires_on: day(-3),
            ..key(
                "GitHub deploy token",
                "github",
                "ghp_SampleOnlySampleOnlySampleOnly000004",
            )
        },
        ItemDraft {
            environment: Some("staging".to_owned()),
            ..key(
                "Orders database",
                "postgres",
                "postgres://orders:SampleOnly@db.example/orders",
            )
        },
        ItemDraft {
            fields: vec![Field {
                name: "Recovery code".to_owned(),
                field_type: FieldType::Secret,
                value: "sample-only-1234".to_owned(),
            }],
            ..login("Package registry", "ada", "SampleOnly2024", "https://registry.example")
        },
        login("Status page", "ada@example.org", "SampleOnly2024", "https://status.example"),
        ItemDraft::new("Checkout service", Content::EnvironmentSet {
            variables: [
                ("PORT", "3000"),
                ("LOG_LEVEL", "info"),
                ("STRIPE_KEY", "sk_test_SampleOnlySampleOnlySample0002"),
                ("DATABASE_URL", "postgres://orders:SampleOnly@db.example/orders"),
            ]
            .map(variable)
            .into(),
        }),
        ItemDraft::new("Registry one-time code", Content::Totp {
            key: "otpauth://totp/Registry:ada?secret=GEZDGNBVGY3TQOJQ&issuer=Registry".to_owned(),
        }),
        ItemDraft::new("How we rotate keys", Content::Note {
            text: "# How we rotate keys\n\n1. Make the new key at the provider.\n2. **Test it** here, then save.\n3. Put it where it is used:\n   - [ ] checkout\n   - [ ] CI\n4. Revoke the old one.\n\nNothing in *Sample data* is real.".to_owned(),
        }),
    ];
    let in_folder = |draft: ItemDraft| PlannedItem {
        draft: ItemDraft {
            folder: SAMPLE_FOLDER.to_owned(),
            ..draft
        },
        variable: None,
        kept: None,
    };
    drafts.map(in_folder).into()
}

fn words<const N: usize>(words: [&str; N]) -> Vec<String> {
    words.map(str::to_owned).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Totp, check_draft, provider};

    #[test]
    fn every_sample_keeps_the_rules_and_is_of_a_known_provider() {
        let today = Day(20_785);
        let samples = sample_items(today);
        assert_eq!(samples.len(), 10);
        for PlannedItem { draft, .. } in &samples {
            assert_eq!(check_draft(draft), Ok(()), "{}", draft.name);
            assert_eq!(draft.folder, SAMPLE_FOLDER);
            if let Some(id) = &draft.provider {
                assert!(provider(id).is_some(), "{id}");
            }
            if let Content::Totp { key } = &draft.content {
                assert!(Totp::parse(key).is_ok());
            }
        }
        let expired = samples
            .iter()
            .filter(|item| item.draft.expires_on < Some(today));
        assert!(
            expired
                .filter(|item| item.draft.expires_on.is_some())
                .count()
                == 1
        );
    }

    #[test]
    fn samples_fit_the_first_and_the_last_day_there_is() {
        for today in [Day::FIRST, Day::LAST] {
            assert_eq!(sample_items(today).len(), 10);
        }
    }
}

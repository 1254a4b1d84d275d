use keyarc_vault::generate::{
    BYTES_MAX, BYTES_MIN, Generated, PASSWORD_MAX, PASSWORD_MIN, PassphraseRecipe, PasswordRecipe,
    Recipe, WORDS_MAX, WORDS_MIN,
};
use leptos::{prelude::*, task::spawn_local};

use crate::{
    ui::{Button, Checkbox, Dialog, Icon, Look, Segmented, Slider, TextInput},
    worker::{Command, Reply, use_worker},
};

/// The sorts of secrets that can be made.
const SORTS: [(&str, &str); 5] = [
    ("password", mark!("Password")),
    ("passphrase", mark!("Words")),
    ("hex", mark!("Hex")),
    ("base64", "Base64"),
    ("uuid", "UUID"),
];
/// A key of 256 bits.
const BYTES: u32 = 32;

/// What a person chose to have made.
#[derive(Clone, Copy)]
struct Wish {
    sort: RwSignal<String>,
    length: RwSignal<u32>,
    lower: RwSignal<bool>,
    upper: RwSignal<bool>,
    digits: RwSignal<bool>,
    symbols: RwSignal<bool>,
    distinct: RwSignal<bool>,
    words: RwSignal<u32>,
    separator: RwSignal<String>,
    capitals: RwSignal<bool>,
    digit: RwSignal<bool>,
    bytes: RwSignal<u32>,
}

impl Wish {
    fn new() -> Self {
        let password = PasswordRecipe::default();
        let phrase = PassphraseRecipe::default();
        Self {
            sort: RwSignal::new(SORTS[0].0.to_owned()),
            length: RwSignal::new(password.length),
            lower: RwSignal::new(password.lower),
            upper: RwSignal::new(password.upper),
            digits: RwSignal::new(password.digits),
            symbols: RwSignal::new(password.symbols),
            distinct: RwSignal::new(password.distinct),
            words: RwSignal::new(phrase.words),
            separator: RwSignal::new(phrase.separator),
            capitals: RwSignal::new(phrase.capitals),
            digit: RwSignal::new(phrase.digit),
            bytes: RwSignal::new(BYTES),
        }
    }

    fn recipe(self) -> Recipe {
        match self.sort.read().as_str() {
            "passphrase" => Recipe::Passphrase(PassphraseRecipe {
                words: self.words.get(),
                separator: self.separator.get(),
                capitals: self.capitals.get(),
                digit: self.digit.get(),
            }),
            "hex" => Recipe::Hex {
                bytes: self.bytes.get(),
            },
            "base64" => Recipe::Base64 {
                bytes: self.bytes.get(),
            },
            "uuid" => Recipe::Uuid,
            _ => Recipe::Password(PasswordRecipe {
                length: self.length.get(),
                lower: self.lower.get(),
                upper: self.upper.get(),
                digits: self.digits.get(),
                symbols: self.symbols.get(),
                distinct: self.distinct.get(),
            }),
        }
    }
}

/// Has secrets made for the fields of a form. The dialog stands beside the form and not in it,
/// so that its keys are not the form's.
#[derive(Clone, Copy)]
pub(super) struct Making {
    open: RwSignal<bool>,
    wanted: StoredValue<Option<Callback<String>>>,
}

impl Making {
    /// For the fields below.
    pub(super) fn provide() -> Self {
        let making = Self {
            open: RwSignal::new(false),
            wanted: StoredValue::new(None),
        };
        provide_context(making);
        making
    }

    /// Opens the dialog; what is made there goes to `wanted`.
    pub(super) fn begin(self, wanted: Callback<String>) {
        self.wanted.set_value(Some(wanted));
        self.open.set(true);
    }
}

/// For fields of a form that [provides](Making::provide) it.
pub(super) fn use_making() -> Making {
    expect_context()
}

/// Makes a secret by the recipe that is chosen, and puts it into the field that asked for it.
#[component]
pub(super) fn GeneratorDialog(making: Making) -> impl IntoView {
    let open = making.open;
    let take = Callback::new(move |made: String| {
        if let Some(wanted) = making.wanted.get_value() {
            wanted.run(made);
        }
    });
    view! { class="v",
        <Dialog open=open title=t!("Make a secret") class="dialog-generator">
            <Generator open=open on_use=take />
        </Dialog>
    }
}

#[component]
fn Generator(open: RwSignal<bool>, on_use: Callback<String>) -> impl IntoView {
    let worker = use_worker();
    let wish = Wish::new();
    let made = RwSignal::new(None::<Result<Generated, String>>);
    let asked = StoredValue::new(0_u32);
    let make = move |recipe: Recipe| {
        let turn = asked.get_value().wrapping_add(1);
        asked.set_value(turn);
        spawn_local(async move {
            let reply = worker.call(Command::Generate(recipe)).await;
            // Only what was asked for last counts, and only while somebody looks.
            if asked.try_get_value() != Some(turn) {
                return;
            }
            let _ = made.try_set(match reply {
                Ok(Reply::Generated(generated)) => Some(Ok(generated)),
                Ok(_) => None,
                Err(failure) => Some(Err(failure.to_string())),
            });
        });
    };
    Effect::new(move |_| make(wish.recipe()));
    let again = move |()| make(untrack(|| wish.recipe()));
    let take = move |()| {
        let value = made.with_untracked(|made| match made {
            Some(Ok(generated)) => Some(generated.value.clone()),
            _ => None,
        });
        if let Some(value) = value {
            open.set(false);
            on_use.run(value);
        }
    };
    let is_made = Memo::new(move |_| made.with(|made| matches!(made, Some(Ok(_)))));
    view! { class="v",
        <div class="generator">
            <output class="generated" aria-live="polite" translate="no">
                {move || match made.get() {
                    Some(Ok(generated)) => {
                        view! { class="v", <code>{generated.value.clone()}</code> }.into_any()
                    }
                    Some(Err(problem)) => {
                        view! { class="v", <span class="field-error">{problem}</span> }.into_any()
                    }
                    None => ().into_any(),
                }}
            </output>
            <p class="generated-strength">
                {move || {
                    made.with(|made| match made {
                        Some(Ok(generated)) => strength_words(generated.bits),
                        _ => String::new(),
                    })
                }}
            </p>
            <Segmented
                name="generator-sort"
                label=t!("What to make")
                options=SORTS
                    .map(|(sort, words)| (sort.to_owned(), crate::language::text(words).to_owned()))
                    .to_vec()
                value=wish.sort
                on_change=move |sort| wish.sort.set(sort)
            />
            {move || match wish.sort.read().as_str() {
                "password" => view! { class="v", <PasswordChoices wish=wish /> }.into_any(),
                "passphrase" => view! { class="v", <PhraseChoices wish=wish /> }.into_any(),
                "hex" | "base64" => {
                    view! { class="v",
                        <Slider
                            id="generator-bytes"
                            label=t!("Random bytes")
                            least=BYTES_MIN
                            most=BYTES_MAX.min(128)
                            value=wish.bytes
                        />
                    }
                        .into_any()
                }
                _ => ().into_any(),
            }}
            <footer class="dialog-foot">
                <Button icon=Icon::Undo on_press=again>
                    {t!("Another")}
                </Button>
                <span class="gap"></span>
                <Button on_press=move |()| open.set(false)>{t!("Cancel")}</Button>
                <Button
                    look=Look::Go
                    disabled=Signal::derive(move || !is_made.get())
                    on_press=take
                >
                    {t!("Use it")}
                </Button>
            </footer>
        </div>
    }
}

#[component]
fn PasswordChoices(wish: Wish) -> impl IntoView {
    view! { class="v",
        <Slider
            id="generator-length"
            label=t!("Characters")
            least=PASSWORD_MIN
            most=PASSWORD_MAX
            value=wish.length
        />
        <div class="generator-checks">
            <Checkbox id="generator-lower" checked=wish.lower>
                "a–z"
            </Checkbox>
            <Checkbox id="generator-upper" checked=wish.upper>
                "A–Z"
            </Checkbox>
            <Checkbox id="generator-digits" checked=wish.digits>
                "0–9"
            </Checkbox>
            <Checkbox id="generator-symbols" checked=wish.symbols>
                {t!("Punctuation")}
            </Checkbox>
            <Checkbox id="generator-distinct" checked=wish.distinct>
                {t!("No look-alikes")}
            </Checkbox>
        </div>
    }
}

#[component]
fn PhraseChoices(wish: Wish) -> impl IntoView {
    view! { class="v",
        <Slider
            id="generator-words"
            label=t!("Words")
            least=WORDS_MIN
            most=WORDS_MAX
            value=wish.words
        />
        <TextInput id="generator-separator" label=t!("Between them") value=wish.separator mono=true />
        <div class="generator-checks">
            <Checkbox id="generator-capitals" checked=wish.capitals>
                {t!("Capital letters")}
            </Checkbox>
            <Checkbox id="generator-digit" checked=wish.digit>
                {t!("A digit")}
            </Checkbox>
        </div>
    }
}

/// What a number of bits means, for an attacker who tries 10¹² guesses a second: what the
/// fastest hashes allow on a rack of graphics cards.
fn strength_words(bits: f64) -> String {
    let shown = format!("{bits:.0}");
    match bits {
        ..45.0 => t!("{bits} bits, weak: guessed within a minute.", bits = shown),
        45.0..60.0 => t!(
            "{bits} bits, fair: guessed within days by somebody who has its hash.",
            bits = shown
        ),
        60.0..80.0 => t!("{bits} bits, strong.", bits = shown),
        _ => t!("{bits} bits, beyond guessing.", bits = shown),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_chosen_is_what_is_asked_for() {
        let owner = Owner::new();
        owner.set();
        let wish = Wish::new();
        assert_eq!(wish.recipe(), Recipe::Password(PasswordRecipe::default()));
        wish.sort.set("passphrase".to_owned());
        wish.words.set(8);
        assert!(matches!(wish.recipe(), Recipe::Passphrase(phrase) if phrase.words == 8));
        wish.sort.set("hex".to_owned());
        assert_eq!(wish.recipe(), Recipe::Hex { bytes: 32 });
        wish.sort.set("uuid".to_owned());
        assert_eq!(wish.recipe(), Recipe::Uuid);
    }

    #[test]
    fn strength_is_said_in_words() {
        assert_eq!(
            strength_words(19.9),
            "20 bits, weak: guessed within a minute."
        );
        assert_eq!(strength_words(128.0), "128 bits, beyond guessing.");
    }
}

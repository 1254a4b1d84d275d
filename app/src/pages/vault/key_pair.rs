use keyarc_vault::generate::{KeyAlgorithm, KeyPair, KeyPairRecipe};
use leptos::{prelude::*, task::spawn_local};

use crate::{
    state::{use_clipboard, use_toasts},
    ui::{Button, Dialog, Icon, Look, Segmented, TextInput, save_file},
    worker::{Command, Reply, use_worker},
};

/// Has key pairs made for a form. The dialog stands beside the form and not in it.
#[derive(Clone, Copy)]
pub(super) struct PairMaking {
    open: RwSignal<bool>,
    is_ssh: RwSignal<bool>,
    wanted: StoredValue<Option<Callback<KeyPair>>>,
}

impl PairMaking {
    /// For the fields below.
    pub(super) fn provide() -> Self {
        let making = Self {
            open: RwSignal::new(false),
            is_ssh: RwSignal::new(false),
            wanted: StoredValue::new(None),
        };
        provide_context(making);
        making
    }

    /// Opens the dialog; the pair that is made there goes to `wanted`.
    pub(super) fn begin(self, is_ssh: bool, wanted: impl Fn(KeyPair) + Send + Sync + 'static) {
        self.wanted.set_value(Some(Callback::new(wanted)));
        self.is_ssh.set(is_ssh);
        self.open.set(true);
    }
}

/// For fields of a form that [provides](PairMaking::provide) it.
pub(super) fn use_pair_making() -> PairMaking {
    expect_context()
}

/// Makes a key pair and puts it into the form that asked for it.
#[component]
pub(super) fn KeyPairDialog(making: PairMaking) -> impl IntoView {
    view! { class="v",
        <Dialog open=making.open title=t!("Make a key pair") class="dialog-generator">
            {move || view! { class="v", <Maker making=making is_ssh=making.is_ssh.get() /> }}
        </Dialog>
    }
}

#[component]
fn Maker(making: PairMaking, is_ssh: bool) -> impl IntoView {
    let worker = use_worker();
    let toasts = use_toasts();
    let clipboard = use_clipboard();
    let chosen = RwSignal::new(word_of(KeyAlgorithm::default()));
    let comment = RwSignal::new(String::new());
    let made = RwSignal::new(None::<Result<KeyPair, String>>);
    let busy = RwSignal::new(false);
    let asked = StoredValue::new(0_u32);
    let options: Vec<_> = KeyAlgorithm::ALL
        .into_iter()
        .filter(|one| !is_ssh || one.is_for_ssh())
        .map(|one| (word_of(one), one.words().to_owned()))
        .collect();
    let make = move |()| {
        let algorithm = KeyAlgorithm::ALL
            .into_iter()
            .find(|one| word_of(*one) == chosen.get_untracked());
        let recipe = KeyPairRecipe {
            algorithm: algorithm.unwrap_or_default(),
            ssh_comment: is_ssh.then(|| comment.get_untracked().trim().to_owned()),
        };
        let turn = asked.get_value().wrapping_add(1);
        asked.set_value(turn);
        made.set(None);
        busy.set(true);
        spawn_local(async move {
            let reply = worker.call(Command::MakeKeyPair(recipe)).await;
            // Only what was asked for last counts, and only while somebody looks.
            if asked.try_get_value() != Some(turn) {
                return;
            }
            let _ = busy.try_set(false);
            let _ = made.try_set(match reply {
                Ok(Reply::KeyPair(pair)) => Some(Ok(*pair)),
                Ok(_) => None,
                Err(failure) => Some(Err(failure.to_string())),
            });
        });
    };
    let forget = move || {
        asked.update_value(|turn| *turn = turn.wrapping_add(1));
        busy.set(false);
        made.set(None);
    };
    let pair = move || {
        made.with_untracked(|made| match made {
            Some(Ok(pair)) => Some(pair.clone()),
            _ => None,
        })
    };
    let take = move |()| {
        if let Some(pair) = pair() {
            if let Some(wanted) = making.wanted.get_value() {
                wanted.run(pair);
            }
            making.open.set(false);
        }
    };
    let copy = move |()| {
        if let Some(pair) = pair() {
            clipboard.copy(t!("Public key").to_owned(), async move {
                Ok(pair.public_key.clone())
            });
        }
    };
    let download = move |()| {
        let name = if is_ssh { "key.pub" } else { "public-key.pem" };
        if let Some(pair) = pair() {
            match save_file(name, &format!("{}\n", pair.public_key.trim_end())) {
                Ok(()) => toasts.say(t!("{name} saved.", name)),
                Err(_) => toasts.fail(t!("The browser did not save the file.")),
            }
        }
    };
    let is_made = Memo::new(move |_| made.with(|made| matches!(made, Some(Ok(_)))));
    view! { class="v",
        <div class="generator">
            <Segmented
                name="key-pair-algorithm"
                label=t!("Algorithm")
                options=options
                value=chosen
                on_change=move |word| {
                    chosen.set(word);
                    forget();
                }
            />
            {is_ssh
                .then(|| {
                    view! { class="v",
                        <TextInput
                            id="key-pair-comment"
                            label=t!("Comment")
                            value=comment
                            placeholder="ada@example.com"
                            on_input=Callback::new(move |()| forget())
                        />
                    }
                })}
            <output class="generated generated-key" aria-live="polite" translate="no">
                {move || match made.get() {
                    Some(Ok(pair)) => {
                        view! { class="v", <code>{pair.public_key.clone()}</code> }.into_any()
                    }
                    Some(Err(problem)) => {
                        view! { class="v", <span class="field-error">{problem}</span> }.into_any()
                    }
                    None if busy.get() => {
                        view! { class="v", <span>{t!("Making it. RSA takes some seconds.")}</span> }
                            .into_any()
                    }
                    None => view! { class="v", <span class="quiet">{t!("Its public key will stand here.")}</span> }
                        .into_any(),
                }}
            </output>
            {move || {
                is_made
                    .get()
                    .then(|| {
                        view! { class="v",
                            <div class="material-files">
                                <Button icon=Icon::Copy on_press=copy>{t!("Copy public key")}</Button>
                                <Button on_press=download>{t!("Download public key")}</Button>
                            </div>
                        }
                    })
            }}
            <footer class="dialog-foot">
                <Button icon=Icon::Spark busy=busy on_press=make>
                    {t!("Make")}
                </Button>
                <span class="gap"></span>
                <Button on_press=move |()| making.open.set(false)>{t!("Cancel")}</Button>
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

/// What an option is called in the markup.
fn word_of(algorithm: KeyAlgorithm) -> String {
    algorithm.words().to_lowercase().replace(' ', "-")
}

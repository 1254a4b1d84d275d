use std::time::Duration;

use js_sys::Uint8Array;
use keyarc_vault::{
    Content, DETAILS_TEXT_MAX, Day, Kind, MaterialFacts,
    certificate::{KeyMatch, MaterialError},
};
use leptos::{ev, html, prelude::*, task::spawn_local};
use wasm_bindgen_futures::JsFuture;

use super::{
    form_model::FormModel,
    key_pair::{PairMaking, use_pair_making},
    material_facts::MaterialFactsView,
};
use crate::{
    state::Debounce,
    ui::{Button, Field, Icon, PasswordField},
    words::local_day,
    worker::{Command, Failure, Inspected, MaterialSource, Reply, Worker, use_worker},
};

/// Reads the certificate or the SSH key of a form: from a file, and from what is typed or pasted.
#[derive(Clone, Copy)]
pub(super) struct Reading {
    form: FormModel,
    worker: Worker,
    facts: RwSignal<Option<MaterialFacts>>,
    problem: RwSignal<Option<Failure>>,
    busy: RwSignal<bool>,
    password: RwSignal<String>,
    /// A file that waits for its password.
    file: StoredValue<Option<Vec<u8>>>,
    /// What was read last and stands in the form.
    read: StoredValue<Option<Content>>,
    /// Nothing was asked for yet: what stands in the form is what was stored.
    is_first: StoredValue<bool>,
    turn: StoredValue<u32>,
}

impl Reading {
    /// Follows what is typed into the form.
    pub(super) fn follow(form: FormModel) -> Self {
        let reading = Self {
            form,
            worker: use_worker(),
            facts: RwSignal::new(None),
            problem: RwSignal::new(None),
            busy: RwSignal::new(false),
            password: RwSignal::new(String::new()),
            file: StoredValue::new(None),
            read: StoredValue::new(None),
            is_first: StoredValue::new(true),
            turn: StoredValue::new(0),
        };
        let soon = Debounce::new(Duration::from_millis(250));
        Effect::new(move |_| {
            let Some(content) = reading.content() else {
                return;
            };
            // What was read comes back as what is typed.
            if reading
                .read
                .with_value(|read| read.as_ref() == Some(&content))
            {
                return;
            }
            // What is typed now takes the place of a file that waits; one chosen after it does not
            // give way to it.
            reading.file.set_value(None);
            soon.call(move || {
                if reading.file.with_value(Option::is_some) {
                    return;
                }
                reading.look(MaterialSource::Form {
                    content,
                    password: None,
                });
            });
        });
        on_cleanup(move || soon.cancel());
        reading
    }

    /// What stands in the form, if it is of a kind that is read. Tracks it.
    fn content(self) -> Option<Content> {
        let kind = self.form.kind.get();
        if !matches!(kind, Kind::Certificate | Kind::SshKey) {
            return None;
        }
        let mut content = Content::empty(kind);
        for part in kind.parts() {
            content.set_part(part.key, self.form.part(part.key).get());
        }
        Some(content)
    }

    fn look(self, source: MaterialSource) {
        let Some(turn) = self.turn.try_get_value().map(|turn| turn.wrapping_add(1)) else {
            return;
        };
        self.turn.set_value(turn);
        let is_stored = matches!(&source, MaterialSource::Form { .. })
            && self.form.id.is_some()
            && self.is_first.get_value();
        self.is_first.set_value(false);
        self.busy.set(true);
        spawn_local(async move {
            let command = Command::InspectKeyMaterial(Box::new(source));
            let reply = self.worker.call(command).await;
            // Only what was asked for last counts, and only while the form is there.
            if self.turn.try_get_value() != Some(turn) {
                return;
            }
            let _ = self.busy.try_set(false);
            match reply {
                Ok(Reply::Inspected(inspected)) => self.take(*inspected, is_stored),
                Ok(_) => {}
                Err(failure) => {
                    let _ = self.facts.try_set(None);
                    let _ = self.problem.try_set(Some(failure));
                }
            }
        });
    }

    fn take(self, inspected: Inspected, is_stored: bool) {
        self.problem.set(None);
        if let (Some(content), Some(facts)) = (&inspected.content, &inspected.facts) {
            self.file.set_value(None);
            self.password.set(String::new());
            let ends = facts.ends_at().and_then(day_of);
            if is_stored {
                self.form.follow_end(ends);
            }
            self.read.set_value(Some(content.clone()));
            if !is_stored {
                self.form.take_material(content, facts.name(), ends);
            }
        }
        self.facts.set(inspected.facts);
    }

    /// Whether a password would help.
    fn asks(self) -> bool {
        let refused = self.problem.with(|problem| {
            matches!(
                problem,
                Some(Failure::Material(
                    MaterialError::NeedsPassword | MaterialError::WrongPassword
                ))
            )
        });
        refused
            || self.facts.with(|facts| {
                matches!(facts, Some(MaterialFacts::Certificate(facts)) if facts.key == KeyMatch::Encrypted)
            })
    }

    fn open(self) {
        let password = Some(self.password.get_untracked());
        match (self.file.get_value(), untrack(|| self.content())) {
            (Some(bytes), _) => self.look(MaterialSource::File {
                kind: self.form.kind.get_untracked(),
                bytes,
                password,
            }),
            (None, Some(content)) => self.look(MaterialSource::Form { content, password }),
            (None, None) => {}
        }
    }
}

/// The end as an expiry day of an item, where there is such a day.
fn day_of(seconds: i64) -> Option<Day> {
    let day = local_day(u64::try_from(seconds).ok()?.saturating_mul(1_000));
    (Day::FIRST..=Day::LAST).contains(&day).then_some(day)
}

/// Where a file is chosen or dropped, its password, and what is wrong with it.
#[component]
pub(super) fn MaterialInput(reading: Reading) -> impl IntoView {
    let file = NodeRef::<html::Input>::new();
    let chosen = move |_| {
        let Some(input) = file.get_untracked() else {
            return;
        };
        let Some(chosen) = input.files().and_then(|files| files.get(0)) else {
            return;
        };
        if chosen.size() > DETAILS_TEXT_MAX as f64 {
            let failure = Failure::Material(MaterialError::TooLarge);
            reading.problem.set(Some(failure));
            // The same name, made smaller, can be chosen again.
            input.set_value("");
            return;
        }
        spawn_local(async move {
            match JsFuture::from(chosen.array_buffer()).await {
                Ok(buffer) => {
                    let bytes = Uint8Array::new(&buffer).to_vec();
                    if reading.file.try_set_value(Some(bytes.clone())).is_none() {
                        reading.look(MaterialSource::File {
                            kind: reading.form.kind.get_untracked(),
                            bytes,
                            password: None,
                        });
                    }
                }
                Err(_) => {
                    let unread = t!("The browser could not read the file.").to_owned();
                    let _ = reading.problem.try_set(Some(Failure::Browser(unread)));
                }
            }
            // The same file can be chosen again after it was corrected.
            input.set_value("");
        });
    };
    let making = use_pair_making();
    let make = move |()| begin_pair(reading.form, making);
    let on_enter = move |event: ev::KeyboardEvent| {
        if event.key() == "Enter" {
            event.prevent_default();
            event.stop_propagation();
            reading.open();
        }
    };
    let asks = Memo::new(move |_| reading.asks());
    view! { class="v",
        <div class="material-input">
            <Field
                id="form-material-file"
                label=t!("Choose a file, or drop it here")
                hint=Some(
                    t!("PEM, DER, PKCS#12 or OpenSSH; or paste below. It is read on this device.")
                        .to_owned(),
                )
            >
                <input
                    class="input input-file"
                    id="form-material-file"
                    r#type="file"
                    aria-describedby="form-material-file-hint"
                    node_ref=file
                    on:change=chosen
                />
            </Field>
            <Button id="form-make-pair" icon=Icon::Spark on_press=make>
                {t!("Make a key pair")}
            </Button>
            {move || {
                reading
                    .problem
                    .get()
                    .map(|failure| {
                        view! { class="v",
                            <p class="field-error" role="alert">
                                {failure.to_string()}
                            </p>
                        }
                    })
            }}
            {move || {
                asks
                    .get()
                    .then(|| {
                        view! { class="v",
                            <div class="material-password" on:keydown=on_enter>
                                <PasswordField
                                    id="form-material-password"
                                    label=t!("Password of the file")
                                    value=reading.password
                                />
                                <Button busy=reading.busy on_press=move |()| reading.open()>
                                    {tc!("verb", "Open")}
                                </Button>
                            </div>
                        }
                    })
            }}
        </div>
    }
}

/// What was read.
#[component]
pub(super) fn MaterialRead(reading: Reading) -> impl IntoView {
    view! { class="v",
        <div class="material" aria-live="polite">
            {move || {
                reading.facts.get().map(|facts| view! { class="v", <MaterialFactsView facts=facts /> })
            }}
        </div>
    }
}

/// Has a pair made for the kind of the form, and puts it in.
fn begin_pair(form: FormModel, making: PairMaking) {
    let is_ssh = form.kind.get_untracked() == Kind::SshKey;
    making.begin(is_ssh, move |pair| {
        if is_ssh {
            form.part("ssh_public_key").set(pair.public_key.clone());
            form.part("ssh_private_key").set(pair.private_key.clone());
        } else {
            form.part("certificate_key").set(pair.private_key.clone());
        }
    });
}

use keyarc_wire::QrCode;
use leptos::{prelude::*, task::spawn_local};

use super::frame::FormError;
use crate::{
    pages::link_words::LinkWords,
    ui::{Button, Look, QrView, SkeletonLines, draw_qr},
    worker::{Command, Reply, use_worker},
};

/// Where the link stands.
#[derive(Clone)]
enum Stand {
    Opening,
    Waiting {
        code: String,
        qr: Option<QrCode>,
    },
    Comparing(Vec<String>),
    /// The words are the same here; the other device has to say so too.
    Receiving(Vec<String>),
    Over(String),
}

/// A new device shows a code, and gets the setup code from one that is unlocked.
#[component]
pub(super) fn LinkDevice(
    /// The setup code is here.
    #[prop(into)]
    on_linked: Callback<()>,
    /// Given up.
    #[prop(into)]
    on_cancel: Callback<()>,
) -> impl IntoView {
    let worker = use_worker();
    let stand = RwSignal::new(Stand::Opening);
    let failure = RwSignal::new(None::<String>);
    let begin = move || {
        stand.set(Stand::Opening);
        spawn_local(async move {
            let now = match worker.call(Command::OpenLink).await {
                Ok(Reply::LinkOpened { code, address }) => {
                    let qr = draw_qr(&address);
                    let _ = stand.try_set(Stand::Waiting { code, qr });
                    match worker.call(Command::AwaitLink).await {
                        Ok(Reply::LinkWords(words)) => Stand::Comparing(words),
                        Ok(_) => return,
                        Err(reason) => Stand::Over(reason.to_string()),
                    }
                }
                Ok(_) => return,
                Err(reason) => Stand::Over(reason.to_string()),
            };
            let _ = stand.try_set(now);
        });
    };
    Effect::new(move |_| begin());
    let receive = move |words: Vec<String>| {
        stand.set(Stand::Receiving(words));
        spawn_local(async move {
            match worker.call(Command::ReceiveLink).await {
                Ok(_) => drop(on_linked.try_run(())),
                Err(reason) => drop(stand.try_set(Stand::Over(reason.to_string()))),
            }
        });
    };
    let give_up = move || {
        spawn_local(async move {
            let _ = worker.call(Command::CloseLink).await;
        });
        on_cancel.run(());
    };
    let differ = move || {
        spawn_local(async move {
            let _ = worker.call(Command::CloseLink).await;
        });
        stand.set(Stand::Over(crate::language::text(DIFFER).to_owned()));
    };
    let body = move || {
        match stand.get() {
        Stand::Opening => view! { class="v", <SkeletonLines count=4 /> }.into_any(),
        Stand::Waiting { code, qr } => view! { class="v",
            <p class="lead">
                {t!("On a device that is unlocked: ")} <b>{t!("Settings")}</b> ", " <b>{t!("Link a new device")}</b>
                {t!(". Scan this there with the camera, or type the code.")}
            </p>
            <div class="link-code">
                {qr.map(|qr| view! { class="v", <QrView qr=qr label=t!("QR code of the link") /> })}
                <code data-testid="link-code" translate="no">
                    {code}
                </code>
                <p class="quiet">{t!("It is good for two minutes.")}</p>
            </div>
        }
        .into_any(),
        Stand::Comparing(words) => {
            let same = words.clone();
            view! { class="v",
                <p class="lead">{t!("Are these words on the other screen, in this order?")}</p>
                <LinkWords words=words />
                <div class="button-row">
                    <Button look=Look::Go on_press=move |()| receive(same.clone())>
                        {t!("They are the same")}
                    </Button>
                    <Button look=Look::Danger on_press=move |()| differ()>
                        {t!("They differ")}
                    </Button>
                </div>
            }
            .into_any()
        }
        Stand::Receiving(words) => view! { class="v",
            <p class="lead">{t!("Now say on the other device that the words are the same.")}</p>
            <LinkWords words=words />
        }
        .into_any(),
        Stand::Over(reason) => {
            failure.set(Some(reason));
            view! { class="v",
                <FormError error=failure />
                <Button look=Look::Go large=true on_press=move |()| begin()>
                    {t!("New code")}
                </Button>
            }
            .into_any()
        }
    }
    };
    view! { class="v",
        <h1>{t!("Link this device")}</h1>
        <div class="card-form" aria-live="polite">
            {body}
        </div>
        <div class="card-foot">
            <Button look=Look::Bare on_press=move |()| give_up()>
                {t!("Use the setup code instead")}
            </Button>
        </div>
    }
}

/// What different words mean.
pub(crate) const DIFFER: &str = mark!(
    "Somebody may stand between the two devices, perhaps the server itself. Nothing was sent. Try again on another network, or use the setup code from your recovery kit."
);

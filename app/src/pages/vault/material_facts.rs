use keyarc_vault::{
    MaterialFacts,
    certificate::{CertificateFacts, CertificateView, KeyMatch, Remark},
    ssh::SshFacts,
};
use leptos::prelude::*;

use super::ExpiryBadge;
use crate::{
    language::known,
    state::use_clipboard,
    ui::{Badge, BadgeTone, Icon, IconButton, IconView},
    words::{local_day, long_day, now_ms, number},
};

/// Names shown before the rest is counted.
const NAMES_FIRST: usize = 8;

/// What a certificate or an SSH key is.
#[component]
pub(super) fn MaterialFactsView(
    /// As it was read.
    facts: MaterialFacts,
) -> impl IntoView {
    match facts {
        MaterialFacts::Certificate(facts) => {
            view! { class="v", <CertificateFactsView facts=facts /> }.into_any()
        }
        MaterialFacts::Ssh(facts) => view! { class="v", <SshFactsView facts=facts /> }.into_any(),
    }
}

#[component]
fn CertificateFactsView(facts: CertificateFacts) -> impl IntoView {
    let CertificateFacts {
        chain,
        count,
        key,
        remarks,
        ..
    } = facts;
    let issuers: Vec<_> = chain.iter().skip(1).cloned().collect();
    let hidden = (count as usize).saturating_sub(issuers.len() + 1) as u32;
    view! { class="v",
        <Remarks remarks=remarks />
        {chain.into_iter().next().map(|leaf| view! { class="v", <Leaf leaf=leaf key=key /> })}
        {(!issuers.is_empty())
            .then(|| {
                view! { class="v",
                    <details class="chain">
                        <summary>
                            {tn!(
                                count - 1,
                                "{count} further certificate",
                                "{count} further certificates"
                            )}
                        </summary>
                        <ol class="chain-list">
                            {issuers
                                .into_iter()
                                .map(|one| view! { class="v", <Issuer certificate=one /> })
                                .collect_view()}
                        </ol>
                        {(hidden > 0)
                            .then(|| {
                                view! { class="v", <p class="quiet">{t!("and {count} more", count = number(hidden))}</p> }
                            })}
                    </details>
                }
            })}
    }
}

#[component]
fn Leaf(leaf: CertificateView, key: KeyMatch) -> impl IntoView {
    let kind = match (leaf.self_signed, leaf.authority) {
        (true, true) => Some(t!("Root authority")),
        (true, false) => Some(t!("Self-signed")),
        (false, true) => Some(t!("Authority")),
        (false, false) => None,
    };
    let fingerprint = leaf.fingerprint.clone();
    let rest = leaf.names_count.saturating_sub(NAMES_FIRST as u32);
    view! { class="v",
        <dl class="facts">
            <dt>{t!("Issued to")}</dt>
            <dd>
                <bdi>{or_none(leaf.subject)}</bdi>
                {kind.map(|kind| view! { class="v", <Badge>{kind}</Badge> })}
            </dd>
            <dt>{t!("Names")}</dt>
            <dd>
                <ul class="plain-list">
                    {leaf
                        .names
                        .iter()
                        .take(NAMES_FIRST)
                        .map(|name| {
                            view! { class="v",
                                <li>
                                    <bdi>{known(name)}</bdi>
                                </li>
                            }
                        })
                        .collect_view()}
                    {(rest > 0)
                        .then(|| {
                            view! { class="v", <li class="quiet">{t!("and {count} more", count = number(rest))}</li> }
                        })}
                    {leaf
                        .names
                        .is_empty()
                        .then(|| view! { class="v", <li class="quiet">{t!("None")}</li> })}
                </ul>
            </dd>
            <dt>{t!("Issued by")}</dt>
            <dd>
                <bdi>{or_none(leaf.issuer)}</bdi>
            </dd>
            <dt>{t!("Valid")}</dt>
            <dd>
                <Validity from=leaf.not_before until=leaf.not_after />
            </dd>
            <dt>{t!("Key")}</dt>
            <dd>
                <span>{known(&leaf.key)}</span>
                <KeyBadge stands=key />
            </dd>
            <dt>{t!("Signed with")}</dt>
            <dd>{known(&leaf.signature)}</dd>
            <dt>{t!("Serial")}</dt>
            <dd>
                <code class="wrapped">{leaf.serial}</code>
            </dd>
            <dt>"SHA-256"</dt>
            <dd>
                <Fingerprint text=fingerprint />
            </dd>
        </dl>
    }
}

#[component]
fn Issuer(certificate: CertificateView) -> impl IntoView {
    view! { class="v",
        <li>
            <bdi>{or_none(certificate.subject)}</bdi>
            <span class="quiet">{known(&certificate.key)}</span>
            <Validity from=certificate.not_before until=certificate.not_after />
        </li>
    }
}

/// From when until when, and whether that is now.
#[component]
fn Validity(from: i64, until: Option<i64>) -> impl IntoView {
    let day = |seconds: i64| local_day((seconds.max(0) as u64).saturating_mul(1_000));
    let is_early = (from as f64) * 1_000.0 > now_ms();
    let last = until.map(day);
    let words = match last {
        Some(last) => t!(
            "{from} – {until}",
            from = long_day(day(from)),
            until = long_day(last)
        ),
        None => t!("{from} – without an end", from = long_day(day(from))),
    };
    view! { class="v",
        <span>{words}</span>
        {if is_early {
            Some(view! { class="v", <Badge tone=BadgeTone::Warn>{t!("Not valid yet")}</Badge> }.into_any())
        } else {
            last.map(|last| view! { class="v", <ExpiryBadge expires_on=last /> }.into_any())
        }}
    }
}

#[component]
fn SshFactsView(facts: SshFacts) -> impl IntoView {
    let comment = match facts.comment.is_empty() {
        true => view! { class="v", <span class="quiet">{tc!("comment", "None")}</span> }.into_any(),
        false => view! { class="v", <bdi>{facts.comment}</bdi> }.into_any(),
    };
    view! { class="v",
        <dl class="facts">
            <dt>{t!("Key")}</dt>
            <dd>
                <span>{known(&facts.key)}</span>
                <KeyBadge stands=facts.private_key />
                {facts
                    .encrypted
                    .then(|| view! { class="v", <Badge>{t!("Encrypted with a passphrase")}</Badge> })}
            </dd>
            <dt>{t!("Comment")}</dt>
            <dd>{comment}</dd>
            <dt>{t!("Fingerprint")}</dt>
            <dd>
                <Fingerprint text=facts.fingerprint />
            </dd>
        </dl>
    }
}

#[component]
fn KeyBadge(stands: KeyMatch) -> impl IntoView {
    let tone = match stands {
        KeyMatch::Matches => BadgeTone::Ok,
        KeyMatch::Differs => BadgeTone::Bad,
        KeyMatch::Absent | KeyMatch::Encrypted | KeyMatch::Untold => BadgeTone::Mute,
    };
    view! { class="v", <Badge tone=tone>{key_words(stands)}</Badge> }
}

/// How a private key stands to what it lies beside.
fn key_words(stands: KeyMatch) -> &'static str {
    match stands {
        KeyMatch::Absent => t!("No private key"),
        KeyMatch::Matches => t!("The private key belongs to it"),
        KeyMatch::Differs => t!("The private key belongs to another"),
        KeyMatch::Encrypted => t!("The private key is encrypted"),
        KeyMatch::Untold => t!("The private key does not tell whether it belongs to it"),
    }
}

#[component]
fn Fingerprint(text: String) -> impl IntoView {
    let clipboard = use_clipboard();
    let copied = text.clone();
    view! { class="v",
        <code class="wrapped" translate="no">
            {text}
        </code>
        <IconButton
            icon=Icon::Copy
            label=t!("Copy the fingerprint")
            on_press=move |()| {
                let text = copied.clone();
                clipboard.copy(t!("Fingerprint").to_owned(), async move { Ok(text) });
            }
        />
    }
}

#[component]
fn Remarks(remarks: Vec<Remark>) -> impl IntoView {
    remarks
        .into_iter()
        .map(|remark| {
            view! { class="v",
                <p class="remark">
                    <IconView icon=Icon::Note />
                    {remark_words(&remark)}
                </p>
            }
        })
        .collect_view()
}

fn remark_words(remark: &Remark) -> String {
    match remark {
        Remark::Reordered => t!(
            "The certificates stood in another order. They are kept in the order that servers need."
        )
        .to_owned(),
        Remark::Unrelated(1) => {
            t!("One certificate is not part of the chain. It is kept at the end.").to_owned()
        }
        Remark::Unrelated(count) => tn!(
            *count,
            "{count} certificate is not part of the chain. It is kept at the end.",
            "{count} certificates are not part of the chain. They are kept at the end."
        ),
        Remark::MoreKeys => t!(
            "There was more than one private key. The one that belongs to the certificate is kept."
        )
        .to_owned(),
        Remark::WeakFile => t!(
            "The file was protected by an outdated cipher. Delete it when you no longer need it."
        )
        .to_owned(),
        Remark::LeftOut(1) => {
            t!("One block is neither a certificate nor a private key. It is not kept.").to_owned()
        }
        Remark::LeftOut(count) => tn!(
            *count,
            "{count} block is neither a certificate nor a private key. It is not kept.",
            "{count} blocks are neither certificates nor private keys. They are not kept."
        ),
        Remark::Decrypted => t!(
            "The private key was encrypted. It is kept without that password, sealed with the item."
        )
        .to_owned(),
    }
}

fn or_none(text: String) -> String {
    if text.is_empty() {
        t!("No name").to_owned()
    } else {
        text
    }
}

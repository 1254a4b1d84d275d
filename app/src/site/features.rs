use leptos::prelude::*;

use crate::language::text;

pub(super) fn view() -> impl IntoView {
    view! {
        <article class="site-page site-prose">
            <h1>{t!("What KeyArc does")}</h1>
            <p class="site-lead">
                {t!("A vault for people who live in editors and terminals: three panes, one search, \
                 every action on the keyboard. Here is what it does today, and what it does not \
                 do yet.")}
            </p>
            {keep()} {find()} {handle()} {lock()} {operators()} {not_yet()}
        </article>
    }
}

fn keep() -> impl IntoView {
    view! {
        <section>
            <h2>{t!("Keep")}</h2>
            <dl class="site-list">
                <div>
                    <dt>{t!("Seven kinds, and your own fields")}</dt>
                    <dd>
                        {t!("API keys, logins, certificates, SSH keys, notes, one-time codes, and \
                         environment sets that hold many variables together, as a .env file does. \
                         Any of them takes fields that you name.")}
                    </dd>
                </div>
                <div>
                    <dt>{t!("Files with them")}</dt>
                    <dd>
                        {t!("A contract, a key store, a picture: up to 100 MB each, sealed in your browser \
                         with its name, sent piece by piece, and going on where it was after an outage \
                         or a reload.")}
                    </dd>
                </div>
                <div>
                    <dt>{t!("Recognised as you paste")}</dt>
                    <dd>
                        {t!("Prefix and shape tell more than forty providers apart, from OpenAI, AWS \
                         and Stripe to database addresses, private keys and tokens. The form fills \
                         itself; you have the last word. The value goes nowhere for this.")}
                    </dd>
                </div>
                <div>
                    <dt>{t!("Import from elsewhere")}</dt>
                    <dd>
                        {t!("A .env file, a KeePass database, what Bitwarden, 1Password, LastPass, Doppler, \
                         Infisical or a browser exports, files of AWS, Kubernetes and Terraform, any \
                         JSON, YAML or table. The preview shows what each entry was taken for, which are \
                         already in the vault, and which cannot be read and why. Nothing is written \
                         until you confirm, and then all of it at once.")}
                    </dd>
                </div>
                <div>
                    <dt>{t!("Out again, too")}</dt>
                    <dd>
                        {t!("Everything, a folder or what you selected, as an encrypted archive that any \
                         account restores, or as JSON, CSV, .env or Bitwarden's JSON, with a list of \
                         what the format has no place for.")}
                    </dd>
                </div>
                <div>
                    <dt>{t!("Folders, tags, environments")}</dt>
                    <dd>
                        {t!("Nested folders, up to fifty tags an item, and production, staging, development \
                         or environments of your own. Stars for what you need daily.")}
                    </dd>
                </div>
                <div>
                    <dt>{t!("Expiry dates")}</dt>
                    <dd>
                        {t!("A badge counts the days, and one click lists everything that has expired \
                         or will within thirty days.")}
                    </dd>
                </div>
                <div>
                    <dt>{t!("Rotation")}</dt>
                    <dd>
                        {t!("How often a secret is to be changed, and where it is used. KeyArc tells when \
                         it is time, and walks through it: the provider's page, the new value, each \
                         place, saved.")}
                    </dd>
                </div>
                <div>
                    <dt>{t!("A dashboard")}</dt>
                    <dd>
                        {t!("Counts, what is due in the next ninety days, and secrets that are weak, old \
                         or stand in several items. Computed on your device.")}
                    </dd>
                </div>
            </dl>
        </section>
    }
}

fn find() -> impl IntoView {
    view! {
        <section>
            <h2>{tc!("section", "Find")}</h2>
            <p>
                {t!("Fuzzy search runs over names, tags, folders and providers. The index is built \
                 in your browser's memory when the vault opens and is gone when it locks.")}
            </p>
            <table class="site-table">
                <caption>{t!("The keyboard")}</caption>
                <thead>
                    <tr><th scope="col">{tc!("keyboard", "Key")}</th><th scope="col">{t!("Does")}</th></tr>
                </thead>
                <tbody>
                    {SHORTCUTS
                        .map(|(keys, action)| {
                            let keys = keys.split(' ').map(|key| view! { <kbd>{key}</kbd> " " });
                            view! {
                                <tr>
                                    <th scope="row">{keys.collect_view()}</th>
                                    <td>{text(action)}</td>
                                </tr>
                            }
                        })
                        .collect_view()}
                </tbody>
            </table>
        </section>
    }
}

const SHORTCUTS: [(&str, &str); 13] = [
    (
        "Ctrl K",
        mark!("find anything and run any action (⌘ K on a Mac)"),
    ),
    ("/", mark!("search the list")),
    ("J K", mark!("next and previous item")),
    ("Enter", mark!("open the item")),
    ("C", mark!("copy its secret")),
    ("R", mark!("reveal or hide it")),
    ("T", mark!("test whether the key still works")),
    ("E", mark!("edit it")),
    ("H", mark!("see what it was")),
    ("N", mark!("new item")),
    ("Del", mark!("move it to the trash")),
    ("?", mark!("help")),
    ("Esc", mark!("back")),
];

fn handle() -> impl IntoView {
    view! {
        <section>
            <h2>{t!("Handle without accidents")}</h2>
            <dl class="site-list">
                <div>
                    <dt>{t!("Masked until asked for")}</dt>
                    <dd>
                        {t!("A secret is fetched and opened only when you reveal or copy it, and it \
                         is hidden again after 30 seconds. It never stands in an address or a \
                         title.")}
                    </dd>
                </div>
                <div>
                    <dt>{t!("A clipboard that clears")}</dt>
                    <dd>{t!("Copying says what was copied, and clears it after 30 seconds.")}</dd>
                </div>
                <div>
                    <dt>{t!("Undo and trash")}</dt>
                    <dd>
                        {t!("Deleting offers an undo and goes to the trash, which keeps it for 30 days. \
                         Every item has a history: what it was, beside what it is, and back with \
                         one press.")}
                    </dd>
                </div>
                <div>
                    <dt>{t!("Two tabs, one item")}</dt>
                    <dd>
                        {t!("If an item was changed elsewhere while you edited it, you see both \
                         versions and choose. Neither is lost.")}
                    </dd>
                </div>
                <div>
                    <dt>{t!("A server that goes away")}</dt>
                    <dd>
                        {t!("The vault says so and stays usable for what it has. A save that could \
                         not be sent is kept in the tab and tried again.")}
                    </dd>
                </div>
            </dl>
        </section>
    }
}

fn lock() -> impl IntoView {
    view! {
        <section>
            <h2>{t!("Lock and come back")}</h2>
            <dl class="site-list">
                <div>
                    <dt>{t!("Locks by itself")}</dt>
                    <dd>
                        {t!("After a time that you set, and in every open tab at once. A half-written \
                         form survives, sealed, and is there when you unlock.")}
                    </dd>
                </div>
                <div>
                    <dt>{t!("A known device")}</dt>
                    <dd>{t!("The master password is enough.")}</dd>
                </div>
                <div>
                    <dt>{t!("A new device")}</dt>
                    <dd>
                        {t!("It takes the setup code and the password. An unlocked device hands the \
                         code over, or you type it from your recovery kit: it has a checksum, so \
                         a typing error is told from a wrong code.")}
                    </dd>
                </div>
                <div>
                    <dt>{t!("A forgotten password")}</dt>
                    <dd>
                        {t!("The recovery key in your kit opens the vault and sets a new one. The \
                         server alone cannot.")}
                    </dd>
                </div>
                <div>
                    <dt>{t!("Passkeys")}</dt>
                    <dd>
                        {t!("Asked for after the password, or, where the authenticator can, in its \
                         place on devices that know the account.")}
                    </dd>
                </div>
                <div>
                    <dt>{t!("Light, dark, desk, phone")}</dt>
                    <dd>
                        {t!("The theme follows your system or your choice. On a phone the three panes \
                         become one.")}
                    </dd>
                </div>
            </dl>
        </section>
    }
}

fn operators() -> impl IntoView {
    view! {
        <section>
            <h2>{t!("For whoever runs it")}</h2>
            <p>
                {t!("One binary with an embedded SQLite database, or several over Postgres. Health \
                 checks, structured logs without personal data, rate limits, strict security \
                 headers. ")} <a href="/self-hosting">{t!("How to run your own")}</a> "."
            </p>
        </section>
    }
}

fn not_yet() -> impl IntoView {
    view! {
        <section>
            <h2>{t!("What it does not do yet")}</h2>
            <p>{t!("So that you do not look for it. KeyArc has, as of this version:")}</p>
            <ul>
                <li>{t!("no sharing and no teams: a vault belongs to one person;")}</li>
                <li>{t!("no command-line program;")}</li>
            </ul>
        </section>
    }
}

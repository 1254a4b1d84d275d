use leptos::prelude::*;

use crate::{language::text, theme::Theme};

/// What the screenshot shows, for those who do not see it.
pub(super) const SHOT_ALT: &str = mark!(
    "The vault: folders and environments on the left, a list of keys, and one key with its details"
);

pub(super) fn view(theme: Theme) -> impl IntoView {
    view! {
        <div class="site-page">
            {hero()}
            <div class="site-shot">{shot(theme)}</div>
            {sealed()}
            {three()}
            {begin()}
        </div>
    }
}

fn hero() -> impl IntoView {
    view! {
        <section class="site-hero">
            <h1>{t!("Your API keys, sealed before they leave the tab.")}</h1>
            <div>
                <p>
                    {t!("KeyArc keeps keys, logins, notes and whole .env files. It knows them by \
                     their shape, finds them in a few letters, and shows which are about to \
                     expire. The server only ever holds ciphertext.")}
                </p>
                <p class="site-acts">
                    <a class="site-button go big" href="/sign-up">{t!("Create a vault")}</a>
                    <a class="site-button big" href="/self-hosting">{t!("Run your own")}</a>
                </p>
                <p class="site-fine">{t!("Open source. One binary, with SQLite inside or Postgres beside.")}</p>
            </div>
        </section>
    }
}

fn shot(theme: Theme) -> impl IntoView {
    const LIGHT: &str = "/images/vault-light.webp";
    const DARK: &str = "/images/vault-dark.webp";
    let image = if theme == Theme::Dark { DARK } else { LIGHT };
    view! {
        <picture>
            {(theme == Theme::System)
                .then(|| view! { <source srcset=DARK media="(prefers-color-scheme: dark)"/> })}
            <img
                src=image
                alt=text(SHOT_ALT)
                width="1440"
                height="900"
                fetchpriority="high"
                decoding="async"
            />
        </picture>
    }
}

/// One item, and the first bytes of a real KAE1 envelope that holds it.
fn sealed() -> impl IntoView {
    view! {
        <section aria-labelledby="sealed">
            <h2 id="sealed" class="site-hidden">{t!("One item, seen from both sides")}</h2>
            <div class="site-sees">
                <div>
                    <h3>{t!("What you keep")}</h3>
                    <pre>
                        {t!("Stripe, checkout service")} "\n"
                        <b>"sk_live_…4Q9x"</b> "\n"
                        {t!("Checkout · production")} "\n"
                        {t!("billing, payments")} "\n"
                        {t!("expires 5 December 2026")}
                    </pre>
                </div>
                <div>
                    <h3>{t!("What the server keeps")}</h3>
                    <pre>
                        "4b41 0101 0001 7c39 e4e0 31a3 1fe1 21c0 aed3 380f 3334 4c96 7fae ed22 \
                         9f0f caca 5102 86c2 1d23 08e0 9c71 88db 3518 3b86 d68f d797 e939 e060 \
                         3f4e c8df 82ef a0b5 853d 6b6d b096 4aa2 6025 c8e5 6f3a 11af 9d65 1082 \
                         df6c eaea 5c08 782e 191f da9a … " {t!("350 bytes")}
                    </pre>
                </div>
            </div>
            <p class="site-fine">
                {t!("Names, folders, tags and dates are sealed too, and padded, so that most items \
                 look the same length. What a server can still see: how many items, roughly how \
                 large, and when. ")}
                <a href="/security#visible">{t!("The security page says all of it")}</a>
                "."
            </p>
        </section>
    }
}

fn three() -> impl IntoView {
    view! {
        <div class="site-three">
            <section>
                <h2>{t!("Knows your keys")}</h2>
                <p>
                    {t!("Paste a value and KeyArc names its provider and kind. Paste a .env file and \
                     look through every line before anything is saved. All of it happens in your \
                     browser.")}
                </p>
                <pre>
                    "sk_live_…       "<b>"Stripe"</b>"\n"
                    "github_pat_…    "<b>"GitHub"</b>"\n"
                    "postgres://…    "<b>"Postgres"</b>"\n"
                    "sk-ant-…        "<b>"Anthropic"</b>
                </pre>
            </section>
            <section>
                <h2>{t!("Stays under your hands")}</h2>
                <p>
                    {t!("Every action is on the keyboard. Copy clears the clipboard again, a shown \
                     secret hides itself, and a delete can be undone.")}
                </p>
                <dl class="site-keys">
                    <div><dt><kbd>"Ctrl"</kbd>" "<kbd>"K"</kbd></dt><dd>{t!("anything")}</dd></div>
                    <div><dt><kbd>"/"</kbd></dt><dd>{t!("search the list")}</dd></div>
                    <div><dt><kbd>"C"</kbd></dt><dd>{t!("copy the secret")}</dd></div>
                    <div><dt><kbd>"N"</kbd></dt><dd>{t!("new item")}</dd></div>
                </dl>
            </section>
            <section>
                <h2>{t!("Distrusts its own server")}</h2>
                <p>
                    {t!("Your password never leaves the browser, not even hashed. A stolen database \
                     leaves nothing to guess it against, and one changed byte is refused before \
                     anything is decrypted.")}
                </p>
                <pre>
                    {t!("password + setup code")} "\n  → "
                    {t!("root key")} "\n    → "
                    {t!("vault key")} "\n      → "
                    <b>{t!("one item")}</b>
                </pre>
            </section>
        </div>
    }
}

fn begin() -> impl IntoView {
    view! {
        <section class="site-begin" aria-labelledby="begin">
            <h2 id="begin">{t!("A vault in three steps")}</h2>
            <ol>
                <li>
                    <h3>{t!("Choose a master password")}</h3>
                    <p>
                        {t!("A meter rates it as you type. Leaving an e-mail address is optional: it is \
                         never asked for again.")}
                    </p>
                </li>
                <li>
                    <h3>{t!("Save the recovery kit")}</h3>
                    <p>
                        {t!("It holds your setup code, which a new device asks for. Print it or \
                         download it. Nobody else has a copy, and nobody can make one.")}
                    </p>
                </li>
                <li>
                    <h3>{t!("Bring your keys")}</h3>
                    <p>
                        {t!("Paste one, or a whole .env file. On this device the password alone opens \
                         the vault from now on.")}
                    </p>
                </li>
            </ol>
            <p class="site-acts">
                <a class="site-button go big" href="/sign-up">{t!("Create a vault")}</a>
                <a class="site-button big" href="/features">{t!("See what it does")}</a>
            </p>
        </section>
    }
}

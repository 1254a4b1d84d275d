use leptos::prelude::*;

use crate::theme::Theme;

/// What the screenshot shows, for those who do not see it.
pub(super) const SHOT_ALT: &str =
    "The vault: folders and environments on the left, a list of keys, and one key with its details";

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
            <h1>"Your API keys, sealed before they leave the tab."</h1>
            <div>
                <p>
                    "KeyArc keeps keys, logins, notes and whole .env files. It knows them by \
                     their shape, finds them in a few letters, and shows which are about to \
                     expire. The server only ever holds ciphertext."
                </p>
                <p class="site-acts">
                    <a class="site-button go big" href="/sign-up">"Create a vault"</a>
                    <a class="site-button big" href="/self-hosting">"Run your own"</a>
                </p>
                <p class="site-fine">"Open source. One binary, with SQLite inside or Postgres beside."</p>
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
            <img src=image alt=SHOT_ALT width="1440" height="900" fetchpriority="high" decoding="async"/>
        </picture>
    }
}

/// One item, and the first bytes of a real KAE1 envelope that holds it.
fn sealed() -> impl IntoView {
    view! {
        <section aria-labelledby="sealed">
            <h2 id="sealed" class="site-hidden">"One item, seen from both sides"</h2>
            <div class="site-sees">
                <div>
                    <h3>"What you keep"</h3>
                    <pre>
                        "Stripe, checkout service\n"
                        <b>"sk_live_…4Q9x"</b>
                        "\nCheckout · production\nbilling, payments\nexpires 5 December 2026"
                    </pre>
                </div>
                <div>
                    <h3>"What the server keeps"</h3>
                    <pre>
                        "4b41 0101 0001 7c39 e4e0 31a3 1fe1 21c0 aed3 380f 3334 4c96 7fae ed22 \
                         9f0f caca 5102 86c2 1d23 08e0 9c71 88db 3518 3b86 d68f d797 e939 e060 \
                         3f4e c8df 82ef a0b5 853d 6b6d b096 4aa2 6025 c8e5 6f3a 11af 9d65 1082 \
                         df6c eaea 5c08 782e 191f da9a … 350 bytes"
                    </pre>
                </div>
            </div>
            <p class="site-fine">
                "Names, folders, tags and dates are sealed too, and padded, so that most items \
                 look the same length. What a server can still see: how many items, roughly how \
                 large, and when. "
                <a href="/security#visible">"The security page says all of it"</a>
                "."
            </p>
        </section>
    }
}

fn three() -> impl IntoView {
    view! {
        <div class="site-three">
            <section>
                <h2>"Knows your keys"</h2>
                <p>
                    "Paste a value and KeyArc names its provider and kind. Paste a .env file and \
                     look through every line before anything is saved. All of it happens in your \
                     browser."
                </p>
                <pre>
                    "sk_live_…       "<b>"Stripe"</b>"\n"
                    "github_pat_…    "<b>"GitHub"</b>"\n"
                    "postgres://…    "<b>"Postgres"</b>"\n"
                    "sk-ant-…        "<b>"Anthropic"</b>
                </pre>
            </section>
            <section>
                <h2>"Stays under your hands"</h2>
                <p>
                    "Every action is on the keyboard. Copy clears the clipboard again, a shown \
                     secret hides itself, and a delete can be undone."
                </p>
                <dl class="site-keys">
                    <div><dt><kbd>"Ctrl"</kbd>" "<kbd>"K"</kbd></dt><dd>"anything"</dd></div>
                    <div><dt><kbd>"/"</kbd></dt><dd>"search the list"</dd></div>
                    <div><dt><kbd>"C"</kbd></dt><dd>"copy the secret"</dd></div>
                    <div><dt><kbd>"N"</kbd></dt><dd>"new item"</dd></div>
                </dl>
            </section>
            <section>
                <h2>"Distrusts its own server"</h2>
                <p>
                    "Your password never leaves the browser, not even hashed. A stolen database \
                     leaves nothing to guess it against, and one changed byte is refused before \
                     anything is decrypted."
                </p>
                <pre>
                    "password + setup code\n  → root key\n    → vault key\n      → "<b>"one item"</b>
                </pre>
            </section>
        </div>
    }
}

fn begin() -> impl IntoView {
    view! {
        <section class="site-begin" aria-labelledby="begin">
            <h2 id="begin">"A vault in three steps"</h2>
            <ol>
                <li>
                    <h3>"Choose a master password"</h3>
                    <p>
                        "A meter rates it as you type. Leaving an e-mail address is optional: it is \
                         never asked for again."
                    </p>
                </li>
                <li>
                    <h3>"Save the recovery kit"</h3>
                    <p>
                        "It holds your setup code, which a new device asks for. Print it or \
                         download it. Nobody else has a copy, and nobody can make one."
                    </p>
                </li>
                <li>
                    <h3>"Bring your keys"</h3>
                    <p>
                        "Paste one, or a whole .env file. On this device the password alone opens \
                         the vault from now on."
                    </p>
                </li>
            </ol>
            <p class="site-acts">
                <a class="site-button go big" href="/sign-up">"Create a vault"</a>
                <a class="site-button big" href="/features">"See what it does"</a>
            </p>
        </section>
    }
}

use leptos::prelude::*;

pub(super) fn view() -> impl IntoView {
    view! {
        <article class="site-page site-prose">
            <h1>{t!("Security, in plain words")}</h1>
            <p class="site-lead">
                {t!("KeyArc is built as if its own server were hostile. This page says what that \
                 protects you from, what the server sees all the same, and what nobody should \
                 promise you.")}
            </p>
            {short()} {keys()} {log_in()} {sealed()} {visible()} {browser()} {not_promised()}
            {report()}
        </article>
    }
}

fn short() -> impl IntoView {
    view! {
        <section>
            <h2>{t!("In short")}</h2>
            <ul>
                <li>
                    {t!("Everything about an item is encrypted in your browser: its secret, and also \
                     its name, folder, tags, environment and dates.")}
                </li>
                <li>
                    {t!("The server stores ciphertext, public keys and what it needs to count and to \
                     sort by time. It has no key to any of it.")}
                </li>
                <li>
                    {t!("If you lose the recovery kit, and with it the master password or every known \
                     device, the vault is lost. Nobody can reset it. That is the price, and it is \
                     meant.")}
                </li>
            </ul>
        </section>
    }
}

fn keys() -> impl IntoView {
    view! {
        <section>
            <h2>{t!("Where the keys come from")}</h2>
            <p>
                {t!("At sign-up your browser makes a ")}<strong>{t!("setup code")}</strong>{t!(" with 128 random \
                 bits. Together with your master password it gives the key that unlocks \
                 everything else:")}
            </p>
            <pre>
                {t!("master password, stretched  ┐\n\
                 setup code, 128 random bits ┴→ unlock key\n\
                 unlock key → root key → vault key → every item")}
            </pre>
            <p>
                {t!("The password is stretched by PBKDF2-SHA-256 with 1,000,000 rounds or, if you choose \
                 so, by Argon2id with 64 MiB. Root key and vault key are random; the server keeps them only wrapped. Because \
                 the setup code takes part, whoever steals the database cannot try passwords \
                 against it: even a weak password stands behind 128 bits that the server never \
                 had. The method and its strength are fixed in the program. The server cannot \
                 ask for a weaker one.")}
            </p>
            <p>
                {t!("The recovery kit also holds a ")}<strong>{t!("recovery key")}</strong>{t!(" with 256 random \
                 bits. It opens a second wrapping of the root key and sets a new password, after \
                 the second factor if you have one. The key itself is never sent. It can be \
                 replaced and revoked; from then on the one before opens nothing.")}
            </p>
            <p>
                {t!("If somebody else may have your keys, \"I was compromised\" makes all of them anew, \
                 with a new password and a new kit, and seals every item again. The server puts \
                 everything in force in one step or nothing. What somebody has read by then stays \
                 known to them.")}
            </p>
            <p>
                {t!("A device that you let remember you keeps the setup code encrypted under a key \
                 that the browser holds and does not hand out. Forgetting the device in the \
                 settings deletes it.")}
            </p>
        </section>
    }
}

fn log_in() -> impl IntoView {
    view! {
        <section>
            <h2>{t!("How logging in works")}</h2>
            <p>
                {t!("Your browser signs a fresh challenge of the server with an Ed25519 key that is \
                 derived from password and setup code. The signature covers the address of the \
                 site, so that it is worth nothing elsewhere, and a challenge serves once, within \
                 60 seconds. Neither the password nor a hash of it is ever sent. Whether an \
                 account exists cannot be asked: unknown accounts get the same answers.")}
            </p>
            <p>
                {t!("If you set up a second factor, a passkey, a code of your authenticator app or a \
                 recovery code is asked for next. Before that the server hands out nothing of your vault, and \
                 only who has signed correctly learns that there is a second factor.")}
            </p>
            <p>
                {t!("A session is a random token, stored hashed, in a cookie that scripts cannot read \
                 and other sites cannot use. Logging out ends it at the next request. Changing the \
                 master password ends every other one; it takes the old password, so a stolen \
                 session is not enough.")}
            </p>
        </section>
    }
}

fn sealed() -> impl IntoView {
    view! {
        <section>
            <h2>{t!("How an item is sealed")}</h2>
            <p>
                {t!("AES-256-GCM with a fresh key for every sealing, and with a commitment to that key \
                 in front, because GCM alone can be made to open under two keys. What an \
                 envelope is and where it belongs (account, vault, item, part, version) is bound \
                 into it: the server cannot pass one item off as another, or its secret as its \
                 name. A single changed bit is refused. So is an old secret under a newer name.")}
            </p>
            <p>
                {t!("An item has two parts. The overview, which a list needs, comes when the vault \
                 opens. The details, which hold the secret, come only when you reveal or copy.")}
            </p>
            <p>
                {t!("Each time you save, your device signs a list of everything in the vault, and \
                 remembers the newest one. A server that leaves an item out, brings an old or a \
                 deleted one back, or shows last month's backup does not fit to that list: the \
                 vault closes or becomes read-only, and tells you what happened.")}
            </p>
        </section>
    }
}

fn visible() -> impl IntoView {
    view! {
        <section>
            <h2 id="visible">{t!("What the server can see")}</h2>
            <ul>
                <li>
                    {t!("how many items you have, which of them you change, reveal or delete, and how \
                     many files each has;")}
                </li>
                <li>
                    {t!("how large they are, in steps: items and files are padded to multiples of 256 bytes, \
                     beyond 4 KB to steps of at most 12 percent;")}
                </li>
                <li>{t!("when you do what, and from which IP address you are connected;")}</li>
                <li>{t!("the e-mail address, if you gave one, and the name of your device's browser;")}</li>
                <li>
                    {t!("while you have reminders come by e-mail, webhook or calendar: on which days \
                     something is due. Not what, nor which item.")}
                </li>
            </ul>
        </section>
    }
}

fn browser() -> impl IntoView {
    view! {
        <section>
            <h2>{t!("Inside the browser")}</h2>
            <p>
                {t!("Keys live in a separate worker, not in the page. The page has the rows near the \
                 screen and one opened item. Locking ends the worker, and its memory with it. \
                 The content security policy allows scripts from this site alone, forbids \
                 inline code and unsafe ways of writing markup, and nothing is ever loaded from \
                 a third party: no analytics, no fonts, no icons. The page you are reading \
                 contains no script.")}
            </p>
        </section>
    }
}

fn not_promised() -> impl IntoView {
    view! {
        <section>
            <h2 id="not-promised">{t!("What is not promised")}</h2>
            <dl class="site-list">
                <div>
                    <dt>{t!("The program comes from the server")}</dt>
                    <dd>
                        {t!("A web page is delivered anew each time. Whoever controls the server can \
                         deliver a changed one that steals your password. Encryption in the \
                         browser does not prevent that; running your own server, or one whose \
                         operator you trust, does.")}
                    </dd>
                </div>
                <div>
                    <dt>{t!("Freshness on a new device")}</dt>
                    <dd>
                        {t!("A device that never saw your vault cannot tell an old state of it from \
                         the newest; it says so. Two devices that a hostile server keeps apart for \
                         ever do not learn of each other's changes.")}
                    </dd>
                </div>
                <div>
                    <dt>{t!("A compromised device")}</dt>
                    <dd>
                        {t!("Malicious software or browser extensions on your device can read what you \
                         can read.")}
                    </dd>
                </div>
                <div>
                    <dt>{t!("Traces in memory")}</dt>
                    <dd>
                        {t!("Text that was shown in a page cannot be wiped from the browser's own \
                         memory. Locking drops every reference to it.")}
                    </dd>
                </div>
                <div>
                    <dt>{t!("The clipboard")}</dt>
                    <dd>
                        {t!("It is cleared after a while if the browser allows it. Until then every \
                         program on the device can read it, and clipboard managers keep copies.")}
                    </dd>
                </div>
                <div>
                    <dt>{t!("A second factor")}</dt>
                    <dd>
                        {t!("Codes of an authenticator app keep out somebody who has your password \
                         and setup code. They do not protect from the server, which stores the \
                         app's secret to check them, and they are no part of the encryption. A \
                         passkey that unlocks is different: what it gives opens your key, and the \
                         server never sees it.")}
                    </dd>
                </div>
                <div>
                    <dt>{t!("An outside audit")}</dt>
                    <dd>
                        {t!("There has been none. The protocol is written down in the source, with \
                         test vectors for every format, and with a table of what a server \
                         that lies was seen to achieve, which the tests write.")}
                    </dd>
                </div>
            </dl>
        </section>
    }
}

fn report() -> impl IntoView {
    view! {
        <section>
            <h2 id="report">{t!("Report a weakness")}</h2>
            <p>
                {t!("In the program: privately, as the file SECURITY.md in its source describes. In \
                 this installation: to whoever runs it. Please do not try it on other people's \
                 accounts; the program runs on your own machine with one command.")}
            </p>
        </section>
    }
}

use leptos::prelude::*;

pub(super) fn view() -> impl IntoView {
    view! {
        <article class="site-page site-prose">
            <h1>{t!("Privacy")}</h1>
            <p class="site-lead">
                {t!("This page describes what the KeyArc program does with data. Whoever runs the \
                 server you are on is responsible for it, and may log or keep more in front of it, \
                 for example in a reverse proxy.")}
            </p>
            <section>
                <h2>{t!("What is stored on the server")}</h2>
                <ul>
                    <li>
                        {t!("your account: a random handle, public keys, wrapped keys, when it was made, \
                         which version of the terms you agreed to and when, and your e-mail address \
                         if you gave one;")}
                    </li>
                    <li>
                        {t!("your vault: sealed items that the server cannot read, with their \
                         versions and sizes, and the newest 50 versions of each that were \
                         replaced. An item that is deleted for good leaves its number \
                         and version behind, so that other devices learn of it;")}
                    </li>
                    <li>
                        {t!("files that you attach to items, sealed, names and all, with the items \
                         and versions that name them. A file that none of them names any more is \
                         deleted after a day;")}
                    </li>
                    <li>
                        {t!("your sessions: a hash of the token, the name of your browser, when it \
                         began, when it was last used, when it ends, and the network that it was \
                         last used from: the first half of an IPv4 address (203.0.x.x), the first \
                         quarter of an IPv6 address, or that it was a private network. The whole \
                         address is not stored, and no place is looked up. A session ends after 7 \
                         days without use and after 30 days in any case, unless the operator has \
                         set other times;")}
                    </li>
                    <li>
                        {t!("your second factor, if you set one up: the secret of the authenticator \
                         app, encrypted under a key of the server, and hashes of the recovery \
                         codes that are left; and of each passkey its public key, its name, \
                         when it was added and last used, and a sealed key. Turning it off \
                         deletes them;")}
                    </li>
                    <li>
                        {t!("the second wrapping of your root key, the public half of the recovery key, \
                         and when it was made and last used. When you last checked your kit is \
                         sealed;")}
                    </li>
                    <li>
                        {t!("while you have reminders come by e-mail, webhook or calendar: the dates \
                         of what is due, each under an id that only your devices can read, how \
                         many days before you want to hear of them, what was sent in the last 90 \
                         days, and the address of your webhook with its secret, encrypted under a \
                         key of the server. Switching the last of them off deletes the dates. \
                         What you put off or dismissed is sealed;")}
                    </li>
                    <li>
                        {t!("the tokens that you make for machines: the public half of a key, a sealed \
                         copy of the items that each reads, when it was made and when it ends, the \
                         networks that you allow it, what is handed in with it, sealed, until you take it, and \
                         for 90 days when it was used and from which network, as coarse as for \
                         sessions. Revoking one deletes its copy;")}
                    </li>
                    <li>
                        {t!("counters of log-in and sign-up attempts and of wrong codes, kept for minutes, to slow \
                         down guessing.")}
                    </li>
                </ul>
                <p>
                    {t!("The e-mail address is shown to you. Mail goes to it only if you switch \
                     reminders by e-mail on: first a code, then at most one mail a day with dates \
                     and ids. It is used for nothing else, and is not a log-in name.")}
                </p>
            </section>
            <section>
                <h2>{t!("What is stored in your browser")}</h2>
                <ul>
                    <li>{t!("a session cookie, which nothing but the server can read;")}</li>
                    <li>{t!("a cookie with your choice of theme, if you made one;")}</li>
                    <li>{t!("a cookie with your choice of language, if you made one;")}</li>
                    <li>{t!("how long the vault may rest before it locks;")}</li>
                    <li>
                        {t!("on a device that you let remember you: the setup code, encrypted; and a \
                         half-written form after a lock, encrypted.")}
                    </li>
                </ul>
                <p>
                    {t!("There are no other cookies, no tracking, no analytics and no requests of your \
                     browser to third parties but one: when you have a key tested, your browser asks its provider, \
                     once you have agreed to that. The provider sees the key and your address; \
                     this server sees neither who was asked nor what came of it.")}
                </p>
            </section>
            <section>
                <h2>{t!("What is not kept")}</h2>
                <p>
                    {t!("Whole IP addresses are used to limit the rate of requests and are neither \
                     stored nor written to the log. Passwords, setup codes, keys and the contents of your vault never \
                     reach the server in a readable form.")}
                </p>
            </section>
            <section>
                <h2>{t!("Your choices")}</h2>
                <p>
                    {t!("Items can be deleted for good from the trash at any time, and taken out as a file \
                     under Export. This version has no button yet that deletes a whole account: ask \
                     whoever runs this server, who can delete it from the database with everything \
                     in it.")}
                </p>
            </section>
        </article>
    }
}

use leptos::prelude::*;

pub(super) fn view() -> impl IntoView {
    view! {
        <article class="site-page site-prose">
            <h1>{t!("Terms")}</h1>
            <p class="site-lead">{t!("Version 2026-11. Short, because there is little to agree on.")}</p>
            <section>
                <h2>{t!("What you get")}</h2>
                <p>
                    {t!("An account on this KeyArc, to keep your own secrets in. The program is open \
                     source under the MIT or Apache-2.0 licence and comes without warranty, as \
                     those licences say. Whoever runs this server decides how long it runs and for \
                     whom.")}
                </p>
            </section>
            <section>
                <h2>{t!("What you are responsible for")}</h2>
                <ul>
                    <li>
                        {t!("Your master password and your recovery kit. Nobody can restore either, \
                         and with neither your vault cannot be opened.")}
                    </li>
                    <li>{t!("Keeping a copy of what you cannot afford to lose.")}</li>
                    <li>{t!("Storing only what you have a right to store.")}</li>
                    <li>
                        {t!("Leaving the server usable for others: no attacks on it, and no attempts \
                         on other people's accounts.")}
                    </li>
                </ul>
            </section>
            <section>
                <h2>{t!("What may end it")}</h2>
                <p>
                    {t!("You may stop at any time. The operator may close an account that harms the \
                     server or other people, and should tell you first where that is possible.")}
                </p>
            </section>
            <section>
                <h2>{t!("Changes")}</h2>
                <p>
                    {t!("New terms get a new version. The one you agreed to, and when, is recorded \
                     with your account. What happens to your data stands on the ")}
                    <a href="/privacy">{t!("privacy page")}</a>"."
                </p>
            </section>
        </article>
    }
}

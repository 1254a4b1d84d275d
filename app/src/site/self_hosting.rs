use leptos::prelude::*;

pub(super) fn view() -> impl IntoView {
    view! {
        <article class="site-page site-prose">
            <h1>{t!("Run your own")}</h1>
            <p class="site-lead">
                {t!("KeyArc is one binary and one folder of static files. It brings its database \
                 along, or uses your Postgres. Nothing phones home.")}
            </p>
            {try_it()} {run_it()} {databases()} {backup()} {watch()}
        </article>
    }
}

fn try_it() -> impl IntoView {
    view! {
        <section>
            <h2>{t!("Try it")}</h2>
            <p>
                {t!("In a checkout of the source, with Rust and Node.js installed, this builds \
                 everything and serves it at http://127.0.0.1:3000, without any configuration:")}
            </p>
            <pre>"cargo x serve"</pre>
            <p>{t!("And this proves on your machine what the project claims:")}</p>
            <pre>"cargo x test"</pre>
        </section>
    }
}

fn run_it() -> impl IntoView {
    view! {
        <section>
            <h2>{t!("Run it")}</h2>
            <p>
                {t!("A production server wants to know three things. It tells every mistake in its \
                 configuration at once, and does not start with one.")}
            </p>
            <pre>
                "KEYARC_ENV=production\n\
                 PUBLIC_ORIGIN=https://keyarc.example\n\
                 JWT_SECRET=$(openssl rand -hex 32)"
            </pre>
            <p>
                {t!("Put a reverse proxy in front that speaks TLS, and name its address in \
                 TRUSTED_PROXIES, so that rate limits count the right visitors. The source has a \
                 Dockerfile, a Compose file with Postgres, a fly.toml, and a guide with \
                 examples for Caddy, nginx and systemd.")}
            </p>
        </section>
    }
}

fn databases() -> impl IntoView {
    view! {
        <section>
            <h2>{t!("SQLite or Postgres")}</h2>
            <dl class="site-list">
                <div>
                    <dt>{t!("SQLite, the default")}</dt>
                    <dd>
                        {t!("One file in the data folder, no other service. Right for one machine, \
                         from a single person to a company.")}
                    </dd>
                </div>
                <div>
                    <dt>"Postgres"</dt>
                    <dd>
                        {t!("Set DATABASE_URL to postgres://… and run as many servers as you like over \
                         it: they keep nothing of their own. Log-in limits and revoked sessions hold \
                         across all of them.")}
                    </dd>
                </div>
            </dl>
            <p>
                {t!("The same tests run on both. Migrations run at start and only ever add, so the \
                 version before keeps working during an upgrade.")}
            </p>
        </section>
    }
}

fn backup() -> impl IntoView {
    view! {
        <section>
            <h2>{t!("Backup")}</h2>
            <p>
                {t!("Back up the database as you would any other: sqlite3's .backup, or pg_dump. A \
                 copy is as unreadable as the original: it holds ciphertext. What it cannot \
                 replace is your users' passwords and recovery kits.")}
            </p>
        </section>
    }
}

fn watch() -> impl IntoView {
    view! {
        <section>
            <h2>{t!("Watch it")}</h2>
            <p>
                {t!("/health/live says that the process runs, /health/ready that the database answers. \
                 Logs are JSON in production, carry a request id, and contain no addresses, no \
                 names and no secrets. On SIGTERM the server finishes what it has accepted.")}
            </p>
            <p>
                {t!("Programs of your own speak to it by the ")} <a href="/docs/api">{t!("API")}</a> "."
            </p>
        </section>
    }
}

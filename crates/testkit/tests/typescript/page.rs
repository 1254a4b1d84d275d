//! A page in a browser, of the server's own origin: the client as it is shipped, without a bundler.

use std::{
    env, fs,
    process::{Child, Command, Stdio},
    time::Duration,
};

use keyarc_testkit::{Delivery, mutate::Answer};
use tempfile::TempDir;

use crate::world::{World, client};

/// The browser that `cargo x test typescript` has found.
const BROWSER: &str = "KEYARC_CHROMIUM";
/// Without a sandbox because containers have none to offer; it opens the test's own page.
const FLAGS: [&str; 6] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--remote-debugging-port=0",
];
const PAGE: &str = "/page";
/// Where the page says what came of it.
const SAID: &str = "/said";
/// Seconds for a browser to start and to read.
const PATIENCE: u64 = 120;

/// A browser, until the test ends.
struct Browser {
    process: Child,
    _profile: TempDir,
}

impl Browser {
    fn at(url: &str) -> Self {
        let profile = tempfile::tempdir().expect("a folder");
        let mut browser = Command::new(env::var_os(BROWSER).expect("the browser is named"));
        browser
            .args(FLAGS)
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg(url)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        Self {
            process: browser.spawn().expect("it starts"),
            _profile: profile,
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What a page says that reads a value with a token, at the origin of its server.
pub async fn reads(world: &World, token: &str, reference: &str) -> String {
    let page = page(token, reference);
    world.proxy.route(move |asked| {
        let answer = |content_type: &str, body: Vec<u8>| {
            Delivery::Instead(Answer {
                status: 200,
                content_type: content_type.to_owned(),
                body,
            })
        };
        match asked.path.strip_prefix("/client/") {
            Some(file) => {
                let kind = match file.ends_with(".wasm") {
                    true => "application/wasm",
                    false => "text/javascript",
                };
                answer(kind, fs::read(client().join(file)).expect("it is built"))
            }
            None if asked.path == PAGE => answer("text/html", page.clone().into_bytes()),
            None if asked.path == SAID => answer("text/plain", Vec::new()),
            None => Delivery::Once,
        }
    });
    let _browser = Browser::at(&format!("{}{PAGE}", world.proxy.origin()));
    for _ in 0..10 * PATIENCE {
        let asked = world.proxy.asked();
        if let Some(said) = asked.iter().find(|asked| asked.path == SAID) {
            return String::from_utf8_lossy(&said.body).into_owned();
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    "nothing".to_owned()
}

fn page(token: &str, reference: &str) -> String {
    let imports = r##"{
        "imports": {
            "@keyarc/client/machine": "/client/dist/machine.js",
            "#code": "/client/dist/code.js"
        }
    }"##;
    let script = format!(
        "import {{ openMachine }} from '@keyarc/client/machine';
        async function read() {{
            const machine = await openMachine({{ origin: location.origin, token: '{token}' }});
            try {{
                return await machine.read('{reference}');
            }} finally {{
                machine.close();
            }}
        }}
        const body = await read().catch((error) => `${{error.code}}: ${{error.message}}`);
        await fetch('{SAID}', {{ method: 'POST', body }});"
    );
    format!(
        "<!doctype html><script type=importmap>{imports}</script><script type=module>{script}</script>"
    )
}

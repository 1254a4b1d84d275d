//! The measures that a release must keep to, and the document that tells them.

use std::fmt;

use anyhow::Context as _;
use serde_json::Value;

/// One measure: what was found, and what it may be at most.
#[derive(Debug, Clone, PartialEq)]
pub struct Measure {
    what: &'static str,
    found: f64,
    most: f64,
    unit: &'static str,
}

impl Measure {
    /// Whether it is kept to.
    pub fn holds(&self) -> bool {
        self.found <= self.most
    }
}

impl fmt::Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            what,
            found,
            most,
            unit,
        } = self;
        let verdict = if self.holds() { "kept" } else { "BROKEN" };
        write!(
            f,
            "{verdict:<6} {what}: {found:.1}{unit}, at most {most}{unit}"
        )
    }
}

/// All measures, from what was measured in one run.
pub fn measures(results: &Value) -> anyhow::Result<Vec<Measure>> {
    each(results).into_iter().collect()
}

/// Those for which everything was measured in a run of some parts.
pub fn of_parts(results: &Value) -> Vec<Measure> {
    each(results).into_iter().flatten().collect()
}

fn each(results: &Value) -> Vec<anyhow::Result<Measure>> {
    let at = |pointer: &str| {
        let found = results.pointer(pointer).and_then(Value::as_f64);
        found.with_context(|| format!("nothing was measured for {pointer}"))
    };
    let ratio = |above: &str, below: &str| Ok::<_, anyhow::Error>(at(above)? / at(below)?);
    let beyond = |items: &str| {
        let used = at(&format!("/browser/{items}/memory_mib"))?;
        Ok::<_, anyhow::Error>(used - at("/browser/10/memory_mib")?)
    };
    let verifying = || {
        let took = at("/browser/10000/verifying_ms")?;
        Ok(100.0 * took / (at("/browser/10000/usable_ms")? - took))
    };
    let kilobytes = |pointer: &str| at(pointer).map(|bytes| bytes / 1_000.0);
    let measure = |what, found: anyhow::Result<f64>, most, unit| {
        Ok(Measure {
            what,
            found: found?,
            most,
            unit,
        })
    };
    let frame = |what, group: &str, field: &str| {
        measure(what, at(&format!("/browser/{group}/{field}")), 16.0, " ms")
    };
    let frames = |what, group: &str, field: &str| {
        let plain = format!("/browser/{group}/plain_frame_ms");
        let found = ratio(&format!("/browser/{group}/{field}"), &plain);
        measure(what, found, 2.5, "×")
    };
    vec![
        measure(
            "unlock of 10,000 items in the browser, after the key derivation, as a multiple of native Rust opening them",
            ratio("/browser/10000/usable_ms", "/native/10000/open_ms"),
            20.0,
            "×",
        ),
        measure(
            "what verifying 10,000 items adds to the rest of that unlock",
            verifying(),
            40.0,
            " %",
        ),
        measure(
            "longest main-thread task from Enter to list, 10,000 items",
            at("/browser/10000/longest_task_ms"),
            50.0,
            " ms",
        ),
        frame(
            "main-thread work in the dearest frame while a search is typed, 10,000 items",
            "10000",
            "frame_ms",
        ),
        frames(
            "that frame as a multiple of a plain page’s",
            "10000",
            "frame_ms",
        ),
        frame(
            "the same while the first word after a start is typed",
            "10000",
            "first_word_frame_ms",
        ),
        frames(
            "that frame as a multiple of a plain page’s",
            "10000",
            "first_word_frame_ms",
        ),
        measure(
            "unlock in the browser, 50,000 items as a multiple of 10,000",
            ratio("/browser/50000/usable_ms", "/browser/10000/usable_ms"),
            5.5,
            "×",
        ),
        measure(
            "memory of the vault worker beyond that for 10 items, 50,000 items as a multiple of 10,000",
            beyond("50000").and_then(|many| Ok(many / beyond("10000")?)),
            5.5,
            "×",
        ),
        measure(
            "search in the browser, 50,000 items as a multiple of 10,000",
            ratio("/browser/50000/list_ms", "/browser/10000/list_ms"),
            5.5,
            "×",
        ),
        measure(
            "longest main-thread task in everyday actions, 20,000 items",
            at("/browser/everyday/longest_task_ms"),
            50.0,
            " ms",
        ),
        frame(
            "main-thread work in the dearest frame while the list is narrowed, 20,000 items",
            "everyday",
            "filter_frame_ms",
        ),
        frames(
            "that frame as a multiple of a plain page’s",
            "everyday",
            "filter_frame_ms",
        ),
        frame(
            "the same while it is scrolled",
            "everyday",
            "scroll_frame_ms",
        ),
        frames(
            "that frame as a multiple of a plain page’s",
            "everyday",
            "scroll_frame_ms",
        ),
        frame(
            "the same while all items are selected",
            "everyday",
            "select_frame_ms",
        ),
        frames(
            "that frame as a multiple of a plain page’s",
            "everyday",
            "select_frame_ms",
        ),
        frame(
            "the same while an item is opened",
            "everyday",
            "open_frame_ms",
        ),
        frames(
            "that frame as a multiple of a plain page’s",
            "everyday",
            "open_frame_ms",
        ),
        measure(
            "import of 20,000 rows of a table, from confirming to done",
            at("/browser/import/confirm_ms").map(|millis| millis / 1_000.0),
            30.0,
            " s",
        ),
        measure(
            "longest main-thread task from choosing that file to done",
            at("/browser/import/longest_task_ms"),
            50.0,
            " ms",
        ),
        measure(
            "sync of 50,000 items as a multiple of 10,000, in time",
            at("/server/sync_growth/ratio"),
            5.5,
            "×",
        ),
        measure(
            "server memory during a sync of 50,000 items as a multiple of 10,000",
            ratio("/server/sync_50000/peak_mib", "/server/sync/peak_mib"),
            5.5,
            "×",
        ),
        measure(
            "sync of 10,000 overviews",
            kilobytes("/server/sync/bytes"),
            5_000.0,
            " kB",
        ),
        measure(
            "server CPU for it as a multiple of reading the rows with plain sqlx",
            ratio("/server/sync/cpu_ms", "/server/sync/plain_sqlx_cpu_ms"),
            3.0,
            "×",
        ),
        measure(
            "start to first 200 as a multiple of a trivial axum server",
            ratio("/server/start/keyarc_ms", "/server/start/trivial_axum_ms"),
            3.0,
            "×",
        ),
        measure(
            "server CPU for a log-in",
            at("/server/login/cpu_ms"),
            1.5,
            " ms",
        ),
        measure(
            "resident memory, idle",
            at("/server/memory/idle_mib"),
            25.0,
            " MiB",
        ),
        measure(
            "resident memory while 64 clients sync 10,000 items each",
            at("/server/memory/peak_mib"),
            128.0,
            " MiB",
        ),
        measure(
            "`keyarc get` with the vault unlocked, as a multiple of a trivial process that makes one request",
            at("/shell/get/ratio"),
            3.0,
            "×",
        ),
        measure(
            "the same when nobody has asked for a while",
            at("/shell/get_later/ratio"),
            3.0,
            "×",
        ),
        measure(
            "`keyarc run -- true` with 50 references, as a multiple of the same",
            at("/shell/run/ratio"),
            3.0,
            "×",
        ),
        measure(
            "`keyarc ls` over 10,000 items, as a multiple of a trivial process that starts and ends",
            at("/shell/ls/ratio"),
            5.0,
            "×",
        ),
        measure(
            "requests of `keyarc get` with a machine token",
            at("/shell/token/requests"),
            1.0,
            "",
        ),
        measure(
            "`keyarc get` with a machine token, as a multiple of deriving the key of a password",
            ratio("/shell/token/ms", "/shell/derive_ms"),
            0.5,
            "×",
        ),
        measure(
            "what a command takes under `keyarc run`, as a multiple of what it takes without it",
            at("/shell/child/ratio"),
            1.02,
            "×",
        ),
        measure(
            "landing page in all",
            kilobytes("/browser/bytes/landing_total"),
            150.0,
            " kB",
        ),
        measure(
            "its HTML and CSS",
            kilobytes("/browser/bytes/landing_html_css"),
            20.0,
            " kB",
        ),
        measure(
            "its scripts",
            kilobytes("/browser/bytes/landing_scripts"),
            0.0,
            " kB",
        ),
        measure(
            "vault, first load",
            kilobytes("/browser/bytes/vault_first"),
            700.0,
            " kB",
        ),
        measure(
            "vault, second load, beside the page itself",
            kilobytes("/browser/bytes/vault_second_rest"),
            1.0,
            " kB",
        ),
    ]
}

/// The document for people.
pub fn document(measures: &[Measure], results: &Value) -> anyhow::Result<String> {
    let mut text = String::from(
        "# Benchmarks\n\n\
         Written by `cargo x bench`. Bounds are ratios of two figures of one run on one machine, and \
         counts of bytes, so that they mean the same elsewhere; milliseconds stand where a person would \
         notice them. Those and mebibytes are of a machine with two cores that runs client and server \
         at once.\n\n\
         | measure | found | at most | |\n|---|---:|---:|---|\n",
    );
    for measure in measures {
        let Measure {
            what,
            found,
            most,
            unit,
        } = measure;
        let verdict = if measure.holds() {
            "kept"
        } else {
            "**broken**"
        };
        text.push_str(&format!(
            "| {what} | {found:.1}{unit} | {most}{unit} | {verdict} |\n"
        ));
    }
    text.push_str(&beside_others(results));
    text.push_str("\n## How it is measured\n\n");
    for line in [
        "Unlock: from the moment the key is derived until the first row stands in the document; \
         native Rust opens and verifies the same kind of envelopes with the same crate. The \
         least of several runs on both sides.",
        "Verifying: signatures, history and the tree over all items, from the moment the answer is \
         there until the first item is opened.",
        "Frame: all tasks of the page's main thread up to a picture handed to the compositor, from \
         the picture before it or from a pause of 16 ms on, in Chromium's own trace, in time that \
         the thread ran. For a search, while six letters are typed into its field: the first word \
         after a start, while the browser compiles some of the code that it runs, and the same \
         word once more.",
        "A plain page: 18 rows of plain elements into which ten lines of script put other words at each \
         key (`end2end/bench/floor.ts`), its dearest frame in the same run. Where that alone comes near \
         16 ms, no page shows sixty pictures in a second on this machine just then.",
        "Everyday actions: an environment in the navigation, twelve turns of the wheel, `Ctrl A`, a \
         press on a row; the least of three times after a first. The longest task is over all of \
         them, the first included.",
        "Sync: CPU of all threads of the server as the kernel counts it, over 20 syncs; plain \
         sqlx reads the same rows of the same file in a process of its own.",
        "Growth of a sync: the middle of 25 ratios, each of two syncs that follow each other, so that \
         what disturbs the machine for a while meets both.",
        "Start: median of nine starts over an existing database, asked every 0.2 ms.",
        "The worker's memory: the WebAssembly memory in which keys and items are; \
         `renderer_mib` is the whole process of the page, as the kernel sees it.",
        "The server's memory: `VmRSS` two seconds after the start, `VmHWM` after 64 concurrent syncs.",
        "Log-in: challenge, signature and new session, over 300 log-ins.",
        "The shell: a vault of 10,000 items at a server of the same machine. Command and trivial \
         process run in turns, 150 times each, to `/dev/null`, and the middle of the ratios is told; \
         what disturbs the machine for a while meets both. The trivial process is Rust's standard \
         library, one connection, one request to the same server and its answer; for `keyarc ls`, \
         which asks no server while nothing is new, it starts and ends. Time is from the start of the process until \
         it has ended, and has in it what the process that holds the keys and the server do \
         meanwhile. `get` and `run` ask the server each time whether anything is new, and open values \
         that were fetched the first time; the second line is `get` when nobody asked for seconds.",
        "A machine token: of a folder of 250 items, 40 times, on a machine that keeps nothing; requests are \
         counted by a relay between program and server. The key of a password is that of the suite \
         with PBKDF2.",
        "Under `keyarc run`: `run` becomes the command, so that nothing of it is left. The command's own \
         clock around some ten milliseconds of work, with and without `run`, in turns. \
         `mask` is what goes through `run --mask` with 50 secrets.",
        "Beside others: `bw` logs in and gets its items from a stand-in for its server, and answers from \
         its own folder afterwards, without asking whether anything is new; `keyarc get` asks. `bws`, \
         the other client of Bitwarden, keeps nothing and asks its server for each secret: a stand-in \
         would be what is measured, so it is not.",
        "Bytes: what the network delivered, headers and compression included. The vault's first \
         load is the log-in page and, after the log-in, everything until the list stands; \
         `log_in_first` is the log-in page alone. The code of an open item, of its form and of \
         the palette comes half a second later, or when it is asked for, and is not in it.",
    ] {
        text.push_str(&format!("- {line}\n"));
    }
    text.push_str("\n## Figures\n\n```json\n");
    text.push_str(&serde_json::to_string_pretty(&rounded(results))?);
    text.push_str("\n```\n");
    Ok(text)
}

/// What other products take for the same, where it was measured.
fn beside_others(results: &Value) -> String {
    let told = |pointer: String, unit: &str| match results.pointer(&pointer).and_then(Value::as_f64)
    {
        Some(found) => format!("{found:.1} {unit}"),
        None => "not measured".to_owned(),
    };
    let rows = [
        (
            "generate",
            "a password of 24 characters",
            "generate",
            "generate",
        ),
        ("get", "one secret", "get", "get password"),
        ("list", "all items", "ls --json", "list items"),
    ];
    let rows: String = rows
        .iter()
        .map(|(name, what, ours, theirs)| {
            let of = |field: &str, unit| told(format!("/shell/peers/bw/{name}/{field}"), unit);
            format!(
                "| {what} | `keyarc {ours}` {} | `bw {theirs}` {} | {} |\n",
                of("floor_ms", "ms"),
                of("ms", "ms"),
                of("ratio", "×"),
            )
        })
        .collect();
    format!(
        "\n## Beside others\n\n\
         In a shell, unlocked, 10,000 items each, beside `bw` of `@bitwarden/cli`:\n\n\
         | what | KeyArc | Bitwarden | |\n|---|---:|---:|---:|\n{rows}"
    )
}

/// To two decimals: more would be noise.
fn rounded(value: &Value) -> Value {
    match value {
        Value::Number(number) if number.is_f64() => number
            .as_f64()
            .map_or(Value::Null, |n| ((n * 100.0).round() / 100.0).into()),
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| (name.clone(), rounded(value)))
            .collect(),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_measure_is_kept_up_to_its_bound() {
        let measure = |found| Measure {
            what: "x",
            found,
            most: 3.0,
            unit: "×",
        };
        assert!(measure(3.0).holds());
        assert!(!measure(3.01).holds());
        assert!(!measure(f64::NAN).holds());
    }

    #[test]
    fn what_was_not_measured_is_an_error() {
        let error = measures(&json!({ "native": {} })).expect_err("nothing is there");
        assert!(
            error.to_string().contains("/browser/10000/usable_ms"),
            "{error}"
        );
    }

    #[test]
    fn a_frame_is_held_to_sixty_in_a_second_and_to_a_plain_page() {
        let everyday = json!({ "plain_frame_ms": 10.0, "open_frame_ms": 20.0 });
        let found = of_parts(&json!({ "browser": { "everyday": everyday } }));
        let told: Vec<(f64, f64, bool)> = found
            .iter()
            .map(|measure| (measure.found, measure.most, measure.holds()))
            .collect();
        assert_eq!(told, [(20.0, 16.0, false), (2.0, 2.5, true)]);
    }

    #[test]
    fn a_part_is_held_to_its_own_bounds() {
        let results = json!({ "shell": { "run": { "ratio": 2.5 }, "ls": { "ratio": 6.0 } } });
        let found = of_parts(&results);
        assert_eq!(found.len(), 2);
        assert_eq!(found.iter().filter(|measure| measure.holds()).count(), 1);
    }

    #[test]
    fn what_was_not_measured_of_others_is_said() {
        let told = beside_others(&json!({ "shell": { "peers": { "bw": null } } }));
        assert!(
            told.contains("| one secret | `keyarc get` not measured | `bw get password` not measured | not measured |"),
            "{told}"
        );
    }

    #[test]
    fn figures_are_rounded_and_counts_are_not() {
        let value = json!({ "ms": 1.23456, "bytes": 123456, "name": "x" });
        assert_eq!(
            rounded(&value),
            json!({ "ms": 1.23, "bytes": 123456, "name": "x" })
        );
    }
}

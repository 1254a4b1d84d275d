//! Every field of every answer, spoilt in every way, one at a time.
//!
//! The journeys are played once against a real server. Then each is played again and again
//! against what that server said, with one place of one answer changed. The same seed and index
//! make the same change.

mod devices;
mod journeys;
mod keys;
mod machine;
mod oracle;
mod record;
mod reminders;
mod replay;

use std::{
    collections::{BTreeMap, BTreeSet},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use futures::FutureExt as _;
use keyarc_crypto::RecoveryKey;
use keyarc_testkit::mutate::{Dice, Kind};

use self::{
    journeys::{Eyes, FOLDER, SECRETS, TAG, play},
    oracle::{Run, Truth, Verdict},
    record::{Corpus, record},
    replay::{Replay, Spoil, endpoint, spoilt},
};
use crate::report;

/// How many mutations are tried unless `KEYARC_MUTATIONS` says otherwise.
const MUTATIONS: usize = 100_000;
/// The seed unless `KEYARC_MUTATION` names another.
const SEED: u64 = 2026;
/// How often each journey is played against an honest recording. Whoever sends things in an order
/// of chance does so differently in one of them.
const HONEST: usize = 8;
/// Failures that are told.
const TOLD: usize = 40;

/// How often the plan goes through all journeys.
const TURNS: usize = 97;

/// A mutation by its script and place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Planned {
    script: usize,
    spoil: Spoil,
}

/// Every place and kind, once for one answer and once for all of its endpoint. Each place comes
/// once before any comes again, and then those of all journeys in turn.
fn plan(corpus: &Corpus) -> Vec<Planned> {
    let mut all = Vec::new();
    for (script, told) in corpus.scripts.iter().enumerate() {
        let recording = &told.recording;
        for (exchange, sites) in recording.sites.iter().enumerate() {
            let same = |other: &&replay::Exchange| {
                other.endpoint() == recording.exchanges[exchange].endpoint()
            };
            let often = recording.exchanges.iter().filter(same).count() > 1;
            for (site, place) in sites.iter().enumerate() {
                for kind in Kind::ALL.into_iter().filter(|kind| place.takes(*kind)) {
                    for always in [false, true].into_iter().take(1 + usize::from(often)) {
                        let spoil = Spoil {
                            exchange,
                            site,
                            kind,
                            always,
                            dice: 0,
                        };
                        all.push(Planned { script, spoil });
                    }
                }
            }
        }
    }
    let mut seen = BTreeSet::new();
    let place = |planned: &Planned| (planned.script, planned.spoil.exchange, planned.spoil.site);
    let (mut first, again): (Vec<_>, Vec<_>) = all
        .into_iter()
        .partition(|planned| seen.insert(place(planned)));
    first.extend((0..TURNS).flat_map(|turn| again.iter().skip(turn).step_by(TURNS)));
    first
}

/// The mutation of an index: first every place and kind in turn, then any of them by chance. A
/// kind that does nothing to its place gives way to the next that does.
fn nth(corpus: &Corpus, plan: &[Planned], seed: u64, index: usize) -> Option<Planned> {
    let mut dice = Dice::nth(seed, index as u64);
    let chosen = match plan.get(index) {
        Some(planned) => planned,
        None => dice.one_of(plan)?,
    };
    let recording = &corpus.scripts[chosen.script].recording;
    let mut planned = *chosen;
    planned.spoil.dice = dice.roll();
    let first = Kind::ALL
        .iter()
        .position(|kind| *kind == chosen.spoil.kind)?;
    (0..Kind::ALL.len()).find_map(|step| {
        planned.spoil.kind = Kind::ALL[(first + step) % Kind::ALL.len()];
        let exchange = &recording.exchanges[planned.spoil.exchange];
        let site = &recording.sites[planned.spoil.exchange][planned.spoil.site];
        let earlier = &corpus.earlier[..recording.before + planned.spoil.exchange];
        spoilt(exchange, site, planned.spoil, earlier).map(|_| planned)
    })
}

/// Plays a journey against its recording.
fn replayed(corpus: &Corpus, script: usize, spoil: Option<Spoil>) -> (Run, bool) {
    let script = &corpus.scripts[script];
    let device = script.given.device(script.seed);
    let transport = Replay::new(&script.recording, &corpus.earlier, spoil);
    let eyes = Eyes::default();
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let end = runtime.expect("a runtime").block_on(async {
        let nobody = |_| async {}.boxed_local();
        let going = play(
            script.journey,
            transport.clone(),
            device.clone(),
            &script.given,
            &eyes,
            &nobody,
        );
        tokio::select! {
            end = going => Some(end),
            () = device.gave_up.notified() => None,
        }
    });
    let is_over = transport.is_over();
    let mut told = device.told.borrow_mut();
    let run = Run {
        seen: eyes.seen.take(),
        end,
        trust: std::mem::take(&mut told.trust),
        pins: std::mem::take(&mut told.pins),
        strange: transport.strange.take(),
    };
    (run, is_over)
}

/// One mutation from beginning to end. The error says what is wrong.
fn tried(corpus: &Corpus, truth: &Truth, planned: Planned) -> Result<Verdict, String> {
    let run = || replayed(corpus, planned.script, Some(planned.spoil)).0;
    match catch_unwind(AssertUnwindSafe(run)) {
        Ok(run) => truth.judge(&corpus.scripts[planned.script], &run),
        Err(panic) => Err(match panic.downcast_ref::<String>() {
            Some(words) => words.clone(),
            None => (*panic.downcast_ref::<&str>().unwrap_or(&"panicked")).to_owned(),
        }),
    }
}

/// What somebody asked for in the environment: `KEYARC_MUTATION=seed:index`, or
/// `KEYARC_MUTATIONS=number`.
struct Asked {
    seed: u64,
    from: usize,
    to: usize,
}

fn asked() -> Asked {
    if let Ok(one) = std::env::var("KEYARC_MUTATION") {
        let parts = one.split_once(':');
        let parsed = parts.and_then(|(s, i)| Some((s.parse().ok()?, i.parse::<usize>().ok()?)));
        let (seed, index) = parsed.expect("KEYARC_MUTATION is seed:index");
        return Asked {
            seed,
            from: index,
            to: index + 1,
        };
    }
    let number = std::env::var("KEYARC_MUTATIONS").ok();
    Asked {
        seed: SEED,
        from: 0,
        to: number.map_or(MUTATIONS, |n| {
            n.parse().expect("KEYARC_MUTATIONS is a number")
        }),
    }
}

/// What must never be sent, by a name that may be printed.
fn words(corpus: &Corpus) -> Vec<(String, Vec<u8>)> {
    let mut words = BTreeMap::new();
    words.insert(FOLDER.to_owned(), "a folder");
    words.insert(TAG.to_owned(), "a tag");
    words.extend(SECRETS.map(|secret| (secret.to_owned(), "a secret")));
    for script in &corpus.scripts {
        words.insert(script.given.password.clone(), "a password");
        words.insert(script.given.new_password.clone(), "a new password");
        for code in &script.account.codes {
            // The handle is in the code's beginning, and the server knows it.
            words.insert(code[20..].to_owned(), "a setup code");
        }
        for line in script.account.kits.iter().flat_map(|kit| kit.lines()) {
            if RecoveryKey::parse(line).is_ok() {
                words.insert(line.to_owned(), "a recovery key");
            }
        }
        if let Some(token) = &script.token {
            let secret = token.split('_').nth(2).expect("a token");
            words.insert(secret.to_owned(), "the secret of a token");
        }
    }
    let words = words.into_iter();
    words
        .map(|(word, name)| (name.to_owned(), word.into_bytes()))
        .collect()
}

/// How a kind of mutation fared.
type Tally = BTreeMap<(Kind, Verdict), usize>;

#[test]
fn nothing_that_a_server_changes_is_believed() {
    let corpus = record();
    let truth = Truth::of(&corpus, &words(&corpus));
    for (number, script) in corpus.scripts.iter().enumerate() {
        for _ in 0..HONEST {
            let (run, is_over) = replayed(&corpus, number, None);
            let verdict = truth.judge(script, &run);
            assert_eq!(verdict, Ok(Verdict::Harmless), "{:?}", script.journey);
            assert!(is_over, "{:?} asks for less than it did", script.journey);
            let sent: Vec<_> = run.strange.iter().map(|sent| asked_for(sent)).collect();
            assert!(
                sent.is_empty(),
                "{:?} sends what it did not: {sent:?}",
                script.journey
            );
        }
    }
    let Asked { seed, from, to } = asked();
    let plan = plan(&corpus);
    let next = AtomicUsize::new(from);
    let tally = Mutex::new(Tally::new());
    let failures = Mutex::new(BTreeMap::<String, (usize, String)>::new());
    let spoilt_places = Mutex::new(BTreeSet::new());
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let mut own = Tally::new();
                let mut places = BTreeSet::new();
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    if index >= to {
                        break;
                    }
                    let Some(planned) = nth(&corpus, &plan, seed, index) else {
                        continue;
                    };
                    let Spoil { exchange, site, kind, .. } = planned.spoil;
                    places.insert((planned.script, exchange, site));
                    match tried(&corpus, &truth, planned) {
                        Ok(verdict) => *own.entry((kind, verdict)).or_default() += 1,
                        Err(wrong) => {
                            let script = &corpus.scripts[planned.script];
                            let path = &script.recording.exchanges[exchange].path;
                            let place = &script.recording.sites[exchange][site].name;
                            let always = if planned.spoil.always { ", always" } else { "" };
                            // Alike but for numbers and ids: one of them is enough to look at.
                            let class = format!("{} {place}: {}", endpoint(path), gist(&wrong));
                            let told = format!(
                                "KEYARC_MUTATION={seed}:{index}: {:?}, answer {exchange} ({}), {place}, {kind:?}{always}: {wrong}",
                                script.journey,
                                endpoint(path),
                            );
                            let mut failures = failures.lock().expect("a lock");
                            failures.entry(class).or_insert((0, told)).0 += 1;
                        }
                    }
                }
                let mut all = tally.lock().expect("a lock");
                own.into_iter()
                    .for_each(|(what, count)| *all.entry(what).or_default() += count);
                spoilt_places.lock().expect("a lock").extend(places);
            });
        }
    });
    let failures = failures.into_inner().expect("a lock");
    let tally = tally.into_inner().expect("a lock");
    let tried: usize = tally.values().sum();
    for ((kind, verdict), count) in &tally {
        println!("{kind:?} {verdict:?}: {count}");
    }
    println!(
        "seed {seed}: {tried} mutations of {} places in {} journeys, {} planned",
        spoilt_places.lock().expect("a lock").len(),
        corpus.scripts.len(),
        plan.len(),
    );
    let told: Vec<String> = failures
        .values()
        .take(TOLD)
        .map(|(count, first)| format!("{count} like {first}"))
        .collect();
    assert!(
        failures.is_empty(),
        "{} kinds of lies are believed:\n{}",
        failures.len(),
        told.join("\n")
    );
    if to - from < MUTATIONS {
        return;
    }
    assert_eq!(
        tried,
        to - from,
        "each was refused, or did no harm, or waits"
    );
    let spoilt_places = spoilt_places.into_inner().expect("a lock");
    for (script, told) in corpus.scripts.iter().enumerate() {
        for (exchange, sites) in told.recording.sites.iter().enumerate() {
            for (site, place) in sites.iter().enumerate() {
                assert!(
                    spoilt_places.contains(&(script, exchange, site)),
                    "{:?}: {} of {} was never spoilt",
                    told.journey,
                    place.name,
                    told.recording.exchanges[exchange].path,
                );
            }
        }
    }
    for kind in Kind::ALL {
        let refused = tally.get(&(kind, Verdict::Refused));
        assert!(refused.is_some(), "{kind:?} was never refused");
    }
    let peak = peak_mib();
    assert!(peak.is_none_or(|mib| mib < 400), "{peak:?} MiB at most");
    let endpoints: BTreeSet<&str> = corpus
        .scripts
        .iter()
        .flat_map(|script| &script.recording.exchanges)
        .map(|one| one.endpoint())
        .collect();
    let others: BTreeSet<&str> = all_endpoints().difference(&endpoints).copied().collect();
    report::walked(&endpoints, &others);
}

/// Every endpoint that a client can name, read from where paths are written.
fn all_endpoints() -> BTreeSet<&'static str> {
    let source = include_str!("../../../../wire/src/paths.rs");
    let constants = source.lines().filter(|line| line.starts_with("pub const "));
    let paths = constants.filter_map(|line| line.split('"').nth(1));
    paths.map(endpoint).collect()
}

#[test]
fn every_endpoint_is_known_by_name() {
    let all = all_endpoints();
    let below = [
        "changes",
        "items",
        "details",
        "versions",
        "versions/details",
        "versions/of-items",
        "moment",
        "attachments",
        "attachments/chunks",
        "attachments/discard",
        "machine/changes",
        "machine/items",
        "machine/revoke",
        "machine/uses",
    ];
    for name in below.into_iter().chain([keyarc_wire::paths::LOGIN]) {
        assert!(all.contains(name), "{name} among {all:?}");
    }
}

/// Method and path of what was sent, without the token behind them.
fn asked_for(sent: &[u8]) -> String {
    let words = sent.split(|byte| *byte == b' ').take(2);
    let words: Vec<_> = words.map(String::from_utf8_lossy).collect();
    words.join(" ")
}

/// The beginning of an error, without what is different in each run.
fn gist(wrong: &str) -> String {
    let letters = wrong.chars().take(50);
    letters.filter(|c| !c.is_ascii_digit()).collect()
}

/// The most memory that this program had, where the system tells.
fn peak_mib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().split(' ').next()?.parse::<u64>().ok()? / 1024)
}

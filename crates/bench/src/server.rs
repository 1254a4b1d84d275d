//! What the server costs: start, log-in, sync, memory.

use std::{env, path::Path, process::Command, time::Duration};

use anyhow::{Context as _, ensure};
use futures::future::try_join_all;
use keyarc_client::{Api, Host as _, NativeHost};
use serde_json::{Value, json};

use crate::{
    member::{Counting, Member},
    process::{Program, free_address, keyarc},
    sample,
};

const STARTS: usize = 9;
const LOG_INS: u32 = 300;
const SYNCS: u32 = 20;
/// Pairs of a small and a large sync.
const PAIRS: usize = 25;
const CLIENTS: usize = 64;
const ITEMS: usize = 10_000;

/// Runs all of it.
pub async fn measure(program: &Path, site: &Path) -> anyhow::Result<Value> {
    let folder = tempfile::tempdir()?;
    let start = || -> anyhow::Result<Program> {
        let address = free_address()?;
        Program::start(
            &mut keyarc(program, site, folder.path(), address),
            address,
            "/health/live",
        )
    };
    // The first start makes the database and belongs to nobody's every day.
    drop(start()?);
    let starts = starts(start)?;

    let server = start()?;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let (idle_mib, _) = server.memory_mib()?;
    let login = log_ins(&server).await?;
    drop(server);

    let address = free_address()?;
    let fixed = || {
        Program::start(
            &mut keyarc(program, site, folder.path(), address),
            address,
            "/health/live",
        )
    };
    // Each measurement begins with a fresh process, whose highest memory is its own.
    let server = fixed()?;
    let member = Member::with_items(&server.origin(), ITEMS).await?;
    let large = Member::with_items(&server.origin(), 5 * ITEMS).await?;
    drop(server);

    let server = fixed()?;
    let sync = syncs(&server, &member, ITEMS, folder.path()).await?;
    drop(server);

    let server = fixed()?;
    let sync_50000 = syncs(&server, &large, 5 * ITEMS, folder.path()).await?;
    drop(server);

    let server = fixed()?;
    let growth = growth(&member, &large).await?;
    drop(server);

    let server = fixed()?;
    let crowd = crowd(&server, &member).await?;
    let (_, peak_mib) = server.memory_mib()?;
    Ok(json!({
        "start": starts,
        "login": login,
        "sync": sync,
        "sync_50000": sync_50000,
        "sync_growth": growth,
        "memory": { "idle_mib": idle_mib, "peak_mib": peak_mib, "clients": CLIENTS, "wall_ms": crowd },
    }))
}

fn starts(start: impl Fn() -> anyhow::Result<Program>) -> anyhow::Result<Value> {
    let this = env::current_exe()?;
    let (mut ours, mut trivial) = (Vec::new(), Vec::new());
    for _ in 0..STARTS {
        ours.push(start()?.first_answer_ms);
        let address = free_address()?;
        let mut command = Command::new(&this);
        command.args(["trivial", &address.port().to_string()]);
        trivial.push(Program::start(&mut command, address, "/health/live")?.first_answer_ms);
    }
    Ok(json!({ "keyarc_ms": sample::median(ours), "trivial_axum_ms": sample::median(trivial) }))
}

async fn log_ins(server: &Program) -> anyhow::Result<Value> {
    let member = Member::with_items(&server.origin(), 0).await?;
    let (api, _) = member.connect()?;
    member.log_in(&api).await?;
    let before = server.cpu_ms()?;
    for _ in 0..LOG_INS {
        member.log_in(&api).await?;
    }
    let cpu_ms = (server.cpu_ms()? - before) / f64::from(LOG_INS);
    Ok(json!({ "cpu_ms": cpu_ms }))
}

async fn syncs(
    server: &Program,
    member: &Member,
    items: usize,
    folder: &Path,
) -> anyhow::Result<Value> {
    let (api, received) = member.connect()?;
    member.log_in(&api).await?;
    let first = api
        .changes(member.vault, 0, None, NativeHost.now_ms())
        .await?;
    ensure!(first.count() as usize == items, "a sync brings every item");
    received.set(0);
    let before = server.cpu_ms()?;
    let started = sample::now();
    for _ in 0..SYNCS {
        api.changes(member.vault, 0, None, NativeHost.now_ms())
            .await?;
    }
    let wall_ms = sample::millis(started.elapsed()) / f64::from(SYNCS);
    let cpu_ms = (server.cpu_ms()? - before) / f64::from(SYNCS);
    let (_, peak_mib) = server.memory_mib()?;
    let plain = plain(member, items, folder)?;
    Ok(json!({
        "items": items,
        "peak_mib": peak_mib,
        "bytes": received.get() / SYNCS as usize,
        "cpu_ms": cpu_ms,
        "wall_ms": wall_ms,
        "plain_sqlx_cpu_ms": plain,
    }))
}

/// How many times as long a sync of the large vault takes. A small sync and a large one follow each
/// other in each pair, so that what disturbs the machine for a while meets both.
async fn growth(small: &Member, large: &Member) -> anyhow::Result<Value> {
    let (small_api, _) = small.connect()?;
    small.log_in(&small_api).await?;
    let (large_api, _) = large.connect()?;
    large.log_in(&large_api).await?;
    let time = async |api: &Api<Counting>, member: &Member| {
        let started = sample::now();
        api.changes(member.vault, 0, None, NativeHost.now_ms())
            .await?;
        anyhow::Ok(sample::millis(started.elapsed()))
    };
    let mut ratios = Vec::new();
    // The first pair warms up what the others find warm.
    for pair in 0..=PAIRS {
        let few = time(&small_api, small).await?;
        let many = time(&large_api, large).await?;
        if pair > 0 {
            ratios.push(many / few);
        }
    }
    Ok(json!({
        "pairs": PAIRS,
        "ratio": sample::median(ratios.clone()),
        "least_ratio": ratios.iter().copied().fold(f64::INFINITY, f64::min),
        "most_ratio": ratios.iter().copied().fold(0.0, f64::max),
    }))
}

/// In a process of its own, so that only the reading is counted.
fn plain(member: &Member, items: usize, folder: &Path) -> anyhow::Result<f64> {
    let database = format!("sqlite://{}", folder.join("data/keyarc.db").display());
    let output = Command::new(env::current_exe()?)
        .args(["read-plain", &database, &member.vault.to_string()])
        .output()?;
    ensure!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let told: Value = serde_json::from_slice(&output.stdout)?;
    ensure!(told["rows"] == items, "plain sqlx reads every row");
    told["cpu_ms"].as_f64().context("a number")
}

/// Many clients fetch everything at once. Returns milliseconds until the last has it.
async fn crowd(server: &Program, member: &Member) -> anyhow::Result<f64> {
    let mut clients = Vec::new();
    for _ in 0..CLIENTS {
        let (api, _) = member.connect()?;
        member.log_in(&api).await?;
        clients.push(api);
    }
    let started = sample::now();
    let syncs = clients.iter().map(async |api| {
        let changes = api
            .changes(member.vault, 0, None, NativeHost.now_ms())
            .await?;
        ensure!(
            changes.count() as usize == ITEMS,
            "a sync brings every item"
        );
        anyhow::Ok(())
    });
    try_join_all(syncs).await?;
    ensure!(server.memory_mib()?.0 > 0.0, "the server still lives");
    Ok(sample::millis(started.elapsed()))
}

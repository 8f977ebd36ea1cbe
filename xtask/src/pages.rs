//! `cargo xtask pages`: how long pages take among many stored runs, and how much good tests feel of whoever opens them,
//! and of what is written meanwhile.
//!
//! Two hundred cases run once a second, on one host without a history, and on one whose history begins with as many runs
//! as one likes. What counts is the ratio between figures of one call; the figures themselves are the machine's.

use std::{
    fs,
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use anyhow::Context as _;

use crate::{
    crowd,
    felt::{self, Felt},
    stage::{Addresses, Signals, Stage},
    workspace,
};

/// Copies of the example suite in Rust, each with nine cases.
const GOOD: usize = 23;

/// How long a host runs before it is looked at.
const WARM_UP: Duration = Duration::from_secs(4);

/// How often each page is fetched to tell how long it takes.
const TIMES: usize = 20;

/// How many readers open pages, one after the other, while the tests are looked at.
const READERS: usize = 4;

/// How long a reader looks at a page.
const LOOKED_AT: Duration = Duration::from_millis(250);

/// The pages to fetch.
const PAGES: [(&str, &str); 9] = [
    ("overview, an hour", "/?window=1h"),
    ("overview, a day", "/?window=24h"),
    ("overview, 30 days", "/?window=30d"),
    ("one row of it", "/?only=good-01/smoke"),
    ("case, a day", "/cases/good-01/smoke"),
    ("case, 30 days", "/cases/good-01/smoke?window=30d"),
    ("runs", "/runs"),
    ("runs that did not pass", "/runs?how=wrong"),
    ("webhook", "/webhook"),
];

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Number of runs in the history before the measurement
    #[arg(long, default_value_t = 1_000_000)]
    runs: u32,
    /// How long to measure each host, such as `20s`
    #[arg(long = "for", value_name = "DURATION", value_parser = humantime::parse_duration, default_value = "20s")]
    duration: Duration,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let folder = workspace::path("target/pages");
    let good = crowd::build(&folder, GOOD)?;
    let database = folder.join(format!("{}.db", arguments.runs));
    fill(&database, arguments.runs)?;
    let signals = Signals::catch()?;
    let set = |history: &str| -> anyhow::Result<Stage> {
        let settings = format!("{}\n[history]\n{history}\n", felt::SETTINGS);
        let mut stage = Stage::set(&folder.join("stage"), &good, Addresses::choose()?, &settings)?;
        crowd::wait_until_loaded(&mut stage, &signals, GOOD)?;
        felt::pass(&mut stage, &signals, WARM_UP)?;
        Ok(stage)
    };

    let mut rows = Vec::new();
    let mut stage = set("enabled = false")?;
    rows.push(("no history", Felt::during(&mut stage, &signals, arguments.duration)?));
    stage.stop()?;
    let mut stage = set(&format!("path = {database:?}\nmax_runs = {}", arguments.runs))?;
    rows.push(("history", Felt::during(&mut stage, &signals, arguments.duration)?));
    let is_over = AtomicBool::new(false);
    let felt = thread::scope(|scope| {
        for reader in 0..READERS {
            let (is_over, host) = (&is_over, stage.addresses.admin);
            scope.spawn(move || {
                for (_, path) in PAGES.iter().cycle().skip(reader) {
                    if is_over.load(Ordering::Relaxed) {
                        break;
                    }
                    // Whether a page comes is looked at below.
                    drop(crate::stage::get(host, path));
                    thread::sleep(LOOKED_AT);
                }
            });
        }
        let felt = Felt::during(&mut stage, &signals, arguments.duration);
        is_over.store(true, Ordering::Relaxed);
        felt
    })?;
    rows.push(("history, pages", felt));

    println!("\n{:24} p50, ms | longest, ms | bytes", "page");
    for (name, path) in PAGES {
        let mut times = felt::Times::default();
        let mut size = 0;
        for _ in 0..TIMES {
            let begun = Instant::now();
            size = crate::stage::get(stage.addresses.admin, path)?.len();
            times.extend([begun.elapsed().as_secs_f64() * 1e3]);
        }
        println!("{name:24} {:7.1} | {:11.1} | {size}", times.at(0.5), times.at(1.0));
    }
    println!("history: {}", stage.api("history")?);
    stage.stop()?;
    println!("\n{:14} {}", "", Felt::HEAD);
    for (name, felt) in &rows {
        println!("{name:14} {felt}");
    }
    Ok(())
}

/// Writes a history of these cases, if there is none yet.
fn fill(database: &Path, runs: u32) -> anyhow::Result<()> {
    if database.exists() {
        return Ok(());
    }
    let unfinished = database.with_extension("unfinished");
    let test = ["test", "--workspace", "--lib", "a_million_runs", "--", "--ignored", "--nocapture"];
    let mut command = workspace::cargo();
    command.args(test).env("ORBITAL_HISTORY", &unfinished).env("ORBITAL_RUNS", runs.to_string());
    workspace::run(&mut command)?;
    fs::rename(&unfinished, database).with_context(|| format!("cannot make `{}`", database.display()))
}

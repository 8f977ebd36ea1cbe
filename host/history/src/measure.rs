//! Benchmark: how fast runs are written and found, among a million runs of two hundred cases.
//!
//! ```text
//! ORBITAL_HISTORY=/tmp/history.db cargo test --release --workspace --lib a_million_runs -- --ignored --nocapture
//! ```
//!
//! A file that is named is kept: a host with this file as its `history.path` shows its contents, as `cargo xtask pages`
//! does.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use orbital_model as model;
use orbital_model::{LogLevel, LogSource, Outcome, Pattern, Phases, Report, StepKind, Window};

use crate::database::Database;
use crate::tests::{report_at, settings};
use crate::{History, HistorySettings, LiveHistorySettings, RunQuery, Step};

/// The number of copies of the example suite, as `cargo xtask` makes them.
const COMPONENTS: u64 = 34;

const NAMES: [&str; 6] =
    ["counters", "exactly-once", "fan-out", "retries-delivery", "server-made-id", "smoke"];

const CASES: u64 = COMPONENTS * NAMES.len() as u64;

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// Returns a run that resembles those of a test that sends an event and waits for its delivery; one in fifty fails, one
/// is flaky.
fn run(number: u64, started: SystemTime) -> Report {
    let (component, name) = (number % COMPONENTS, NAMES[(number / COMPONENTS) as usize % NAMES.len()]);
    let mut report = report_at(&format!("good-{component:02}/{name}"), number, started);
    let key = uuid::Uuid::from_u128(u128::from(number.wrapping_mul(0x9e37_79b9_7f4a_7c15))).to_string();
    let latency = Duration::from_micros(2000 + number.wrapping_mul(2_654_435_761) % 60_000);
    let body = format!(
        "{{\"id\":\"{key}\",\"type\":\"order.created\",\"amount\":{number},\"currency\":\"EUR\",\"customer\":\"ada@example.com\"}}"
    );
    let steps = [
        StepKind::NewId { key: key.clone() },
        StepKind::Log {
            level: LogLevel::Info,
            source: LogSource::Log,
            message: format!("order {number} is made"),
            fields: vec![("order".to_owned(), number.to_string())],
        },
        StepKind::Send {
            target: "api".to_owned(),
            method: "POST".to_owned(),
            path: "/v1/events".to_owned(),
            key: Some(key.clone()),
            body: body.clone(),
            status: Some(202),
            phases: Some(Phases { connect: None, wait: latency / 3, read: Duration::from_micros(30) }),
            answer: Some("{\"accepted\":true}".to_owned()),
            error: None,
        },
        StepKind::Wait { keys: vec![key.clone()], n: 1, timeout_ms: Some(3000), error: None },
        StepKind::Delivery {
            key,
            method: "POST".to_owned(),
            path: "/".to_owned(),
            body,
            latency: Some(latency),
            answered: None,
            answered_after: None,
            taken: true,
        },
    ];
    let attempt = &mut report.attempts[0];
    attempt.timeline = steps
        .into_iter()
        .map(|what| model::Step { at: latency / 3, took: Some(latency / 2), what })
        .collect();
    attempt.duration = latency * 2;
    report.duration = latency * 2;
    if number % 50 == 7 {
        report.outcome = Outcome::Fail;
        report.attempts[0].outcome = Outcome::Fail;
        report.attempts[0].messages.push("check failed: `status == 200` (src/lib.rs:31)".to_owned());
    }
    report.flaky = number % 50 == 9;
    report
}

#[test]
#[ignore = "takes minutes, and is no test but figures"]
fn a_million_runs() {
    let folder = tempfile::tempdir().unwrap();
    let named = std::env::var_os("ORBITAL_HISTORY");
    let is_to_stay = named.is_some();
    let settings = settings(named.map_or_else(|| folder.path().join("history.db"), Into::into));
    let runs = number("ORBITAL_RUNS", 1_000_000);
    let begin = SystemTime::now() - Duration::from_secs(24 * 3600);
    let apart = Duration::from_secs(24 * 3600) / u32::try_from(runs).unwrap();

    let mut database = Database::open(&settings.fixed.path, &settings.live, None).unwrap().0;
    let mut took = Duration::ZERO;
    let mut slowest = Duration::ZERO;
    for first in (0..runs).step_by(500) {
        let batch: Vec<_> = (first..runs.min(first + 500))
            .map(|number| Arc::new(run(number, begin + apart * u32::try_from(number).unwrap())))
            .collect();
        let begun = Instant::now();
        database.write(&batch, &settings.live).unwrap();
        database.prune(&settings.live).unwrap();
        took += begun.elapsed();
        slowest = slowest.max(begun.elapsed());
    }
    let extent = database.extent();
    println!(
        "{runs} runs of {CASES} cases: {:.0} written per second, slowest batch of 500 {slowest:?}; {} bytes each in the \
         file, {} in JSON",
        runs as f64 / took.as_secs_f64(),
        extent.bytes / runs,
        serde_json::to_vec(&run(0, begin)).unwrap().len(),
    );
    let begun = Instant::now();
    database.end().unwrap();
    let (mut database, _) = Database::open(&settings.fixed.path, &settings.live, None).unwrap();
    println!("closing and opening {:?}", begun.elapsed());
    let begun = Instant::now();
    database.check().unwrap();
    println!("looking it over {:?}", begun.elapsed());
    database.end().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(look(&settings));

    if is_to_stay {
        return;
    }
    let few = LiveHistorySettings { max_runs: usize::try_from(runs / 2).unwrap(), ..settings.live };
    let mut database = Database::open(&settings.fixed.path, &few, None).unwrap().0;
    let (begun, mut slowest) = (Instant::now(), Duration::ZERO);
    let mut chunks = 0;
    loop {
        let chunk = Instant::now();
        let more = database.prune(&few).unwrap();
        slowest = slowest.max(chunk.elapsed());
        chunks += 1;
        if !more {
            break;
        }
    }
    println!("half of them cleared away in {:?}, {chunks} chunks, slowest {slowest:?}", begun.elapsed());
}

async fn look(settings: &HistorySettings) {
    let history = History::start(settings.clone(), metrics::Histogram::noop).await.unwrap();
    let mut last = None;
    for window in ["15m", "1h", "6h", "24h", "7d", "30d"] {
        let window: Window = window.parse().unwrap();
        let stats =
            timed(&format!("stats of {:?}", window.length()), async || history.stats(window, |_| true).await)
                .await;
        assert_eq!(stats.unwrap().cases.len(), CASES as usize);
        let step = Step::new(window, None).unwrap();
        let name = format!("series of {:?}", window.length());
        let series = async || history.series("good-03/smoke".parse().unwrap(), window, step).await;
        timed(&name, series).await.unwrap();
    }
    timed("strips of 30", async || history.strips(30, |_| true).await).await.unwrap();
    let queries = [
        ("all", RunQuery::default()),
        ("outcome=fail", RunQuery { outcome: Some(Outcome::Fail), ..RunQuery::default() }),
        ("outcome=timeout, none", RunQuery { outcome: Some(Outcome::Timeout), ..RunQuery::default() }),
        ("flaky", RunQuery { flaky: Some(true), ..RunQuery::default() }),
        ("of a case", RunQuery { case: "good-03/smoke".parse().ok(), ..RunQuery::default() }),
        ("of half of the cases", RunQuery { cases: Pattern::parse("*/*-*").ok(), ..RunQuery::default() }),
        (
            "of a case that fail",
            RunQuery {
                case: "good-00/smoke".parse().ok(),
                outcome: Some(Outcome::Fail),
                ..RunQuery::default()
            },
        ),
    ];
    for (name, query) in queries {
        let query = RunQuery { limit: 51, ..query };
        let page = async || history.runs(query.clone()).await;
        last = timed(&format!("50 runs, {name}"), page).await.unwrap().last().map(|row| row.run).or(last);
    }
    let run = last.unwrap();
    timed("a report", async || history.report(run).await).await.unwrap().unwrap();
    timed("its neighbours", async || history.neighbours(run).await).await.unwrap();
    timed("how cases stand", async || history.records().await).await.unwrap();
    let report = Arc::new(self::run(0, SystemTime::now()));
    timed("taking note of a run", async || history.record(&report, 1000)).await;
    history.end().await;
}

/// Measures the median time of several calls, after a first one.
async fn timed<T>(name: &str, mut look: impl AsyncFnMut() -> T) -> T {
    let begun = Instant::now();
    look().await;
    let first = begun.elapsed();
    let mut times = Vec::new();
    for _ in 0..9 {
        let begun = Instant::now();
        look().await;
        times.push(begun.elapsed());
    }
    times.sort_unstable();
    println!("{name}: {:?}, at first {first:?}", times[4]);
    look().await
}

//! Writing runs: batches of a hundred, from the emitter to the committed transaction.
#![allow(missing_docs, reason = "a benchmark has no documentation")]

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use divan::Bencher;
use divan::counter::ItemsCount;
use orbital_history::{FixedHistorySettings, History, HistorySettings, LiveHistorySettings};
use orbital_model::{Attempt, Budget, CaseId, Outcome, Phases, Report, Step, StepKind, Trigger, Usage};
use uuid::Uuid;

const BATCH: usize = 100;

fn main() {
    divan::main();
}

/// Runs of this many cases, ten in each component, one case after the other.
#[divan::bench(args = [10, 1000], sample_size = 10)]
fn write(bencher: Bencher<'_, '_>, cases: usize) {
    let folder = tempfile::tempdir().unwrap_or_else(|error| panic!("no folder: {error}"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    let runtime = runtime.unwrap_or_else(|error| panic!("no runtime: {error}"));
    let start = History::start(settings(folder.path().join("history.db")), metrics::Histogram::noop);
    let history = runtime.block_on(start).unwrap_or_else(|error| panic!("no history: {error}"));
    let (mut next, mut written) = (0_usize, 0_u64);
    let batch = || {
        let first = next;
        next += BATCH;
        (first..next).map(|number| Arc::new(report(number, cases))).collect::<Vec<_>>()
    };
    bencher.counter(ItemsCount::new(BATCH)).with_inputs(batch).bench_local_values(|batch| {
        batch.iter().for_each(|report| history.record(report, 2000));
        written += BATCH as u64;
        while history.status().written < written {
            std::thread::yield_now();
        }
    });
    runtime.block_on(history.end());
}

fn settings(path: PathBuf) -> HistorySettings {
    let live = LiveHistorySettings {
        max_age: Duration::from_secs(3600),
        max_runs: 1_000_000,
        max_bytes: 1 << 32,
        batch_runs: BATCH,
        batch_interval: Duration::from_secs(60),
        queue_runs: 10 * BATCH,
        queue_bytes: 1 << 30,
    };
    HistorySettings { fixed: FixedHistorySettings { enabled: true, path }, live }
}

/// A report of the most frequent kind: one event, one delivery.
fn report(number: usize, cases: usize) -> Report {
    let case = number % cases;
    let (run, key) = (Uuid::now_v7(), Uuid::now_v7().to_string());
    let body = format!(
        r#"{{"id":"{key}","type":"signup","email":"ada@example.com","name":"Ada Lovelace","plan":"gold","seats":12,"referrer":"https://www.example.com/pricing?campaign=autumn","address":{{"street":"12 St James's Square","city":"London","country":"GB"}},"tags":["trial","newsletter","beta"]}}"#
    );
    let micros = |micros: u64| Duration::from_nanos(1000 * micros + number as u64 * 7919 % 100_000);
    let send = StepKind::Send {
        target: "api".to_owned(),
        method: "POST".to_owned(),
        path: "/v1/events".to_owned(),
        key: Some(key.clone()),
        body: body.clone(),
        status: Some(202),
        phases: Some(Phases { connect: None, wait: micros(190), read: Duration::from_nanos(110) }),
        answer: Some(String::new()),
        error: None,
    };
    let delivery = StepKind::Delivery {
        key: key.clone(),
        method: "POST".to_owned(),
        path: "/hooks/shop".to_owned(),
        body: format!(r#"{{"id":"{key}","processed":true,"event":{body}}}"#),
        latency: Some(micros(280)),
        answered: None,
        answered_after: None,
        taken: true,
    };
    let wait = StepKind::Wait { keys: vec![key.clone()], n: 1, timeout_ms: None, error: None };
    let step = |at, took, what| Step { at: micros(at), took, what };
    let attempt = Attempt {
        started: SystemTime::now(),
        duration: micros(2000),
        outcome: Outcome::Pass,
        messages: Vec::new(),
        has_trace: false,
        timeline: vec![
            step(100, None, StepKind::NewId { key }),
            step(120, Some(micros(300)), send),
            step(400, None, delivery),
            step(430, Some(micros(10)), wait),
        ],
        omitted: 0,
        usage: Usage {
            peak: vec![(Budget::Memory, 1 << 20), (Budget::Expectations, 1), (Budget::Requests, 1)],
            cpu: micros(190),
            breach: None,
        },
        samples: Vec::new(),
    };
    Report {
        run,
        case: CaseId::new(&format!("component-{}", case / 10), &format!("case-{}", case % 10)),
        digest: format!("{:064x}", case / 10),
        language: "Rust".to_owned(),
        trigger: Trigger::Schedule,
        due: attempt.started,
        started: attempt.started,
        start_delay: micros(50),
        duration: attempt.duration,
        outcome: attempt.outcome,
        flaky: false,
        attempts: vec![attempt],
    }
}

//! Encoding reports as JSON.
#![allow(missing_docs, reason = "a benchmark has no documentation")]

use std::time::{Duration, SystemTime};

use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use orbital_model::{Attempt, Budget, CaseId, Outcome, Phases, Report, Step, StepKind, Trigger, Usage};
use uuid::Uuid;

fn main() {
    divan::main();
}

/// A report of the most frequent kind: one event, one delivery.
#[divan::bench]
fn encode(bencher: Bencher<'_, '_>) {
    let report = report();
    let length = serde_json::to_vec(&report).map_or(0, |json| json.len());
    bencher.counter(BytesCount::new(length)).bench(|| serde_json::to_vec(black_box(&report)));
}

fn report() -> Report {
    let (key, body) = ("0bb0a1c45e6f".repeat(2), "x".repeat(300));
    let milliseconds = Duration::from_millis;
    let send = StepKind::Send {
        target: "api".to_owned(),
        method: "POST".to_owned(),
        path: "/".to_owned(),
        key: Some(key.clone()),
        body: body.clone(),
        status: Some(202),
        phases: Some(Phases { connect: None, wait: milliseconds(1), read: milliseconds(1) }),
        answer: Some(String::new()),
        error: None,
    };
    let delivery = StepKind::Delivery {
        key: key.clone(),
        method: "POST".to_owned(),
        path: "/hooks/bench".to_owned(),
        body,
        latency: Some(milliseconds(2)),
        answered: None,
        answered_after: None,
        taken: true,
    };
    let wait = StepKind::Wait { keys: vec![key.clone()], n: 1, timeout_ms: None, error: None };
    let step = |at, took, what| Step { at: milliseconds(at), took, what };
    let attempt = Attempt {
        started: SystemTime::UNIX_EPOCH + Duration::from_millis(1_795_394_352_030),
        duration: milliseconds(4),
        outcome: Outcome::Pass,
        messages: Vec::new(),
        has_trace: false,
        timeline: vec![
            step(0, None, StepKind::NewId { key }),
            step(1, Some(milliseconds(2)), send),
            step(2, None, delivery),
            step(3, Some(milliseconds(1)), wait),
        ],
        omitted: 0,
        usage: Usage {
            peak: vec![(Budget::Memory, 1 << 20), (Budget::Expectations, 1), (Budget::Requests, 1)],
            cpu: milliseconds(1),
            breach: None,
        },
        samples: Vec::new(),
    };
    Report {
        run: Uuid::now_v7(),
        case: CaseId::new("shop", "buys"),
        digest: "d".repeat(64),
        language: "Rust".to_owned(),
        trigger: Trigger::Schedule,
        due: attempt.started,
        started: attempt.started,
        start_delay: milliseconds(1),
        duration: attempt.duration,
        outcome: attempt.outcome,
        flaky: false,
        attempts: vec![attempt],
    }
}

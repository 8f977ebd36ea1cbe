//! Reports for benchmarks.

use std::time::{Duration, SystemTime};

use uuid::Uuid;

use crate::{Attempt, Budget, CaseId, Outcome, Phases, Report, Step, StepKind, Trigger, Usage};

/// Returns a report of the most frequent kind, with one event and one delivery. Its number makes it differ from others.
/// Ten cases in a row belong to one component.
pub fn report(number: usize, case: usize) -> Report {
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

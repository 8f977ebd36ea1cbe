//! Runs that have ended.

use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::text::beginning;
use crate::{CaseId, CaseIdFields, Outcome, Sample, Step, Trigger, Usage, seconds, timestamp};

/// A run that has ended.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Report {
    /// The run's id.
    pub run: Uuid,
    /// The case.
    #[serde(flatten)]
    #[schema(value_type = CaseIdFields<'static>)]
    pub case: CaseId,
    /// The component's version: SHA-256 of its file.
    pub digest: String,
    /// The language of the component; empty if it does not name one.
    pub language: String,
    /// Why the run started.
    pub trigger: Trigger,
    /// When the run was due.
    #[serde(with = "timestamp")]
    #[schema(value_type = String, format = DateTime)]
    pub due: SystemTime,
    /// When the first attempt started.
    #[serde(with = "timestamp")]
    #[schema(value_type = String, format = DateTime)]
    pub started: SystemTime,
    /// The time from due to started, in seconds.
    #[serde(with = "seconds")]
    #[schema(value_type = f64)]
    pub start_delay: Duration,
    /// The time from started to the end of the last attempt, in seconds.
    #[serde(with = "seconds")]
    #[schema(value_type = f64)]
    pub duration: Duration,
    /// The outcome of the last attempt.
    pub outcome: Outcome,
    /// Whether the run passed after an attempt that did not.
    pub flaky: bool,
    /// All attempts, in order: at least one.
    pub attempts: Vec<Attempt>,
}

/// One attempt of a run.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Attempt {
    /// When the attempt started.
    #[serde(with = "timestamp")]
    #[schema(value_type = String, format = DateTime)]
    pub started: SystemTime,
    /// The time from started to the end of the attempt, in seconds.
    #[serde(with = "seconds")]
    #[schema(value_type = f64)]
    pub duration: Duration,
    /// The outcome.
    pub outcome: Outcome,
    /// The reasons, for people. Empty if the attempt passed.
    pub messages: Vec<String>,
    /// Whether the messages contain a stack trace. It is not serialized.
    #[serde(skip)]
    pub has_trace: bool,
    /// The steps of the attempt.
    pub timeline: Vec<Step>,
    /// The number of steps that did not fit in the timeline.
    pub omitted: usize,
    /// The resources used: `cpu_seconds`, and the peak of each budget.
    #[schema(value_type = BTreeMap<String, f64>)]
    pub usage: Usage,
    /// Values recorded for the test's own metrics. They are not serialized.
    #[serde(skip)]
    pub samples: Vec<Sample>,
}

impl Report {
    /// Returns whether the run passed at the first attempt.
    pub fn is_routine(&self) -> bool {
        self.outcome == Outcome::Pass && !self.flaky
    }

    /// Returns the first line of the reason if the run did not pass, cut if it is long.
    pub fn headline(&self) -> Option<String> {
        let line = self.attempts.last()?.messages.first()?.lines().next()?;
        Some(beginning(line).into_owned())
    }

    /// Returns when the last attempt ended.
    pub fn ended(&self) -> SystemTime {
        self.started + self.duration
    }

    /// Returns the steps of all attempts.
    pub fn steps(&self) -> impl Iterator<Item = &Step> {
        self.attempts.iter().flat_map(|attempt| &attempt.timeline)
    }
}

impl Attempt {
    /// Returns the index of the step that went wrong, if the attempt did not pass: the last bad one.
    pub fn culprit(&self) -> Option<usize> {
        let is_bad = |step: &Step| step.what.is_bad();
        (self.outcome != Outcome::Pass).then(|| self.timeline.iter().rposition(is_bad)).flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Budget, LogLevel, LogSource, MetricKind, Phases, StepKind};

    /// Steps with every kind of happening, each with all optional fields and without.
    pub(crate) fn steps() -> Vec<Step> {
        let (second, text) = (Duration::from_secs(1), || "x".to_owned());
        let send = |phases, status: Option<u16>| StepKind::Send {
            target: text(),
            method: "POST".to_owned(),
            path: "/".to_owned(),
            key: status.map(|_| text()),
            body: text(),
            status,
            phases,
            answer: status.map(|_| text()),
            error: status.is_none().then(text),
        };
        let phases = |connect| Phases { connect, wait: second, read: second };
        let delivery = |latency, answered| StepKind::Delivery {
            key: text(),
            method: "POST".to_owned(),
            path: "/".to_owned(),
            body: text(),
            latency,
            answered,
            answered_after: latency,
            taken: latency.is_some(),
        };
        let log = |level, source, fields| StepKind::Log { level, source, message: text(), fields };
        let happenings = vec![
            log(LogLevel::Warn, LogSource::Log, vec![(text(), text())]),
            log(LogLevel::Info, LogSource::Stderr, Vec::new()),
            StepKind::Fail { message: text() },
            StepKind::NewId { key: text() },
            StepKind::Expect { key: text(), error: None },
            StepKind::Expect { key: text(), error: Some(text()) },
            send(Some(phases(Some(second))), Some(202)),
            send(Some(phases(None)), Some(500)),
            send(None, None),
            StepKind::Wait { keys: vec![text()], n: 2, timeout_ms: Some(1), error: Some(text()) },
            StepKind::Wait { keys: Vec::new(), n: 1, timeout_ms: None, error: None },
            delivery(Some(second), Some(200)),
            delivery(None, None),
            StepKind::CutShort { call: text() },
            StepKind::Sleep { duration_ms: 1 },
            StepKind::Metric { kind: MetricKind::Gauge, name: text(), value: 1.5, error: Some(text()) },
            StepKind::Metric { kind: MetricKind::Counter, name: text(), value: 1.0, error: None },
            StepKind::Read { name: text(), value: text() },
        ];
        let step = |(index, what): (u64, StepKind)| Step {
            at: Duration::from_millis(index),
            took: index.is_multiple_of(2).then_some(second),
            what,
        };
        (0..).zip(happenings).map(step).collect()
    }

    #[test]
    fn a_report_that_was_written_is_read_back() {
        let peak = vec![(Budget::Memory, 1 << 20), (Budget::LogLines, 3)];
        let attempt = Attempt {
            started: SystemTime::UNIX_EPOCH + Duration::from_millis(1_795_394_352_030),
            duration: Duration::from_millis(1500),
            outcome: Outcome::Timeout,
            messages: vec!["timed out".to_owned()],
            has_trace: false,
            timeline: steps(),
            omitted: 1,
            usage: Usage { peak, cpu: Duration::from_millis(2), breach: None },
            samples: Vec::new(),
        };
        let report = Report {
            run: Uuid::now_v7(),
            case: CaseId::new("shop", "buys"),
            digest: "d".repeat(64),
            language: "Rust".to_owned(),
            trigger: Trigger::Deploy,
            due: attempt.started,
            started: attempt.started,
            start_delay: Duration::from_millis(1),
            duration: attempt.duration,
            outcome: attempt.outcome,
            flaky: false,
            attempts: vec![attempt],
        };
        let written = serde_json::to_value(&report).unwrap();
        let read: Report = serde_json::from_value(written.clone()).unwrap();
        assert_eq!(read.steps().count(), steps().len());
        assert_eq!(serde_json::to_value(&read).unwrap(), written);
        assert_eq!(read.attempts[0].usage, report.attempts[0].usage);
    }
}

//! What is known of a run that has ended.

use std::time::{Duration, SystemTime};

use orbital_model::Outcome;
use orbital_model::seconds::seconds;
use orbital_model::text::beginning;
use orbital_model::timestamp::time;
use serde::Serialize;
use tokio::time::Instant;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::guest::{Sample, Step, Usage};
use crate::runner::Order;
use crate::scheduler::Trigger;

/// One run, from beginning to end.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Report {
    /// Its id.
    pub run: Uuid,
    /// The component's name.
    pub component: String,
    /// The case's name.
    pub case: String,
    /// The component's version: SHA-256 of its file.
    pub digest: String,
    /// The language that the component says it is written in; empty if it does not say.
    pub language: String,
    /// Why it ran.
    pub trigger: Trigger,
    /// When it was due.
    #[serde(serialize_with = "time")]
    #[schema(value_type = String, format = DateTime)]
    pub due: SystemTime,
    /// When the guest was entered for the first time.
    #[serde(serialize_with = "time")]
    #[schema(value_type = String, format = DateTime)]
    pub started: SystemTime,
    /// From due to started, in seconds.
    #[serde(serialize_with = "seconds")]
    #[schema(value_type = f64)]
    pub start_delay: Duration,
    /// From then to the end of the last attempt, in seconds.
    #[serde(serialize_with = "seconds")]
    #[schema(value_type = f64)]
    pub duration: Duration,
    /// How the last attempt ended.
    pub outcome: Outcome,
    /// Whether it passed after an attempt that did not.
    pub flaky: bool,
    /// All attempts, in order. At least one.
    pub attempts: Vec<Attempt>,
}

/// One try within a run.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Attempt {
    /// When the guest was entered.
    #[serde(serialize_with = "time")]
    #[schema(value_type = String, format = DateTime)]
    pub started: SystemTime,
    /// The same by a clock that nobody sets: what lies between moments is measured with this one.
    #[serde(skip)]
    pub entered: Instant,
    /// From then to its end, in seconds.
    #[serde(serialize_with = "seconds")]
    #[schema(value_type = f64)]
    pub duration: Duration,
    /// How it ended.
    pub outcome: Outcome,
    /// Why, for people. Empty if it passed.
    pub messages: Vec<String>,
    /// Whether it broke within functions whose names are known.
    #[serde(skip)]
    pub has_trace: bool,
    /// What it did.
    pub timeline: Vec<Step>,
    /// Steps that did not fit in the timeline.
    pub omitted: usize,
    /// What it used: `cpu_seconds`, and of each budget its peak.
    #[schema(value_type = BTreeMap<String, f64>)]
    pub usage: Usage,
    /// Values that it recorded for metrics of its own.
    #[serde(skip)]
    pub samples: Vec<Sample>,
}

impl Report {
    /// Of the attempts of an order.
    pub fn new(order: &Order, attempts: Vec<Attempt>) -> Self {
        let started = attempts.first().map_or(order.due, |attempt| attempt.started);
        let entered = attempts.first().map_or(order.given, |attempt| attempt.entered);
        let last = attempts.last();
        let outcome = last.map_or(Outcome::Error, |attempt| attempt.outcome);
        let since_start = |attempt: &Attempt| attempt.entered.duration_since(entered);
        Self {
            run: order.run,
            component: order.component.name.clone(),
            case: order.case.name.clone(),
            digest: order.component.digest.clone(),
            language: order.component.metadata.language.clone(),
            trigger: order.trigger,
            due: order.due,
            started,
            start_delay: order.late + entered.duration_since(order.given),
            duration: last.map(|attempt| since_start(attempt) + attempt.duration).unwrap_or_default(),
            outcome,
            flaky: outcome == Outcome::Pass && attempts.len() > 1,
            attempts,
        }
    }

    /// Of a run that the host itself broke.
    pub fn host_fault(order: &Order, error: &dyn std::error::Error) -> Self {
        let attempt = Attempt {
            started: order.due + order.late,
            entered: order.given,
            duration: order.given.elapsed(),
            outcome: Outcome::Error,
            messages: vec![format!("the host broke while it ran this: {error}; please report it")],
            has_trace: false,
            timeline: Vec::new(),
            omitted: 0,
            usage: Usage::default(),
            samples: Vec::new(),
        };
        Self::new(order, vec![attempt])
    }

    /// Whether it passed, and at once.
    pub fn is_routine(&self) -> bool {
        self.outcome == Outcome::Pass && !self.flaky
    }

    /// The first line of the reason, if it did not pass: the beginning of a long one.
    pub fn headline(&self) -> Option<String> {
        let line = self.attempts.last()?.messages.first()?.lines().next()?;
        Some(beginning(line).into_owned())
    }

    /// When its last attempt ended.
    pub fn ended(&self) -> SystemTime {
        self.started + self.duration
    }

    /// About how many bytes it holds: as many as it has in JSON.
    pub(super) fn weight(&self) -> usize {
        let mut count = Count(0);
        // Neither the report nor the counting can fail.
        let _ = serde_json::to_writer(&mut count, self);
        count.0
    }

    /// What all attempts did.
    pub fn steps(&self) -> impl Iterator<Item = &Step> {
        self.attempts.iter().flat_map(|attempt| &attempt.timeline)
    }

    /// The case's id.
    pub fn case_id(&self) -> String {
        format!("{}/{}", self.component, self.case)
    }
}

/// Counts what is written.
struct Count(usize);

impl std::io::Write for Count {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

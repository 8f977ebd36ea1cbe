//! Orders to run a case, and the reports about them.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use orbital_model::{Attempt, Case, Outcome, Report, Trigger, Usage, run_ids};
use tokio::time::Instant;
use uuid::Uuid;

use crate::component::Component;

/// An order to run a case.
#[derive(Clone)]
pub struct Order {
    /// The run's id.
    pub run: Uuid,
    /// The trigger of the run.
    pub trigger: Trigger,
    /// The version of the component.
    pub component: Arc<Component>,
    /// The case to run.
    pub case: Arc<Case>,
    /// The time at which the run was due.
    pub due: SystemTime,
    /// The moment at which the order was given.
    pub given: Instant,
    /// The delay between the due time and the order.
    pub late: Duration,
}

/// An attempt with the moment at which it started, by the monotonic clock.
pub struct TimedAttempt {
    pub entered: Instant,
    pub attempt: Attempt,
}

impl Order {
    /// Returns an order to run a case now, at a user's request.
    pub fn now(component: Arc<Component>, case: Arc<Case>) -> Self {
        Self {
            run: run_ids::next(),
            trigger: Trigger::Request,
            component,
            case,
            due: SystemTime::now(),
            given: Instant::now(),
            late: Duration::ZERO,
        }
    }

    /// Returns the report about the attempts of this order.
    pub fn report(&self, attempts: Vec<TimedAttempt>) -> Report {
        let entered = attempts.first().map_or(self.given, |first| first.entered);
        let end = attempts.last().map_or(entered, |last| last.entered + last.attempt.duration);
        let attempts: Vec<Attempt> = attempts.into_iter().map(|timed| timed.attempt).collect();
        let outcome = attempts.last().map_or(Outcome::Error, |attempt| attempt.outcome);
        Report {
            run: self.run,
            case: self.case.id.clone(),
            digest: self.component.digest.clone(),
            language: self.component.metadata.language.clone(),
            trigger: self.trigger,
            due: self.due,
            started: attempts.first().map_or(self.due, |attempt| attempt.started),
            start_delay: self.late + entered.duration_since(self.given),
            duration: end.duration_since(entered),
            outcome,
            flaky: outcome == Outcome::Pass && attempts.len() > 1,
            attempts,
        }
    }

    /// Returns the report about a run that a fault of the host ended.
    pub fn host_fault(&self, fault: &str) -> Report {
        let attempt = Attempt {
            started: self.due + self.late,
            duration: self.given.elapsed(),
            outcome: Outcome::Error,
            messages: vec![format!("the host failed while it ran this: {fault}; please report it")],
            has_trace: false,
            timeline: Vec::new(),
            omitted: 0,
            usage: Usage::default(),
            samples: Vec::new(),
        };
        self.report(vec![TimedAttempt { entered: self.given, attempt }])
    }
}

//! The state of a case.

use std::time::{Duration, SystemTime};

use crate::{Outcome, Report, SkipReason};

/// The state of a case, as its runs showed it.
#[derive(Debug, Clone, Default)]
pub struct CaseRecord {
    /// Whether the case is up; none before its first run has ended.
    pub standing: Option<Standing>,
    /// When a run last passed.
    pub last_pass: Option<SystemTime>,
    /// The last run that was due and did not start.
    pub last_skip: Option<(SystemTime, SkipReason)>,
    /// The number of consecutive runs, up to the last one due, that gave no verdict because of the host.
    pub without_verdict: u32,
}

/// Whether a case is up or down, and since when.
#[derive(Debug, Clone, Copy)]
pub struct Standing {
    /// Whether the last run passed.
    pub up: bool,
    /// The time since which the case is in this state.
    pub since: SystemTime,
}

/// A case that went up or down.
#[derive(Debug, Clone, Copy)]
pub struct StateChange {
    /// Whether the case is up now.
    pub up: bool,
    /// How long the case had been in the other state; none if this was its first run.
    pub lasted: Option<Duration>,
}

impl CaseRecord {
    /// The number of consecutive runs without a verdict that make a case stale.
    pub const STALE_AFTER: u32 = 3;

    /// Returns whether the host has lately been unable to judge the case, so that its state may be outdated.
    pub fn is_stale(&self) -> bool {
        self.without_verdict >= Self::STALE_AFTER
    }

    /// Records that a run did not start. Runs that were missed together count as one. While another run is in flight, a
    /// verdict is still to come, and during a pause none is wanted.
    pub fn skip(&mut self, reason: SkipReason, is_in_flight: bool) {
        self.last_skip = Some((SystemTime::now(), reason));
        let is_of_host = match reason {
            SkipReason::Capacity | SkipReason::ComponentCapacity | SkipReason::Missed => true,
            SkipReason::Overlap | SkipReason::Paused => false,
        };
        if is_of_host && !is_in_flight {
            self.without_verdict = self.without_verdict.saturating_add(1);
        }
    }

    /// Records a run, and returns whether the case went up or down.
    pub fn judge(&mut self, report: &Report) -> Option<StateChange> {
        let up = match report.outcome {
            Outcome::Pass => true,
            Outcome::Fail | Outcome::Timeout | Outcome::Error => false,
            Outcome::Cancelled => {
                self.without_verdict = self.without_verdict.saturating_add(1);
                return None;
            }
        };
        self.without_verdict = 0;
        let now = report.ended();
        if up {
            self.last_pass = Some(now);
        }
        if self.standing.is_some_and(|standing| standing.up == up) {
            return None;
        }
        let before = self.standing.replace(Standing { up, since: now });
        let lasted = before.map(|before| now.duration_since(before.since).unwrap_or_default());
        Some(StateChange { up, lasted })
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::{CaseId, Trigger};

    fn report(outcome: Outcome) -> Report {
        Report {
            run: Uuid::now_v7(),
            case: CaseId::new("shop", "buys"),
            digest: String::new(),
            language: String::new(),
            trigger: Trigger::Schedule,
            due: SystemTime::now(),
            started: SystemTime::now(),
            start_delay: Duration::ZERO,
            duration: Duration::ZERO,
            outcome,
            flaky: false,
            attempts: Vec::new(),
        }
    }

    #[test]
    fn a_cancelled_run_changes_neither_state_nor_last_pass() {
        for outcome in [Outcome::Pass, Outcome::Fail, Outcome::Timeout, Outcome::Error] {
            let mut record = CaseRecord::default();
            assert!(record.judge(&report(Outcome::Cancelled)).is_none());
            assert!(record.standing.is_none(), "it is unknown");
            assert!(record.judge(&report(outcome)).is_some());
            let (up, since, last_pass) =
                (outcome == Outcome::Pass, record.standing.unwrap().since, record.last_pass);
            assert_eq!((record.standing.unwrap().up, last_pass.is_some()), (up, up));
            assert!(record.judge(&report(Outcome::Cancelled)).is_none());
            let standing = record.standing.unwrap();
            assert_eq!(
                (standing.up, standing.since, record.last_pass),
                (up, since, last_pass),
                "{outcome:?}"
            );
        }
    }

    #[test]
    fn runs_without_a_verdict_make_a_case_stale_until_there_is_one() {
        let mut record = CaseRecord::default();
        record.judge(&report(Outcome::Pass));
        record.judge(&report(Outcome::Cancelled));
        record.skip(SkipReason::Missed, false);
        assert!(!record.is_stale());
        record.skip(SkipReason::Overlap, false);
        record.skip(SkipReason::Paused, false);
        record.skip(SkipReason::Missed, true);
        assert!(!record.is_stale(), "the host has not failed to judge");
        record.skip(SkipReason::Capacity, false);
        assert!(record.is_stale());
        for outcome in [Outcome::Pass, Outcome::Fail, Outcome::Timeout, Outcome::Error] {
            for _ in 0..CaseRecord::STALE_AFTER {
                record.judge(&report(Outcome::Cancelled));
            }
            assert!(record.is_stale());
            record.judge(&report(outcome));
            assert!(!record.is_stale(), "{outcome:?} is a verdict");
        }
    }
}

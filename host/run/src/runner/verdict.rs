//! Determines the outcome of an attempt.

use std::time::Duration;

use orbital_guest::GuestError;
use orbital_model::describe::short;
use orbital_model::{Cause, Outcome, Step, StepKind};

/// If the host does not run for this long, its peers may have given up. A busy machine causes much shorter
/// interruptions.
const STANDSTILL: Duration = Duration::from_secs(1);

/// The way in which an attempt ended.
pub(super) enum AttemptEnd {
    /// The test returned; the error comes from the test itself.
    Returned(Result<(), String>),
    /// The test crashed, or was ended by the host.
    Broke(GuestError),
    /// The test timed out.
    TimedOut,
    /// The host is stopping.
    ShutDown,
    /// The component was replaced or removed, and the grace time has ended.
    Retired,
}

/// Problems during an attempt that the system under test did not cause.
pub(super) struct Circumstances {
    /// The causes that are certain.
    pub(super) causes: Vec<Cause>,
    /// The longest uninterrupted time in which the host did not run.
    pub(super) longest_gap: Duration,
    /// The total time in which the host did not run. Deadlines were extended by it.
    pub(super) lost: Duration,
    /// The timeout of the case.
    pub(super) time_limit: Duration,
}

impl Circumstances {
    /// Returns whether the host may be the reason why an attempt ended in this way. After a second without an answer, a
    /// peer may have given up. A test that measures time itself may fail after a shorter gap; the threshold depends on
    /// the test, of which only the timeout is known.
    fn excuse(&self, outcome: Outcome) -> bool {
        match outcome {
            Outcome::Timeout => self.longest_gap >= STANDSTILL,
            Outcome::Fail => self.longest_gap >= STANDSTILL.min(self.time_limit / 4),
            Outcome::Pass | Outcome::Error | Outcome::Cancelled => false,
        }
    }
}

/// Returns the outcome and its reasons; the first reason is that of the outcome. Precedence: a shutdown cancels; an
/// exceeded budget is an error; a known cause outside the system under test makes an attempt that did not pass an
/// error; if the host did not run for too long, an attempt that did not pass is cancelled, as the reason is unknown; a
/// test that called `fail` has failed, however it ended afterwards.
pub(super) fn judge(
    end: AttemptEnd,
    failures: Vec<String>,
    late: Option<String>,
    circumstances: Circumstances,
) -> (Outcome, Vec<String>) {
    let (outcome, mut messages) = judge_ending(end, failures, late);
    if matches!(outcome, Outcome::Pass | Outcome::Cancelled) {
        return (outcome, messages);
    }
    if !circumstances.causes.is_empty() {
        messages.splice(0..0, circumstances.causes.iter().map(Cause::to_string));
        return (Outcome::Error, messages);
    }
    if circumstances.excuse(outcome) {
        let reason = format!(
            "the host did not run for {} during this attempt (suspended, or starved of CPU), so the result is not \
             counted",
            short(circumstances.longest_gap)
        );
        messages.insert(0, reason);
        return (Outcome::Cancelled, messages);
    }
    // Any busy machine loses less time than this.
    if outcome == Outcome::Timeout && circumstances.lost >= circumstances.time_limit / 10 {
        messages.push(format!(
            "the host did not run for {} during this attempt (suspended, or starved of CPU); the timeout was extended \
             by that time",
            short(circumstances.lost)
        ));
    }
    (outcome, messages)
}

fn judge_ending(end: AttemptEnd, failures: Vec<String>, late: Option<String>) -> (Outcome, Vec<String>) {
    let said_no = !failures.is_empty();
    let mut messages = failures;
    let outcome = match end {
        AttemptEnd::ShutDown => {
            let reason = "the host was stopped, and the grace time for runs in flight ran out";
            messages.insert(0, reason.to_owned());
            return (Outcome::Cancelled, messages);
        }
        AttemptEnd::Retired => {
            let reason =
                "the component was replaced or removed, and the grace time for runs in flight ran out";
            messages.insert(0, reason.to_owned());
            return (Outcome::Cancelled, messages);
        }
        AttemptEnd::Returned(Ok(())) if !said_no => return (Outcome::Pass, messages),
        AttemptEnd::Returned(Ok(())) => Outcome::Fail,
        AttemptEnd::Returned(Err(reason)) => {
            messages.push(reason);
            Outcome::Fail
        }
        // A language without exceptions ends a test in this way after it has given its reason.
        AttemptEnd::Broke(guest_error) if guest_error.is_exit && said_no => Outcome::Fail,
        AttemptEnd::Broke(guest_error) => {
            messages.push(guest_error.to_string());
            // This decides even if the test reported a failure before.
            if guest_error.breach.is_some() {
                return (Outcome::Error, messages);
            }
            Outcome::Error
        }
        AttemptEnd::TimedOut => {
            messages.extend(late);
            Outcome::Timeout
        }
    };
    (if said_no { Outcome::Fail } else { outcome }, messages)
}

/// Returns the reason why the last request had no answer, unless a message contains it: client libraries drop it.
pub(super) fn unanswered(steps: &[Step], messages: &[String]) -> Option<String> {
    let last = steps.iter().rev().find(|step| matches!(step.what, StepKind::Send { .. }))?;
    let StepKind::Send { error: Some(error), .. } = &last.what else { return None };
    let is_known = messages.iter().any(|message| message.contains(error));
    (!is_known).then(|| format!("the last request: {}", last.text()))
}

#[cfg(test)]
mod tests {
    use orbital_model::{Budget, BudgetBreach};

    use super::*;

    fn broke(breach: Option<BudgetBreach>) -> AttemptEnd {
        AttemptEnd::Broke(GuestError {
            reason: "trap".to_owned(),
            frames: Vec::new(),
            breach,
            is_exit: false,
        })
    }

    fn breach() -> Option<BudgetBreach> {
        Some(BudgetBreach { budget: Budget::Memory, limit: 1, asked: 2 })
    }

    /// Returns circumstances without any problem outside the system under test, for a case with a timeout of 30 s.
    fn quiet() -> Circumstances {
        let none = Duration::ZERO;
        Circumstances {
            causes: Vec::new(),
            longest_gap: none,
            lost: none,
            time_limit: Duration::from_secs(30),
        }
    }

    #[test]
    fn outcomes_have_a_precedence() {
        let no = || vec!["no".to_owned()];
        let outcome = |end, failures| judge(end, failures, Some("late".to_owned()), quiet()).0;
        assert_eq!(outcome(AttemptEnd::Returned(Ok(())), Vec::new()), Outcome::Pass);
        assert_eq!(outcome(AttemptEnd::Returned(Ok(())), no()), Outcome::Fail);
        assert_eq!(outcome(AttemptEnd::Returned(Err("no".to_owned())), Vec::new()), Outcome::Fail);
        assert_eq!(outcome(broke(None), Vec::new()), Outcome::Error);
        assert_eq!(outcome(broke(None), no()), Outcome::Fail);
        assert_eq!(outcome(broke(breach()), no()), Outcome::Error);
        assert_eq!(outcome(AttemptEnd::TimedOut, Vec::new()), Outcome::Timeout);
        assert_eq!(outcome(AttemptEnd::TimedOut, no()), Outcome::Fail);
        assert_eq!(outcome(AttemptEnd::ShutDown, no()), Outcome::Cancelled);
        assert_eq!(outcome(AttemptEnd::Retired, no()), Outcome::Cancelled);
    }

    #[test]
    fn no_case_is_blamed_for_time_that_nobody_had() {
        let outcome = |end| {
            let longest_gap = Duration::from_secs(60);
            judge(end, Vec::new(), None, Circumstances { longest_gap, ..quiet() }).0
        };
        assert_eq!(outcome(AttemptEnd::TimedOut), Outcome::Cancelled);
        assert_eq!(outcome(AttemptEnd::Returned(Err("no answer".to_owned()))), Outcome::Cancelled);
        assert_eq!(outcome(AttemptEnd::Returned(Ok(()))), Outcome::Pass);
        assert_eq!(outcome(broke(None)), Outcome::Error);
    }

    #[test]
    fn a_known_cause_outside_the_system_makes_what_did_not_pass_an_error() {
        let causes = || vec![Cause::operator("no target"), Cause::host("no descriptor")];
        for longest_gap in [Duration::ZERO, Duration::from_secs(60)] {
            let circumstances = || Circumstances { causes: causes(), longest_gap, ..quiet() };
            let judged = |end| judge(end, vec!["no".to_owned()], None, circumstances());
            for end in [
                AttemptEnd::TimedOut,
                AttemptEnd::Returned(Ok(())),
                AttemptEnd::Returned(Err("no".to_owned())),
                broke(None),
                broke(breach()),
            ] {
                let (outcome, messages) = judged(end);
                assert_eq!(outcome, Outcome::Error);
                assert!(messages[0].ends_with("configuration, not in the system under test: no target"));
                assert!(messages[1].ends_with("of the system under test: no descriptor"));
                assert_eq!(messages[2], "no");
            }
            assert_eq!(judged(AttemptEnd::ShutDown).0, Outcome::Cancelled);
            let (outcome, messages) = judge(AttemptEnd::Returned(Ok(())), Vec::new(), None, circumstances());
            assert_eq!((outcome, messages.len()), (Outcome::Pass, 0));
        }
    }

    #[test]
    fn a_short_standstill_is_no_excuse_for_a_long_timeout() {
        let judged = |end, milliseconds, time_limit| {
            let gap = Duration::from_millis(milliseconds);
            let circumstances = Circumstances { longest_gap: gap, lost: gap, time_limit, ..quiet() };
            judge(end, Vec::new(), None, circumstances)
        };
        let (long, brief) = (Duration::from_secs(30), Duration::from_millis(400));
        let fail = || AttemptEnd::Returned(Err("too slow".to_owned()));
        for (gap, limit) in [(150, long), (999, long), (800, brief)] {
            let (outcome, messages) = judged(AttemptEnd::TimedOut, gap, limit);
            assert_eq!(outcome, Outcome::Timeout, "the timeout was extended");
            let says_so = messages.iter().any(|message| message.contains("was extended by that time"));
            assert_eq!(says_so, limit == brief, "{messages:?}");
        }
        assert_eq!(judged(AttemptEnd::TimedOut, 1000, brief).0, Outcome::Cancelled);
        assert_eq!(judged(fail(), 800, brief).0, Outcome::Cancelled);
        assert_eq!(judged(fail(), 99, brief).0, Outcome::Fail);
        assert_eq!(judged(fail(), 999, long).0, Outcome::Fail);
        assert_eq!(judged(fail(), 1000, long).0, Outcome::Cancelled);
    }

    #[test]
    fn a_cancelled_attempt_says_first_why_it_was_cancelled() {
        let circumstances = || Circumstances { longest_gap: Duration::from_secs(2), ..quiet() };
        for (end, failures, reason) in [
            (AttemptEnd::TimedOut, vec![], "the host did not run for 2.00s"),
            (AttemptEnd::ShutDown, vec!["no".to_owned()], "the host was stopped"),
            (AttemptEnd::Retired, vec!["no".to_owned()], "the component was replaced"),
        ] {
            let late = matches!(end, AttemptEnd::TimedOut).then(|| "no".to_owned());
            let (outcome, messages) = judge(end, failures, late, circumstances());
            assert_eq!(outcome, Outcome::Cancelled);
            assert!(messages[0].starts_with(reason), "{messages:?}");
            assert_eq!(messages[1], "no");
        }
    }

    #[test]
    fn no_reason_is_lost() {
        let (_, messages) =
            judge(AttemptEnd::TimedOut, vec!["first".to_owned()], Some("late".to_owned()), quiet());
        assert_eq!(messages, ["first", "late"]);
        let (_, messages) = judge(broke(None), vec!["first".to_owned()], None, quiet());
        assert_eq!(messages, ["first", "trap"]);
    }

    #[test]
    fn an_exit_is_no_reason_where_there_is_one() {
        let exit = || {
            let reason = "the test called `exit(1)`; it must return instead".to_owned();
            AttemptEnd::Broke(GuestError { reason, frames: Vec::new(), breach: None, is_exit: true })
        };
        let (outcome, messages) = judge(exit(), vec!["first".to_owned()], None, quiet());
        assert_eq!((outcome, messages), (Outcome::Fail, vec!["first".to_owned()]));
        let (outcome, messages) = judge(exit(), Vec::new(), None, quiet());
        assert_eq!((outcome, messages.len()), (Outcome::Error, 1));
    }
}

//! Turns an order into a report.
//!
//! Invariant: the runner does not depend on metrics, pages or the terminal. `Runner::attempt` handles every way in
//! which an attempt can end.

mod provision;
mod timeout;
mod trouble;
mod verdict;

use std::collections::{HashMap, HashSet};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::SystemTime;

use orbital_client::heartbeat::Heartbeat;
use orbital_guest::{
    Activity, GuestError, GuestState, Meter, Placement, Recorder, Recording, RunClock, RunContext, RunParts,
};
use orbital_listener::{Acceptor, ShortageMark};
use orbital_model::{Attempt, Budget, Cause, Origin, Outcome, Report, StepKind};
use orbital_webhook::waiter::{Lost, Waiter};
use parking_lot::RwLock;
use tokio_util::sync::CancellationToken;

pub use provision::Provision;

use crate::order::{Order, TimedAttempt};
use provision::Numbered;
use timeout::timed_out;
use trouble::Troubles;
use verdict::{AttemptEnd, Circumstances, judge, unanswered};

/// The runner of cases.
pub struct Runner {
    provision: RwLock<Arc<Numbered>>,
    waiter: Arc<Waiter>,
    /// The listener that receives deliveries.
    webhook: Arc<Acceptor>,
    in_flight: AtomicUsize,
    heartbeat: Heartbeat,
    troubles: Troubles,
}

impl Runner {
    /// Creates a runner with no runs in flight.
    pub fn new(provision: Provision, waiter: Arc<Waiter>, webhook: Arc<Acceptor>) -> Self {
        Self {
            provision: RwLock::new(Numbered::new(provision)),
            waiter,
            webhook,
            in_flight: AtomicUsize::new(0),
            heartbeat: Heartbeat::start(),
            troubles: Troubles::default(),
        }
    }

    /// Replaces what attempts get when they start. Attempts in progress are not affected.
    pub fn provide(&self, provision: Provision) {
        *self.provision.write() = Numbered::new(provision);
    }

    fn provision(&self) -> Arc<Numbered> {
        self.provision.read().clone()
    }

    /// Returns the number of runs in flight.
    pub fn in_flight(&self) -> usize {
        self.in_flight.load(Ordering::Relaxed)
    }

    /// Returns how many attempts did not pass because the host lacked a resource.
    pub fn troubled(&self) -> u64 {
        self.troubles.attempts()
    }

    /// Returns what the host lacked, if an attempt did not pass because of it in the last minute.
    pub fn recent_trouble(&self) -> Option<String> {
        self.troubles.recent()
    }

    /// Returns the limits of the host that may have rejected a delivery that an attempt waited for without success.
    fn shortages(
        &self,
        recording: &Recording,
        mark: &ShortageMark,
        lost: &HashMap<Arc<str>, Lost>,
    ) -> Vec<Cause> {
        let waiting = match &recording.activity {
            Activity::Waiting { keys, .. } => Some(keys),
            _ => None,
        };
        let failed = recording.steps.iter().filter_map(|step| match &step.what {
            StepKind::Wait { keys, error: Some(_), .. } => Some(keys),
            _ => None,
        });
        let missed: HashSet<&String> = waiting.into_iter().chain(failed).flatten().collect();
        if missed.is_empty() {
            return Vec::new();
        }
        let short = self.webhook.short_since(mark).into_iter().map(|lack| lack.explain());
        let mut dropped = Lost::default();
        for key in missed {
            dropped += lost.get(key.as_str()).copied().unwrap_or_default();
        }
        let limits = short.chain(dropped.explain());
        let missing = |limit| {
            Cause::host(format!("a delivery that this waited for may have been turned away: {limit}"))
        };
        limits.map(missing).collect()
    }

    /// Runs a case: as many attempts as it allows, until one passes. `stop` ends the run as cancelled.
    pub async fn run(&self, order: &Order, placement: Placement, stop: &CancellationToken) -> Report {
        let _counted = InFlight::new(&self.in_flight);
        let retry = order.case.retry;
        let mut attempts = Vec::new();
        for number in 1..=retry.retries + 1 {
            if number > 1 {
                // If the run is cancelled during the delay, the next attempt ends at once, and says why.
                tokio::select! {
                    () = stop.cancelled() => {}
                    () = order.component.retired.cancelled() => {}
                    () = tokio::time::sleep(retry.delay) => {}
                }
            }
            let attempt = self.attempt(order, number, placement.clone(), stop).await;
            let is_last = matches!(attempt.attempt.outcome, Outcome::Pass | Outcome::Cancelled);
            attempts.push(attempt);
            if is_last {
                break;
            }
        }
        order.report(attempts)
    }

    /// Runs one attempt, in a fresh instance.
    async fn attempt(
        &self,
        order: &Order,
        number: u32,
        placement: Placement,
        stop: &CancellationToken,
    ) -> TimedAttempt {
        let Order { run, component, case, .. } = order;
        let began = std::time::Instant::now();
        let given = self.provision();
        let terms = given.terms(component);
        let Provision { settings, client, .. } = &given.provision;
        let claims = Arc::new(self.waiter.claims(*run, terms.scope.clone()));
        let came_before = claims.began();
        let shortage_mark = self.webhook.shortage_mark();
        let time_limit = case.timeout.min(terms.limits.time(Budget::WallTime));
        let _brisk = self.heartbeat.watch(time_limit);
        let lost_before = self.heartbeat.lost();
        let meter = Meter::new(terms.limits, component.quota.clone(), placement);
        let recorder = Recorder::new(RunClock::start(), meter);
        let session = GuestState::for_run(
            recorder.clone(),
            RunParts {
                context: RunContext {
                    id: *run,
                    case: case.id.clone(),
                    attempt: number,
                    environment: terms.environment.clone(),
                    webhook_url: terms.webhook_url.clone(),
                },
                claims: claims.clone(),
                client: client.clone(),
                config: terms.access.config(settings.config_of(&component.name, case)),
                access: terms.access.clone(),
                series: component.series.clone(),
                timeout: time_limit,
                heartbeat: self.heartbeat.clone(),
                lost_before,
            },
        );

        // Dropping the loser of a `select!` drops the instance, which ends the guest in any state. It is biased, so
        // that an attempt that is already cancelled does not begin.
        let ended_from_outside = async {
            tokio::select! {
                biased;
                () = stop.cancelled() => AttemptEnd::ShutDown,
                () = component.retired.cancelled() => AttemptEnd::Retired,
            }
        };
        let mut ended_from_outside = pin!(ended_from_outside);
        let suite = component.suite();
        let prepared = suite.prepare(session);
        let enter = async {
            // The time for which a run waits to begin is not the test's.
            let place = suite.place().await;
            self.heartbeat.timeout(time_limit, pin!(prepared.enter(place))).await
        };
        let entered = tokio::select! {
            biased;
            end = &mut ended_from_outside => Err(end),
            entered = enter => match entered {
                Some(Ok(entered)) => Ok(entered),
                Some(Err(guest_error)) => Err(AttemptEnd::Broke(guest_error)),
                None => Err(AttemptEnd::TimedOut),
            },
        };
        // The time of a test is counted from the moment at which it is entered.
        let (started, clock) = (SystemTime::now(), RunClock::start());
        let end = match entered {
            Err(end) => end,
            Ok(entered) => {
                let running = pin!(entered.run(case.id.case()));
                tokio::select! {
                    biased;
                    end = ended_from_outside => end,
                    ended = self.heartbeat.timeout(time_limit, running) => match ended {
                        Some(Ok(result)) => AttemptEnd::Returned(result),
                        Some(Err(guest_error)) => AttemptEnd::Broke(guest_error),
                        None => AttemptEnd::TimedOut,
                    },
                }
            }
        };
        let duration = clock.elapsed();

        // The instance was dropped, and with it the other owner of the claims.
        let released = Arc::into_inner(claims).map(|claims| claims.release()).unwrap_or_default();
        for arrived in &released.left {
            recorder.note_delivery(arrived, false);
        }
        let recording = recorder.finish();
        let end = match end {
            AttemptEnd::TimedOut if time_limit < case.timeout => {
                let frames = recorder.last_seen_in(&recording);
                AttemptEnd::Broke(GuestError { frames, ..recorder.out_of_wall_time(case.timeout).into() })
            }
            end => end,
        };
        let late = matches!(end, AttemptEnd::TimedOut).then(|| {
            let meanwhile = |keys: &[String]| self.waiter.since(came_before, &terms.scope, keys);
            timed_out(time_limit, duration, (&recorder, &recording), meanwhile)
        });
        let has_trace = matches!(&end, AttemptEnd::Broke(guest_error) if !guest_error.frames.is_empty());
        let shortages = self.shortages(&recording, &shortage_mark, &released.lost);
        let mut causes = recording.causes;
        causes.extend(shortages);
        let lacked = causes.iter().find(|cause| cause.origin == Origin::Host).map(|cause| cause.what.clone());
        let circumstances = Circumstances {
            causes,
            longest_gap: self.heartbeat.longest_gap(began),
            lost: self.heartbeat.lost().saturating_sub(lost_before),
            time_limit,
        };
        let (outcome, mut messages) = judge(end, recording.failures, late, circumstances);
        if let (Outcome::Error, Some(what)) = (outcome, lacked) {
            self.troubles.note(&what);
        }
        if matches!(outcome, Outcome::Fail | Outcome::Error) {
            messages.extend(unanswered(&recording.steps, &messages));
        }
        let attempt = Attempt {
            started,
            duration,
            outcome,
            messages,
            has_trace,
            timeline: recording.steps,
            omitted: recording.omitted,
            samples: recording.samples,
            usage: recorder.usage(),
        };
        TimedAttempt { entered: clock.started(), attempt }
    }
}

/// Counts a run as long as this value exists, however the run ends.
struct InFlight<'a>(&'a AtomicUsize);

impl<'a> InFlight<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

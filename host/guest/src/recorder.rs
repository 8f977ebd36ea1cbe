//! What a run did and met, step by step.
//!
//! Every call that crosses the boundary of a run is noted here with its answer, and so is every delivery.
//! The timeline, the log and the reasons for a failure are all read from this one record.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use orbital_client::{Progress, Receipt, SendError};
use orbital_model::describe::{deliveries, short};
use orbital_model::{Budget, BudgetBreach, Cause, Happening, LogLevel, LogSource, Sample, Step, Usage};
use tokio::time::Instant;

use crate::clock::RunClock;
use crate::meter::Meter;
use crate::sight::Sight;

/// The longest timeline. A run that does more is cut short in the report, not in what it does.
const MAX_STEPS: usize = 2000;

/// The longest timeline in bytes, but for the log and the reasons for failing, which have a budget: there may be two
/// excerpts of a body in each of a thousand steps.
const MAX_BYTES: usize = 2 << 20;

/// How much of a body is kept in the timeline, in bytes.
const EXCERPT: usize = 1024;

/// Notes the steps of one run. Clones share one record.
#[derive(Clone)]
pub struct Recorder {
    clock: RunClock,
    meter: Meter,
    inner: Arc<Mutex<Inner>>,
}

#[derive(Default)]
struct Inner {
    recording: Recording,
    /// What was written to the two streams and has no line break yet.
    partial: [Vec<u8>; 2],
    /// Whether the run has sent something, or waited for a delivery.
    contacted: bool,
    /// A problem that the test has ignored if it contacts the system under test afterwards.
    until_contact: Option<Cause>,
}

/// The record of a run.
#[derive(Debug, Clone, Default)]
pub struct Recording {
    /// In the order of their ends.
    pub steps: Vec<Step>,
    /// Steps that did not fit.
    pub omitted: usize,
    /// What the steps take, but for those of the log.
    bytes: usize,
    /// What the test gave as reasons for failing.
    pub failures: Vec<String>,
    /// Values for metrics.
    pub samples: Vec<Sample>,
    /// Problems that the system under test did not cause: the first of each origin.
    pub causes: Vec<Cause>,
    /// What the run is doing.
    pub activity: Activity,
}

/// What a run is doing right now: what it was doing if its time ran out.
#[derive(Debug, Clone)]
pub enum Activity {
    /// Its own code.
    Computing {
        /// Where it was seen last, if it does so for a while.
        seen: Option<Sight>,
    },
    /// `sleep`.
    Sleeping {
        /// How long it wants to.
        duration: Duration,
        /// When it began, since the start of the attempt.
        since: Duration,
    },
    /// A request to a target.
    Sending {
        /// Which.
        target: String,
        /// The method.
        method: String,
        /// The path behind the target's URL.
        path: String,
        /// When it began, since the start of the attempt.
        since: Duration,
        /// How far it has come.
        progress: Progress,
    },
    /// Waiting for deliveries.
    Waiting {
        /// For any of these keys.
        keys: Vec<String>,
        /// For so many.
        n: u32,
        /// When it began, since the start of the attempt.
        since: Duration,
    },
}

impl Default for Activity {
    fn default() -> Self {
        Self::Computing { seen: None }
    }
}

impl Activity {
    /// The step that has no end, if the attempt ends now.
    fn cut_short(&self, now: Duration) -> Option<Step> {
        let (since, what) = match self {
            Self::Computing { .. } => return None,
            Self::Sleeping { duration, since } => {
                (*since, Happening::CutShort { call: format!("sleep of {}", short(*duration)) })
            }
            Self::Waiting { keys, n, since, .. } => {
                (*since, Happening::CutShort { call: format!("wait for {}", deliveries(*n, keys)) })
            }
            // A send like any other, so that a target that hangs shows where sends are counted.
            Self::Sending { target, method, path, since, .. } => {
                let send = Happening::Send {
                    target: target.clone(),
                    method: method.clone(),
                    path: path.clone(),
                    key: None,
                    body: String::new(),
                    status: None,
                    phases: None,
                    answer: None,
                    error: Some("none had come when the attempt ended".to_owned()),
                };
                (*since, send)
            }
        };
        Some(Step { at: since, took: Some(now.saturating_sub(since)), what })
    }
}

impl Recorder {
    /// A record that begins with this clock.
    pub fn new(clock: RunClock, meter: Meter) -> Self {
        Self { clock, meter, inner: Arc::default() }
    }

    /// What the run used.
    pub fn usage(&self) -> Usage {
        self.meter.usage()
    }

    /// Notes that a case whose timeout is longer ran into the limit of all.
    pub fn out_of_wall_time(&self, wanted: Duration) -> BudgetBreach {
        let (budget, asked) = (Budget::WallTime, wanted.as_millis() as u64);
        let limit = self.meter.limits().of(budget);
        self.meter.breach(BudgetBreach { budget, limit, asked })
    }

    /// What counts what the run uses.
    pub(super) fn meter(&self) -> &Meter {
        &self.meter
    }

    /// The run's clock.
    pub fn clock(&self) -> RunClock {
        self.clock
    }

    /// Notes what the run is about to do; gives the moment to call [`Recorder::leave`] with.
    pub fn enter(&self, activity: Activity) -> Instant {
        let mut inner = self.lock();
        if matches!(activity, Activity::Sending { .. } | Activity::Waiting { .. }) {
            (inner.contacted, inner.until_contact) = (true, None);
        }
        inner.recording.activity = activity;
        Instant::now()
    }

    /// Notes what became of it. If the run ends in between, this is never called, and the activity stays.
    pub fn leave(&self, entered: Instant, what: Happening) {
        self.note_since(entered, what);
        self.compute();
    }

    /// Notes that the run goes on with its own code.
    pub fn compute(&self) {
        self.lock().recording.activity = Activity::default();
    }

    /// Notes where it was seen while it computed.
    pub(super) fn see(&self, sight: Sight) {
        self.lock().recording.activity = Activity::Computing { seen: Some(sight) };
    }

    /// The functions that it was in when it was seen last while it computed, innermost first, each with its place if that is
    /// known. Finding these out is on the run's account.
    pub fn last_seen_in(&self, recording: &Recording) -> Vec<String> {
        let Activity::Computing { seen: Some(sight) } = &recording.activity else { return Vec::new() };
        self.meter.bill(|| sight.frames())
    }

    /// Notes what began then and ends now.
    pub fn note_since(&self, began: Instant, what: Happening) {
        let step = self.step(began, Some(began.elapsed()), what);
        self.lock().recording.push(step);
    }

    /// Notes what is done at once.
    pub fn note(&self, what: Happening) {
        let step = self.step(Instant::now(), None, what);
        self.lock().recording.push(step);
    }

    /// Notes what happened at another moment, such as a delivery that was received.
    pub fn note_at(&self, at: Instant, what: Happening) {
        let step = self.step(at, None, what);
        self.lock().recording.push(step);
    }

    /// Notes a reason for failing.
    pub fn fail(&self, message: String) -> Result<(), BudgetBreach> {
        self.charge(message.len())?;
        self.note(Happening::Fail { message: message.clone() });
        self.lock().recording.failures.push(message);
        Ok(())
    }

    /// Notes a problem that the system under test did not cause. Of several with one origin, the first counts.
    pub fn blame(&self, cause: Cause) {
        self.lock().recording.blame(cause);
    }

    /// Notes a problem that a test may ignore. It counts unless the run contacts the system under test afterwards.
    pub(super) fn blame_until_contact(&self, cause: Cause) {
        self.lock().until_contact.get_or_insert(cause);
    }

    /// Whether the run has sent something, or waited for a delivery.
    pub(super) fn has_contacted(&self) -> bool {
        self.lock().contacted
    }

    /// Keeps a value for a metric.
    pub fn sample(&self, sample: Sample) {
        self.lock().recording.samples.push(sample);
    }

    /// Notes a line of the log.
    pub fn log(
        &self,
        level: LogLevel,
        source: LogSource,
        message: String,
        fields: Vec<(String, String)>,
    ) -> Result<(), BudgetBreach> {
        // As it is shown, with a space and a `=` for each field: those that say nothing take room, too.
        let fields_size = fields.iter().map(|(name, value)| name.len() + value.len() + 2).sum::<usize>();
        let size = message.len() + fields_size;
        self.charge(size)?;
        self.note(Happening::Log { level, source, message, fields });
        Ok(())
    }

    /// Takes what a guest wrote to one of its streams and notes the lines that are complete.
    pub(super) fn write(&self, source: LogSource, bytes: &[u8]) -> Result<(), BudgetBreach> {
        self.meter.charge(Budget::LogBytes, bytes.len())?;
        let mut rest = bytes;
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            let mut line = std::mem::take(self.lock().partial(source));
            line.extend_from_slice(&rest[..end]);
            rest = &rest[end + 1..];
            self.meter.charge(Budget::LogLines, 1)?;
            self.note(Happening::Log {
                level: LogLevel::Info,
                source,
                message: text(&line),
                fields: Vec::new(),
            });
        }
        self.lock().partial(source).extend_from_slice(rest);
        Ok(())
    }

    /// Ends the record: what was written without a line break at its end becomes a line.
    pub fn finish(&self) -> Recording {
        for source in [LogSource::Stdout, LogSource::Stderr] {
            let line = std::mem::take(self.lock().partial(source));
            if !line.is_empty() {
                // It was counted when it was written.
                self.note(Happening::Log {
                    level: LogLevel::Info,
                    source,
                    message: text(&line),
                    fields: Vec::new(),
                });
            }
        }
        let (mut recording, cause) = {
            let mut inner = self.lock();
            (std::mem::take(&mut inner.recording), inner.until_contact.take())
        };
        if let Some(cause) = cause {
            recording.blame(cause);
        }
        if let Some(cut_short) = recording.activity.cut_short(self.clock.elapsed()) {
            recording.push(cut_short);
        }
        recording.steps.sort_by_key(|step| step.at);
        recording
    }

    fn charge(&self, bytes: usize) -> Result<(), BudgetBreach> {
        self.meter.charge(Budget::LogLines, 1)?;
        self.meter.charge(Budget::LogBytes, bytes)
    }

    fn step(&self, at: Instant, took: Option<Duration>, what: Happening) -> Step {
        Step { at: at.saturating_duration_since(self.clock.started()), took, what }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // A record that misses a line is better than none.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn partial(&mut self, source: LogSource) -> &mut Vec<u8> {
        &mut self.partial[usize::from(source == LogSource::Stderr)]
    }
}

impl Recording {
    fn blame(&mut self, cause: Cause) {
        if !self.causes.iter().any(|known| known.origin == cause.origin) {
            self.causes.push(cause);
        }
    }

    fn push(&mut self, step: Step) {
        let bytes = self.bytes.saturating_add(step.what.size());
        if self.steps.len() < MAX_STEPS && bytes <= MAX_BYTES {
            self.bytes = bytes;
            self.steps.push(step);
        } else {
            self.omitted += 1;
        }
    }
}

/// Returns the step of a request that was answered or failed.
pub(crate) fn answered(
    [target, method, path]: [String; 3],
    key: Option<String>,
    body: String,
    answer: &Result<Receipt, SendError>,
) -> Happening {
    let receipt = answer.as_ref().ok();
    Happening::Send {
        target,
        method,
        path,
        key,
        body,
        status: receipt.map(|receipt| receipt.status),
        phases: receipt.map(|receipt| receipt.phases),
        answer: receipt.map(|receipt| excerpt(&receipt.body)),
        error: answer.as_ref().err().map(SendError::to_string),
    }
}

/// The beginning of a body, for people.
pub(super) fn excerpt(body: &[u8]) -> String {
    match body.get(..EXCERPT) {
        Some(beginning) if body.len() > EXCERPT => {
            format!("{}… ({} bytes)", text(beginning), body.len())
        }
        _ => text(body),
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(what: Happening) -> Step {
        Step { at: Duration::ZERO, took: None, what }
    }

    #[test]
    fn a_timeline_is_bounded_in_steps_and_in_bytes() {
        let mut recording = Recording::default();
        for _ in 0..MAX_STEPS + 10 {
            recording.push(step(Happening::Sleep { duration_ms: 1 }));
        }
        assert_eq!((recording.steps.len(), recording.omitted), (MAX_STEPS, 10));

        let mut recording = Recording::default();
        let wait =
            || Happening::Wait { keys: vec!["x".repeat(256); 1024], n: 1, timeout_ms: None, error: None };
        for _ in 0..10 {
            recording.push(step(wait()));
        }
        assert_eq!((recording.steps.len(), recording.omitted), (MAX_BYTES >> 18, 10 - (MAX_BYTES >> 18)));
        // The log has a budget, and what is small may still fit.
        let message = "x".repeat(MAX_BYTES);
        recording.push(step(Happening::Log {
            level: LogLevel::Info,
            source: LogSource::Log,
            message,
            fields: Vec::new(),
        }));
        assert_eq!(recording.steps.len(), (MAX_BYTES >> 18) + 1);
    }
}

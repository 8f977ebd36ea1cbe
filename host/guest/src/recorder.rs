//! Records what a run does, and what happens to it, step by step.
//!
//! Every call that crosses the boundary of a run is recorded here with its result, and so is every delivery. The
//! timeline, the log and the reasons for a failure are all read from this one record.

use std::sync::Arc;
use std::time::Duration;

use orbital_client::{Receipt, SendError};
use orbital_model::text::lossy;
use orbital_model::{Budget, BudgetBreach, Cause, LogLevel, LogSource, Sample, Step, StepKind, Usage};
use parking_lot::{Mutex, MutexGuard};
use tokio::time::Instant;

use crate::activity::Activity;
use crate::clock::RunClock;
use crate::meter::Meter;
use crate::stack_sample::StackSample;

/// The most steps of a timeline. Further steps are omitted from the report; the run itself continues.
const MAX_STEPS: usize = 2000;

/// The most bytes of a timeline, without the log and the reasons for failing, which have a budget. There may be two
/// excerpts of a body in each of a thousand steps.
const MAX_BYTES: usize = 2 << 20;

/// The most bytes of a body that are kept in the timeline.
const EXCERPT: usize = 1024;

/// Records the steps of one run. Clones share one record.
#[derive(Clone)]
pub struct Recorder {
    clock: RunClock,
    meter: Meter,
    inner: Arc<Mutex<Inner>>,
}

#[derive(Default)]
struct Inner {
    recording: Recording,
    /// Output on the two streams that has no line break yet.
    partial: [Vec<u8>; 2],
    /// Whether the run has sent something, or waited for a delivery.
    contacted: bool,
    /// A problem that counts as ignored by the test if the test contacts the system under test afterwards.
    until_contact: Option<Cause>,
}

/// The record of a run.
#[derive(Debug, Clone, Default)]
pub struct Recording {
    /// The steps, in the order of their ends; after [`Recorder::finish`], in the order of their beginnings.
    pub steps: Vec<Step>,
    /// The number of steps that did not fit.
    pub omitted: usize,
    /// The size of the steps in bytes, without those of the log.
    bytes: usize,
    /// The reasons for failing that the test gave.
    pub failures: Vec<String>,
    /// The values recorded for metrics.
    pub samples: Vec<Sample>,
    /// Problems that the system under test did not cause: the first of each origin.
    pub causes: Vec<Cause>,
    /// The current activity of the run.
    pub activity: Activity,
}

impl Recorder {
    /// Returns a record that begins with this clock.
    pub fn new(clock: RunClock, meter: Meter) -> Self {
        Self { clock, meter, inner: Arc::default() }
    }

    /// Returns the resource usage of the run.
    pub fn usage(&self) -> Usage {
        self.meter.usage()
    }

    /// Records that a case with a longer timeout reached the limit `wall_time`, which applies to all cases.
    pub fn out_of_wall_time(&self, wanted: Duration) -> BudgetBreach {
        let (budget, asked) = (Budget::WallTime, wanted.as_millis() as u64);
        let limit = self.meter.limits().of(budget);
        self.meter.breach(BudgetBreach { budget, limit, asked })
    }

    /// Returns the meter that counts the run's resource usage.
    pub(super) fn meter(&self) -> &Meter {
        &self.meter
    }

    /// Returns the run's clock.
    pub fn clock(&self) -> RunClock {
        self.clock
    }

    /// Records what the run is about to do. Returns the moment to call [`Recorder::leave`] with.
    pub fn enter(&self, activity: Activity) -> Instant {
        let mut inner = self.lock();
        if matches!(activity, Activity::Sending { .. } | Activity::Waiting { .. }) {
            (inner.contacted, inner.until_contact) = (true, None);
        }
        inner.recording.activity = activity;
        Instant::now()
    }

    /// Records the result of an activity. If the run ends in between, this is never called, and the activity stays.
    pub fn leave(&self, entered: Instant, what: StepKind) {
        self.note_since(entered, what);
        self.compute();
    }

    /// Records that the run continues with its own code.
    pub fn compute(&self) {
        self.lock().recording.activity = Activity::default();
    }

    /// Records where the guest was seen while it computed.
    pub(super) fn see(&self, stack_sample: StackSample) {
        self.lock().recording.activity = Activity::Computing { seen: Some(stack_sample) };
    }

    /// Returns the functions that the guest was in when it was seen last while it computed, innermost first, each
    /// with its place if that is known. The time for finding these counts as the run's.
    pub fn last_seen_in(&self, recording: &Recording) -> Vec<String> {
        let Activity::Computing { seen: Some(stack_sample) } = &recording.activity else { return Vec::new() };
        self.meter.bill(|| stack_sample.frames())
    }

    /// Records a step that began at `began` and ends now.
    pub fn note_since(&self, began: Instant, what: StepKind) {
        let step = self.step(began, Some(began.elapsed()), what);
        self.lock().recording.push(step);
    }

    /// Records a step without a duration.
    pub fn note(&self, what: StepKind) {
        let step = self.step(Instant::now(), None, what);
        self.lock().recording.push(step);
    }

    /// Records a step that happened at another moment, such as a delivery that was received.
    pub fn note_at(&self, at: Instant, what: StepKind) {
        let step = self.step(at, None, what);
        self.lock().recording.push(step);
    }

    /// Records a reason for failing.
    pub fn fail(&self, message: String) -> Result<(), BudgetBreach> {
        self.charge(message.len())?;
        self.note(StepKind::Fail { message: message.clone() });
        self.lock().recording.failures.push(message);
        Ok(())
    }

    /// Records a problem that the system under test did not cause. Of several with the same
    /// origin, the first one counts.
    pub fn blame(&self, cause: Cause) {
        self.lock().recording.blame(cause);
    }

    /// Records a problem that a test may ignore. It counts unless the run contacts the system under test afterwards.
    pub(super) fn blame_until_contact(&self, cause: Cause) {
        self.lock().until_contact.get_or_insert(cause);
    }

    /// Returns whether the run has sent something, or waited for a delivery.
    pub(super) fn has_contacted(&self) -> bool {
        self.lock().contacted
    }

    /// Records a value for a metric.
    pub fn sample(&self, sample: Sample) {
        self.lock().recording.samples.push(sample);
    }

    /// Records a line of the log.
    pub fn log(
        &self,
        level: LogLevel,
        source: LogSource,
        message: String,
        fields: Vec<(String, String)>,
    ) -> Result<(), BudgetBreach> {
        // The size of the line as it is shown, with a space and a `=` for each field: empty fields take space, too.
        let fields_size = fields.iter().map(|(name, value)| name.len() + value.len() + 2).sum::<usize>();
        let size = message.len() + fields_size;
        self.charge(size)?;
        self.note(StepKind::Log { level, source, message, fields });
        Ok(())
    }

    /// Accepts the bytes that a guest wrote to one of its streams, and records the lines that are complete.
    pub(super) fn write(&self, source: LogSource, bytes: &[u8]) -> Result<(), BudgetBreach> {
        self.meter.charge(Budget::LogBytes, bytes.len())?;
        let mut rest = bytes;
        while !rest.is_empty() {
            let end = rest.iter().position(|byte| *byte == b'\n');
            let piece;
            (piece, rest) = rest.split_at(end.unwrap_or(rest.len()));
            rest = rest.get(1..).unwrap_or_default();
            let mut line = std::mem::take(self.lock().partial(source));
            if line.is_empty() {
                self.meter.charge(Budget::LogLines, 1)?;
            }
            line.extend_from_slice(piece);
            match end {
                Some(_) => self.note_line(source, &line),
                None => *self.lock().partial(source) = line,
            }
        }
        Ok(())
    }

    /// Ends the record and returns it. Output without a line break at its end becomes a line.
    pub fn finish(&self) -> Recording {
        for source in [LogSource::Stdout, LogSource::Stderr] {
            let line = std::mem::take(self.lock().partial(source));
            if !line.is_empty() {
                self.note_line(source, &line);
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

    /// Notes a line of output, which was charged when it began.
    fn note_line(&self, source: LogSource, line: &[u8]) {
        let (level, fields) = (LogLevel::Info, Vec::new());
        self.note(StepKind::Log { level, source, message: lossy(line).into_owned(), fields });
    }

    fn step(&self, at: Instant, took: Option<Duration>, what: StepKind) -> Step {
        Step { at: at.saturating_duration_since(self.clock.started()), took, what }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // A record that lacks a line is better than none.
        self.inner.lock()
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
) -> StepKind {
    let receipt = answer.as_ref().ok();
    StepKind::Send {
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

/// Returns the beginning of a body, for people.
pub(super) fn excerpt(body: &[u8]) -> String {
    match body.get(..EXCERPT) {
        Some(beginning) if body.len() > EXCERPT => {
            format!("{}… ({} bytes)", lossy(beginning), body.len())
        }
        _ => lossy(body).into_owned(),
    }
}

#[cfg(test)]
mod tests;

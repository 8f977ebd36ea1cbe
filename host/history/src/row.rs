//! The summary of a run.

use std::time::{Duration, SystemTime};

use orbital_model::{CaseId, Outcome, Report, StepKind, Trigger};
use rusqlite::{Row, types::Type};
use uuid::Uuid;

/// The summary of a run that ended, as shown in lists.
#[derive(Debug, Clone, PartialEq)]
pub struct RunRow {
    /// The id of the run.
    pub run: Uuid,
    /// The case.
    pub case: CaseId,
    /// The version of the component: the SHA-256 digest of its file.
    pub digest: String,
    /// Why the run was started.
    pub trigger: Trigger,
    /// When the guest was started, to the millisecond.
    pub started: SystemTime,
    /// The time from the start to the end, to the microsecond.
    pub duration: Duration,
    /// The outcome of the run.
    pub outcome: Outcome,
    /// Whether the run passed after an attempt that did not.
    pub flaky: bool,
    /// The number of attempts.
    pub attempts: usize,
    /// The first line of the reason, if the run did not pass.
    pub message: Option<String>,
    /// The time from the event to the slowest delivery.
    pub latency: Option<Duration>,
}

/// The columns that [`RunRow::read`] reads.
pub(super) const COLUMNS: &str = "runs.id, cases.component, cases.name, versions.digest, runs.trigger, \
     runs.started, runs.duration, runs.outcome, runs.flaky, runs.attempts, runs.message, runs.latency";

impl RunRow {
    /// Creates the row of a report, with the precision of the database.
    pub fn of(report: &Report) -> Self {
        Self {
            run: report.run,
            case: report.case.clone(),
            digest: report.digest.clone(),
            trigger: report.trigger,
            started: moment(millis(report.started)),
            duration: Duration::from_micros(micros(report.duration)),
            outcome: report.outcome,
            flaky: report.flaky,
            attempts: report.attempts.len(),
            message: report.headline(),
            latency: Self::latencies(report).max().map(micros).map(Duration::from_micros),
        }
    }

    /// Returns the latencies of all deliveries, as the metrics count them.
    pub(super) fn latencies(report: &Report) -> impl Iterator<Item = Duration> {
        report.steps().filter_map(|step| match &step.what {
            StepKind::Delivery { latency, .. } => *latency,
            _ => None,
        })
    }

    pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            run: id(row, 0)?,
            case: case_id(row, 1)?,
            digest: row.get(3)?,
            trigger: known(row, 4, trigger_of)?,
            started: moment(row.get(5)?),
            duration: Duration::from_micros(row.get(6)?),
            outcome: known(row, 7, outcome_of)?,
            flaky: row.get(8)?,
            attempts: row.get(9)?,
            message: row.get(10)?,
            latency: row.get::<_, Option<u64>>(11)?.map(Duration::from_micros),
        })
    }
}

/// Reads a case's id from two columns, the first of which is this one.
pub(super) fn case_id(row: &Row<'_>, column: usize) -> rusqlite::Result<CaseId> {
    let text = |column| row.get_ref(column).and_then(|value| value.as_str().map_err(Into::into));
    Ok(CaseId::new(text(column)?, text(column + 1)?))
}

/// Reads a run's id from a column.
pub(super) fn id(row: &Row<'_>, column: usize) -> rusqlite::Result<Uuid> {
    row.get(column).map(Uuid::from_bytes)
}

/// Reads an outcome from a column.
pub(super) fn outcome(row: &Row<'_>, column: usize) -> rusqlite::Result<Outcome> {
    known(row, column, outcome_of)
}

/// Returns a time as it is stored: milliseconds since the Unix epoch.
pub(super) fn millis(time: SystemTime) -> i64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// Returns a duration as it is stored: in microseconds.
pub(super) fn micros(duration: Duration) -> u64 {
    // Limited to the largest signed number, because larger ones cannot be stored.
    u64::try_from(duration.as_micros()).map_or(i64::MAX as u64, |micros| micros.min(i64::MAX as u64))
}

/// Returns the time that was stored in this form.
pub(super) fn moment(millis: i64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(u64::try_from(millis).unwrap_or_default())
}

// The codes of outcomes and triggers in the database. They must never be changed.

pub(super) fn code_of(outcome: Outcome) -> i64 {
    match outcome {
        Outcome::Pass => 0,
        Outcome::Fail => 1,
        Outcome::Timeout => 2,
        Outcome::Error => 3,
        Outcome::Cancelled => 4,
    }
}

fn outcome_of(code: i64) -> Option<Outcome> {
    Outcome::ALL.into_iter().find(|outcome| code_of(*outcome) == code)
}

pub(super) fn trigger_code_of(trigger: Trigger) -> i64 {
    match trigger {
        Trigger::Schedule => 0,
        Trigger::Deploy => 1,
        Trigger::Request => 2,
    }
}

fn trigger_of(code: i64) -> Option<Trigger> {
    [Trigger::Schedule, Trigger::Deploy, Trigger::Request]
        .into_iter()
        .find(|trigger| trigger_code_of(*trigger) == code)
}

fn known<T>(row: &Row<'_>, column: usize, of: impl FnOnce(i64) -> Option<T>) -> rusqlite::Result<T> {
    let code = row.get(column)?;
    of(code).ok_or_else(|| {
        let unknown = format!("{code} stands for nothing").into();
        rusqlite::Error::FromSqlConversionFailure(column, Type::Integer, unknown)
    })
}

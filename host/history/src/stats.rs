//! Statistics of the runs in a window of time.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, SystemTime};

use orbital_model::{CaseId, Report, Window};
use rusqlite::{Connection, OptionalExtension as _, params};

use crate::query::cases;
use crate::recent::Changes;
use crate::rollup::{DAY, HOUR, MINUTE, MINUTES_KEPT, Rollup, beginning, parts};
use crate::row::{millis, moment};

/// A step of a series, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step(i64);

/// All available steps.
const STEPS: [i64; 12] = [
    MINUTE,
    2 * MINUTE,
    5 * MINUTE,
    10 * MINUTE,
    15 * MINUTE,
    30 * MINUTE,
    HOUR,
    2 * HOUR,
    3 * HOUR,
    6 * HOUR,
    12 * HOUR,
    DAY,
];

/// The maximum number of points in a series whose step is chosen automatically.
const SOME_POINTS: i64 = 300;

/// The maximum number of points in a series.
const MOST_POINTS: i64 = 1500;

/// Statistics of the runs of all cases in a window.
#[derive(Debug, Clone)]
pub struct Stats {
    /// The start of the window; runs that started before it are not counted.
    pub from: SystemTime,
    /// The end of the window.
    pub to: SystemTime,
    /// The statistics by the case's id. Cases without runs are missing.
    pub cases: BTreeMap<CaseId, Rollup>,
}

/// Statistics of the runs of one case over time.
#[derive(Debug, Clone)]
pub struct Series {
    /// The start of the window; runs that started before it are not counted.
    pub from: SystemTime,
    /// The length of time of each point.
    pub step: Duration,
    /// The points in the order of time, without gaps; the last one is still in progress.
    pub points: Vec<Point>,
}

/// Statistics of the runs of a case that started within one step.
#[derive(Debug, Clone)]
pub struct Point {
    /// When the step begins.
    pub at: SystemTime,
    /// The statistics of the runs.
    pub runs: Rollup,
}

impl Stats {
    /// Creates statistics without runs, for a window that ends now.
    pub fn new(window: Window, now: SystemTime) -> Self {
        let from = moment(beginning(millis(now) / 1000, window.length()) * 1000);
        Self { from, to: now, cases: BTreeMap::new() }
    }

    /// Counts a run, if it started within the window.
    pub fn add(&mut self, report: &Report) {
        if report.started >= self.from {
            self.cases.entry(report.case.clone()).or_default().add(report);
        }
    }
}

impl Series {
    /// Creates a series without runs, for a window that ends now.
    pub fn new(window: Window, step: Step, now: SystemTime) -> Self {
        let now = millis(now) / 1000;
        let from = beginning(now, window.length());
        let first = from - from.rem_euclid(step.0);
        let point = |at| Point { at: moment(at * 1000), runs: Rollup::default() };
        let points = (first..=now).step_by(step.0 as usize).map(point).collect();
        Self { from: moment(from * 1000), step: Duration::from_secs(step.0 as u64), points }
    }

    /// Counts a run, if it started within the window.
    pub fn add(&mut self, report: &Report) {
        let Some(first) = self.points.first().filter(|_| report.started >= self.from) else { return };
        let since = report.started.duration_since(first.at).unwrap_or_default();
        let index = (since.as_secs() / self.step.as_secs()) as usize;
        if let Some(point) = self.points.get_mut(index) {
            point.runs.add(report);
        }
    }
}

/// Returns the statistics of the wanted cases.
pub(super) fn stats(
    connection: &Connection,
    window: Window,
    now: SystemTime,
    wanted: impl Fn(&CaseId) -> bool,
) -> rusqlite::Result<Stats> {
    let mut stats = Stats::new(window, now);
    let names: HashMap<i64, CaseId> = cases(connection, wanted)?.into_iter().collect();
    let mut sums: HashMap<i64, Rollup> = HashMap::new();
    let mut part = connection.prepare_cached(
        "SELECT case_id, counts FROM rollups WHERE span = ?1 AND start >= ?2 AND start < ?3",
    )?;
    for (span, starts) in parts(millis(stats.from) / 1000) {
        let mut rows = part.query([span, starts.start, starts.end])?;
        while let Some(row) = rows.next()? {
            let case: i64 = row.get(0)?;
            if !names.contains_key(&case) {
                continue;
            }
            // Rollups that cannot be read are not counted.
            if let Some(rollup) = row.get_ref(1)?.as_blob().ok().and_then(Rollup::decode) {
                sums.entry(case).or_default().merge(&rollup);
            }
        }
    }
    let first = millis(stats.from) / 1000;
    for (minute, case, rollup) in Changes::read(connection)?.counts() {
        if minute >= first && names.contains_key(&case) {
            sums.entry(case).or_default().merge(rollup);
        }
    }
    stats.cases = sums.into_iter().filter_map(|(case, sum)| Some((names.get(&case)?.clone(), sum))).collect();
    Ok(stats)
}

/// Returns the steps that are available for a window, the shortest first.
fn steps(window: Window) -> impl Iterator<Item = i64> {
    let length = window.length().as_secs() as i64;
    let least = if length > MINUTES_KEPT - HOUR { HOUR } else { MINUTE };
    STEPS.into_iter().filter(move |step| *step >= least && length / step <= MOST_POINTS)
}

impl Step {
    /// Returns the step of a series: the requested one, or one that makes a few hundred points.
    ///
    /// # Errors
    /// If the step is not available for the window; the message lists the available ones.
    pub fn new(window: Window, wanted: Option<Duration>) -> Result<Self, String> {
        let length = window.length().as_secs() as i64;
        let Some(wanted) = wanted else {
            let enough = |step: &i64| length / step <= SOME_POINTS;
            return Ok(Self(steps(window).find(enough).unwrap_or(DAY)));
        };
        let same = |step: &i64| Duration::from_secs(*step as u64) == wanted;
        steps(window).find(same).map(Self).ok_or_else(|| {
            let all = steps(window)
                .map(|step| humantime::format_duration(Duration::from_secs(step as u64)).to_string());
            format!("a step in this window is one of `{}`", all.collect::<Vec<_>>().join("`, `"))
        })
    }
}

/// Returns the series of one case; it has no runs if the case never ran.
pub(super) fn series(
    connection: &Connection,
    case: &CaseId,
    window: Window,
    step: Step,
    now: SystemTime,
) -> rusqlite::Result<Series> {
    let mut series = Series::new(window, step, now);
    let from = millis(series.from) / 1000;
    let span = [DAY, HOUR, MINUTE].into_iter().find(|span| step.0 % span == 0).unwrap_or(MINUTE);
    let case: Option<i64> = connection
        .prepare_cached("SELECT id FROM cases WHERE component = ?1 AND name = ?2")?
        .query_row([case.component(), case.case()], |row| row.get(0))
        .optional()?;
    let mut one = connection
        .prepare_cached("SELECT counts FROM rollups WHERE span = ?1 AND start = ?2 AND case_id = ?3")?;
    let begin = from - from.rem_euclid(span);
    for point in &mut series.points {
        let at = millis(point.at) / 1000;
        for start in (at.max(begin)..at + step.0).step_by(span as usize) {
            let counts: Option<Vec<u8>> =
                one.query_row(params![span, start, case], |row| row.get(0)).optional()?;
            if let Some(rollup) = counts.and_then(|counts| Rollup::decode(&counts)) {
                point.runs.merge(&rollup);
            }
        }
    }
    let first = series.points.first().map_or(0, |point| millis(point.at) / 1000);
    for (minute, recent, rollup) in Changes::read(connection)?.counts() {
        if minute >= begin.max(first) && Some(recent) == case {
            // It is not negative.
            let index = (minute - first) / step.0;
            if let Some(point) = series.points.get_mut(index as usize) {
                point.runs.merge(rollup);
            }
        }
    }
    Ok(series)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::report_at;

    #[test]
    fn only_runs_within_the_window_are_counted() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_030);
        let window: Window = "1h".parse().unwrap();
        let (mut stats, step) = (Stats::new(window, now), Step::new(window, None).unwrap());
        let mut series = Series::new(window, step, now);
        assert_eq!(stats.from, series.from);
        let second = Duration::from_secs(1);
        for started in [stats.from - 3600 * second, stats.from - second, stats.from, now] {
            let report = report_at("a/x", 1, started);
            stats.add(&report);
            series.add(&report);
        }
        assert_eq!(stats.cases["a/x"].total(), 2);
        assert_eq!(series.points.iter().map(|point| point.runs.total()).sum::<u32>(), 2);
    }

    #[test]
    fn a_step_suits_its_window() {
        let step_of = |window: &str| Step::new(window.parse().unwrap(), None).unwrap().0;
        assert_eq!(["15m", "1h", "6h", "24h", "7d", "30d"].map(step_of), [60, 60, 120, 300, 3600, 10800]);
        let minute = Some(Duration::from_secs(60));
        assert_eq!(Step::new(Window::DAY, minute), Ok(Step(60)));
        let refused = Step::new("7d".parse().unwrap(), minute).unwrap_err();
        assert!(refused.contains("one of `1h`, `2h`"), "{refused}");
        assert!(Step::new(Window::DAY, Some(Duration::from_secs(90))).is_err());
    }
}

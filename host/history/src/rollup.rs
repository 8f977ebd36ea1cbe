//! Statistics of the runs of a case in a minute, an hour or a day, which make it unnecessary to read each run.

use std::time::Duration;

use orbital_model::{Outcome, Report};
use serde::{Deserialize, Serialize};

use crate::histogram::Histogram;
use crate::row::{RunRow, code_of};

/// The spans of time by which runs are counted, in seconds: a minute, an hour, a day (in UTC).
pub(super) const SPANS: [i64; 3] = [MINUTE, HOUR, DAY];
pub(super) const MINUTE: i64 = 60;
pub(super) const HOUR: i64 = 3600;
pub(super) const DAY: i64 = 24 * HOUR;

/// How far back rollups by minute are kept, in seconds; older runs are counted only by hours and days.
pub(super) const MINUTES_KEPT: i64 = 25 * HOUR;

/// Statistics of the runs of a case that started within one span of time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rollup {
    /// The numbers of runs by outcome, in the order of their codes.
    runs: [u32; 5],
    flaky: u32,
    /// The times from sending an event to receiving its delivery, for all deliveries, as the metrics count them.
    pub latency: Histogram,
    /// The times from start to end, for runs that were not cancelled.
    pub duration: Histogram,
}

impl Rollup {
    /// Counts one more run.
    pub(super) fn add(&mut self, report: &Report) {
        self.runs[code_of(report.outcome) as usize] += 1;
        self.flaky += u32::from(report.flaky);
        if report.outcome != Outcome::Cancelled {
            self.duration.observe(report.duration);
        }
        for latency in RunRow::latencies(report) {
            self.latency.observe(latency);
        }
    }

    /// Adds the runs of another rollup.
    pub fn merge(&mut self, other: &Self) {
        for (sum, runs) in self.runs.iter_mut().zip(other.runs) {
            *sum += runs;
        }
        self.flaky += other.flaky;
        self.latency.merge(&other.latency);
        self.duration.merge(&other.duration);
    }

    /// Returns the number of runs with this outcome.
    pub fn runs(&self, outcome: Outcome) -> u32 {
        self.runs[code_of(outcome) as usize]
    }

    /// Returns the number of runs that passed after an attempt that did not; they are included in those that passed.
    pub fn flaky(&self) -> u32 {
        self.flaky
    }

    /// Returns the number of all runs.
    pub fn total(&self) -> u32 {
        self.runs.iter().sum()
    }

    /// Returns the ratio of passed runs, without cancelled ones; nothing if there are no runs.
    pub fn pass_ratio(&self) -> Option<f64> {
        let judged = self.total() - self.runs(Outcome::Cancelled);
        (judged > 0).then(|| f64::from(self.runs(Outcome::Pass)) / f64::from(judged))
    }

    /// Returns the stored form. A different form needs a new version of the schema.
    pub(super) fn encode(&self) -> Vec<u8> {
        // A rollup has no values that cannot be serialised.
        postcard::to_allocvec(self).unwrap_or_default()
    }

    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        postcard::from_bytes(bytes).ok()
    }
}

/// Returns the parts of a period that starts at `from`, each with a span and the range of its starts. `from` must be
/// the start of a minute; the last part has no end.
pub(super) fn parts(from: i64) -> [(i64, std::ops::Range<i64>); 3] {
    let next = |span: i64| from + (-from).rem_euclid(span);
    [(MINUTE, from..next(HOUR)), (HOUR, next(HOUR)..next(DAY)), (DAY, next(DAY)..i64::MAX)]
}

/// Returns the start of a window of this length that ends now: at a full minute, or at a full hour if the window is
/// longer than minutes are kept.
pub(super) fn beginning(now: i64, window: Duration) -> i64 {
    let window = i64::try_from(window.as_secs()).unwrap_or(i64::MAX);
    let from = now.saturating_sub(window);
    if window > MINUTES_KEPT - HOUR { from - from.rem_euclid(HOUR) } else { from - from.rem_euclid(MINUTE) }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::tests::report;

    proptest! {
        /// The sum of minutes, hours and days has exactly the runs that began in the period.
        #[test]
        fn the_parts_of_a_stretch_have_each_run_once(
            starts in vec(0i64..3 * DAY, 0..200),
            now in 2 * DAY..3 * DAY,
            window in 1u64..60 * 3600,
        ) {
            let mut rollups: BTreeMap<(i64, i64), Rollup> = BTreeMap::new();
            for start in &starts {
                for span in SPANS {
                    rollups.entry((span, start - start % span)).or_default().add(&report("a/x", 0));
                }
            }
            let from = beginning(now, Duration::from_secs(window));
            let mut sum = Rollup::default();
            for (span, starts) in parts(from) {
                for (_, rollup) in rollups.range((span, starts.start)..(span, starts.end)) {
                    sum.merge(&Rollup::decode(&rollup.encode()).unwrap());
                }
            }
            let expected = starts.iter().filter(|start| **start >= from).count();
            prop_assert_eq!(sum.runs(Outcome::Pass) as usize, expected);
            prop_assert!(from <= now - window as i64);
            let coarse = if window > 24 * 3600 { HOUR } else { MINUTE };
            prop_assert!(now - window as i64 - from < coarse);
        }
    }

    #[test]
    fn a_minute_takes_few_bytes() {
        let mut rollup = Rollup::default();
        (0..60).for_each(|number| rollup.add(&report("a/x", number)));
        assert!(rollup.encode().len() < 40, "{}", rollup.encode().len());
    }
}

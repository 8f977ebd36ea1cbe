//! What is known of the runs of a case in a minute, an hour or a day, without looking at each.

use std::time::Duration;

use orbital_model::{Outcome, Report};
use serde::{Deserialize, Serialize};

use crate::histogram::Histogram;
use crate::row::{RunRow, code_of};

/// The spans of time that runs are counted by, in seconds: a minute, an hour, a day (of UTC).
pub(super) const SPANS: [i64; 3] = [MINUTE, HOUR, DAY];
pub(super) const MINUTE: i64 = 60;
pub(super) const HOUR: i64 = 3600;
pub(super) const DAY: i64 = 24 * HOUR;

/// How far back there are minutes; what is older is counted by hours and days alone.
pub(super) const MINUTES_KEPT: i64 = 25 * HOUR;

/// What runs of a case come to that were started within one span of time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rollup {
    /// By outcome, in the order of their codes.
    runs: [u32; 5],
    flaky: u32,
    /// From sending an event to receiving its delivery: of all deliveries, as the metrics count them.
    pub latency: Histogram,
    /// From the start to the end, of runs that were not cancelled.
    pub duration: Histogram,
}

impl Rollup {
    /// Counts one run more.
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

    /// Counts the runs of another one, too.
    pub fn merge(&mut self, other: &Self) {
        for (sum, runs) in self.runs.iter_mut().zip(other.runs) {
            *sum += runs;
        }
        self.flaky += other.flaky;
        self.latency.merge(&other.latency);
        self.duration.merge(&other.duration);
    }

    /// How many ended so.
    pub fn runs(&self, outcome: Outcome) -> u32 {
        self.runs[code_of(outcome) as usize]
    }

    /// How many passed after an attempt that did not; they are among those that passed.
    pub fn flaky(&self) -> u32 {
        self.flaky
    }

    /// All runs.
    pub fn total(&self) -> u32 {
        self.runs.iter().sum()
    }

    /// The part of the runs that passed, cancelled ones left out; none if there are none.
    pub fn pass_ratio(&self) -> Option<f64> {
        let judged = self.total() - self.runs(Outcome::Cancelled);
        (judged > 0).then(|| f64::from(self.runs(Outcome::Pass)) / f64::from(judged))
    }

    /// As it is stored. Another form is another version of the schema.
    pub(super) fn encode(&self) -> Vec<u8> {
        // There is nothing in it that could not be written.
        postcard::to_allocvec(self).unwrap_or_default()
    }

    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        postcard::from_bytes(bytes).ok()
    }
}

/// The parts that a stretch of time is put together from, each a span and its starts: `from` must be the start of a
/// minute; the last part has no end.
pub(super) fn parts(from: i64) -> [(i64, std::ops::Range<i64>); 3] {
    let next = |span: i64| from + (-from).rem_euclid(span);
    [(MINUTE, from..next(HOUR)), (HOUR, next(HOUR)..next(DAY)), (DAY, next(DAY)..i64::MAX)]
}

/// When a window of this length begins that ends now: at a minute, or at an hour if it is longer than there are minutes.
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
        /// Counted by minutes, hours and days, a stretch of time has the runs that began in it.
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

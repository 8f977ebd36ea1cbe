//! A histogram of durations.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::row::micros;

/// The number of buckets for each doubling. The error of a quantile is at most 4.5 %, a sixteenth of a doubling.
const PER_DOUBLING: f64 = 8.0;

/// The numbers of durations by size.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Histogram {
    /// The buckets that are not empty, in order.
    counts: Vec<(u16, u32)>,
    /// The longest duration, in microseconds.
    longest: u64,
}

/// Quantiles of durations. Their error is at most 4.5 %, except for the maximum, which is exact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quantiles {
    /// The duration that half of the durations do not exceed.
    pub p50: Duration,
    /// The duration that 95 % of the durations do not exceed.
    pub p95: Duration,
    /// The duration that 99 % of the durations do not exceed.
    pub p99: Duration,
    /// The longest duration.
    pub max: Duration,
}

impl Histogram {
    pub fn observe(&mut self, duration: Duration) {
        let micros = micros(duration);
        self.add(bucket(micros), 1);
        self.longest = self.longest.max(micros);
    }

    pub(super) fn merge(&mut self, other: &Self) {
        for (bucket, count) in &other.counts {
            self.add(*bucket, *count);
        }
        self.longest = self.longest.max(other.longest);
    }

    /// Returns the duration that this part of the durations does not exceed; nothing if the histogram is empty.
    pub fn quantile(&self, part: f64) -> Option<Duration> {
        let rank = (part * self.count() as f64).ceil().max(1.0) as u64;
        let mut below = 0;
        let (bucket, _) = self.counts.iter().find(|(_, count)| {
            below += u64::from(*count);
            below >= rank
        })?;
        Some(Duration::from_micros(middle(*bucket).min(self.longest)))
    }

    pub(super) fn longest(&self) -> Option<Duration> {
        (!self.counts.is_empty()).then_some(Duration::from_micros(self.longest))
    }

    /// Returns the quantiles; nothing if the histogram is empty.
    pub fn quantiles(&self) -> Option<Quantiles> {
        Some(Quantiles {
            p50: self.quantile(0.5)?,
            p95: self.quantile(0.95)?,
            p99: self.quantile(0.99)?,
            max: self.longest()?,
        })
    }

    /// Returns the numbers of durations by bucket: each is longer than the bound of the previous bucket, and not longer
    /// than the bound given here.
    pub fn buckets(&self) -> impl ExactSizeIterator<Item = (Duration, u32)> {
        let bound = |bucket: u16| (f64::from(bucket + 1) / PER_DOUBLING).exp2();
        self.counts.iter().map(move |(bucket, count)| (Duration::from_secs_f64(bound(*bucket) / 1e6), *count))
    }

    /// Returns the number of durations.
    pub fn count(&self) -> u64 {
        self.counts.iter().map(|(_, count)| u64::from(*count)).sum()
    }

    fn add(&mut self, bucket: u16, count: u32) {
        match self.counts.binary_search_by_key(&bucket, |(bucket, _)| *bucket) {
            Ok(at) => self.counts[at].1 = self.counts[at].1.saturating_add(count),
            Err(at) => self.counts.insert(at, (bucket, count)),
        }
    }
}

fn bucket(micros: u64) -> u16 {
    ((micros.max(1) as f64).log2() * PER_DOUBLING) as u16
}

fn middle(bucket: u16) -> u64 {
    ((f64::from(bucket) + 0.5) / PER_DOUBLING).exp2().round() as u64
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn quantiles_are_near_the_true_ones_however_it_is_split(
            mut micros in vec(100u64..10_000_000_000, 1..300),
            split in 0usize..300,
            part in 0.01f64..1.0,
        ) {
            let (mut first, mut second) = (Histogram::default(), Histogram::default());
            for (index, micros) in micros.iter().enumerate() {
                let histogram = if index < split { &mut first } else { &mut second };
                histogram.observe(Duration::from_micros(*micros));
            }
            first.merge(&second);
            micros.sort_unstable();
            let rank = (part * micros.len() as f64).ceil().max(1.0) as usize;
            let exact = micros[rank - 1] as f64;
            let found = first.quantile(part).unwrap().as_micros() as f64;
            prop_assert!((found / exact - 1.0).abs() < 0.05, "{found} for {exact}");
            prop_assert_eq!(first.longest().unwrap().as_micros(), u128::from(*micros.last().unwrap()));
            let mut below = Duration::ZERO;
            for (bound, count) in first.buckets() {
                let bound = bound + Duration::from_nanos(500);
                let within = |micros: &&u64| (below..bound).contains(&Duration::from_micros(**micros));
                prop_assert_eq!(micros.iter().filter(within).count(), count as usize);
                below = bound;
            }
        }
    }

    #[test]
    fn of_nothing_there_is_no_quantile() {
        let mut histogram = Histogram::default();
        assert_eq!((histogram.quantile(0.5), histogram.longest()), (None, None));
        histogram.observe(Duration::ZERO);
        assert_eq!(histogram.quantile(0.99), Some(Duration::ZERO));
    }
}

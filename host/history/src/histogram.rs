//! Durations, counted by size.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::row::micros;

/// Buckets for each doubling. A quantile is off by a sixteenth of a doubling at most, which is 4.5 %.
const PER_DOUBLING: f64 = 8.0;

/// How many durations there were of which size.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Histogram {
    /// Buckets that have something in them, in their order.
    counts: Vec<(u16, u32)>,
    /// The longest, in microseconds.
    longest: u64,
}

/// Of many durations. Off by 4.5 % at most, but for the longest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quantiles {
    /// Half of them are at most this.
    pub p50: Duration,
    /// 95 % are.
    pub p95: Duration,
    /// 99 % are.
    pub p99: Duration,
    /// The longest.
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

    /// The longest of the shortest so many; none if there are none at all.
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

    /// None of nothing.
    pub fn quantiles(&self) -> Option<Quantiles> {
        Some(Quantiles {
            p50: self.quantile(0.5)?,
            p95: self.quantile(0.95)?,
            p99: self.quantile(0.99)?,
            max: self.longest()?,
        })
    }

    /// How many durations there are that are longer than the bound before, and as long as this at most.
    pub fn buckets(&self) -> impl ExactSizeIterator<Item = (Duration, u32)> {
        let bound = |bucket: u16| (f64::from(bucket + 1) / PER_DOUBLING).exp2();
        self.counts.iter().map(move |(bucket, count)| (Duration::from_secs_f64(bound(*bucket) / 1e6), *count))
    }

    /// How many there are.
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

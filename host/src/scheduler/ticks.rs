//! The times at which one case is due.

use std::time::Duration;

use sha2::{Digest as _, Sha256};

/// Multiples of a period since the Unix epoch, moved by an offset. In nanoseconds since then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ticks {
    period: u128,
    offset: u128,
}

impl Ticks {
    /// Of a case. The offset depends on its id alone, so that every replica computes the same.
    pub fn new(case_id: &str, period: Duration) -> Self {
        let digest = Sha256::digest(case_id.as_bytes());
        let hash = digest.iter().take(8).fold(0_u128, |hash, byte| hash << 8 | u128::from(*byte));
        let period = period.as_nanos().max(1);
        Self { period, offset: hash % period }
    }

    /// The first tick after a moment.
    pub fn after(&self, now: Duration) -> Duration {
        let now = now.as_nanos();
        // In periods since the offset; a moment before the first offset has the offset itself as its next.
        let next = match now.checked_sub(self.offset) {
            Some(since) => self.offset + (since / self.period + 1) * self.period,
            None => self.offset,
        };
        nanoseconds(next)
    }

    /// How many ticks lie after the first moment, up to and with the second, and the last of them.
    pub fn between(&self, first: Duration, last: Duration) -> (u64, Duration) {
        let (first, last) = (first.as_nanos(), last.as_nanos());
        let index = |moment: u128| moment.checked_sub(self.offset).map_or(0, |since| since / self.period + 1);
        let count = index(last).saturating_sub(index(first));
        let tick = self.offset + index(last).saturating_sub(1) * self.period;
        (u64::try_from(count).unwrap_or(u64::MAX), nanoseconds(tick))
    }
}

fn nanoseconds(count: u128) -> Duration {
    const SECOND: u128 = 1_000_000_000;
    // Below a second, so it fits.
    let below = u32::try_from(count % SECOND).unwrap_or_default();
    Duration::new(u64::try_from(count / SECOND).unwrap_or(u64::MAX), below)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Ticks are one period apart, and counting them agrees with walking them.
        #[test]
        fn counting_agrees_with_walking(
            period_ms in 1_u64..100_000,
            start in 0_u64..4_000_000_000_000,
            id in "[a-z]{1,8}",
        ) {
            let ticks = Ticks::new(&id, Duration::from_millis(period_ms));
            let start = Duration::from_millis(start);
            let first = ticks.after(start);
            prop_assert!(first > start);
            let mut tick = first;
            for _ in 0..5 {
                let next = ticks.after(tick);
                prop_assert_eq!(next - tick, Duration::from_millis(period_ms));
                tick = next;
            }
            prop_assert_eq!(ticks.between(start, tick), (6, tick));
            prop_assert_eq!(ticks.between(start, tick - Duration::from_nanos(1)).0, 5);
            prop_assert_eq!(ticks.between(first, first).0, 0);
        }
    }

    #[test]
    fn cases_of_one_period_are_spread_over_it() {
        let period = Duration::from_secs(60);
        let now = Duration::from_secs(1_000_000);
        let mut quarters = [0; 4];
        for index in 0..400 {
            let wait = Ticks::new(&format!("component/{index}"), period).after(now) - now;
            quarters[(wait.as_secs_f64() / 15.0).min(3.0) as usize] += 1;
        }
        assert!(quarters.iter().all(|count| (60..140).contains(count)), "{quarters:?}");
    }
}

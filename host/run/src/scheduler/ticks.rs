//! The times at which a case is due.

use std::time::Duration;

use orbital_model::{Cron, Schedule};
use sha2::{Digest as _, Sha256};

/// The maximum number of times of a cron expression that are counted as missed: more than a month of minutes.
const MOST_MISSED: u64 = 50_000;

/// The times at which a case is due, since the Unix epoch.
#[derive(Debug, Clone)]
pub enum Ticks {
    /// Multiples of a period, shifted by an offset. Both are in nanoseconds.
    Every {
        /// The time between two ticks.
        period: u128,
        /// The offset, which is less than a period.
        offset: u128,
    },
    /// The exact times of a cron expression.
    Cron(Cron),
}

impl Ticks {
    /// Returns the ticks of a case, or `None` if it never runs by itself. The offset of a period depends only on the
    /// case's id, so that every replica computes the same one.
    pub fn of(case_id: &str, schedule: &Schedule) -> Option<Self> {
        match schedule {
            Schedule::Every(period) => {
                let digest = Sha256::digest(case_id.as_bytes());
                let hash = digest.iter().take(8).fold(0_u128, |hash, byte| hash << 8 | u128::from(*byte));
                let period = period.as_nanos().max(1);
                Some(Self::Every { period, offset: hash % period })
            }
            Schedule::Cron(cron) => Some(Self::Cron(cron.clone())),
            Schedule::Manual => None,
        }
    }

    /// Returns the first tick after a given time.
    pub fn after(&self, now: Duration) -> Duration {
        match self {
            Self::Every { period, offset } => {
                let now = now.as_nanos();
                // For a time before the first offset, the next tick is the offset itself.
                nanoseconds(match now.checked_sub(*offset) {
                    Some(since) => offset + (since / period + 1) * period,
                    None => *offset,
                })
            }
            // The expression was checked to have a next time when it was read; after its last time, nothing is due.
            Self::Cron(cron) => cron.after(now).unwrap_or(Duration::MAX),
        }
    }

    /// Returns the number of ticks after `first`, up to and including `last`, and the time of the last of them.
    pub fn between(&self, first: Duration, last: Duration) -> (u64, Duration) {
        match self {
            Self::Every { period, offset } => {
                let index = |moment: u128| moment.checked_sub(*offset).map_or(0, |since| since / period + 1);
                let (start, end) = (index(first.as_nanos()), index(last.as_nanos()));
                let tick = offset + end.saturating_sub(1) * period;
                (u64::try_from(end.saturating_sub(start)).unwrap_or(u64::MAX), nanoseconds(tick))
            }
            Self::Cron(_) => {
                let (mut count, mut tick) = (0, first);
                loop {
                    let next = self.after(tick);
                    if next > last || count == MOST_MISSED {
                        return (count, tick);
                    }
                    (count, tick) = (count + 1, next);
                }
            }
        }
    }
}

fn nanoseconds(count: u128) -> Duration {
    const SECOND: u128 = 1_000_000_000;
    // The value is less than a second, so it fits.
    let below = u32::try_from(count % SECOND).unwrap_or_default();
    Duration::new(u64::try_from(count / SECOND).unwrap_or(u64::MAX), below)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Ticks are one period apart, and counting them agrees with stepping through them.
        #[test]
        fn counting_agrees_with_walking(
            period_ms in 1_u64..100_000,
            start in 0_u64..4_000_000_000_000,
            id in "[a-z]{1,8}",
        ) {
            let ticks = Ticks::of(&id, &Schedule::Every(Duration::from_millis(period_ms))).unwrap();
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
    fn a_cron_expression_has_no_offset() {
        let cron = Schedule::Cron(Cron::parse("*/10 * * * *", None).unwrap());
        let ticks = Ticks::of("component/case", &cron).unwrap();
        let hour = Duration::from_secs(3600);
        assert_eq!(ticks.after(hour), hour + Duration::from_secs(600));
        assert_eq!(ticks.between(hour, 2 * hour), (6, 2 * hour));
        assert_eq!(ticks.between(hour, hour), (0, hour));
    }

    #[test]
    fn cases_of_one_period_are_spread_over_it() {
        let period = Duration::from_secs(60);
        let now = Duration::from_secs(1_000_000);
        let mut quarters = [0; 4];
        for index in 0..400 {
            let wait =
                Ticks::of(&format!("component/{index}"), &Schedule::Every(period)).unwrap().after(now) - now;
            quarters[(wait.as_secs_f64() / 15.0).min(3.0) as usize] += 1;
        }
        assert!(quarters.iter().all(|count| (60..140).contains(count)), "{quarters:?}");
    }
}

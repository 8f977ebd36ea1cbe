//! When the machine stalled: it was suspended, or too busy to let a process run.

use std::{
    sync::{Arc, Mutex, Weak},
    thread,
    time::{Duration, Instant, SystemTime},
};

use crate::lock::lock;

/// The time between two looks at the clock.
const BEAT: Duration = Duration::from_millis(50);

/// A pause of this length between two looks is a stall. A process that is not starved is back sooner.
const STALL: Duration = Duration::from_millis(250);

/// How much earlier and later than this process another one may notice a stall.
const SLACK: Duration = Duration::from_secs(1);

/// The stalls since this was made.
pub(crate) struct Stalls(Arc<Mutex<Vec<Stall>>>);

/// From when to when.
type Stall = (SystemTime, SystemTime);

impl Stalls {
    /// Starts a thread that watches the machine until this is dropped.
    pub(crate) fn watch() -> Self {
        let stalls = Arc::new(Mutex::default());
        let watched = Arc::downgrade(&stalls);
        thread::spawn(move || beat(&watched));
        Self(stalls)
    }

    /// Returns whether the machine stalled at any moment of this time.
    pub(crate) fn any_within(&self, from: SystemTime, to: SystemTime) -> bool {
        let stalls = lock(&self.0);
        stalls.iter().any(|(began, ended)| *began <= to + SLACK && *ended + SLACK >= from)
    }

    /// Returns how often the machine stalled, and for how long in all.
    pub(crate) fn sum(&self) -> (usize, Duration) {
        let stalls = lock(&self.0);
        // The clock may have been set in between.
        let length = |(began, ended): &Stall| ended.duration_since(*began).unwrap_or_default();
        (stalls.len(), stalls.iter().map(length).sum())
    }
}

fn beat(stalls: &Weak<Mutex<Vec<Stall>>>) {
    loop {
        let before = Instant::now();
        thread::sleep(BEAT);
        let gap = before.elapsed();
        let Some(stalls) = stalls.upgrade() else { return };
        if gap >= STALL {
            let now = SystemTime::now();
            lock(&stalls).push((now - gap, now));
        }
    }
}

#[cfg(test)]
impl Stalls {
    /// With these stalls, and without a thread.
    pub(super) fn known(stalls: Vec<Stall>) -> Self {
        Self(Arc::new(Mutex::new(stalls)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stall_counts_for_all_that_went_on_meanwhile() {
        let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        let stalls = Stalls::known(vec![(at(100), at(110)), (at(200), at(201))]);
        for (from, to, expected) in
            [(90, 98, false), (90, 100, true), (105, 106, true), (110, 120, true), (120, 190, false)]
        {
            assert_eq!(stalls.any_within(at(from), at(to)), expected, "{from} to {to}");
        }
        assert_eq!(stalls.sum(), (2, Duration::from_secs(11)));
    }
}

//! Time in which the host itself did not run: it was stopped, suspended with its machine, or starved of CPU.
//!
//! A thread wakes up at regular intervals and records by how much it was late. Timeouts of tests are extended by that
//! time, so that a system under test has all the time that the test allows ([`Heartbeat::timeout`]).

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::thread::Thread;
use std::time::{Duration, Instant};

use parking_lot::{Mutex, MutexGuard};
use rustix::time::{ClockId, clock_gettime};

/// The interval between two beats.
const BEAT: Duration = Duration::from_millis(100);

/// The interval while an attempt with a timeout below [`SHORT_TIMEOUT`] is in flight. A standstill between two beats
/// is not detected.
const BRISK_BEAT: Duration = Duration::from_millis(10);

/// The shortest timeout for which a standstill shorter than [`BEAT`] may remain undetected.
const SHORT_TIMEOUT: Duration = Duration::from_secs(2);

/// A beat that is late by less than this counts as being on time: on a machine that is merely busy, a thread may have
/// to wait for a processor that long.
const TOLERANCE: Duration = Duration::from_millis(10);

/// The number of gaps that are remembered. A gap is forgotten early only after this many in a row, each of them
/// shorter than the one before. Then an attempt that began before it gets the length of the next one.
const MOST_GAPS: usize = 1000;

/// Detects when the host does not run. Clones share one thread.
#[derive(Clone)]
pub struct Heartbeat(Arc<Shared>);

struct Shared {
    beats: Mutex<Beats>,
    /// The number of attempts in flight with a short timeout.
    brisk: AtomicUsize,
    /// The thread; not set if the system denied it.
    thread: OnceLock<Thread>,
}

/// A moment on both clocks of the system.
#[derive(Debug, Clone, Copy)]
struct Moment {
    /// The clock that stops while the machine is suspended.
    running: Instant,
    /// How far that clock is behind one that does not stop.
    suspended: Duration,
}

struct Beats {
    last: Moment,
    /// The moment at which the next beat is due.
    due: Instant,
    /// The sum of all delays.
    lost: Duration,
    /// Past gaps. A gap is forgotten at the end of a longer one, so the lengths decrease.
    gaps: VecDeque<Gap>,
}

/// A time in which the host did not run.
#[derive(Debug, Clone, Copy)]
struct Gap {
    end: Instant,
    /// The part in which the clock of timeouts continued.
    delay: Duration,
    /// The part in which the machine was suspended.
    suspended: Duration,
}

impl Gap {
    fn length(&self) -> Duration {
        self.delay + self.suspended
    }

    /// Returns the length of the part after `since`.
    fn length_since(&self, since: Instant) -> Duration {
        match self.end.checked_duration_since(since) {
            Some(after) => self.delay.min(after) + self.suspended,
            None => Duration::ZERO,
        }
    }
}

/// Keeps the beat brisk until it is dropped.
pub struct Brisk(Option<Arc<Shared>>);

impl Heartbeat {
    /// Starts the thread, which ends after the last clone is dropped. If the system denies the
    /// thread, no standstill is detected.
    pub fn start() -> Self {
        let shared = Arc::new(Shared {
            beats: Mutex::new(Beats::new(Moment::now())),
            brisk: AtomicUsize::new(0),
            thread: OnceLock::new(),
        });
        let watched = Arc::downgrade(&shared);
        match std::thread::Builder::new().name("heartbeat".to_owned()).spawn(move || beat(&watched)) {
            Ok(thread) => drop(shared.thread.set(thread.thread().clone())),
            Err(error) => {
                tracing::warn!(%error, "no thread for the heartbeat: a standstill of the host will not be noticed");
            }
        }
        Self(shared)
    }

    /// Returns how long the host has not run since it started, counting only time in which
    /// the clock of timeouts continued.
    pub fn lost(&self) -> Duration {
        self.read(|beats| beats.lost(Instant::now()))
    }

    /// Returns the longest time since `since` in which the host did not run.
    pub fn longest_gap(&self, since: Instant) -> Duration {
        self.read(|beats| beats.longest_gap(since, Moment::now()))
    }

    /// Returns the future's result, or `None` if the host has run for as long as `limit` meanwhile. The future is pinned
    /// by the caller: one that is passed by value would take its size several times.
    pub async fn timeout<T>(&self, limit: Duration, future: Pin<&mut impl Future<Output = T>>) -> Option<T> {
        extended_timeout(limit, future, || self.lost()).await
    }

    /// Records that an attempt with this timeout is in flight, until the returned value is dropped.
    pub fn watch(&self, timeout: Duration) -> Brisk {
        if timeout >= SHORT_TIMEOUT {
            return Brisk(None);
        }
        if self.0.brisk.fetch_add(1, Ordering::Relaxed) == 0
            && let Some(thread) = self.0.thread.get()
        {
            thread.unpark();
        }
        Brisk(Some(self.0.clone()))
    }

    fn read(&self, read: impl FnOnce(&Beats) -> Duration) -> Duration {
        self.0.thread.get().map(|_| read(&self.0.lock())).unwrap_or_default()
    }
}

impl Drop for Brisk {
    fn drop(&mut self) {
        if let Some(shared) = &self.0 {
            shared.brisk.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Beats> {
        self.beats.lock()
    }
}

impl Moment {
    fn now() -> Self {
        let read = |clock| {
            let time = clock_gettime(clock);
            Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec.unsigned_abs() as u32)
        };
        let running = Instant::now();
        let suspended = read(ClockId::Boottime).saturating_sub(read(ClockId::Monotonic));
        Self { running, suspended }
    }
}

impl Beats {
    fn new(now: Moment) -> Self {
        Self { last: now, due: now.running + BEAT, lost: Duration::ZERO, gaps: VecDeque::new() }
    }

    /// Records a beat; the next one is due after `interval`.
    fn beat(&mut self, now: Moment, interval: Duration) {
        self.lost = self.lost(now.running);
        let gap = self.gap(now);
        if gap.length() > Duration::ZERO {
            while self.gaps.back().is_some_and(|shorter| shorter.length() <= gap.length()) {
                self.gaps.pop_back();
            }
            self.gaps.push_back(gap);
            if self.gaps.len() > MOST_GAPS {
                self.gaps.pop_front();
            }
        }
        (self.last, self.due) = (now, now.running + interval);
    }

    fn lost(&self, now: Instant) -> Duration {
        self.lost + self.delay(now)
    }

    /// Returns by how much the next beat is late.
    fn delay(&self, now: Instant) -> Duration {
        let delay = now.saturating_duration_since(self.due);
        if delay < TOLERANCE { Duration::ZERO } else { delay }
    }

    /// Returns the time since the last beat in which the host has not run.
    fn gap(&self, now: Moment) -> Gap {
        let suspended = now.suspended.saturating_sub(self.last.suspended);
        let suspended = if suspended < TOLERANCE { Duration::ZERO } else { suspended };
        Gap { end: now.running, delay: self.delay(now.running), suspended }
    }

    fn longest_gap(&self, since: Instant, now: Moment) -> Duration {
        // A gap may end before the beat that would record it.
        let gaps = self.gaps.iter().copied().chain([self.gap(now)]);
        gaps.map(|gap| gap.length_since(since)).max().unwrap_or_default()
    }
}

fn beat(shared: &Weak<Shared>) {
    while let Some(shared) = shared.upgrade() {
        let interval = if shared.brisk.load(Ordering::Relaxed) > 0 { BRISK_BEAT } else { BEAT };
        shared.lock().beat(Moment::now(), interval);
        drop(shared);
        std::thread::park_timeout(interval);
    }
}

/// Returns the future's result, or `None` once the time that has passed, minus the
/// time lost meanwhile, reaches `limit`.
async fn extended_timeout<T>(
    limit: Duration,
    mut future: Pin<&mut impl Future<Output = T>>,
    lost: impl Fn() -> Duration,
) -> Option<T> {
    // Not counted from the moment at which a timer fires, because that is late after a standstill.
    let (mut deadline, mut known) = (tokio::time::Instant::now() + limit, lost());
    loop {
        if let Ok(result) = tokio::time::timeout_at(deadline, future.as_mut()).await {
            return Some(result);
        }
        let lost = lost();
        if lost <= known {
            return None;
        }
        deadline += lost - known;
        known = lost;
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::pin::pin;

    use super::*;

    fn milliseconds(count: u64) -> Duration {
        Duration::from_millis(count)
    }

    /// Returns beats that are driven by hand, and a function for moments by their milliseconds of
    /// running and of being suspended.
    fn beats() -> (Beats, impl Fn(u64, u64) -> Moment) {
        let start = Instant::now();
        let at = move |running, suspended| Moment {
            running: start + milliseconds(running),
            suspended: milliseconds(suspended),
        };
        (Beats::new(at(0, 0)), at)
    }

    #[test]
    fn a_standstill_counts_while_it_lasts_and_afterwards() {
        let (mut beats, at) = beats();
        assert_eq!(beats.lost(at(109, 0).running), milliseconds(0));
        assert_eq!(beats.lost(at(900, 0).running), milliseconds(800));
        assert_eq!(beats.longest_gap(at(0, 0).running, at(900, 0)), milliseconds(800));
        beats.beat(at(900, 0), BEAT);
        beats.beat(at(1000, 0), BEAT);
        assert_eq!(beats.lost(at(1000, 0).running), milliseconds(800));
        assert_eq!(beats.longest_gap(at(0, 0).running, at(1000, 0)), milliseconds(800));
        assert_eq!(beats.longest_gap(at(950, 0).running, at(1000, 0)), milliseconds(0), "it began later");
        assert_eq!(
            beats.longest_gap(at(700, 0).running, at(1000, 0)),
            milliseconds(200),
            "it began in between"
        );
    }

    #[test]
    fn beats_that_are_a_little_late_lose_nothing() {
        let (mut beats, at) = beats();
        for beat in 1..100 {
            beats.beat(at(beat * 109, 0), BEAT);
        }
        assert_eq!(beats.lost(at(99 * 109, 0).running), milliseconds(0));
    }

    #[test]
    fn a_brisk_beat_sees_short_standstills() {
        let (mut beats, at) = beats();
        // This beat is early, because an attempt asked for it.
        beats.beat(at(20, 0), BRISK_BEAT);
        for round in 0..10 {
            let start = 20 + round * 60;
            beats.beat(at(start + 50, 0), BRISK_BEAT);
            beats.beat(at(start + 60, 0), BRISK_BEAT);
        }
        assert_eq!(beats.lost(at(620, 0).running), milliseconds(10 * 40));
        assert_eq!(beats.longest_gap(at(0, 0).running, at(620, 0)), milliseconds(40));
    }

    #[test]
    fn the_longest_gap_is_that_of_the_time_asked_for() {
        let (mut beats, at) = beats();
        let mut now = 0;
        for gap in [500, 3000, 50, 200] {
            now += 100 + gap;
            beats.beat(at(now, 0), BEAT);
        }
        let longest = |since| beats.longest_gap(at(since, 0).running, at(now, 0)).as_millis();
        // The gaps end at 600, 3700, 3850 and 4150 ms.
        assert_eq!([0, 700, 1700, 3699, 3700, 4050, 4150].map(longest), [3000, 3000, 2000, 200, 200, 100, 0]);
        assert_eq!(beats.gaps.len(), 2, "those that no time can be asked for are forgotten");
    }

    #[test]
    fn the_number_of_gaps_that_are_remembered_is_bounded() {
        let (mut beats, at) = beats();
        let (gaps, mut now) = (2 * MOST_GAPS as u64, 0);
        for shorter in 0..gaps {
            now += 100 + (3 * gaps - shorter);
            beats.beat(at(now, 0), BEAT);
        }
        assert_eq!(beats.gaps.len(), MOST_GAPS);
        let longest = beats.longest_gap(at(0, 0).running, at(now, 0));
        assert_eq!(longest, milliseconds(3 * gaps - MOST_GAPS as u64), "of those that are remembered");
    }

    #[test]
    fn the_suspension_of_the_machine_is_a_gap_that_timeouts_do_not_count() {
        let (mut beats, at) = beats();
        assert_eq!(beats.longest_gap(at(0, 0).running, at(50, 20_000)), milliseconds(20_000));
        beats.beat(at(100, 20_000), BEAT);
        beats.beat(at(200, 20_000), BEAT);
        assert_eq!(beats.longest_gap(at(0, 0).running, at(200, 20_000)), milliseconds(20_000));
        assert_eq!(beats.lost(at(200, 20_000).running), milliseconds(0));
    }

    #[tokio::test(start_paused = true)]
    async fn a_timeout_is_extended_by_the_time_lost_and_by_no_more() {
        let start = tokio::time::Instant::now();
        let lost = Cell::new(milliseconds(5000));
        // Two standstills, one of them within the time that was added.
        let lose = async {
            for (at, loss) in [(300, 200), (700, 50)] {
                tokio::time::sleep_until(start + milliseconds(at)).await;
                lost.set(lost.get() + milliseconds(loss));
            }
            std::future::pending::<()>().await;
        };
        let ended = extended_timeout(milliseconds(600), pin!(lose), || lost.get()).await;
        assert_eq!((ended, start.elapsed()), (None, milliseconds(850)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_timer_that_fires_late_extends_a_timeout_by_no_more() {
        let start = tokio::time::Instant::now();
        let lost = Cell::new(Duration::ZERO);
        let lose = async {
            loop {
                tokio::time::sleep(milliseconds(100)).await;
                lost.set(lost.get() + milliseconds(800));
                tokio::time::advance(milliseconds(800)).await;
            }
        };
        let ended: Option<()> = extended_timeout(milliseconds(350), pin!(lose), || lost.get()).await;
        assert_eq!((ended, start.elapsed()), (None, milliseconds(350 + 3 * 800)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_timeout_without_a_standstill_is_exact() {
        let start = tokio::time::Instant::now();
        let ended =
            extended_timeout(milliseconds(400), pin!(std::future::pending::<()>()), || milliseconds(7)).await;
        assert_eq!((ended, start.elapsed()), (None, milliseconds(400)));
        assert_eq!(extended_timeout(milliseconds(400), pin!(async { 1 }), Duration::default).await, Some(1));
    }
}

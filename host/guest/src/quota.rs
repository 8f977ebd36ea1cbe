//! Resources that the runs of one component share, so that no component takes what the others need.
//!
//! Guests share a few threads. Most compute for less than a millisecond at a time, and serving them in the order of
//! their arrival is fair enough. A component that computes all the time takes turns instead: one of its runs computes
//! at a time, on threads to which the system prefers all others, and of which there are fewer than processors. The
//! idea is that of multilevel feedback queues in operating systems.

use std::cell::Cell;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use orbital_model::{Budget, BudgetBreach};
use orbital_policy::limits::Limits;
use parking_lot::{Mutex, MutexGuard};
use rayon::{ThreadPool, ThreadPoolBuildError, ThreadPoolBuilder};
use rustix::time::{ClockId, clock_gettime};
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::ticker::{Computing, EpochWaker, Expected};

/// The processor time above which a component is busy, in addition to what [`FREE`] allows.
const BURST: Duration = Duration::from_millis(50);

/// The part of one processor that a component may use permanently without being busy: one divided by this number.
const FREE: u32 = 4;

/// The most processor time beyond [`FREE`] that counts against a component. It limits how long a component stays busy
/// because of earlier computations.
const MEMORY: Duration = Duration::from_millis(200);

/// The niceness of threads on which busy components compute. With any niceness, the system immediately
/// prefers the other threads. With the highest one, on a machine where other programs use all processors,
/// such a thread would wait extremely long while it holds something that the others need, such as the lock
/// of the process's address space.
const NICE: i32 = 10;

/// Work that takes no longer than this at once is brief.
pub(super) const BRIEF: Duration = Duration::from_millis(1);

/// The most requests of one component in flight at once. Further ones wait for their turn.
const REQUESTS: usize = 32;

/// The shares of all components.
pub struct ComponentQuotas {
    lanes: Arc<Lanes>,
    /// The memory of all runs in flight, in bytes.
    memory: Arc<AtomicU64>,
    /// The shares by component name. A share outlives the component's versions, and is dropped with its last run.
    quotas: Mutex<HashMap<String, Weak<ComponentQuota>>>,
}

/// The share of one component.
pub struct ComponentQuota {
    lanes: Arc<Lanes>,
    own: Arc<Semaphore>,
    requests: Arc<Semaphore>,
    account: Mutex<Account>,
    /// The memory of the component's runs in flight, in bytes.
    memory: AtomicU64,
    /// The memory of all components' runs in flight, in bytes.
    total_memory: Arc<AtomicU64>,
    /// How many runs without a long computation have to end until new ones no longer begin on the guests' runtime.
    long: AtomicU32,
}

/// The threads on which busy components compute.
struct Lanes {
    threads: ThreadPool,
    /// One permit per thread.
    free: Arc<Semaphore>,
    epoch_waker: EpochWaker,
}

/// The permit to compute on one of the lanes.
pub(super) struct Turn {
    lanes: Arc<Lanes>,
    _lane: OwnedSemaphorePermit,
    _own: OwnedSemaphorePermit,
}

/// A leaky bucket of processor time.
struct Account {
    level: Duration,
    since: Instant,
    is_busy: bool,
}

impl ComponentQuotas {
    /// Returns the shares of guests that run on `threads` threads. `begun` counts when
    /// busy components begin to compute.
    ///
    /// # Errors
    /// The system denies the threads.
    pub fn new(threads: usize, epoch_waker: EpochWaker) -> Result<Self, ThreadPoolBuildError> {
        let lanes = Arc::new(Lanes::new(threads.saturating_sub(1).max(1), epoch_waker)?);
        Ok(Self { lanes, memory: Arc::default(), quotas: Mutex::default() })
    }

    /// Returns the share of the component with this name.
    pub fn of(&self, component: &str) -> Arc<ComponentQuota> {
        let mut quotas = self.quotas.lock();
        if let Some(quota) = quotas.get(component).and_then(Weak::upgrade) {
            return quota;
        }
        let quota = Arc::new(ComponentQuota {
            lanes: self.lanes.clone(),
            own: Arc::new(Semaphore::new(1)),
            requests: Arc::new(Semaphore::new(REQUESTS)),
            account: Mutex::new(Account::new(Instant::now())),
            memory: AtomicU64::new(0),
            total_memory: self.memory.clone(),
            long: AtomicU32::new(0),
        });
        quotas.retain(|_, quota| quota.strong_count() > 0);
        quotas.insert(component.to_owned(), Arc::downgrade(&quota));
        quota
    }
}

impl ComponentQuota {
    /// The number of runs without a long computation after which a component's runs compute among the host's tasks
    /// again. It has cases of both kinds if some of its runs are long.
    pub(super) const REMEMBERED: u32 = 20;

    /// Notes that a guest of the component computes until the returned value is dropped.
    pub(super) fn computing(&self) -> Computing<'_> {
        let is_long = self.long.load(Ordering::Relaxed) > 0;
        self.lanes.epoch_waker.computing(if is_long { Expected::Long } else { Expected::Brief })
    }

    /// Returns whether a new run of the component is likely to compute for long.
    pub(super) fn computes_long(&self) -> bool {
        self.long.load(Ordering::Relaxed) > 0 || self.is_busy()
    }

    /// Notes that a run has ended, and whether it has computed for long.
    pub(super) fn run_ended(&self, is_long: bool) {
        if is_long {
            self.long.store(Self::REMEMBERED, Ordering::Relaxed);
        } else if self.long.load(Ordering::Relaxed) > 0 {
            // Several runs may end at once.
            let fewer = |long: u32| Some(long.saturating_sub(1));
            let _ = self.long.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fewer);
        }
    }

    /// Adds to the memory of the component's runs.
    ///
    /// # Errors
    /// The memory of all runs of the component, or of all runs of the host, exceeds its budget.
    pub(super) fn charge_memory(&self, limits: &Limits, bytes: u64) -> Result<(), BudgetBreach> {
        let counts = [(Budget::ComponentMemory, &self.memory), (Budget::TotalMemory, &*self.total_memory)];
        let asked = counts.map(|(budget, memory)| BudgetBreach {
            budget,
            limit: limits.of(budget),
            asked: memory.fetch_add(bytes, Ordering::Relaxed).saturating_add(bytes),
        });
        match asked.into_iter().find(|asked| asked.asked > asked.limit) {
            None => Ok(()),
            Some(breach) => {
                self.release_memory(bytes);
                Err(breach)
            }
        }
    }

    /// Subtracts from the memory of the component's runs.
    pub(super) fn release_memory(&self, bytes: u64) {
        self.memory.fetch_sub(bytes, Ordering::Relaxed);
        self.total_memory.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// Waits until the component may have one more request in flight, and returns the permit for it.
    pub(super) async fn request(&self) -> Option<OwnedSemaphorePermit> {
        // The semaphore is never closed.
        self.requests.clone().acquire_owned().await.ok()
    }

    /// Waits until a run of the component may compute further, and returns its turn.
    pub(super) async fn turn(&self) -> Turn {
        // A component queues with one run at a time, so that one with more runs gets no more turns than others. These
        // semaphores are never closed.
        let own = acquire(&self.own).await;
        Turn { _lane: acquire(&self.lanes.free).await, _own: own, lanes: self.lanes.clone() }
    }

    /// Releases the resources of a run, which takes long if they were large. If the component is busy, this is not
    /// done where the other guests compute.
    pub(super) fn give_back<T: Send>(&self, had: T) {
        if self.is_busy() {
            self.lanes.compute(|| self.while_counting(|| drop(had)));
        }
    }

    /// Does some work that the component causes in the host, such as a report of its run, and counts its time, too.
    pub fn while_counting<T>(&self, work: impl FnOnce() -> T) -> T {
        let stopwatch = Stopwatch::start();
        let done = work();
        let elapsed = stopwatch.elapsed();
        self.burn(stopwatch.stop(elapsed));
        done
    }

    /// Counts processor time of the component.
    pub(super) fn burn(&self, time: Duration) {
        self.account().burn(time, Instant::now());
    }

    /// Returns whether the component has been computing for a long time.
    pub(super) fn is_busy(&self) -> bool {
        let mut account = self.account();
        account.burn(Duration::ZERO, Instant::now());
        account.is_busy
    }

    fn account(&self) -> MutexGuard<'_, Account> {
        self.account.lock()
    }
}

/// Measures the processor time of work on this thread.
///
/// To read the thread's processor time is a system call, which would cost as much as much of the work. So the time of
/// brief work is that of the clock, and the thread's time at the start may have been read a little earlier.
pub(super) struct Stopwatch {
    began: Instant,
    /// The thread's processor time up to which the work is counted.
    counted: Duration,
    /// Whether a part of the work was counted.
    has_laps: bool,
}

impl Stopwatch {
    pub(super) fn start() -> Self {
        thread_local! {
            static LAST: Cell<Option<(Instant, Duration)>> = const { Cell::new(None) };
        }
        let began = Instant::now();
        let last = LAST.get().filter(|(at, _)| began.duration_since(*at) < BRIEF);
        let (_, counted) = last.unwrap_or_else(|| {
            let read = (began, thread_time());
            LAST.set(Some(read));
            read
        });
        Self { began, counted, has_laps: false }
    }

    /// Returns the time by the clock.
    pub(super) fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    /// Returns the processor time since the start or the last lap.
    pub(super) fn lap(&mut self) -> Duration {
        self.has_laps = true;
        let now = thread_time();
        now.saturating_sub(std::mem::replace(&mut self.counted, now))
    }

    /// Returns the processor time since the start or the last lap, of work that took this long by the clock.
    pub(super) fn stop(mut self, elapsed: Duration) -> Duration {
        // The clock continues while the process is stopped, or the thread waits for a processor.
        if elapsed <= BRIEF && !self.has_laps { elapsed } else { self.lap() }
    }
}

/// Returns the processor time of this thread so far.
fn thread_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::try_from(time).unwrap_or_default()
}

async fn acquire(semaphore: &Arc<Semaphore>) -> OwnedSemaphorePermit {
    match semaphore.clone().acquire_owned().await {
        Ok(permit) => permit,
        Err(closed) => unreachable!("nobody closes it: {closed}"),
    }
}

impl Turn {
    /// Does some of the component's work. It may take long, so the other guests of the
    /// calling thread get another thread.
    pub(super) fn compute<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        self.lanes.compute(work)
    }
}

impl Lanes {
    fn new(threads: usize, epoch_waker: EpochWaker) -> Result<Self, ThreadPoolBuildError> {
        let builder =
            ThreadPoolBuilder::new().num_threads(threads).thread_name(|number| format!("lane-{number}"));
        let pool = builder.start_handler(|_| step_back()).build()?;
        Ok(Self { threads: pool, free: Arc::new(Semaphore::new(threads)), epoch_waker })
    }

    fn compute<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        let runtime = Handle::current();
        self.epoch_waker.note_busy();
        tokio::task::block_in_place(|| {
            self.threads.install(|| {
                let _entered = runtime.enter();
                work()
            })
        })
    }
}

/// Makes the system prefer all other threads to this one.
fn step_back() {
    // Only on Linux does this apply to a thread. On other systems, the turns alone have to suffice.
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::setpriority_process(None, NICE) {
        tracing::warn!("busy components compute with the same priority as others: {error}");
    }
}

impl Account {
    fn new(now: Instant) -> Self {
        Self { level: Duration::ZERO, since: now, is_busy: false }
    }

    fn burn(&mut self, time: Duration, now: Instant) {
        let leaked = now.duration_since(self.since) / FREE;
        self.level = (self.level.saturating_sub(leaked) + time).min(MEMORY);
        self.since = now;
        // A busy component stays busy until nothing counts against it any more. Otherwise it
        // would switch back and forth.
        self.is_busy = self.level > BURST || (self.is_busy && !self.level.is_zero());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_computes_all_the_time_is_busy_and_who_does_so_now_and_then_is_not() {
        let start = Instant::now();
        let second = Duration::from_secs(1);
        let mut account = Account::new(start);
        for n in 1..=100 {
            account.burn(second / 25, start + second / 5 * n);
        }
        assert!(!account.is_busy, "{:?}", account.level);
        account.burn(second * 60, start + second * 21);
        assert!(account.is_busy);
        account.burn(Duration::ZERO, start + second * 21 + MEMORY * 3);
        assert!(account.is_busy, "a quarter of what is remembered is left");
        account.burn(Duration::ZERO, start + second * 21 + MEMORY * 4);
        assert!(!account.is_busy, "four times what is remembered has passed");
    }

    #[tokio::test]
    async fn one_run_of_a_busy_component_has_the_turn_and_another_component_has_the_next() {
        let quotas = ComponentQuotas::new(2, EpochWaker::default()).unwrap();
        let (a, b) = (quotas.of("a"), quotas.of("b"));
        assert!(Arc::ptr_eq(&a, &quotas.of("a")));
        let first = a.turn().await;
        let mut second = std::pin::pin!(a.turn());
        let mut other = std::pin::pin!(b.turn());
        assert!(futures_util::poll!(second.as_mut()).is_pending());
        assert!(futures_util::poll!(other.as_mut()).is_pending());
        drop(first);
        // The component that waited for a lane is served before the one that has to queue again.
        assert!(futures_util::poll!(second.as_mut()).is_pending());
        let other = futures_util::poll!(other.as_mut());
        assert!(other.is_ready());
    }

    #[test]
    fn time_in_which_the_thread_did_not_run_hardly_counts() {
        assert_eq!(Stopwatch::start().stop(BRIEF), BRIEF);
        let (stopwatch, before) = (Stopwatch::start(), thread_time());
        assert!(stopwatch.stop(Duration::from_secs(3600)) <= thread_time() - before + BRIEF * 100);
    }

    #[test]
    fn all_runs_of_a_component_share_its_memory_and_all_components_theirs() {
        let quotas = ComponentQuotas::new(1, EpochWaker::default()).unwrap();
        let (a, b) = (quotas.of("a"), quotas.of("b"));
        let mut limits = Limits::default();
        limits.set(Budget::ComponentMemory, 100);
        limits.set(Budget::TotalMemory, 150);
        let breach = |quota: &ComponentQuota, bytes| {
            quota.charge_memory(&limits, bytes).map_err(|breach| breach.budget)
        };
        assert_eq!(breach(&a, 60), Ok(()));
        assert_eq!(breach(&a, 60), Err(Budget::ComponentMemory));
        assert_eq!(breach(&b, 90), Ok(()));
        assert_eq!(breach(&b, 10), Err(Budget::TotalMemory));
        a.release_memory(60);
        assert_eq!(breach(&b, 10), Ok(()));
        assert_eq!(breach(&a, 50), Ok(()));
    }
}

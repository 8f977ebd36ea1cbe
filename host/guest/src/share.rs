//! What the runs of one component have together, so that no component takes what its neighbours need.
//!
//! Guests share a few threads. Most compute for less than a millisecond at a time, and the order of their arrival is
//! fair enough. A component that computes all the time takes turns instead: one of its runs at once, on threads to which the
//! system prefers all others, fewer than there are processors. The idea is that of multilevel feedback queues in operating
//! systems.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use orbital_model::{Budget, BudgetBreach};
use orbital_policy::limits::Limits;
use rayon::{ThreadPool, ThreadPoolBuildError, ThreadPoolBuilder};
use rustix::time::{ClockId, clock_gettime};
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::ticker::Begun;

/// From this much processor time on, beyond what [`FREE`] allows, a component is busy.
const BURST: Duration = Duration::from_millis(50);

/// The part of one processor that a component may use for ever without being busy: one in so many.
const FREE: u32 = 4;

/// The most that a component is held to have used beyond that: for what it did yesterday it does not pay for ever.
const MEMORY: Duration = Duration::from_millis(200);

/// The niceness of threads on which busy components compute. Any makes the system prefer the others at once. With the most
/// there is, on a machine where other programs take all processors, such a thread would wait for ever so long with
/// something in its hands that the others need, such as the lock of the process's address space.
const NICE: i32 = 10;

/// How many requests of one component are under way at once; more wait for their turn.
const REQUESTS: usize = 32;

/// All components' shares.
pub struct Shares {
    lanes: Arc<Lanes>,
    /// Bytes, of all runs in flight.
    memory: Arc<AtomicU64>,
    /// By the component's name. A share outlives its versions, and goes when the last run is gone.
    shares: Mutex<HashMap<String, Weak<Share>>>,
}

/// One component's.
pub struct Share {
    lanes: Arc<Lanes>,
    own: Arc<Semaphore>,
    requests: Arc<Semaphore>,
    account: Mutex<Account>,
    /// Bytes, of its runs in flight.
    memory: AtomicU64,
    /// The same of all components.
    total_memory: Arc<AtomicU64>,
}

/// Where busy components compute.
struct Lanes {
    threads: ThreadPool,
    /// One per thread.
    free: Arc<Semaphore>,
    begun: Begun,
}

/// The right to compute on one of the lanes.
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

impl Shares {
    /// For guests that share so many threads; `begun` is told when busy ones begin to compute.
    ///
    /// # Errors
    /// The system gives us no more threads.
    pub fn new(threads: usize, begun: Begun) -> Result<Self, ThreadPoolBuildError> {
        let lanes = Arc::new(Lanes::new(threads.saturating_sub(1).max(1), begun)?);
        Ok(Self { lanes, memory: Arc::default(), shares: Mutex::default() })
    }

    /// The share of the component of this name.
    pub fn of(&self, component: &str) -> Arc<Share> {
        let mut shares = self.shares.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(share) = shares.get(component).and_then(Weak::upgrade) {
            return share;
        }
        let share = Arc::new(Share {
            lanes: self.lanes.clone(),
            own: Arc::new(Semaphore::new(1)),
            requests: Arc::new(Semaphore::new(REQUESTS)),
            account: Mutex::new(Account::new(Instant::now())),
            memory: AtomicU64::new(0),
            total_memory: self.memory.clone(),
        });
        shares.retain(|_, share| share.strong_count() > 0);
        shares.insert(component.to_owned(), Arc::downgrade(&share));
        share
    }
}

impl Share {
    /// Counts in memory of a run.
    ///
    /// # Errors
    /// All of the component's runs together have more than they may, or all runs that there are.
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

    /// Counts out memory of a run.
    pub(super) fn release_memory(&self, bytes: u64) {
        self.memory.fetch_sub(bytes, Ordering::Relaxed);
        self.total_memory.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// The right to have one more request under way.
    pub(super) async fn request(&self) -> Option<OwnedSemaphorePermit> {
        // Nobody closes it.
        self.requests.clone().acquire_owned().await.ok()
    }

    /// The right to compute on.
    pub(super) async fn turn(&self) -> Turn {
        // A component queues with one run at a time, so that who has more runs has no more turns. Nobody closes these.
        let own = acquire(&self.own).await;
        Turn { _lane: acquire(&self.lanes.free).await, _own: own, lanes: self.lanes.clone() }
    }

    /// Gives back what a run had, which takes its time if that was much: not where the other guests compute, if the
    /// component is busy.
    pub(super) fn give_back<T: Send>(&self, had: T) {
        if self.is_busy() {
            self.lanes.compute(|| self.while_counting(|| drop(had)));
        }
    }

    /// Does some work that the host has with the component, such as a report of its run, and counts its time too.
    pub fn while_counting<T>(&self, work: impl FnOnce() -> T) -> T {
        let before = thread_time();
        let done = work();
        self.burn(thread_time().saturating_sub(before));
        done
    }

    /// Counts processor time.
    pub(super) fn burn(&self, time: Duration) {
        self.account().burn(time, Instant::now());
    }

    /// Whether the component has been computing for a long time.
    pub(super) fn is_busy(&self) -> bool {
        let mut account = self.account();
        account.burn(Duration::ZERO, Instant::now());
        account.is_busy
    }

    fn account(&self) -> MutexGuard<'_, Account> {
        self.account.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Processor time of this thread so far.
pub(super) fn thread_time() -> Duration {
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
    /// Does some of the component's work. It takes long, so that the calling thread's other guests get another thread.
    pub(super) fn compute<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        self.lanes.compute(work)
    }
}

impl Lanes {
    fn new(threads: usize, begun: Begun) -> Result<Self, ThreadPoolBuildError> {
        let builder =
            ThreadPoolBuilder::new().num_threads(threads).thread_name(|number| format!("lane-{number}"));
        let pool = builder.start_handler(|_| step_back()).build()?;
        Ok(Self { threads: pool, free: Arc::new(Semaphore::new(threads)), begun })
    }

    fn compute<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        let runtime = Handle::current();
        self.begun.note();
        tokio::task::block_in_place(|| {
            self.threads.install(|| {
                let _entered = runtime.enter();
                work()
            })
        })
    }
}

/// Has the system prefer all other threads to this one.
fn step_back() {
    // Only on Linux is this about a thread. Elsewhere the turns alone must do.
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
        // Once it is busy, it is so until all is forgiven: it would go to and fro otherwise.
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
        let shares = Shares::new(2, Begun::default()).unwrap();
        let (a, b) = (shares.of("a"), shares.of("b"));
        assert!(Arc::ptr_eq(&a, &shares.of("a")));
        let first = a.turn().await;
        let mut second = std::pin::pin!(a.turn());
        let mut other = std::pin::pin!(b.turn());
        assert!(futures_util::poll!(second.as_mut()).is_pending());
        assert!(futures_util::poll!(other.as_mut()).is_pending());
        drop(first);
        // The component that waited for a lane comes before the one that must take up its own place again.
        assert!(futures_util::poll!(second.as_mut()).is_pending());
        let other = futures_util::poll!(other.as_mut());
        assert!(other.is_ready());
    }

    #[test]
    fn all_runs_of_a_component_share_its_memory_and_all_components_theirs() {
        let shares = Shares::new(1, Begun::default()).unwrap();
        let (a, b) = (shares.of("a"), shares.of("b"));
        let mut limits = Limits::default();
        limits.set(Budget::ComponentMemory, 100);
        limits.set(Budget::TotalMemory, 150);
        let breach =
            |share: &Share, bytes| share.charge_memory(&limits, bytes).map_err(|breach| breach.budget);
        assert_eq!(breach(&a, 60), Ok(()));
        assert_eq!(breach(&a, 60), Err(Budget::ComponentMemory));
        assert_eq!(breach(&b, 90), Ok(()));
        assert_eq!(breach(&b, 10), Err(Budget::TotalMemory));
        a.release_memory(60);
        assert_eq!(breach(&b, 10), Ok(()));
        assert_eq!(breach(&a, 50), Ok(()));
    }
}

//! Counts the resources that a run uses, and ends the run when it asks for more than it may have.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use orbital_model::{Budget, BudgetBreach, Usage};
use orbital_policy::limits::Limits;
use parking_lot::Mutex;

use crate::placement::Placement;
use crate::quota::{ComponentQuota, Stopwatch, Turn};

/// A guest that has computed for less than this does not have to yield yet.
const SLICE: Duration = Duration::from_micros(500);

/// The resource usage of one attempt of a run. Clones share one count.
#[derive(Clone)]
pub struct Meter(Arc<Counts>);

struct Counts {
    limits: Limits,
    quota: Arc<ComponentQuota>,
    used: [AtomicU64; Budget::ALL.len()],
    /// The highest amounts that were in use at once.
    peak: [AtomicU64; Budget::ALL.len()],
    placement: Placement,
    /// The used processor time, in nanoseconds.
    burnt: AtomicU64,
    /// Measures the current work; missing while the guest waits.
    stopwatch: Mutex<Option<Stopwatch>>,
    /// The first budget that was exceeded.
    breach: OnceLock<BudgetBreach>,
}

/// An amount that a run uses for a while. It is subtracted from the usage when this is dropped.
pub(super) struct Loan {
    meter: Meter,
    budget: Budget,
    amount: usize,
}

impl Loan {
    /// Adds to the amount.
    ///
    /// # Errors
    /// The run's budget is exceeded, with the consequences that [`Meter::charge`] describes.
    pub(super) fn add(&mut self, amount: usize) -> Result<(), BudgetBreach> {
        self.meter.charge(self.budget, amount)?;
        self.amount += amount;
        Ok(())
    }
}

impl Drop for Loan {
    fn drop(&mut self) {
        self.meter.0.used[self.budget as usize].fetch_sub(self.amount as u64, Ordering::Relaxed);
    }
}

impl Meter {
    /// Returns a meter for an attempt that has not used anything.
    pub fn new(limits: Limits, quota: Arc<ComponentQuota>, placement: Placement) -> Self {
        Self(Arc::new(Counts {
            limits,
            quota,
            placement,
            used: Default::default(),
            peak: Default::default(),
            burnt: AtomicU64::new(0),
            stopwatch: Mutex::default(),
            breach: OnceLock::new(),
        }))
    }

    /// Returns the limits that the usage is compared with.
    pub fn limits(&self) -> &Limits {
        &self.0.limits
    }

    /// Returns the resources that all runs of the component share.
    pub(super) fn quota(&self) -> &Arc<ComponentQuota> {
        &self.0.quota
    }

    /// Adds an amount to the usage.
    ///
    /// # Errors
    /// The run asks for more than it may have. The run ends, whatever the caller does with the error.
    pub(super) fn charge(&self, budget: Budget, amount: usize) -> Result<(), BudgetBreach> {
        // A run is one thread of execution, but work that it started may end on another thread. So these are atomic,
        // and need no order among each other.
        let used = &self.0.used[budget as usize];
        let asked = used.load(Ordering::Relaxed).saturating_add(amount as u64);
        self.check(budget, asked)?;
        used.fetch_add(amount as u64, Ordering::Relaxed);
        self.0.peak[budget as usize].fetch_max(asked, Ordering::Relaxed);
        Ok(())
    }

    /// Adds an amount to the usage until the returned loan is dropped.
    ///
    /// # Errors
    /// The run's budget is exceeded, with the consequences that [`Meter::charge`] describes.
    pub(super) fn lend(&self, budget: Budget, amount: usize) -> Result<Loan, BudgetBreach> {
        self.charge(budget, amount)?;
        Ok(Loan { meter: self.clone(), budget, amount })
    }

    /// Checks that a usage is within its limit.
    ///
    /// # Errors
    /// The run's budget is exceeded, with the consequences that [`Meter::charge`] describes.
    pub(super) fn check(&self, budget: Budget, asked: u64) -> Result<(), BudgetBreach> {
        let limit = self.0.limits.of(budget);
        if asked <= limit { Ok(()) } else { Err(self.breach(BudgetBreach { budget, limit, asked })) }
    }

    /// Records that a budget is exceeded, and returns the run's first breach. The run
    /// ends before it computes further.
    pub(super) fn breach(&self, breach: BudgetBreach) -> BudgetBreach {
        *self.0.breach.get_or_init(|| breach)
    }

    /// Returns the usage so far.
    pub fn usage(&self) -> Usage {
        let peak = |budget: Budget| (budget, self.0.peak[budget as usize].load(Ordering::Relaxed));
        Usage {
            peak: Budget::ALL.into_iter().map(peak).filter(|(_, peak)| *peak > 0).collect(),
            cpu: self.burnt(),
            breach: self.0.breach.get().copied(),
        }
    }

    /// Runs a guest, counts its processor time, and ends it when a budget is exceeded. A run of a component that
    /// computes all the time waits for its turn, each time that it has something to compute.
    pub(super) async fn run<T: Send, E: From<BudgetBreach> + Send>(
        &self,
        guest: Pin<Box<impl Future<Output = Result<T, E>> + Send>>,
    ) -> Result<T, E> {
        let quota = self.quota();
        let mut guest = Guest { running: Some(guest), quota };
        let mut waiting: Option<Pin<Box<dyn Future<Output = Turn> + Send>>> = None;
        poll_fn(|context| {
            let turn = if waiting.is_some() || quota.is_busy() {
                // A busy component must not occupy the host's threads, not even while another thread computes.
                if self.0.placement.must_move() {
                    context.waker().wake_by_ref();
                    return Poll::Pending;
                }
                let turn = waiting.get_or_insert_with(|| Box::pin(quota.turn()));
                let turn = ready!(turn.as_mut().poll(context));
                waiting = None;
                Some(turn)
            } else {
                None
            };
            match turn {
                None => self.step(&mut guest, context),
                Some(turn) => {
                    let waker = context.waker();
                    turn.compute(|| self.step(&mut guest, &mut Context::from_waker(waker)))
                }
            }
        })
        .await
    }

    /// Lets the guest compute until it waits for something or has to yield.
    fn step<T, E: From<BudgetBreach>, F: Future<Output = Result<T, E>> + Send>(
        &self,
        guest: &mut Guest<'_, F>,
        context: &mut Context<'_>,
    ) -> Poll<Result<T, E>> {
        let _computing = self.0.quota.computing();
        self.bill(|| {
            let Some(running) = &mut guest.running else { return Poll::Pending };
            let polled = running.as_mut().poll(context);
            let ended = match (polled, self.0.breach.get()) {
                // This error knows where the guest was.
                (Poll::Ready(Err(error)), _) => Poll::Ready(Err(error)),
                (_, Some(breach)) => Poll::Ready(Err((*breach).into())),
                (polled, None) => polled,
            };
            if ended.is_ready() {
                guest.running = None;
            }
            ended
        })
    }

    /// Does some work and counts its time for the run: the guest's own work, or work that the guest has caused.
    pub(super) fn bill<T>(&self, work: impl FnOnce() -> T) -> T {
        *self.0.stopwatch.lock() = Some(Stopwatch::start());
        let done = work();
        if let Some(stopwatch) = self.0.stopwatch.lock().take() {
            let elapsed = stopwatch.elapsed();
            self.burn(stopwatch.stop(elapsed));
            self.0.placement.computed(elapsed);
        }
        done
    }

    /// Counts the processor time so far. Called repeatedly while the guest computes. Returns whether it has to yield.
    ///
    /// # Errors
    /// The run's processor time is used up.
    pub(super) fn tick(&self) -> Result<bool, BudgetBreach> {
        if let Some(stopwatch) = &mut *self.0.stopwatch.lock() {
            if stopwatch.elapsed() < SLICE {
                return Ok(false);
            }
            self.burn(stopwatch.lap());
        }
        self.check(Budget::Cpu, self.burnt().as_millis() as u64)?;
        Ok(true)
    }

    fn burnt(&self) -> Duration {
        Duration::from_nanos(self.0.burnt.load(Ordering::Relaxed))
    }

    fn burn(&self, time: Duration) {
        self.0.burnt.fetch_add(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
        self.0.quota.burn(time);
    }
}

/// A running guest. Dropping it releases its resources.
struct Guest<'a, F: Send> {
    running: Option<Pin<Box<F>>>,
    quota: &'a ComponentQuota,
}

impl<F: Send> Drop for Guest<'_, F> {
    fn drop(&mut self) {
        if let Some(running) = self.running.take() {
            self.quota.give_back(running);
        }
    }
}

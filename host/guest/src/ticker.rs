//! Makes guests that compute yield to others.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::{Thread, park_timeout};
use std::time::Duration;

use wasmtime::EngineWeak;

/// How long a guest may compute before it yields to others.
const PERIOD: Duration = Duration::from_millis(10);

/// How long a guest may compute before it yields to others, while busy components compute. A thread that waits for a
/// processor may have to wait as long as another one continues, until the system checks again, which may happen only
/// every 4 ms.
const SHORT_PERIOD: Duration = Duration::from_millis(1);

/// The interval at which the thread looks whether a guest computes, while none is known to compute for long. To wake up
/// costs as much as some brief runs.
const LOOK: Duration = Duration::from_millis(50);

/// How many periods of a kind are added after the last event that calls for them.
const LINGER: u32 = 50;

/// The longest sleep while no guest computes. After it, the thread checks whether it is still needed.
const ASLEEP: Duration = Duration::from_secs(10);

/// Tells the thread that makes guests yield what guests do.
#[derive(Clone, Default)]
pub struct EpochWaker(Arc<Shared>);

#[derive(Default)]
struct Shared {
    /// How often guests began to compute, and ceased.
    begun: AtomicU64,
    ceased: AtomicU64,
    /// How often guests began that are likely to compute for long.
    long: AtomicU64,
    /// How often guests of busy components began to compute.
    busy: AtomicU64,
    /// Whether the thread sleeps until any guest computes.
    is_asleep: AtomicBool,
    /// Whether it sleeps until a guest computes that is likely to compute for long.
    is_slow: AtomicBool,
    thread: OnceLock<Thread>,
}

/// How long the guest is likely to compute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expected {
    Brief,
    Long,
}

/// A guest computes as long as this exists.
pub(super) struct Computing<'a>(&'a Shared);

impl EpochWaker {
    /// Notes that a busy component begins to compute.
    pub(super) fn note_busy(&self) {
        self.0.busy.fetch_add(1, Ordering::SeqCst);
        self.0.wake(&self.0.is_slow);
    }

    /// Notes that a guest computes until the returned value is dropped.
    pub(super) fn computing(&self, expected: Expected) -> Computing<'_> {
        // Either the thread sees these numbers before it sleeps, or it is seen asleep here.
        self.0.begun.fetch_add(1, Ordering::SeqCst);
        self.0.wake(&self.0.is_asleep);
        if expected == Expected::Long {
            self.0.long.fetch_add(1, Ordering::SeqCst);
            self.0.wake(&self.0.is_slow);
        }
        Computing(&self.0)
    }
}

impl Drop for Computing<'_> {
    fn drop(&mut self) {
        self.0.ceased.fetch_add(1, Ordering::Release);
    }
}

impl Shared {
    fn wake(&self, sleeps: &AtomicBool) {
        if sleeps.load(Ordering::SeqCst) && sleeps.swap(false, Ordering::SeqCst) {
            self.thread.get().inspect(|thread| thread.unpark());
        }
    }

    /// Sleeps for this time, or until `sleeps` is false, unless `is_needed`.
    fn sleep(sleeps: &AtomicBool, time: Duration, is_needed: impl FnOnce() -> bool) {
        sleeps.store(true, Ordering::SeqCst);
        if !is_needed() {
            park_timeout(time);
        }
        sleeps.store(false, Ordering::SeqCst);
    }
}

/// Notices that a counter has changed, and for how many looks it has not.
struct Watched {
    last: u64,
    unchanged: u32,
}

impl Watched {
    fn new() -> Self {
        Self { last: 0, unchanged: LINGER }
    }

    /// Returns whether the counter has changed in the last looks.
    fn is_recent(&mut self, counter: &AtomicU64) -> bool {
        let before = std::mem::replace(&mut self.last, counter.load(Ordering::SeqCst));
        self.unchanged = if self.last == before { self.unchanged.saturating_add(1) } else { 0 };
        self.unchanged < LINGER
    }
}

/// Starts a thread that increments the engines' epochs while guests compute. The thread holds the engines weakly and
/// ends with them. Without it, a busy guest would never yield, so a host that cannot start it does not start.
pub(super) fn tick(engines: [EngineWeak; 2], epoch_waker: EpochWaker) -> std::io::Result<()> {
    let shared = epoch_waker.0.clone();
    let ticking = move || {
        let (mut begun, mut long, mut busy) = (Watched::new(), Watched::new(), Watched::new());
        loop {
            let alive = engines
                .each_ref()
                .map(|engine| engine.upgrade().map(|engine| engine.increment_epoch()).is_some());
            if !alive.contains(&true) {
                return;
            }
            let (is_used, is_long, is_busy) =
                (begun.is_recent(&shared.begun), long.is_recent(&shared.long), busy.is_recent(&shared.busy));
            let computes = shared.ceased.load(Ordering::Acquire) < begun.last;
            let has_news = || {
                let [now_long, now_busy] = [&shared.long, &shared.busy].map(|now| now.load(Ordering::SeqCst));
                now_long != long.last || now_busy != busy.last
            };
            if is_busy {
                std::thread::sleep(SHORT_PERIOD);
            } else if is_long || computes {
                std::thread::sleep(PERIOD);
            } else if is_used {
                Shared::sleep(&shared.is_slow, LOOK, has_news);
            } else {
                let begun = begun.last;
                Shared::sleep(&shared.is_asleep, ASLEEP, || shared.begun.load(Ordering::SeqCst) != begun);
            }
        }
    };
    let thread = std::thread::Builder::new().name("epoch".to_owned()).spawn(ticking)?;
    // Set only here, once per engine.
    let _ = epoch_waker.0.thread.set(thread.thread().clone());
    Ok(())
}

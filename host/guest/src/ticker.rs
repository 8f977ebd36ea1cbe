//! Makes guests that compute yield to others.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::Thread;
use std::time::Duration;

use wasmtime::EngineWeak;

/// How long a guest may compute before it yields to others.
const PERIOD: Duration = Duration::from_millis(10);

/// How long a guest may compute before it yields to others, while busy components compute. A thread that waits for a
/// processor may have to wait as long as another one continues, until the system checks again, which may happen only
/// every 4 ms.
const SHORT_PERIOD: Duration = Duration::from_millis(1);

/// The number of short periods after which the normal period applies again, if no busy component has begun to compute,
/// and the number of periods after which the thread sleeps, if no guest has.
const LINGER: u32 = 50;

/// The longest sleep while no guest computes. After it, the thread checks whether it is still needed.
const ASLEEP: Duration = Duration::from_secs(10);

/// Wakes the thread that makes guests yield.
#[derive(Clone, Default)]
pub struct EpochWaker(Arc<Shared>);

#[derive(Default)]
struct Shared {
    /// How often guests began to compute, and ceased.
    begun: AtomicU64,
    ceased: AtomicU64,
    /// How often busy components began to compute.
    busy: AtomicU64,
    /// Whether the thread sleeps until a guest computes.
    is_asleep: AtomicBool,
    thread: OnceLock<Thread>,
}

/// A guest computes as long as this exists.
pub(super) struct Computing<'a>(&'a Shared);

impl EpochWaker {
    /// Notes that a busy component begins to compute.
    pub(super) fn note_busy(&self) {
        self.0.busy.fetch_add(1, Ordering::Relaxed);
    }

    /// Notes that a guest computes until the returned value is dropped.
    pub(super) fn computing(&self) -> Computing<'_> {
        // Either the thread sees this guest before it sleeps, or it is seen asleep here.
        self.0.begun.fetch_add(1, Ordering::SeqCst);
        if self.0.is_asleep.load(Ordering::SeqCst) && self.0.is_asleep.swap(false, Ordering::SeqCst) {
            self.0.thread.get().inspect(|thread| thread.unpark());
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
    /// Sleeps until a guest begins to compute for more than so many times.
    fn sleep(&self, begun: u64) {
        self.is_asleep.store(true, Ordering::SeqCst);
        if self.begun.load(Ordering::SeqCst) == begun {
            std::thread::park_timeout(ASLEEP);
        }
        self.is_asleep.store(false, Ordering::SeqCst);
    }
}

/// Starts a thread that increments the engines' epochs while guests compute. The thread holds the engines weakly and
/// ends with them. Without it, a busy guest would never yield, so a host that cannot start it does not start.
pub(super) fn tick(engines: [EngineWeak; 2], epoch_waker: EpochWaker) -> std::io::Result<()> {
    let shared = epoch_waker.0.clone();
    let ticking = move || {
        let (mut busy, mut short) = (0, 0_u32);
        let (mut begun, mut quiet) = (0, 0_u32);
        loop {
            let alive = engines
                .each_ref()
                .map(|engine| engine.upgrade().map(|engine| engine.increment_epoch()).is_some());
            if !alive.contains(&true) {
                return;
            }
            let before = std::mem::replace(&mut begun, shared.begun.load(Ordering::SeqCst));
            let computes = begun != before || shared.ceased.load(Ordering::Acquire) < begun;
            quiet = if computes { 0 } else { quiet + 1 };
            if quiet > LINGER {
                shared.sleep(begun);
                quiet = 0;
            }
            let before = std::mem::replace(&mut busy, shared.busy.load(Ordering::Relaxed));
            short = if busy == before { short.saturating_sub(1) } else { LINGER };
            std::thread::sleep(if short > 0 { SHORT_PERIOD } else { PERIOD });
        }
    };
    let thread = std::thread::Builder::new().name("epoch".to_owned()).spawn(ticking)?;
    // Set only here, once per engine.
    let _ = epoch_waker.0.thread.set(thread.thread().clone());
    Ok(())
}

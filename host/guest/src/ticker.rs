//! Makes guests that compute yield to others.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use wasmtime::EngineWeak;

/// How long a guest may compute before it yields to others.
const PERIOD: Duration = Duration::from_millis(10);

/// How long a guest may compute before it yields to others, while busy components compute. A thread that waits for a
/// processor may have to wait as long as another one continues, until the system checks again, which may happen only
/// every 4 ms.
const SHORT_PERIOD: Duration = Duration::from_millis(1);

/// The number of short periods after which the normal period applies again, if no busy
/// component has begun to compute.
const LINGER: u32 = 50;

/// Counts how often busy components begin to compute.
#[derive(Clone, Default)]
pub struct EpochWaker(Arc<AtomicU64>);

impl EpochWaker {
    pub(super) fn note(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// Starts a thread that increments the engines' epochs. The thread holds the engines weakly and ends with them.
/// Without it, a busy guest would never yield, so a host that cannot start it does not start.
pub(super) fn tick(engines: [EngineWeak; 2], epoch_waker: EpochWaker) -> std::io::Result<()> {
    let thread = std::thread::Builder::new().name("epoch".to_owned());
    thread.spawn(move || {
        let (mut seen, mut short) = (0, 0_u32);
        loop {
            let alive = engines
                .each_ref()
                .map(|engine| engine.upgrade().map(|engine| engine.increment_epoch()).is_some());
            if !alive.contains(&true) {
                return;
            }
            let epoch_waker = epoch_waker.0.load(Ordering::Relaxed);
            short = if epoch_waker == seen { short.saturating_sub(1) } else { LINGER };
            seen = epoch_waker;
            std::thread::sleep(if short > 0 { SHORT_PERIOD } else { PERIOD });
        }
    })?;
    Ok(())
}

//! Whether this machine stalled, as a suspended or overloaded one does.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// The time between two looks at the clock.
const BEAT: Duration = Duration::from_millis(50);

/// A pause of this length between two looks is a stall.
const STALL: Duration = Duration::from_millis(250);

static STALLED: AtomicBool = AtomicBool::new(false);

/// Watches the machine until the test process ends.
pub(crate) fn watch_for_stalls() {
    static WATCHED: OnceLock<()> = OnceLock::new();
    WATCHED.get_or_init(|| {
        thread::spawn(|| {
            loop {
                let began = Instant::now();
                thread::sleep(BEAT);
                if began.elapsed() >= STALL {
                    STALLED.store(true, Ordering::Relaxed);
                }
            }
        });
    });
}

/// Returns the outcomes that a healthy test must never have.
///
/// The host cancels runs when it did not get to run itself. That is its own fault unless the machine stalled: then this
/// process was stopped as well.
pub fn bad_outcomes() -> &'static [&'static str] {
    match STALLED.load(Ordering::Relaxed) {
        true => &["fail", "timeout", "error"],
        false => &["fail", "timeout", "error", "cancelled"],
    }
}

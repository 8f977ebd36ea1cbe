//! Where a guest was seen while it computed, for what is said if its time runs out there.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use wasmtime::{AsContext, WasmBacktrace};

use crate::lines::Lines;
use crate::trap::frames;

/// How often a guest that computes is looked at. Looking takes microseconds.
const BETWEEN: Duration = Duration::from_millis(20);

/// The functions that it was in.
#[derive(Clone)]
pub struct Sight(Arc<(WasmBacktrace, Arc<Lines>)>);

/// Looks at a guest from time to time.
pub(super) struct Lookout {
    lines: Arc<Lines>,
    last: Instant,
}

impl Sight {
    /// The functions, innermost first, each with its place if that is known.
    pub fn frames(&self) -> Vec<String> {
        frames(&self.0.0, &self.0.1)
    }
}

impl fmt::Debug for Sight {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.frames()).finish()
    }
}

impl Lookout {
    /// Of a guest that begins now.
    pub(super) fn new(lines: Arc<Lines>) -> Self {
        Self { lines, last: Instant::now() }
    }

    /// Looks where the guest is, if it was not done lately. To be called while it computes.
    pub(super) fn look(&mut self, guest: impl AsContext) -> Option<Sight> {
        let now = Instant::now();
        if now.duration_since(self.last) < BETWEEN {
            return None;
        }
        self.last = now;
        Some(Sight(Arc::new((WasmBacktrace::force_capture(guest), self.lines.clone()))))
    }
}

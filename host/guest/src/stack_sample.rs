//! Samples where a guest computes, for the message if the run times out there.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use wasmtime::{AsContext, WasmBacktrace};

use crate::lines::Lines;
use crate::trap::frames;

/// The time between two samples of a guest that computes. A sample takes microseconds.
const BETWEEN: Duration = Duration::from_millis(20);

/// A sample: the functions that a guest was in while it computed.
#[derive(Clone)]
pub struct StackSample(Arc<(WasmBacktrace, Arc<Lines>)>);

/// Samples the functions of a guest from time to time.
pub(super) struct Lookout {
    lines: Arc<Lines>,
    last: Instant,
}

impl StackSample {
    /// Returns the functions, innermost first, each with its place if that is known.
    pub fn frames(&self) -> Vec<String> {
        frames(&self.0.0, &self.0.1)
    }
}

impl fmt::Debug for StackSample {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.frames()).finish()
    }
}

impl Lookout {
    /// Returns a lookout for a guest that begins now.
    pub(super) fn new(lines: Arc<Lines>) -> Self {
        Self { lines, last: Instant::now() }
    }

    /// Samples where the guest is, unless that was done recently. To be called while the guest computes.
    pub(super) fn look(&mut self, guest: impl AsContext) -> Option<StackSample> {
        let now = Instant::now();
        if now.duration_since(self.last) < BETWEEN {
            return None;
        }
        self.last = now;
        Some(StackSample(Arc::new((WasmBacktrace::force_capture(guest), self.lines.clone()))))
    }
}

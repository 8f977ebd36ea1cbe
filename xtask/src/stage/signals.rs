//! Ctrl-C and its kin.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use anyhow::Context as _;
use signal_hook::{
    consts::{SIGINT, SIGTERM},
    flag,
};

/// Notes when the demo is told to stop, so that it stops its programs rather than leave them behind.
#[derive(Clone)]
pub(crate) struct Signals(Arc<AtomicBool>);

impl Signals {
    /// Catches SIGINT and SIGTERM from now on.
    pub(crate) fn catch() -> anyhow::Result<Self> {
        let told = Arc::new(AtomicBool::new(false));
        for signal in [SIGINT, SIGTERM] {
            flag::register(signal, told.clone()).context("cannot listen for signals")?;
        }
        Ok(Self(told))
    }

    pub(crate) fn told_to_stop(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

//! Waiting, unless the command is told to stop.

use std::{
    thread,
    time::{Duration, Instant},
};

use anyhow::ensure;

use crate::stage::Signals;

/// How long something may take, even on a busy machine.
const LIMIT: Duration = Duration::from_secs(300);

/// How often to look whether it has happened.
const GLANCE: Duration = Duration::from_millis(20);

/// Waits, unless the command is told to stop.
#[derive(Clone)]
pub(crate) struct Patience(Signals);

impl Patience {
    /// Catches signals from now on.
    pub(crate) fn new() -> anyhow::Result<Self> {
        Ok(Self(Signals::catch()?))
    }

    /// Lets so many seconds pass.
    pub(crate) fn pass(&self, seconds: f64) -> anyhow::Result<()> {
        let end = Instant::now() + Duration::from_secs_f64(seconds);
        while Instant::now() < end {
            self.glance()?;
        }
        Ok(())
    }

    /// Waits until something is the case.
    pub(crate) fn until(
        &self,
        what: &str,
        mut is: impl FnMut() -> anyhow::Result<bool>,
    ) -> anyhow::Result<()> {
        let end = Instant::now() + LIMIT;
        while !is()? {
            ensure!(Instant::now() < end, "timed out before {what}");
            self.glance()?;
        }
        Ok(())
    }

    /// Fails if the command is told to stop.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        ensure!(!self.0.told_to_stop(), "stopped by a signal");
        Ok(())
    }

    fn glance(&self) -> anyhow::Result<()> {
        self.check()?;
        thread::sleep(GLANCE);
        Ok(())
    }
}

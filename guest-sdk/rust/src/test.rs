//! The current run.

use std::time::Duration;

use crate::host::{clock, config, context, verdict};
use crate::{Failure, Result, RunContext, poll, time};

/// The current run. A case uses it to send events, wait for deliveries, log and fail.
#[derive(Debug)]
pub struct Test(());

impl Test {
    /// Returns the run of this instance, which has only one.
    pub(crate) fn new() -> Self {
        Self(())
    }

    /// Marks the run as failed, with a reason, and continues.
    pub fn fail(&self, message: impl AsRef<str>) {
        verdict::fail(message.as_ref());
    }

    /// Returns information about the run, such as its id and its environment.
    pub fn context(&self) -> RunContext {
        context::current()
    }

    /// Returns the time that is left before the attempt times out.
    pub fn time_left(&self) -> Duration {
        Duration::from_millis(context::time_left_ms().into())
    }

    /// Returns a value that the operator set for this component in the host's configuration, or `None`.
    pub fn config(&self, name: &str) -> Option<String> {
        config::get(name)
    }

    /// Returns a value that the operator must set for this component in the host's configuration.
    ///
    /// # Errors
    ///
    /// If the value is not set.
    #[track_caller]
    pub fn require_config(&self, name: &str) -> Result<String> {
        match config::get(name) {
            Some(value) => Ok(value),
            None => Err(Failure::new(format!(
                "`{name}` is not set in the host's configuration of this component"
            ))),
        }
    }

    /// Sleeps. To wait for a delivery, use [`wait_for`](Self::wait_for); for anything else, use
    /// [`eventually`](Self::eventually). Both return as early as possible.
    pub fn sleep(&self, duration: Duration) {
        clock::sleep(time::milliseconds(duration));
    }

    /// Retries until the closure succeeds, with pauses from 10 ms doubling up to 500 ms.
    ///
    /// ```
    /// # use orbital_sdk::prelude::*;
    /// # fn paid(t: &Test) -> Result {
    /// t.eventually(Duration::from_secs(2), || {
    ///     let invoice = t.request(Request::get("api").path("/invoices/7"))?.success()?;
    ///     if invoice.pointer::<bool>("/paid")? { Ok(()) } else { bail!("the invoice is not paid") }
    /// })
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// If the closure did not succeed within this time. The message has the last reason.
    #[track_caller]
    pub fn eventually<T>(&self, within: Duration, attempt: impl FnMut() -> Result<T>) -> Result<T> {
        poll::poll(within, || time::from_seconds(clock::elapsed()), |pause| self.sleep(pause), attempt)
    }
}

//! The run that a case is in.

use std::time::Duration;

use crate::host::{clock, config, context, verdict};
use crate::{Failure, Result, RunContext, poll, time};

/// The run that a case is in: what the case does, and says, goes through it.
#[derive(Debug)]
pub struct Test(());

impl Test {
    /// The one run of this instance.
    pub(crate) fn new() -> Self {
        Self(())
    }

    /// Marks the run as failed, with a reason for a person to read, and goes on.
    pub fn fail(&self, message: impl AsRef<str>) {
        verdict::fail(message.as_ref());
    }

    /// The run, as the host sees it.
    pub fn context(&self) -> RunContext {
        context::current()
    }

    /// What is left of the attempt's time.
    pub fn time_left(&self) -> Duration {
        Duration::from_millis(context::time_left_ms().into())
    }

    /// A value that the operator set for this component; none if it is not set.
    pub fn config(&self, name: &str) -> Option<String> {
        config::get(name)
    }

    /// A value that the operator must set for this component.
    ///
    /// # Errors
    ///
    /// If it is not set.
    #[track_caller]
    pub fn require_config(&self, name: &str) -> Result<String> {
        match config::get(name) {
            Some(value) => Ok(value),
            None => Err(Failure::new(format!(
                "`{name}` is not set in the host's configuration of this component"
            ))),
        }
    }

    /// Waits. To wait for a delivery use [`wait_for`](Self::wait_for), and for anything else
    /// [`eventually`](Self::eventually): both end as soon as they can.
    pub fn sleep(&self, duration: Duration) {
        clock::sleep(time::milliseconds(duration));
    }

    /// Tries until it succeeds, with pauses of 10 ms that double up to 500 ms.
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
    /// If it never succeeded in this time. The message has the last reason.
    #[track_caller]
    pub fn eventually<T>(&self, within: Duration, attempt: impl FnMut() -> Result<T>) -> Result<T> {
        poll::poll(within, || time::from_seconds(clock::elapsed()), |pause| self.sleep(pause), attempt)
    }
}

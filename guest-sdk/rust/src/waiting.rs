//! Waiting for what the system under test delivers to the webhook.

use std::time::Duration;

use crate::bindings::orbital::test::deliveries as contract;
use crate::{Delivery, ExpectError, Failure, Reply, Result, Test, WaitError, host, time};

/// A delivery belongs to the run that expects its key. Deliveries queue per key, in the order in which they
/// came, until they are taken.
impl Test {
    /// A new key: unguessable, and unique over all runs.
    pub fn new_id(&self) -> String {
        host::deliveries::new_id()
    }

    /// Claims a key for this run, until the run ends. Waiting for a key, and sending an event with one,
    /// does this too.
    ///
    /// # Errors
    ///
    /// If another run expects it, or it cannot be a key.
    pub fn expect(&self, key: &str) -> Result<(), ExpectError> {
        self.expect_with(key, [])
    }

    /// Claims a key, and plans the webhook's replies to its deliveries, in order; those after the last one
    /// are answered with 200. At most 32.
    ///
    /// # Errors
    ///
    /// As [`expect`](Self::expect), or if a reply is outside its limits.
    pub fn expect_with(
        &self,
        key: &str,
        replies: impl IntoIterator<Item = Reply>,
    ) -> Result<(), ExpectError> {
        let replies = replies.into_iter().map(contract::PlannedReply::from).collect();
        Ok(host::deliveries::expect(key, &contract::ExpectOptions { replies })?)
    }

    /// Takes the next delivery of a key; waits for it as long as the run may last. If none comes, the run
    /// ends as `timeout`.
    ///
    /// # Errors
    ///
    /// If there will be none; never [`WaitError::Timeout`].
    pub fn wait_for(&self, key: &str) -> Result<Delivery, WaitError> {
        Ok(host::deliveries::wait_for(key, None)?.into())
    }

    /// Takes the next delivery of a key; waits for it this long, in whole milliseconds, rounded up. Zero
    /// looks without waiting.
    ///
    /// # Errors
    ///
    /// [`WaitError::Timeout`] if none came in time.
    pub fn wait_for_within(&self, key: &str, within: Duration) -> Result<Delivery, WaitError> {
        Ok(host::deliveries::wait_for(key, Some(time::milliseconds(within)))?.into())
    }

    /// Takes the next `n` deliveries of any of these keys, in the order in which they came; waits for them
    /// as long as the run may last.
    ///
    /// # Errors
    ///
    /// As [`wait_for`](Self::wait_for).
    pub fn wait_n<K: AsRef<str>>(
        &self,
        keys: impl IntoIterator<Item = K>,
        n: u32,
    ) -> Result<Vec<Delivery>, WaitError> {
        wait_n(keys, n, None)
    }

    /// As [`wait_n`](Self::wait_n), but waits only this long.
    ///
    /// # Errors
    ///
    /// [`WaitError::Timeout`] if fewer than `n` came in time. Those that came stay in the queue.
    pub fn wait_n_within<K: AsRef<str>>(
        &self,
        keys: impl IntoIterator<Item = K>,
        n: u32,
        within: Duration,
    ) -> Result<Vec<Delivery>, WaitError> {
        wait_n(keys, n, Some(within))
    }

    /// Watches this long that nothing more is delivered with a key.
    ///
    /// # Errors
    ///
    /// If something is; the message describes it.
    #[track_caller]
    pub fn no_delivery_within(&self, key: &str, within: Duration) -> Result {
        match self.wait_for_within(key, within) {
            Err(WaitError::Timeout) => Ok(()),
            Err(error) => Err(error.into()),
            Ok(delivery) => Err(Failure::new(format!(
                "nothing more was to be delivered with the key `{key}` within {within:?}, but this was: {delivery}"
            ))),
        }
    }
}

fn wait_n<K: AsRef<str>>(
    keys: impl IntoIterator<Item = K>,
    n: u32,
    within: Option<Duration>,
) -> Result<Vec<Delivery>, WaitError> {
    let keys: Vec<_> = keys.into_iter().map(|key| key.as_ref().to_owned()).collect();
    let deliveries = host::deliveries::wait_n(&keys, n, within.map(time::milliseconds))?;
    Ok(deliveries.into_iter().map(Delivery::from).collect())
}

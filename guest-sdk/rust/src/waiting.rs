//! Waiting for deliveries of the system under test to the webhook.

use std::time::Duration;

use crate::bindings::orbital::test::deliveries as contract;
use crate::{Delivery, ExpectError, Failure, Reply, Result, Test, WaitError, host, time};

/// Waiting for deliveries. Each has a key, and belongs to the run that expects this key. There is a queue for each
/// key, in the order of arrival.
impl Test {
    /// Returns a new key that cannot be guessed, and that is unique among all runs.
    pub fn new_id(&self) -> String {
        host::deliveries::new_id()
    }

    /// Reserves a key for this run until the run ends. Waiting for a key, and sending an event with a key, also
    /// does this.
    ///
    /// # Errors
    ///
    /// If another run expects the key, or the key is invalid.
    pub fn expect(&self, key: &str) -> Result<(), ExpectError> {
        self.expect_with(key, [])
    }

    /// Reserves a key, and sets the webhook's responses to its deliveries, in order, at most 32. Further deliveries
    /// get a 200.
    ///
    /// # Errors
    ///
    /// If another run expects the key, or the key or a reply is invalid.
    pub fn expect_with(
        &self,
        key: &str,
        replies: impl IntoIterator<Item = Reply>,
    ) -> Result<(), ExpectError> {
        let replies = replies.into_iter().map(contract::PlannedReply::from).collect();
        Ok(host::deliveries::expect(key, &contract::ExpectOptions { replies })?)
    }

    /// Waits for the next delivery with this key, and removes it from the queue. If none arrives until the run times
    /// out, the run ends with outcome `timeout`.
    ///
    /// # Errors
    ///
    /// If another run expects the key, the key is invalid, or deliveries were dropped. Never [`WaitError::Timeout`].
    pub fn wait_for(&self, key: &str) -> Result<Delivery, WaitError> {
        Ok(host::deliveries::wait_for(key, None)?.into())
    }

    /// Waits for the next delivery with this key for a limited time, and removes it from the queue. The time is
    /// rounded up to whole milliseconds; zero does not wait.
    ///
    /// # Errors
    ///
    /// [`WaitError::Timeout`] if none arrived in time.
    pub fn wait_for_within(&self, key: &str, within: Duration) -> Result<Delivery, WaitError> {
        Ok(host::deliveries::wait_for(key, Some(time::milliseconds(within)))?.into())
    }

    /// Waits for the next `n` deliveries with any of these keys, in the order of arrival, and removes them from the
    /// queues. If fewer arrive until the run times out, the run ends with outcome `timeout`.
    ///
    /// # Errors
    ///
    /// If another run expects a key, a key is invalid, or deliveries were dropped. Never [`WaitError::Timeout`].
    pub fn wait_n<K: AsRef<str>>(
        &self,
        keys: impl IntoIterator<Item = K>,
        n: u32,
    ) -> Result<Vec<Delivery>, WaitError> {
        wait_n(keys, n, None)
    }

    /// Waits for the next `n` deliveries like [`wait_n`](Self::wait_n), for a limited time.
    ///
    /// # Errors
    ///
    /// [`WaitError::Timeout`] if fewer than `n` arrived in time. Those that arrived stay in the queue.
    pub fn wait_n_within<K: AsRef<str>>(
        &self,
        keys: impl IntoIterator<Item = K>,
        n: u32,
        within: Duration,
    ) -> Result<Vec<Delivery>, WaitError> {
        wait_n(keys, n, Some(within))
    }

    /// Checks that no further delivery with this key arrives within this time.
    ///
    /// # Errors
    ///
    /// If a delivery arrives. The message describes it.
    #[track_caller]
    pub fn no_delivery_within(&self, key: &str, within: Duration) -> Result {
        match self.wait_for_within(key, within) {
            Err(WaitError::Timeout) => Ok(()),
            Err(error) => Err(error.into()),
            Ok(delivery) => Err(Failure::new(format!(
                "expected no delivery with the key `{key}` within {within:?}, but received: {delivery}"
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

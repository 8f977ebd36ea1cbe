//! The error of waiting for a delivery.

use std::fmt;

use crate::bindings::orbital::test::deliveries as contract;

/// The reason why waiting returned no delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WaitError {
    /// The timeout given to the call expired. Deliveries received until then stay in the queue.
    Timeout,
    /// Another run expects this key.
    Taken,
    /// The key is empty, longer than 256 bytes, or contains control characters. The text says which.
    InvalidKey(String),
    /// `n` is zero, or no key was given.
    NothingToWaitFor,
    /// This number of deliveries was dropped because the queue of a key was full. Reported once, after all queued
    /// deliveries have been returned.
    Overflow(u32),
}

impl fmt::Display for WaitError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Timeout => formatter.write_str("timed out waiting for a delivery"),
            Self::Taken => formatter.write_str("another run expects this key"),
            Self::InvalidKey(text) => write!(formatter, "invalid key: {text}"),
            Self::NothingToWaitFor => {
                formatter.write_str("there is nothing to wait for: no key, or zero deliveries")
            }
            Self::Overflow(dropped) => {
                write!(formatter, "{dropped} deliveries were dropped: the key's queue was full")
            }
        }
    }
}

impl std::error::Error for WaitError {}

impl From<contract::WaitError> for WaitError {
    fn from(error: contract::WaitError) -> Self {
        match error {
            contract::WaitError::Timeout => Self::Timeout,
            contract::WaitError::Taken => Self::Taken,
            contract::WaitError::InvalidKey(text) => Self::InvalidKey(text),
            contract::WaitError::NothingToWaitFor => Self::NothingToWaitFor,
            contract::WaitError::Overflow(dropped) => Self::Overflow(dropped),
        }
    }
}

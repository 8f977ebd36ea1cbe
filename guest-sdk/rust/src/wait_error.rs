//! Why there is no delivery.

use std::fmt;

use crate::bindings::orbital::test::deliveries as contract;

/// Why there is no delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WaitError {
    /// The time given ran out. What came in that time stays in the queue.
    Timeout,
    /// Another run expects this key.
    Taken,
    /// A key that cannot be one; the text says why.
    InvalidKey(String),
    /// `n` is zero, or no key was given.
    NothingToWaitFor,
    /// This many deliveries were dropped because the queue of a key was full. Reported once, when all that
    /// was kept has been taken.
    Overflow(u32),
}

impl fmt::Display for WaitError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Timeout => formatter.write_str("what was waited for was not delivered in time"),
            Self::Taken => formatter.write_str("another run expects this key"),
            Self::InvalidKey(text) => write!(formatter, "the key cannot be one: {text}"),
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

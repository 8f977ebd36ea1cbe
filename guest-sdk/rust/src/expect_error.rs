//! The error of expecting a key.

use std::fmt;

use crate::bindings::orbital::test::deliveries as contract;

/// The reason why a key cannot be expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExpectError {
    /// Another run expects this key.
    Taken,
    /// The key is empty, longer than 256 bytes, or contains control characters. The text says which.
    InvalidKey(String),
    /// A reply is invalid. The text says which one and why.
    InvalidReply(String),
}

impl fmt::Display for ExpectError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Taken => formatter.write_str("another run expects this key"),
            Self::InvalidKey(text) => write!(formatter, "invalid key: {text}"),
            Self::InvalidReply(text) => write!(formatter, "invalid reply: {text}"),
        }
    }
}

impl std::error::Error for ExpectError {}

impl From<contract::ExpectError> for ExpectError {
    fn from(error: contract::ExpectError) -> Self {
        match error {
            contract::ExpectError::Taken => Self::Taken,
            contract::ExpectError::InvalidKey(text) => Self::InvalidKey(text),
            contract::ExpectError::InvalidReply(text) => Self::InvalidReply(text),
        }
    }
}

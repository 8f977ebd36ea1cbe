//! Why a target did not answer.

use std::fmt;

use crate::bindings::orbital::test::events as contract;

/// Why there is no answer. An answer of any status is none of these.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SendError {
    /// No target of this name is configured; the text lists those that are.
    UnknownTarget(String),
    /// The path, a header, the method or the body is outside its limits, or not granted to the
    /// component; the text says which and why.
    Invalid(String),
    /// The event's key is expected by another run. Nothing was sent.
    Taken,
    /// The connection was refused, reset or could not be made; the text says why.
    Unreachable(String),
    /// The time ran out. Whether the target took the request is not known.
    Timeout,
    /// The answer's body is larger than this many bytes, which are allowed.
    TooLarge(u32),
}

impl fmt::Display for SendError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownTarget(text) => write!(formatter, "unknown target: {text}"),
            Self::Invalid(text) => write!(formatter, "the request cannot be sent: {text}"),
            Self::Taken => formatter.write_str("another run expects the event's key; nothing was sent"),
            Self::Unreachable(text) => write!(formatter, "the target did not answer: {text}"),
            Self::Timeout => formatter.write_str("the target did not answer in time"),
            Self::TooLarge(bytes) => write!(formatter, "the target's answer is larger than {bytes} bytes"),
        }
    }
}

impl std::error::Error for SendError {}

impl From<contract::SendError> for SendError {
    fn from(error: contract::SendError) -> Self {
        match error {
            contract::SendError::UnknownTarget(text) => Self::UnknownTarget(text),
            contract::SendError::Invalid(text) => Self::Invalid(text),
            contract::SendError::Taken => Self::Taken,
            contract::SendError::Unreachable(text) => Self::Unreachable(text),
            contract::SendError::Timeout => Self::Timeout,
            contract::SendError::TooLarge(bytes) => Self::TooLarge(bytes),
        }
    }
}

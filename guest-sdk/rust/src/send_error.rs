//! The error of sending a request.

use std::fmt;

use crate::bindings::orbital::test::events as contract;

/// The reason why there is no response. A response with an error status is not a `SendError`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SendError {
    /// The host's configuration has no target with this name. The text lists the configured targets.
    UnknownTarget(String),
    /// The path, a header, the method or the body is invalid or not granted to the component. The text says
    /// which and why.
    Invalid(String),
    /// Another run expects the event's key. Nothing was sent.
    Taken,
    /// The connection failed, for example because it was refused or reset. The text says why.
    Unreachable(String),
    /// The request timed out. The target may or may not have processed it.
    Timeout,
    /// The body of the response is larger than the limit, which is this number of bytes.
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

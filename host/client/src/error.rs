//! Errors of requests.

use std::fmt;
use std::time::Duration;

use orbital_model::Cause;
use orbital_model::text::shown;
use orbital_policy::grants::Denial;
use orbital_policy::targets::describe_known;

use crate::phases::Stage;

/// Why a request has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// The target is not configured.
    #[error("no target `{}` is configured; {}", shown(.name), describe_known(.known))]
    UnknownTarget {
        /// The name that the test used.
        name: String,
        /// The names of the configured targets.
        known: Vec<String>,
    },
    /// The request is invalid.
    #[error("{0}")]
    Invalid(String),
    /// The request names a secret that the operator has not defined, or has not granted to the target.
    #[error("{0}")]
    NoSecret(String),
    /// The component is not allowed to send the request.
    #[error(transparent)]
    Denied(#[from] Denial),
    /// The host is on the operator's own network.
    #[error("{0}")]
    Private(String),
    /// The event's key belongs to another run.
    #[error("another run expects the event's key")]
    Taken,
    /// The connection failed, or was lost.
    #[error("{reason}")]
    Unreachable {
        /// The kind of the problem.
        failure: Failure,
        /// The problem, for people.
        reason: String,
    },
    /// This machine cannot make the connection: it has no file descriptor, port or route for it, or forbids it.
    #[error("{0}")]
    Local(String),
    /// The request timed out.
    #[error("no complete answer within {} ({of}), while {stage}", humantime::format_duration(*.after))]
    Timeout {
        /// The timeout.
        after: Duration,
        /// The setting from which the timeout comes.
        of: TimeoutOf,
        /// The stage that the request had reached.
        stage: Stage,
    },
    /// The answer's body is too large.
    #[error("the answer's body is larger than {0} bytes (the target's `max_response`)")]
    TooLarge(usize),
}

/// The setting from which the timeout of a request comes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TimeoutOf {
    /// The timeout that the test chose for this request.
    Test,
    /// The timeout of the target with this name.
    Target(String),
    /// The timeout of hosts that do not belong to a target.
    Host,
}

impl fmt::Display for TimeoutOf {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Test => formatter.write_str("the test's timeout for this request"),
            Self::Target(name) => write!(formatter, "`targets.{name}.timeout`"),
            Self::Host => formatter.write_str("the timeout of all hosts that are no targets"),
        }
    }
}

impl SendError {
    /// Returns the problem behind the error, if it is certain that the system under test did not cause it.
    pub fn cause(&self) -> Option<Cause> {
        match self {
            Self::UnknownTarget { .. } | Self::NoSecret(_) | Self::Private(_) => Some(Cause::operator(self)),
            Self::Denied(denial) => Some(denial.cause()),
            Self::Local(_) => Some(Cause::host(self)),
            Self::Invalid(_)
            | Self::Taken
            | Self::Unreachable { .. }
            | Self::Timeout { .. }
            | Self::TooLarge(_) => None,
        }
    }
}

/// The reason why an exchange failed, as far as the host can tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// The host's name has no address.
    Dns,
    /// Nothing listens at the address.
    Refused,
    /// The connection was not made in time.
    ConnectTimeout,
    /// There is no route to the address.
    Unroutable,
    /// The certificate is not trusted.
    Certificate,
    /// TLS failed for another reason.
    Tls,
    /// The connection ended before the answer was complete.
    Ended,
    /// The answer is not HTTP.
    Protocol,
    /// There is another reason.
    Other,
}

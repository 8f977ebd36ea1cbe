//! Why a request has no answer.

use std::fmt;
use std::time::Duration;

use orbital_model::Cause;
use orbital_model::text::shown;
use orbital_policy::grants::Denial;
use orbital_policy::targets::describe_known;

use crate::phases::Stage;

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// No such target.
    #[error("no target `{}` is configured; {}", shown(.name), describe_known(.known))]
    UnknownTarget {
        /// What was asked for.
        name: String,
        /// What there is.
        known: Vec<String>,
    },
    /// The request cannot be sent as it is.
    #[error("{0}")]
    Invalid(String),
    /// The request names a secret that the operator has not defined, or not granted to the target.
    #[error("{0}")]
    NoSecret(String),
    /// The component may not send it.
    #[error(transparent)]
    Denied(#[from] Denial),
    /// The host is on the operator's own network.
    #[error("{0}")]
    Private(String),
    /// The event's key is another run's.
    #[error("another run expects the event's key")]
    Taken,
    /// No connection, or it broke.
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
    /// The time ran out.
    #[error("no complete answer within {} ({of}), while {stage}", humantime::format_duration(*.after))]
    Timeout {
        /// How long that was.
        after: Duration,
        /// The setting that says so.
        of: TimeoutOf,
        /// What it waited for at the end.
        stage: Stage,
    },
    /// The answer's body is too large.
    #[error("the answer's body is larger than {0} bytes (the target's `max_response`)")]
    TooLarge(usize),
}

/// The setting that a timeout of a request is from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TimeoutOf {
    /// The test chose it for this request.
    Test,
    /// That of this target.
    Target(String),
    /// That of hosts that are no target's.
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
    /// The problem behind it, if it is certain that the system under test did not cause it.
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

/// What kept an exchange from its answer, as far as the host can tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// The host's name has no address.
    Dns,
    /// Nothing listens there.
    Refused,
    /// No connection in time.
    ConnectTimeout,
    /// There is no way to the address.
    Unroutable,
    /// The certificate is not one to trust.
    Certificate,
    /// TLS, for another reason.
    Tls,
    /// The connection ended before the whole answer had come.
    Ended,
    /// The answer is not HTTP.
    Protocol,
    /// Anything else.
    Other,
}

//! Circumstances outside the system under test that can keep an attempt from passing.
//!
//! The part of the host that meets one adds it to the run's record. An attempt that passes nevertheless has passed;
//! otherwise the verdict does not blame the system under test.

use std::fmt;

/// A problem that the system under test did not cause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// The party that has to act.
    pub origin: Origin,
    /// The problem, and the fix if it is known.
    pub what: String,
}

/// The party that has to act on a problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The operator: the configuration lacks something.
    Operator,
    /// The author: the component's manifest lacks something.
    Author,
    /// The host: it lacked something that it needed, such as a file descriptor.
    Host,
}

impl Cause {
    /// A mistake of the operator.
    pub fn operator(what: impl fmt::Display) -> Self {
        Self { origin: Origin::Operator, what: what.to_string() }
    }

    /// A mistake of the component's author.
    pub fn author(what: impl fmt::Display) -> Self {
        Self { origin: Origin::Author, what: what.to_string() }
    }

    /// A failure of the host.
    pub fn host(what: impl fmt::Display) -> Self {
        Self { origin: Origin::Host, what: what.to_string() }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let origin = match self.origin {
            Origin::Operator => "a mistake in the configuration, not in the system under test",
            Origin::Author => "a mistake in the component's manifest, not in the system under test",
            Origin::Host => "a failure of the host, not of the system under test",
        };
        write!(formatter, "{origin}: {}", self.what)
    }
}

//! A case, as it is known before it runs.

use crate::{Result, Test};

/// One test, as the attribute [`case`](macro@crate::case) describes it.
#[derive(Debug, Clone, Copy)]
pub struct Case {
    /// Unique in the suite; 1 to 100 letters, digits, `-`, `_` and `.`.
    pub name: &'static str,
    /// When it runs.
    pub schedule: Schedule,
    /// How long one attempt may take, in milliseconds; none means what the host's configuration says.
    pub timeout_ms: Option<u32>,
    /// Names and values; at most 16.
    pub tags: &'static [(&'static str, &'static str)],
    /// Further attempts after one that did not pass; at most 10.
    pub retries: u32,
    /// Milliseconds between two attempts.
    pub retry_delay_ms: u32,
    /// How many runs may go on at once; at least 1.
    pub max_in_flight: u32,
    /// The test.
    pub run: fn(&Test) -> Result,
}

/// When the host starts a case by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Schedule {
    /// At multiples of a period.
    Every {
        /// In milliseconds; at least 1.
        period_ms: u32,
    },
    /// At the times that a cron expression names.
    Cron {
        /// Five fields: minute, hour, day of month, month, day of week.
        expression: &'static str,
        /// A name of the IANA time zone database such as `Europe/Madrid`; none means UTC.
        zone: Option<&'static str>,
    },
    /// Only when somebody asks for it.
    Manual,
}

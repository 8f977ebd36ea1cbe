//! A case: a test and its settings.

use crate::{Result, Test};

/// A test with its settings. The attribute [`case`](macro@crate::case) creates it.
#[derive(Debug, Clone, Copy)]
pub struct Case {
    /// The name, unique in the suite: 1 to 100 letters, digits, `-`, `_` and `.`.
    pub name: &'static str,
    /// When the case runs.
    pub schedule: Schedule,
    /// The timeout of one attempt, in milliseconds. `None` means the default in the host's configuration.
    pub timeout_ms: Option<u32>,
    /// Labels as names and values, at most 16.
    pub tags: &'static [(&'static str, &'static str)],
    /// The maximum number of retries, at most 10.
    pub retries: u32,
    /// The delay before each retry, in milliseconds.
    pub retry_delay_ms: u32,
    /// The maximum number of concurrent runs of this case, at least 1.
    pub max_in_flight: u32,
    /// The function that runs the test.
    pub run: fn(&Test) -> Result,
}

/// When the host starts a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Schedule {
    /// Periodically.
    Every {
        /// The period in milliseconds, at least 1.
        period_ms: u32,
    },
    /// At the times of a cron expression.
    Cron {
        /// Five fields: minute, hour, day of month, month, day of week.
        expression: &'static str,
        /// The name of a time zone in the IANA database, such as `Europe/Madrid`. `None` means UTC.
        zone: Option<&'static str>,
    },
    /// Only on request, such as `orbital run`.
    Manual,
}

//! The schedules of cases.

use std::fmt;
use std::time::Duration;

use crate::Cron;

/// The times at which a case runs by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Schedule {
    /// At multiples of this period.
    Every(Duration),
    /// At the times of a cron expression.
    Cron(Cron),
    /// The case does not run by itself.
    Manual,
}

impl fmt::Display for Schedule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Every(period) => write!(formatter, "every {}", humantime::format_duration(*period)),
            Self::Cron(cron) => write!(formatter, "cron {cron}"),
            Self::Manual => formatter.write_str("manual"),
        }
    }
}

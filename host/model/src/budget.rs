//! The limited resources of a run.

use crate::variants::variants;
use std::fmt;
use std::time::Duration;

/// A limited resource of a run: a setting of `[limits]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::VariantArray)]
pub enum Budget {
    /// Time from start to end, whatever the case's timeout is.
    WallTime,
    /// Processor time.
    Cpu,
    /// Bytes of linear memories and tables of the run.
    Memory,
    /// Bytes of linear memories and tables of all runs of the component in flight.
    ComponentMemory,
    /// Bytes of linear memories and tables of all runs in flight.
    TotalMemory,
    /// Bytes that the host keeps for the run, or copies for one call of it: bodies to be sent, planned replies, values
    /// for metrics.
    HostMemory,
    /// Handles to resources of the host, such as streams and requests of WASI, open at once.
    Handles,
    /// Bytes of log lines, standard output and standard error.
    LogBytes,
    /// Lines of log, standard output and standard error.
    LogLines,
    /// Keys expected.
    Expectations,
    /// Requests sent.
    Requests,
    /// Requests in flight at once.
    RequestsInFlight,
    /// Bytes of the bodies of answers.
    ResponseBytes,
    /// Values recorded for metrics.
    MetricSamples,
    /// Metric series of a component, over all its runs. Exceeding it is an error that the test may handle.
    MetricSeries,
}

/// The unit of a budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// A number of things.
    Number,
    /// Bytes.
    Bytes,
    /// Milliseconds.
    Time,
}

/// The longest duration that the configuration can have, in milliseconds.
const MAX_MS: u64 = 49 * 24 * 3_600_000;

/// The setting of a budget.
#[derive(Debug, Clone, Copy)]
pub struct Definition {
    /// The setting's name in the section `[limits]`.
    pub name: &'static str,
    /// The unit of the following amounts.
    pub unit: Unit,
    /// The lowest allowed limit.
    pub least: u64,
    /// The highest allowed limit.
    pub most: u64,
    /// The default limit.
    pub default: u64,
}

const fn define(name: &'static str, unit: Unit, least: u64, most: u64, default: u64) -> Definition {
    Definition { name, unit, least, most, default }
}

impl Budget {
    /// All budgets.
    pub const ALL: [Self; 15] = variants();

    /// Returns the setting of the budget.
    pub const fn definition(self) -> Definition {
        use Unit::{Bytes, Number, Time};
        match self {
            Self::WallTime => define("wall_time", Time, 1, MAX_MS, 3_600_000),
            Self::Cpu => define("cpu", Time, 1, MAX_MS, 10_000),
            Self::Memory => define("memory", Bytes, 1 << 20, 1 << 30, 256 << 20),
            Self::ComponentMemory => define("component_memory", Bytes, 1 << 20, 1 << 40, 4 << 30),
            Self::TotalMemory => define("total_memory", Bytes, 1 << 20, 1 << 44, 16 << 30),
            Self::HostMemory => define("host_memory", Bytes, 64 << 10, 1 << 30, 32 << 20),
            Self::Handles => define("handles", Number, 16, 100_000, 1000),
            Self::LogBytes => define("log_bytes", Bytes, 0, 64 << 20, 256 << 10),
            Self::LogLines => define("log_lines", Number, 0, 1_000_000, 2000),
            Self::Expectations => define("expectations", Number, 0, 1_000_000, 1000),
            Self::Requests => define("requests", Number, 0, 1_000_000, 1000),
            Self::RequestsInFlight => define("requests_in_flight", Number, 1, 1000, 32),
            Self::ResponseBytes => define("response_bytes", Bytes, 0, 1 << 30, 64 << 20),
            Self::MetricSamples => define("metric_samples", Number, 0, 1_000_000, 10_000),
            Self::MetricSeries => define("metric_series", Number, 0, 100_000, 200),
        }
    }

    /// Returns the name of the setting.
    pub const fn name(self) -> &'static str {
        self.definition().name
    }

    /// Returns an amount as text for people.
    pub fn show(self, amount: u64) -> String {
        match self.definition().unit {
            Unit::Number => amount.to_string(),
            Unit::Bytes => format!("{amount} bytes"),
            Unit::Time => humantime::format_duration(Duration::from_millis(amount)).to_string(),
        }
    }
}

/// A run that exceeded a budget. Its outcome is `error`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BudgetBreach {
    /// The budget.
    pub budget: Budget,
    /// The limit.
    pub limit: u64,
    /// The amount that the run would have used.
    pub asked: u64,
}

impl fmt::Display for BudgetBreach {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { budget, limit, asked } = *self;
        let (name, limit, asked) = (budget.name(), budget.show(limit), budget.show(asked));
        write!(formatter, "the run's budget `limits.{name}` allows {limit}, and it asked for {asked}")
    }
}

impl std::error::Error for BudgetBreach {}

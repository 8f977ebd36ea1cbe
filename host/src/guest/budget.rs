//! What one run may use, and what it has used.

use std::fmt;
use std::time::Duration;

use wasmtime::ResourceLimiter;

use super::meter::Meter;
use crate::config::Section;

/// Something of which a run may have so much and no more: a setting of `[limits]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Budget {
    /// Time from start to end, whatever timeout a case has.
    WallTime,
    /// Processor time.
    Cpu,
    /// Bytes of linear memories and tables, all of the run together.
    Memory,
    /// The same of all runs of the component that are in flight.
    ComponentMemory,
    /// The same of all runs that are in flight.
    TotalMemory,
    /// Bytes that the host keeps for the run, or copies for one call of it: bodies to be sent, planned replies, values
    /// for metrics.
    HostMemory,
    /// Handles to things of the host, such as streams and requests of WASI, that are open at once.
    Handles,
    /// Bytes of log lines, standard output and standard error.
    LogBytes,
    /// Lines of them.
    LogLines,
    /// Keys expected.
    Expectations,
    /// Requests sent.
    Requests,
    /// Requests under way at once.
    RequestsInFlight,
    /// Bytes of the bodies of answers.
    ResponseBytes,
    /// Values recorded for metrics.
    MetricSamples,
    /// Series of metrics, of a component over all its runs. One more is an error that the test may handle.
    MetricSeries,
}

/// How a budget is measured.
#[derive(Clone, Copy)]
enum Unit {
    Number,
    Bytes,
    /// Milliseconds.
    Time,
}

/// The longest duration that the configuration can have, in milliseconds.
const MAX_MS: u64 = 49 * 24 * 3_600_000;

/// Name, unit, least, most and default of a budget.
struct Definition(&'static str, Unit, u64, u64, u64);

impl Budget {
    /// Every budget there is.
    pub const ALL: [Self; 15] = [
        Self::WallTime,
        Self::Cpu,
        Self::Memory,
        Self::ComponentMemory,
        Self::TotalMemory,
        Self::HostMemory,
        Self::Handles,
        Self::LogBytes,
        Self::LogLines,
        Self::Expectations,
        Self::Requests,
        Self::RequestsInFlight,
        Self::ResponseBytes,
        Self::MetricSamples,
        Self::MetricSeries,
    ];

    const fn definition(self) -> Definition {
        use Unit::{Bytes, Number, Time};
        match self {
            Self::WallTime => Definition("wall_time", Time, 1, MAX_MS, 3_600_000),
            Self::Cpu => Definition("cpu", Time, 1, MAX_MS, 10_000),
            Self::Memory => Definition("memory", Bytes, 1 << 20, 1 << 30, 256 << 20),
            Self::ComponentMemory => Definition("component_memory", Bytes, 1 << 20, 1 << 40, 4 << 30),
            Self::TotalMemory => Definition("total_memory", Bytes, 1 << 20, 1 << 44, 16 << 30),
            Self::HostMemory => Definition("host_memory", Bytes, 64 << 10, 1 << 30, 32 << 20),
            Self::Handles => Definition("handles", Number, 16, 100_000, 1000),
            Self::LogBytes => Definition("log_bytes", Bytes, 0, 64 << 20, 256 << 10),
            Self::LogLines => Definition("log_lines", Number, 0, 1_000_000, 2000),
            Self::Expectations => Definition("expectations", Number, 0, 1_000_000, 1000),
            Self::Requests => Definition("requests", Number, 0, 1_000_000, 1000),
            Self::RequestsInFlight => Definition("requests_in_flight", Number, 1, 1000, 32),
            Self::ResponseBytes => Definition("response_bytes", Bytes, 0, 1 << 30, 64 << 20),
            Self::MetricSamples => Definition("metric_samples", Number, 0, 1_000_000, 10_000),
            Self::MetricSeries => Definition("metric_series", Number, 0, 100_000, 200),
        }
    }

    /// Its name in the configuration.
    pub const fn name(self) -> &'static str {
        self.definition().0
    }

    /// An amount of it, for people.
    pub(crate) fn show(self, amount: u64) -> String {
        match self.definition().1 {
            Unit::Number => amount.to_string(),
            Unit::Bytes => format!("{amount} bytes"),
            Unit::Time => humantime::format_duration(Duration::from_millis(amount)).to_string(),
        }
    }
}

/// The limits of every budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits([u64; Budget::ALL.len()]);

impl Limits {
    /// Reads the section `[limits]`.
    pub fn read(section: &Section<'_>) -> Self {
        let mut limits = Self::default();
        let changes = LimitChanges::read(section);
        for budget in Budget::ALL {
            section.default_is(budget.name(), &written(budget, limits.of(budget)));
        }
        changes.apply(&mut limits);
        limits
    }

    /// How much of it a run may have.
    pub fn of(&self, budget: Budget) -> u64 {
        self.0[budget as usize]
    }

    /// Has of one budget what other limits have.
    pub fn keep(&mut self, budget: Budget, other: &Self) {
        self.0[budget as usize] = other.of(budget);
    }

    /// Returns limits that allow no more of a budget of time than this.
    pub fn at_most(mut self, budget: Budget, time: Duration) -> Self {
        let limit = &mut self.0[budget as usize];
        *limit = (*limit).min(time.as_millis() as u64);
        self
    }

    /// The same as a duration, of a budget of time.
    pub fn time(&self, budget: Budget) -> Duration {
        Duration::from_millis(self.of(budget))
    }

    /// Sets a limit.
    #[cfg(test)]
    pub(super) fn set(&mut self, budget: Budget, limit: u64) {
        self.0[budget as usize] = limit;
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self(Budget::ALL.map(|budget| budget.definition().4))
    }
}

/// Limits that are set in place of others.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LimitChanges(Vec<(Budget, u64)>);

impl LimitChanges {
    /// Reads a section such as `[components."checkout*".limits]`.
    pub fn read(section: &Section<'_>) -> Self {
        let set = Budget::ALL.into_iter().filter_map(|budget| {
            let Definition(name, unit, least, most, _) = budget.definition();
            let amount = match unit {
                Unit::Number => {
                    section.optional_integer(name, least as usize..=most as usize).map(|number| number as u64)
                }
                Unit::Bytes => section.optional_bytes(name, least..=most),
                Unit::Time => section.optional_duration(name).map(|time| time.as_millis() as u64),
            };
            Some((budget, amount?))
        });
        Self(set.collect())
    }

    /// Sets what is set here.
    pub fn apply(&self, limits: &mut Limits) {
        for (budget, amount) in &self.0 {
            limits.0[*budget as usize] = *amount;
        }
    }
}

/// An amount as the configuration has it.
fn written(budget: Budget, amount: u64) -> String {
    match budget.definition().1 {
        Unit::Number => amount.to_string(),
        Unit::Bytes => format!("\"{}\"", bytesize::ByteSize(amount)).replace(' ', ""),
        Unit::Time => format!("\"{}\"", budget.show(amount)),
    }
}

/// A run asked for more than it may have. It ends the run as `error`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BudgetBreach {
    /// Which.
    pub budget: Budget,
    /// What it allows.
    pub limit: u64,
    /// What the run would have had.
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

/// Sums up the memory of one instance, in the counts of its run, of its component, and of all.
pub(super) struct MemoryBudget {
    meter: Meter,
    used: usize,
}

/// What one element of a table takes, in bytes.
const TABLE_ELEMENT: usize = size_of::<usize>();

impl MemoryBudget {
    pub(super) fn new(meter: Meter) -> Self {
        Self { meter, used: 0 }
    }

    fn grow(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        // Beyond what it declares itself it gets nothing, and is told.
        if maximum.is_some_and(|maximum| desired > maximum) {
            return Ok(false);
        }
        let more = desired.saturating_sub(current);
        self.meter.charge(Budget::Memory, more)?;
        let share = self.meter.share();
        share.charge_memory(self.meter.limits(), more as u64).map_err(|breach| self.meter.breach(breach))?;
        self.used += more;
        Ok(true)
    }
}

impl Drop for MemoryBudget {
    fn drop(&mut self) {
        self.meter.share().release_memory(self.used as u64);
    }
}

impl ResourceLimiter for MemoryBudget {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        self.grow(current, desired, maximum)
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let bytes = |elements: usize| elements.saturating_mul(TABLE_ELEMENT);
        self.grow(bytes(current), bytes(desired), maximum.map(bytes))
    }
}

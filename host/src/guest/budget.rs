//! What one run may use, and what it has used.

use std::fmt;
use std::time::Duration;

use wasmtime::ResourceLimiter;

use crate::config::Section;

/// Something of which a run may have so much and no more: a setting of `[limits]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Budget {
    /// Time from start to end, whatever timeout a case has.
    WallTime,
    /// Bytes of linear memories and tables, all of the run together.
    Memory,
    /// Bytes of log lines, standard output and standard error.
    LogBytes,
    /// Lines of them.
    LogLines,
    /// Keys expected.
    Expectations,
    /// Requests sent.
    Requests,
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
    pub const ALL: [Self; 8] = [
        Self::WallTime,
        Self::Memory,
        Self::LogBytes,
        Self::LogLines,
        Self::Expectations,
        Self::Requests,
        Self::MetricSamples,
        Self::MetricSeries,
    ];

    const fn definition(self) -> Definition {
        use Unit::{Bytes, Number, Time};
        match self {
            Self::WallTime => Definition("wall_time", Time, 1, MAX_MS, 3_600_000),
            Self::Memory => Definition("memory", Bytes, 1 << 20, 1 << 30, 256 << 20),
            Self::LogBytes => Definition("log_bytes", Bytes, 0, 64 << 20, 256 << 10),
            Self::LogLines => Definition("log_lines", Number, 0, 1_000_000, 2000),
            Self::Expectations => Definition("expectations", Number, 0, 1_000_000, 1000),
            Self::Requests => Definition("requests", Number, 0, 1_000_000, 1000),
            Self::MetricSamples => Definition("metric_samples", Number, 0, 1_000_000, 10_000),
            Self::MetricSeries => Definition("metric_series", Number, 0, 100_000, 200),
        }
    }

    /// Its name in the configuration.
    pub const fn name(self) -> &'static str {
        self.definition().0
    }

    /// An amount of it, for people.
    fn show(self, amount: u64) -> String {
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

    /// The same as a duration, of a budget of time.
    pub fn time(&self, budget: Budget) -> Duration {
        Duration::from_millis(self.of(budget))
    }

    /// What a run did that wanted to take so long, and had no more time than [`Budget::WallTime`] allows.
    pub fn out_of_wall_time(&self, wanted: Duration) -> BudgetBreach {
        let (budget, asked) = (Budget::WallTime, wanted.as_millis() as u64);
        BudgetBreach { budget, limit: self.of(budget), asked }
    }

    /// Whether a use is within its limit.
    ///
    /// # Errors
    /// It is not.
    pub(super) fn check(&self, budget: Budget, asked: usize) -> Result<(), BudgetBreach> {
        let (limit, asked) = (self.of(budget), asked as u64);
        if asked <= limit { Ok(()) } else { Err(BudgetBreach { budget, limit, asked }) }
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

/// Sums up the memory of one run.
pub(super) struct MemoryBudget {
    limits: Limits,
    used: usize,
}

impl MemoryBudget {
    pub(super) fn new(limits: Limits) -> Self {
        Self { limits, used: 0 }
    }
}

impl ResourceLimiter for MemoryBudget {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let asked = self.used.saturating_add(desired.saturating_sub(current));
        self.limits.check(Budget::Memory, asked)?;
        self.used = asked;
        Ok(true)
    }

    fn table_growing(
        &mut self,
        _current: usize,
        _desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        // The pool has a limit of its own for tables.
        Ok(true)
    }
}

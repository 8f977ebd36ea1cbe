//! What one run may use, and what it has used.

use std::fmt;

use wasmtime::ResourceLimiter;

use crate::config::Section;

/// The section `[limits]`: budgets of every run.
#[derive(Debug, Clone, Copy)]
pub struct BudgetSettings {
    /// Bytes of linear memory, all memories of the run together.
    pub memory: usize,
    /// Bytes of log lines, standard output and standard error.
    pub log_bytes: usize,
    /// Lines of them.
    pub log_lines: usize,
    /// Keys expected.
    pub expectations: usize,
    /// Requests sent.
    pub requests: usize,
    /// Values recorded for metrics.
    pub metric_samples: usize,
    /// Series of metrics, of a component over all its runs. One more is an error that the test may handle.
    pub metric_series: usize,
}

impl BudgetSettings {
    /// Reads the section.
    pub fn read(section: &Section<'_>) -> Self {
        let default = Self::default();
        Self {
            memory: section.bytes("memory", 1 << 20..=1 << 30, default.memory as u64),
            log_bytes: section.bytes("log_bytes", 0..=64 << 20, default.log_bytes as u64),
            log_lines: section.integer("log_lines", 0..=1_000_000, default.log_lines),
            expectations: section.integer("expectations", 0..=1_000_000, default.expectations),
            requests: section.integer("requests", 0..=1_000_000, default.requests),
            metric_samples: section.integer("metric_samples", 0..=1_000_000, default.metric_samples),
            metric_series: section.integer("metric_series", 0..=100_000, default.metric_series),
        }
    }
}

impl Default for BudgetSettings {
    fn default() -> Self {
        Self {
            memory: 256 << 20,
            log_bytes: 256 << 10,
            log_lines: 2000,
            expectations: 1000,
            requests: 1000,
            metric_samples: 10_000,
            metric_series: 200,
        }
    }
}

/// A run asked for more than it may have. It ends the run as `error`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BudgetBreach {
    /// The budget: a setting of `[limits]`.
    pub budget: &'static str,
    /// What it allows.
    pub limit: usize,
    /// What the run would have had.
    pub asked: usize,
}

impl fmt::Display for BudgetBreach {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { budget, limit, asked } = self;
        write!(formatter, "the run's budget `limits.{budget}` allows {limit}, and it asked for {asked}")
    }
}

impl std::error::Error for BudgetBreach {}

impl BudgetBreach {
    /// Whether a use is within its limit.
    pub(super) fn check(budget: &'static str, limit: usize, asked: usize) -> Result<(), Self> {
        if asked <= limit { Ok(()) } else { Err(Self { budget, limit, asked }) }
    }
}

/// Sums up the memory of one run.
pub(super) struct MemoryBudget {
    limit: usize,
    used: usize,
}

impl MemoryBudget {
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, used: 0 }
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
        BudgetBreach::check("memory", self.limit, asked)?;
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

//! What one run may use, and what it has used.

use std::time::Duration;

use orbital_model::{Budget, Definition, Unit};
use wasmtime::ResourceLimiter;

use super::meter::Meter;
use crate::config::Section;

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
        Self(Budget::ALL.map(|budget| budget.definition().default))
    }
}

/// Limits that are set in place of others.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LimitChanges(Vec<(Budget, u64)>);

impl LimitChanges {
    /// Reads a section such as `[components."checkout*".limits]`.
    pub fn read(section: &Section<'_>) -> Self {
        let set = Budget::ALL.into_iter().filter_map(|budget| {
            let Definition { name, unit, least, most, .. } = budget.definition();
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
    match budget.definition().unit {
        Unit::Number => amount.to_string(),
        Unit::Bytes => format!("\"{}\"", bytesize::ByteSize(amount)).replace(' ', ""),
        Unit::Time => format!("\"{}\"", budget.show(amount)),
    }
}

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

//! The limits of runs: the sections `[limits]` and `[components."PATTERN".limits]`.

use std::time::Duration;

use orbital_config::Section;
use orbital_model::{Budget, Definition, Unit};

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

    /// Returns the limit of a budget for a run.
    pub fn of(&self, budget: Budget) -> u64 {
        self.0[budget as usize]
    }

    /// Returns these limits, with a budget of time of at most this duration.
    pub fn at_most(mut self, budget: Budget, time: Duration) -> Self {
        let limit = &mut self.0[budget as usize];
        *limit = (*limit).min(time.as_millis() as u64);
        self
    }

    /// Returns the limit of a budget of time, as a duration.
    pub fn time(&self, budget: Budget) -> Duration {
        Duration::from_millis(self.of(budget))
    }

    /// Sets a limit.
    pub fn set(&mut self, budget: Budget, limit: u64) {
        self.0[budget as usize] = limit;
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self(Budget::ALL.map(|budget| budget.definition().default))
    }
}

/// Limits that replace others.
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

    /// Replaces the limits that are set here.
    pub fn apply(&self, limits: &mut Limits) {
        for (budget, amount) in &self.0 {
            limits.0[*budget as usize] = *amount;
        }
    }
}

/// Returns an amount as it is written in the configuration.
fn written(budget: Budget, amount: u64) -> String {
    match budget.definition().unit {
        Unit::Number => amount.to_string(),
        Unit::Bytes => format!("\"{}\"", bytesize::ByteSize(amount)).replace(' ', ""),
        Unit::Time => format!("\"{}\"", budget.show(amount)),
    }
}

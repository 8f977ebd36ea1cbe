//! The resources that a run used.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::ser::SerializeMap as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{Budget, BudgetBreach};

/// The resources that an attempt used.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Usage {
    /// The highest amount of each budget in use at once, if any, in the unit of the budget.
    pub peak: Vec<(Budget, u64)>,
    /// The processor time used.
    pub cpu: Duration,
    /// The budget that the attempt exceeded. It is not serialized.
    pub breach: Option<BudgetBreach>,
}

/// The name of the processor time in the map of budgets.
const CPU: &str = "cpu_seconds";

impl Usage {
    /// Returns the highest amount of a budget in use at once.
    pub fn peak_of(&self, budget: Budget) -> u64 {
        self.peak.iter().find(|(used, _)| *used == budget).map_or(0, |(_, peak)| *peak)
    }
}

impl Serialize for Usage {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if self.cpu.as_micros() > 0 {
            map.serialize_entry(CPU, &self.cpu.as_secs_f64())?;
        }
        for (budget, peak) in &self.peak {
            map.serialize_entry(budget.name(), peak)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Usage {
    /// Ignores budgets that this version does not have.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let amounts = BTreeMap::<String, f64>::deserialize(deserializer)?;
        let cpu = amounts.get(CPU).and_then(|cpu| Duration::try_from_secs_f64(*cpu).ok()).unwrap_or_default();
        let peak = |budget: Budget| amounts.get(budget.name()).map(|peak| (budget, *peak as u64));
        Ok(Self { peak: Budget::ALL.into_iter().filter_map(peak).collect(), cpu, breach: None })
    }
}

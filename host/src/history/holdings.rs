//! What each component has in the database, so that one with much of it displaces none of another's runs.

use std::collections::{BTreeSet, HashMap};

use rusqlite::{Connection, params};

/// What all components have. Changes are kept in memory until they are saved, within the transaction that made them; if
/// that fails, this must be loaded again.
pub(super) struct Holdings {
    by_component: HashMap<String, Holding>,
    changed: BTreeSet<String>,
}

#[derive(Default)]
struct Holding {
    runs: u64,
    bytes: u64,
}

/// What there is too much of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Measure {
    Runs,
    Bytes,
}

impl Holdings {
    pub(super) fn load(connection: &Connection) -> rusqlite::Result<Self> {
        let by_component = connection
            .prepare("SELECT component, runs, bytes FROM holdings")?
            .query_map([], |row| Ok((row.get(0)?, Holding { runs: row.get(1)?, bytes: row.get(2)? })))?
            .collect::<Result<_, _>>()?;
        Ok(Self { by_component, changed: BTreeSet::new() })
    }

    /// How many runs there are.
    pub(super) fn runs(&self) -> u64 {
        self.by_component.values().map(|holding| holding.runs).sum()
    }

    /// Notes a run whose report has so many bytes.
    pub(super) fn add(&mut self, component: &str, bytes: u64) {
        let holding = self.by_component.entry(component.to_owned()).or_default();
        holding.runs += 1;
        holding.bytes += bytes;
        self.changed.insert(component.to_owned());
    }

    /// Notes that a run is gone.
    pub(super) fn remove(&mut self, component: &str, bytes: u64) {
        if let Some(holding) = self.by_component.get_mut(component) {
            holding.runs = holding.runs.saturating_sub(1);
            holding.bytes = holding.bytes.saturating_sub(bytes);
            self.changed.insert(component.to_owned());
        }
    }

    /// The component that has the most of something; none if nobody has any run.
    pub(super) fn largest(&self, measure: Measure) -> Option<String> {
        let with_runs = self.by_component.iter().filter(|(_, holding)| holding.runs > 0);
        let largest = with_runs.max_by_key(|(name, holding)| match measure {
            Measure::Runs => (holding.runs, *name),
            Measure::Bytes => (holding.bytes, *name),
        });
        largest.map(|(name, _)| name.clone())
    }

    /// Writes what has changed.
    pub(super) fn save(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        let mut replace = connection
            .prepare_cached("REPLACE INTO holdings (component, runs, bytes) VALUES (?1, ?2, ?3)")?;
        let mut delete = connection.prepare_cached("DELETE FROM holdings WHERE component = ?1")?;
        for component in std::mem::take(&mut self.changed) {
            match self.by_component.get(&component) {
                Some(Holding { runs: 0, .. }) | None => {
                    delete.execute([&component])?;
                    self.by_component.remove(&component);
                }
                Some(Holding { runs, bytes }) => {
                    replace.execute(params![component, runs, bytes])?;
                }
            }
        }
        Ok(())
    }
}

//! The amount of data of each component in the database, so that a component with a lot of data does not displace the
//! runs of others.

use std::collections::BTreeSet;

use orbital_model::amounts::Amounts;
use rusqlite::{Connection, params};

/// The holdings of all components. Changes are kept in memory until they are saved, within the transaction that made
/// them; if that fails, this must be loaded again.
pub(super) struct Holdings {
    runs: Amounts,
    bytes: Amounts,
    total_runs: u64,
    changed: BTreeSet<String>,
}

/// The quantity that is limited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Measure {
    Runs,
    Bytes,
}

impl Holdings {
    pub(super) fn load(connection: &Connection) -> rusqlite::Result<Self> {
        let mut holdings = Self {
            runs: Amounts::default(),
            bytes: Amounts::default(),
            total_runs: 0,
            changed: BTreeSet::new(),
        };
        let mut select = connection.prepare("SELECT component, runs, bytes FROM holdings")?;
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            let (component, runs): (String, u64) = (row.get(0)?, row.get(1)?);
            holdings.runs.add(&component, runs);
            holdings.bytes.add(&component, row.get(2)?);
            holdings.total_runs += runs;
        }
        drop(rows);
        drop(select);
        Ok(holdings)
    }

    /// Returns the number of runs.
    pub(super) fn runs(&self) -> u64 {
        self.total_runs
    }

    /// Records runs whose reports have this number of bytes.
    pub(super) fn add(&mut self, component: &str, runs: u64, bytes: u64) {
        self.runs.add(component, runs);
        self.bytes.add(component, bytes);
        self.total_runs += runs;
        self.changed.insert(component.to_owned());
    }

    /// Records that a run was deleted.
    pub(super) fn remove(&mut self, component: &str, bytes: u64) {
        if self.runs.of(component) > 0 {
            self.runs.take(component, 1);
            self.bytes.take(component, bytes);
            self.total_runs -= 1;
            self.changed.insert(component.to_owned());
        }
    }

    /// Returns the component that has the most runs or bytes; nothing if there are no runs.
    pub(super) fn largest(&self, measure: Measure) -> Option<String> {
        let amounts = match measure {
            Measure::Runs => &self.runs,
            Measure::Bytes => &self.bytes,
        };
        amounts.largest().map(str::to_owned)
    }

    /// Writes all changes.
    pub(super) fn save(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        let mut replace = connection
            .prepare_cached("REPLACE INTO holdings (component, runs, bytes) VALUES (?1, ?2, ?3)")?;
        let mut delete = connection.prepare_cached("DELETE FROM holdings WHERE component = ?1")?;
        for component in std::mem::take(&mut self.changed) {
            match self.runs.of(&component) {
                0 => delete.execute([&component])?,
                runs => replace.execute(params![component, runs, self.bytes.of(&component)])?,
            };
        }
        Ok(())
    }
}

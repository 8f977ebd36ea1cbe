//! Changes of the newest batches: of rollups, of the standing of cases, and of the last uses of cases and versions.
//!
//! A run changes three rollups and a case, and the next run of the same case changes the same ones. Therefore each batch
//! only appends its changes to a table, and those of many batches are applied together. Queries of rollups and of the
//! standing of cases add the changes that are not applied yet.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use orbital_model::{CaseRecord, Report, Standing};
use rusqlite::{Connection, OptionalExtension as _, params};
use serde::{Deserialize, Serialize};

use crate::rollup::{MINUTE, Rollup, SPANS};
use crate::row::{millis, moment};

/// How long changes wait for others, at most.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// The maximum number of runs whose changes wait. It limits the work of queries.
const MOST_RUNS: usize = 10_000;

/// Changes of one batch or several. A different form needs a new version of the schema.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Changes {
    /// The runs by the start of their minute, and case.
    counts: HashMap<(i64, i64), Rollup>,
    cases: HashMap<i64, CaseChange>,
    /// The ends of the last runs.
    versions: HashMap<i64, i64>,
}

/// The change of a case by its runs.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct CaseChange {
    standing: Option<(bool, i64)>,
    last_pass: Option<i64>,
    last_run: i64,
}

impl Changes {
    /// Adds a run of this case and version. `record` includes the run.
    pub(super) fn add(&mut self, report: &Report, case: i64, version: i64, record: &CaseRecord) {
        let (started, ended) = (millis(report.started) / 1000, millis(report.ended()));
        self.counts.entry((started - started.rem_euclid(MINUTE), case)).or_default().add(report);
        let change = CaseChange {
            standing: record.standing.map(|standing| (standing.up, millis(standing.since))),
            last_pass: record.last_pass.map(millis),
            last_run: ended,
        };
        self.change_case(case, change);
        self.use_version(version, ended);
    }

    /// Adds later changes.
    fn merge(&mut self, later: Self) {
        for (key, rollup) in later.counts {
            self.counts.entry(key).or_default().merge(&rollup);
        }
        later.cases.into_iter().for_each(|(case, change)| self.change_case(case, change));
        later.versions.into_iter().for_each(|(version, ended)| self.use_version(version, ended));
    }

    fn change_case(&mut self, case: i64, later: CaseChange) {
        let before = self.cases.get(&case).map_or(i64::MIN, |change| change.last_run);
        let last_run = later.last_run.max(before);
        self.cases.insert(case, CaseChange { last_run, ..later });
    }

    fn use_version(&mut self, version: i64, ended: i64) {
        let last_run = self.versions.entry(version).or_insert(ended);
        *last_run = (*last_run).max(ended);
    }

    /// Returns the changes that are not applied in this snapshot.
    pub(super) fn read(connection: &Connection) -> rusqlite::Result<Self> {
        let mut changes = Self::default();
        let mut select = connection.prepare_cached("SELECT changes FROM recent ORDER BY id")?;
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            // Changes that cannot be read are skipped, as rollups are.
            if let Ok(later) = postcard::from_bytes(row.get_ref(0)?.as_blob()?) {
                changes.merge(later);
            }
        }
        Ok(changes)
    }

    /// Returns the counts that are not in the rollups, with the start of their minute and the case.
    pub(super) fn counts(&self) -> impl Iterator<Item = (i64, i64, &Rollup)> {
        self.counts.iter().map(|((minute, case), rollup)| (*minute, *case, rollup))
    }

    /// Brings the record of a case up to date.
    pub(super) fn update(&self, case: i64, record: &mut CaseRecord) {
        if let Some(change) = self.cases.get(&case) {
            record.standing = change.standing.map(|(up, since)| Standing { up, since: moment(since) });
            record.last_pass = change.last_pass.map(moment);
        }
    }

    fn is_empty(&self) -> bool {
        self.counts.is_empty() && self.cases.is_empty() && self.versions.is_empty()
    }

    fn encode(&self) -> Vec<u8> {
        // Changes have no values that cannot be serialised.
        postcard::to_allocvec(self).unwrap_or_default()
    }

    fn apply(self, connection: &Connection) -> rusqlite::Result<()> {
        let mut rollups: HashMap<(i64, i64, i64), Rollup> = HashMap::new();
        for ((minute, case), rollup) in &self.counts {
            for span in SPANS {
                rollups.entry((span, minute - minute.rem_euclid(span), *case)).or_default().merge(rollup);
            }
        }
        // In the order of the table, so that each page is found and changed once.
        let mut rollups: Vec<_> = rollups.into_iter().collect();
        rollups.sort_unstable_by_key(|(key, _)| *key);
        let mut select = connection
            .prepare_cached("SELECT counts FROM rollups WHERE span = ?1 AND start = ?2 AND case_id = ?3")?;
        let mut replace = connection
            .prepare_cached("REPLACE INTO rollups (span, start, case_id, counts) VALUES (?1, ?2, ?3, ?4)")?;
        for ((span, start, case), added) in rollups {
            let counts: Option<Vec<u8>> =
                select.query_row([span, start, case], |row| row.get(0)).optional()?;
            // A rollup that cannot be read is started from zero.
            let mut rollup = counts.and_then(|counts| Rollup::decode(&counts)).unwrap_or_default();
            rollup.merge(&added);
            replace.execute(params![span, start, case, rollup.encode()])?;
        }
        let mut update = connection.prepare_cached(
            "UPDATE cases SET up = ?2, since = ?3, last_pass = ?4, last_run = max(last_run, ?5) WHERE id = ?1",
        )?;
        for (case, CaseChange { standing, last_pass, last_run }) in self.cases {
            let (up, since) = standing.unzip();
            update.execute(params![case, up, since, last_pass, last_run])?;
        }
        let mut update =
            connection.prepare_cached("UPDATE versions SET last_run = max(last_run, ?2) WHERE id = ?1")?;
        for (version, last_run) in self.versions {
            update.execute([version, last_run])?;
        }
        Ok(())
    }
}

/// The changes that are not applied yet, as the writer has them.
pub(super) struct Recent {
    changes: Changes,
    runs: usize,
    /// When the first of these changes was added; missing if there are none.
    since: Option<Instant>,
}

impl Recent {
    pub(super) fn load(connection: &Connection) -> rusqlite::Result<Self> {
        let changes = Changes::read(connection)?;
        let since = (!changes.is_empty()).then(Instant::now);
        let runs = changes.counts.values().map(|rollup| rollup.total() as usize).sum();
        Ok(Self { changes, runs, since })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.since.is_none()
    }

    pub(super) fn changes(&self) -> &Changes {
        &self.changes
    }

    /// Adds the changes of a batch of runs.
    pub(super) fn add(
        &mut self,
        connection: &Connection,
        runs: usize,
        batch: Changes,
    ) -> rusqlite::Result<()> {
        if !batch.is_empty() {
            connection
                .prepare_cached("INSERT INTO recent (changes) VALUES (?1)")?
                .execute([batch.encode()])?;
            self.changes.merge(batch);
            self.runs += runs;
            self.since.get_or_insert_with(Instant::now);
        }
        let is_due = self.since.is_some_and(|since| since.elapsed() >= LONGEST_WAIT);
        if is_due || self.runs >= MOST_RUNS { self.apply(connection) } else { Ok(()) }
    }

    /// Applies all changes.
    pub(super) fn apply(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        if self.since.take().is_some() {
            self.runs = 0;
            std::mem::take(&mut self.changes).apply(connection)?;
            connection.prepare_cached("DELETE FROM recent")?.execute([])?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::SystemTime;

    use super::*;
    use crate::database::Database;
    use crate::tests::{report_at, settings};
    use crate::{HistorySettings, query, stats};

    fn open(settings: &HistorySettings) -> Database {
        Database::open(&settings.fixed.path, &settings.live, None).unwrap().0
    }

    fn number(settings: &HistorySettings, sql: &str) -> i64 {
        let connection = Connection::open(&settings.fixed.path).unwrap();
        connection.query_row(sql, [], |row| row.get(0)).unwrap()
    }

    /// Returns the number of changes that are not applied, the number of rollups, and the results of queries.
    fn state(settings: &HistorySettings, now: SystemTime) -> (i64, i64, String) {
        let connection = Connection::open(&settings.fixed.path).unwrap();
        let stats = stats::stats(&connection, "1h".parse().unwrap(), now, |_| true).unwrap().cases;
        let found = format!("{stats:?} {:?}", query::records(&connection).unwrap()["a/x"]);
        let count = |table: &str| number(settings, &format!("SELECT count(*) FROM {table}"));
        (count("recent"), count("rollups"), found)
    }

    #[test]
    fn changes_are_seen_at_once_and_applied_once() {
        let folder = tempfile::tempdir().unwrap();
        let settings = settings(folder.path().join("history.db"));
        let now = SystemTime::now();
        let run = |number| Arc::new(report_at("a/x", number, now - Duration::from_secs(10)));
        let mut database = open(&settings);
        database.write(&[run(1), run(2)], &settings.live).unwrap();
        database.write(&[run(2), run(3)], &settings.live).unwrap();
        let (waiting, rollups, found) = state(&settings, now);
        assert_eq!((waiting, rollups), (2, 0));
        assert!(found.contains("runs: [3, 0, 0, 0, 0]") && found.contains("up: true"), "{found}");
        // The host is killed, and the next one ends cleanly.
        drop(database);
        let mut database = open(&settings);
        assert_eq!(state(&settings, now), (2, 0, found.clone()));
        database.end().unwrap();
        assert_eq!(state(&settings, now), (0, 3, found));
        database = open(&settings);
        let many: Vec<_> = (10..10 + MOST_RUNS as u64).map(run).collect();
        for (batch, waiting) in many.chunks(MOST_RUNS / 2).zip([1, 0]) {
            database.write(batch, &settings.live).unwrap();
            assert_eq!(number(&settings, "SELECT count(*) FROM recent"), waiting);
        }
    }

    #[test]
    fn a_case_that_runs_again_after_a_long_time_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let settings = settings(folder.path().join("history.db"));
        let now = SystemTime::now();
        let long_ago = now - settings.live.max_age - Duration::from_secs(7200);
        let mut database = open(&settings);
        database.write(&[Arc::new(report_at("a/x", 1, long_ago))], &settings.live).unwrap();
        database.end().unwrap();
        database = open(&settings);
        database.write(&[Arc::new(report_at("a/x", 2, now))], &settings.live).unwrap();
        for _ in 0..2 {
            while database.prune(&settings.live).unwrap() {}
            database.prune(&settings.live).unwrap();
            assert_eq!(number(&settings, "SELECT count(*) FROM cases JOIN runs ON case_id = cases.id"), 1);
            database.end().unwrap();
            database = open(&settings);
        }
    }
}

//! Enters runs: a row, the report, the rollups, and the standing of the case.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::io::Write as _;
use std::sync::Arc;
use std::time::SystemTime;

use flate2::Compression;
use flate2::write::DeflateEncoder;
use orbital_model::{CaseId, CaseRecord, Report, Standing};
use rusqlite::{Connection, OptionalExtension as _, params};

use crate::holdings::Holdings;
use crate::rollup::{Rollup, SPANS};
use crate::row::{RunRow, code_of, micros, millis, moment, trigger_code_of};

/// Cached contents of the database. It is created again after every error.
pub(super) struct Ledger {
    pub(super) holdings: Holdings,
    cases: HashMap<CaseId, Case>,
    /// The ids of versions, by digest.
    versions: HashMap<String, i64>,
    /// The rollups that this batch adds to, by span, start and case.
    rollups: HashMap<(i64, i64, i64), Rollup>,
}

/// The end of the last run in a batch, by the id of its case, and by its version.
#[derive(Default)]
struct Touched {
    cases: HashMap<CaseId, i64>,
    versions: HashMap<i64, i64>,
}

struct Case {
    id: i64,
    record: CaseRecord,
}

impl Ledger {
    pub(super) fn open(connection: &Connection) -> rusqlite::Result<Self> {
        let holdings = Holdings::load(connection)?;
        Ok(Self { holdings, cases: HashMap::new(), versions: HashMap::new(), rollups: HashMap::new() })
    }

    /// Clears the cached names, because cases and versions may have been deleted.
    pub(super) fn forget_names(&mut self) {
        self.cases.clear();
        self.versions.clear();
    }

    /// Enters runs within a transaction. If it fails, this must not be used again.
    pub(super) fn enter(&mut self, connection: &Connection, reports: &[Arc<Report>]) -> rusqlite::Result<()> {
        let mut touched = Touched::default();
        for report in reports {
            self.enter_run(connection, report, &mut touched)?;
        }
        let mut update =
            connection.prepare_cached("UPDATE versions SET last_run = max(last_run, ?2) WHERE id = ?1")?;
        for (version, last_run) in touched.versions {
            update.execute([version, last_run])?;
        }
        let mut update = connection.prepare_cached(
            "UPDATE cases SET up = ?2, since = ?3, last_pass = ?4, last_run = max(last_run, ?5) WHERE id = ?1",
        )?;
        for (case_id, last_run) in touched.cases {
            let Some(Case { id, record }) = self.cases.get(&case_id) else { continue };
            let standing = record.standing;
            update.execute(params![
                id,
                standing.map(|standing| standing.up),
                standing.map(|standing| millis(standing.since)),
                record.last_pass.map(millis),
                last_run,
            ])?;
        }
        self.holdings.save(connection)?;
        self.enter_rollups(connection)
    }

    fn enter_run(
        &mut self,
        connection: &Connection,
        report: &Report,
        touched: &mut Touched,
    ) -> rusqlite::Result<()> {
        let case = self.case(connection, report)?;
        let version = self.version(connection, report)?;
        // The run may exist already, if an earlier attempt reported a failure but did write it.
        let known = connection
            .prepare_cached("SELECT 1 FROM runs WHERE id = ?1")?
            .exists([report.run.into_bytes()])?;
        if known {
            return Ok(());
        }
        let json = deflate(report);
        connection.prepare_cached("INSERT INTO reports (json) VALUES (?1)")?.execute([&json])?;
        let row = RunRow::of(report);
        connection
            .prepare_cached(
                "INSERT INTO runs (id, case_id, version_id, trigger, started, duration, outcome, flaky, attempts, \
                 message, latency, report) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
            )?
            .execute(params![
                row.run.into_bytes(),
                case,
                version,
                trigger_code_of(row.trigger),
                millis(row.started),
                micros(row.duration),
                code_of(row.outcome),
                row.flaky,
                row.attempts,
                row.message,
                row.latency.map(micros),
                connection.last_insert_rowid(),
            ])?;
        self.holdings.add(report.case.component(), json.len() as u64);
        if let Some(case) = self.cases.get_mut(&report.case) {
            case.record.judge(report);
        }
        let ended = millis(report.ended());
        for last_run in [
            touched.cases.entry(report.case.clone()).or_default(),
            touched.versions.entry(version).or_default(),
        ] {
            *last_run = (*last_run).max(ended);
        }
        self.count(connection, case, report)
    }

    fn case(&mut self, connection: &Connection, report: &Report) -> rusqlite::Result<i64> {
        if let Some(case) = self.cases.get(&report.case) {
            return Ok(case.id);
        }
        let names = [report.case.component(), report.case.case()];
        let known = connection
            .prepare_cached("SELECT id, up, since, last_pass FROM cases WHERE component = ?1 AND name = ?2")?
            .query_row(names, |row| Ok(Case { id: row.get(0)?, record: record(row, 1)? }))
            .optional()?;
        let case = match known {
            Some(case) => case,
            None => {
                connection
                    .prepare_cached("INSERT INTO cases (component, name, last_run) VALUES (?1, ?2, ?3)")?
                    .execute(params![names[0], names[1], millis(report.ended())])?;
                Case { id: connection.last_insert_rowid(), record: CaseRecord::default() }
            }
        };
        let id = case.id;
        self.cases.insert(report.case.clone(), case);
        Ok(id)
    }

    fn version(&mut self, connection: &Connection, report: &Report) -> rusqlite::Result<i64> {
        if let Some(id) = self.versions.get(&report.digest) {
            return Ok(*id);
        }
        let id = connection
            .prepare_cached(
                "INSERT INTO versions (digest, last_run) VALUES (?1, ?2) \
                 ON CONFLICT (digest) DO UPDATE SET last_run = max(last_run, excluded.last_run) RETURNING id",
            )?
            .query_row(params![report.digest, millis(report.ended())], |row| row.get(0))?;
        self.versions.insert(report.digest.clone(), id);
        Ok(id)
    }

    fn count(&mut self, connection: &Connection, case: i64, report: &Report) -> rusqlite::Result<()> {
        let started = millis(report.started) / 1000;
        for span in SPANS {
            let key = (span, started - started.rem_euclid(span), case);
            let rollup = match self.rollups.entry(key) {
                Entry::Occupied(entry) => entry.into_mut(),
                Entry::Vacant(entry) => {
                    let counts: Option<Vec<u8>> = connection
                        .prepare_cached(
                            "SELECT counts FROM rollups WHERE span = ?1 AND start = ?2 AND case_id = ?3",
                        )?
                        .query_row([key.0, key.1, key.2], |row| row.get(0))
                        .optional()?;
                    // A rollup that cannot be read is started from zero.
                    let rollup = counts.and_then(|counts| Rollup::decode(&counts)).unwrap_or_default();
                    entry.insert(rollup)
                }
            };
            rollup.add(report);
        }
        Ok(())
    }

    fn enter_rollups(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        let mut replace = connection
            .prepare_cached("REPLACE INTO rollups (span, start, case_id, counts) VALUES (?1, ?2, ?3, ?4)")?;
        for ((span, start, case), rollup) in self.rollups.drain() {
            replace.execute(params![span, start, case, rollup.encode()])?;
        }
        Ok(())
    }
}

/// Reads the standing of a case from three columns.
pub(super) fn record(row: &rusqlite::Row<'_>, first: usize) -> rusqlite::Result<CaseRecord> {
    let moment_at = |column| -> rusqlite::Result<Option<SystemTime>> {
        Ok(row.get::<_, Option<i64>>(column)?.map(moment))
    };
    let (up, since): (Option<bool>, _) = (row.get(first)?, moment_at(first + 1)?);
    let standing = up.zip(since).map(|(up, since)| Standing { up, since });
    Ok(CaseRecord { standing, last_pass: moment_at(first + 2)?, last_skip: None, without_verdict: 0 })
}

fn deflate(report: &Report) -> Vec<u8> {
    // Neither serialising the report nor writing to a vector can fail.
    let json = serde_json::to_vec(report).unwrap_or_default();
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
    let _ = encoder.write_all(&json);
    encoder.finish().unwrap_or_default()
}

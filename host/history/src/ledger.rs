//! Enters runs: a row, the report, and the changes of rollups and cases.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::SystemTime;

use orbital_model::{CaseId, CaseRecord, Report, Standing};
use rusqlite::{CachedStatement, Connection, OptionalExtension as _, params};

use crate::codec::Encoder;
use crate::holdings::Holdings;
use crate::recent::{Changes, Recent};
use crate::row::{RunRow, code_of, micros, millis, moment, trigger_code_of};

/// Cached contents of the database. It is created again after every error.
pub(super) struct Ledger {
    pub(super) holdings: Holdings,
    pub(super) recent: Recent,
    cases: HashMap<CaseId, Case>,
    /// The ids of versions, by digest.
    versions: HashMap<String, i64>,
    /// The id of the next report.
    next_report: i64,
    encoder: Encoder,
}

struct Case {
    id: i64,
    record: CaseRecord,
}

/// The sums of a batch.
#[derive(Default)]
struct Added<'r> {
    runs: usize,
    changes: Changes,
    /// The runs of each component, and the bytes of their reports.
    holdings: HashMap<&'r str, (u64, u64)>,
}

struct Inserts<'c> {
    run: CachedStatement<'c>,
    report: CachedStatement<'c>,
}

impl Ledger {
    pub(super) fn open(connection: &Connection) -> rusqlite::Result<Self> {
        let last = "SELECT coalesce(max(id), 0) FROM reports";
        Ok(Self {
            holdings: Holdings::load(connection)?,
            recent: Recent::load(connection)?,
            cases: HashMap::new(),
            versions: HashMap::new(),
            next_report: connection.query_row(last, [], |row| row.get::<_, i64>(0))? + 1,
            encoder: Encoder::new().map_err(unencoded)?,
        })
    }

    /// Clears the cached names, because cases and versions may have been deleted.
    pub(super) fn forget_names(&mut self) {
        self.cases.clear();
        self.versions.clear();
    }

    /// Enters runs within a transaction. If it fails, this must not be used again.
    pub(super) fn enter(&mut self, connection: &Connection, reports: &[Arc<Report>]) -> rusqlite::Result<()> {
        let mut added = Added::default();
        let mut inserts = Inserts::prepare(connection)?;
        for report in reports {
            self.enter_run(connection, &mut inserts, report, &mut added)?;
        }
        for (component, (runs, bytes)) in added.holdings {
            self.holdings.add(component, runs, bytes);
        }
        self.holdings.save(connection)?;
        self.recent.add(connection, added.runs, added.changes)
    }

    fn enter_run<'r>(
        &mut self,
        connection: &Connection,
        inserts: &mut Inserts<'_>,
        report: &'r Report,
        added: &mut Added<'r>,
    ) -> rusqlite::Result<()> {
        let version = self.version(connection, report)?;
        let report_id = self.next_report;
        let case = self.case(connection, report)?;
        let inserted = inserts.run.execute(params![
            report.run.as_bytes(),
            case.id,
            version,
            trigger_code_of(report.trigger),
            millis(report.started),
            micros(report.duration),
            code_of(report.outcome),
            report.flaky,
            report.attempts.len(),
            report.headline(),
            RunRow::latencies(report).max().map(micros),
            report_id,
        ])?;
        // The run may exist already, if an earlier attempt reported a failure but did write it.
        if inserted == 0 {
            return Ok(());
        }
        case.record.judge(report);
        added.runs += 1;
        added.changes.add(report, case.id, version, &case.record);
        let (stored, codec) = self.encoder.encode(report).map_err(unencoded)?;
        inserts.report.execute(params![report_id, stored, codec])?;
        self.next_report += 1;
        let (runs, bytes) = added.holdings.entry(report.case.component()).or_default();
        *runs += 1;
        *bytes += stored.len() as u64;
        Ok(())
    }

    fn case(&mut self, connection: &Connection, report: &Report) -> rusqlite::Result<&mut Case> {
        if !self.cases.contains_key(&report.case) {
            let case = self.find_case(connection, report)?;
            self.cases.insert(report.case.clone(), case);
        }
        // It was inserted above if it was missing.
        self.cases.get_mut(&report.case).ok_or(rusqlite::Error::QueryReturnedNoRows)
    }

    fn find_case(&self, connection: &Connection, report: &Report) -> rusqlite::Result<Case> {
        let names = [report.case.component(), report.case.case()];
        let known = connection
            .prepare_cached("SELECT id, up, since, last_pass FROM cases WHERE component = ?1 AND name = ?2")?
            .query_row(names, |row| Ok(Case { id: row.get(0)?, record: record(row, 1)? }))
            .optional()?;
        if let Some(mut case) = known {
            self.recent.changes().update(case.id, &mut case.record);
            return Ok(case);
        }
        connection
            .prepare_cached("INSERT INTO cases (component, name, last_run) VALUES (?1, ?2, ?3)")?
            .execute(params![names[0], names[1], millis(report.ended())])?;
        Ok(Case { id: connection.last_insert_rowid(), record: CaseRecord::default() })
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
}

impl<'c> Inserts<'c> {
    fn prepare(connection: &'c Connection) -> rusqlite::Result<Self> {
        let run = "INSERT INTO runs (id, case_id, version_id, trigger, started, duration, outcome, flaky, attempts, \
                   message, latency, report) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12) \
                   ON CONFLICT (id) DO NOTHING";
        let report = "INSERT INTO reports (id, json, codec) VALUES (?1, ?2, ?3)";
        Ok(Self { run: connection.prepare_cached(run)?, report: connection.prepare_cached(report)? })
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

fn unencoded(error: std::io::Error) -> rusqlite::Error {
    rusqlite::Error::ToSqlConversionFailure(error.into())
}

//! Queries for runs.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::SystemTime;

use orbital_model::{CaseId, CaseRecord, Outcome, Pattern, Report, Standing};
use rusqlite::{Connection, OptionalExtension as _, Row, ToSql, params};
use uuid::Uuid;

use crate::codec;
use crate::ledger::record;
use crate::recent::Changes;
use crate::row::{COLUMNS, RunRow, case_id, code_of, id, outcome};

/// Conditions for runs. A run must satisfy all of them.
#[derive(Debug, Clone, Default)]
pub struct RunQuery {
    /// Only runs of cases that match this pattern.
    pub cases: Option<Pattern>,
    /// Only runs of this case.
    pub case: Option<CaseId>,
    /// Only runs with this outcome.
    pub outcome: Option<Outcome>,
    /// Only runs that neither passed nor were cancelled.
    pub wrong: bool,
    /// Only runs that passed after an attempt that did not (true), or only other runs (false).
    pub flaky: Option<bool>,
    /// Only runs that began before this one.
    pub before: Option<Uuid>,
    /// The maximum number of runs; the newest are returned.
    pub limit: usize,
}

/// A run in the strip of a case's last runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// The id of the run.
    pub run: Uuid,
    /// The outcome of the run.
    pub outcome: Outcome,
    /// Whether the run passed after an attempt that did not.
    pub flaky: bool,
}

/// The previous and the next run of the same case.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Neighbours {
    /// The previous run.
    pub previous: Option<Uuid>,
    /// The next run.
    pub next: Option<Uuid>,
}

/// The conditions of a query for each run, apart from its position. Outcome 0 is a pass, 4 a cancelled run.
const CONDITIONS: &str =
    "(?3 IS NULL OR outcome = ?3) AND (?4 IS NULL OR flaky = ?4) AND (NOT ?5 OR outcome NOT IN (0, 4))";

impl Mark {
    /// Creates the mark of a report.
    pub fn of(report: &Report) -> Self {
        Self { run: report.run, outcome: report.outcome, flaky: report.flaky }
    }
}

impl RunQuery {
    /// Returns whether a run satisfies the conditions.
    pub fn matches(&self, run: &RunRow) -> bool {
        self.wants_case(&run.case)
            && self.outcome.is_none_or(|outcome| run.outcome == outcome)
            && !(self.wrong && matches!(run.outcome, Outcome::Pass | Outcome::Cancelled))
            && self.flaky.is_none_or(|flaky| run.flaky == flaky)
            && self.before.is_none_or(|before| run.run < before)
    }

    fn wants_case(&self, case: &CaseId) -> bool {
        self.case.as_ref().is_none_or(|wanted| wanted == case)
            && self.cases.as_ref().is_none_or(|cases| cases.matches(case))
    }

    fn is_for_all_cases(&self) -> bool {
        self.cases.is_none() && self.case.is_none()
    }

    /// Returns the runs, the newest first.
    pub(super) fn run(&self, connection: &Connection) -> rusqlite::Result<Vec<RunRow>> {
        let ids = if self.is_for_all_cases() { self.of_all(connection)? } else { self.of_cases(connection)? };
        let mut by_id = connection.prepare_cached(&format!(
            "SELECT {COLUMNS} FROM runs JOIN cases ON cases.id = case_id JOIN versions ON versions.id = version_id \
             WHERE runs.id = ?1"
        ))?;
        ids.iter().map(|id| by_id.query_row([id.into_bytes()], RunRow::read)).collect()
    }

    fn of_all(&self, connection: &Connection) -> rusqlite::Result<Vec<Uuid>> {
        let is_notable = self.wrong
            || self.outcome.is_some_and(|outcome| outcome != Outcome::Pass)
            || self.flaky == Some(true);
        // The index for few runs is named explicitly: the planner does not choose it for a condition that is a
        // parameter.
        let notable = if is_notable {
            "INDEXED BY notable_runs WHERE (outcome <> 0 OR flaky <> 0) AND"
        } else {
            "WHERE"
        };
        let sql = format!(
            "SELECT id FROM runs {notable} id < ?1 AND id > ?2 AND {CONDITIONS} ORDER BY id DESC LIMIT ?6"
        );
        let values =
            params![self.before(), [0_u8; 16], self.outcome.map(code_of), self.flaky, self.wrong, self.limit];
        ids(connection, &sql, values)
    }

    /// Merges the newest runs of each case: the runs of a case are stored in order.
    fn of_cases(&self, connection: &Connection) -> rusqlite::Result<Vec<Uuid>> {
        let (before, mut after) = (self.before(), [0; 16]);
        let mut newest: Vec<Uuid> = Vec::new();
        for (case, _) in cases(connection, |id| self.wants_case(id))? {
            let sql = format!(
                "SELECT id FROM runs INDEXED BY runs_of_case WHERE case_id = ?7 AND id < ?1 AND id > ?2 AND {CONDITIONS} \
                 ORDER BY id DESC LIMIT ?6"
            );
            let values =
                params![before, after, self.outcome.map(code_of), self.flaky, self.wrong, self.limit, case];
            newest.extend(ids(connection, &sql, values)?);
            newest.sort_unstable_by(|one, other| other.cmp(one));
            newest.truncate(self.limit);
            // Runs that are older than all of these cannot be among the newest.
            if let Some(last) = newest.last().filter(|_| newest.len() == self.limit) {
                after = last.into_bytes();
            }
        }
        Ok(newest)
    }

    fn before(&self) -> [u8; 16] {
        self.before.unwrap_or(Uuid::max()).into_bytes()
    }
}

/// Returns the report of a run, as JSON.
pub(super) fn report(connection: &Connection, run: Uuid) -> rusqlite::Result<Option<String>> {
    let sql = "SELECT json, codec FROM reports WHERE id = (SELECT report FROM runs WHERE id = ?1)";
    let decode = |row: &Row<'_>| codec::decode(row.get_ref(0)?.as_blob()?, row.get(1)?);
    connection.prepare_cached(sql)?.query_row([run.into_bytes()], decode).optional()
}

/// Returns those reports whose runs are not written yet.
pub(super) fn unwritten(
    connection: &Connection,
    reports: Vec<Arc<Report>>,
) -> rusqlite::Result<Vec<Arc<Report>>> {
    let mut known = connection.prepare_cached("SELECT 1 FROM runs WHERE id = ?1")?;
    let mut unwritten = Vec::new();
    for report in reports {
        if !known.exists([report.run.into_bytes()])? {
            unwritten.push(report);
        }
    }
    Ok(unwritten)
}

/// Returns the last runs of each of these cases, the newest first, by the case's id.
pub(super) fn strips(
    connection: &Connection,
    most: usize,
    wanted: impl Fn(&CaseId) -> bool,
) -> rusqlite::Result<HashMap<CaseId, Vec<Mark>>> {
    let sql = "SELECT id, outcome, flaky FROM runs INDEXED BY runs_of_case WHERE case_id = ?1 \
               ORDER BY id DESC LIMIT ?2";
    let mut last = connection.prepare_cached(sql)?;
    let mark = |row: &Row<'_>| Ok(Mark { run: id(row, 0)?, outcome: outcome(row, 1)?, flaky: row.get(2)? });
    let mut strips = HashMap::new();
    for (case, case_id) in cases(connection, wanted)? {
        let marks = last.query_map(params![case, most], mark)?.collect::<Result<Vec<_>, _>>()?;
        strips.insert(case_id, marks);
    }
    Ok(strips)
}

/// Returns the previous and the next run of the same case.
pub(super) fn neighbours(connection: &Connection, run: Uuid) -> rusqlite::Result<Neighbours> {
    let beside = |comparison: &str, order: &str| {
        let sql = format!(
            "SELECT id FROM runs INDEXED BY runs_of_case WHERE case_id = (SELECT case_id FROM runs WHERE id = ?1) \
             AND id {comparison} ?1 ORDER BY id {order} LIMIT 1"
        );
        let mut beside = connection.prepare_cached(&sql)?;
        beside.query_row([run.into_bytes()], |row| id(row, 0)).optional()
    };
    Ok(Neighbours { previous: beside("<", "DESC")?, next: beside(">", "ASC")? })
}

/// Returns the standing of each case when its last run was written, by the case's id. A time in the future is that of a
/// wrong clock: it is replaced by the current time, because all that is known is that it has passed.
pub(super) fn records(connection: &Connection) -> rusqlite::Result<HashMap<CaseId, CaseRecord>> {
    let mut all = connection.prepare_cached("SELECT component, name, up, since, last_pass, id FROM cases")?;
    let changes = Changes::read(connection)?;
    let now = SystemTime::now();
    let current = |mut record: CaseRecord, case: i64| {
        changes.update(case, &mut record);
        record.last_pass = record.last_pass.map(|time| time.min(now));
        record.standing =
            record.standing.map(|standing| Standing { since: standing.since.min(now), ..standing });
        record
    };
    all.query_map([], |row| Ok((case_id(row, 0)?, current(record(row, 2)?, row.get(5)?))))?.collect()
}

/// Returns all recorded cases whose ids are wanted, with number and id.
pub(super) fn cases(
    connection: &Connection,
    wanted: impl Fn(&CaseId) -> bool,
) -> rusqlite::Result<Vec<(i64, CaseId)>> {
    let mut all = connection.prepare_cached("SELECT id, component, name FROM cases")?;
    let found = all.query_map([], |row| Ok((row.get(0)?, case_id(row, 1)?)))?;
    found.filter(|case| case.as_ref().map_or(true, |(_, id): &(i64, CaseId)| wanted(id))).collect()
}

fn ids(connection: &Connection, sql: &str, values: &[&dyn ToSql]) -> rusqlite::Result<Vec<Uuid>> {
    connection.prepare_cached(sql)?.query_map(values, |row| id(row, 0))?.collect()
}

//! Sessions: the periods in which hosts had the database open, and whether they closed it cleanly.

use std::time::{Duration, SystemTime};

use rusqlite::{Connection, OptionalExtension as _, params};

use crate::LiveHistorySettings;
use crate::row::{micros, millis, moment};

/// The number of sessions that are kept.
const KEPT: i64 = 100;

/// The previous session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastSession {
    /// When the session began.
    pub started: SystemTime,
    /// When the session wrote for the last time.
    pub written: SystemTime,
    /// The limits of what may be missing, if the session did not end cleanly.
    pub missing: Option<Missing>,
}

/// The limits of what a killed host may not have written: of the runs that ended after its last write, at most `runs`,
/// or those of at most `time`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Missing {
    /// The maximum number of runs that may be missing.
    pub runs: usize,
    /// The maximum period of time whose runs may be missing.
    pub time: Duration,
}

/// Starts a session. Returns its id, the previous session, and the time from which ages are measured.
pub(super) fn begin(
    connection: &Connection,
    settings: &LiveHistorySettings,
    now: SystemTime,
) -> rusqlite::Result<(i64, Option<LastSession>, SystemTime)> {
    let last = "SELECT started, written, ended, batch_runs, batch_interval, age_clock FROM sessions \
                ORDER BY id DESC LIMIT 1";
    let last = connection.query_row(last, [], |row| {
        let ended: Option<i64> = row.get(2)?;
        let (runs, interval): (usize, u64) = (row.get(3)?, row.get(4)?);
        let missing = Missing { runs, time: Duration::from_micros(interval) };
        let last = LastSession {
            started: moment(row.get(0)?),
            written: moment(row.get(1)?),
            missing: ended.is_none().then_some(missing),
        };
        Ok((last, moment(row.get(5)?)))
    });
    let (last, age_clock) = last.optional()?.unzip();
    let age_clock = age_clock.unwrap_or(now);
    connection.execute(
        "INSERT INTO sessions (started, written, batch_runs, batch_interval, age_clock) VALUES (?1, ?1, ?2, ?3, ?4)",
        params![millis(now), settings.batch_runs, micros(settings.batch_interval), millis(age_clock)],
    )?;
    let id = connection.last_insert_rowid();
    connection.execute("DELETE FROM sessions WHERE id <= ?1", [id - KEPT])?;
    Ok((id, last, age_clock))
}

/// Returns the time from which ages are measured, for a session that is continued.
pub(super) fn age_clock(connection: &Connection, id: i64) -> rusqlite::Result<SystemTime> {
    connection.query_row("SELECT age_clock FROM sessions WHERE id = ?1", [id], |row| Ok(moment(row.get(0)?)))
}

/// Records that the session writes, with the current limits of batches.
pub(super) fn touch(
    connection: &Connection,
    id: i64,
    settings: &LiveHistorySettings,
    now: SystemTime,
    age_clock: SystemTime,
) -> rusqlite::Result<()> {
    let sql = "UPDATE sessions SET written = ?2, batch_runs = ?3, batch_interval = ?4, age_clock = ?5 WHERE id = ?1";
    let mut update = connection.prepare_cached(sql)?;
    update.execute(params![
        id,
        millis(now),
        settings.batch_runs,
        micros(settings.batch_interval),
        millis(age_clock)
    ])?;
    Ok(())
}

/// Records that the session ended cleanly.
pub(super) fn end(connection: &Connection, id: i64, now: SystemTime) -> rusqlite::Result<()> {
    connection.execute("UPDATE sessions SET ended = ?2 WHERE id = ?1", [id, millis(now)])?;
    Ok(())
}

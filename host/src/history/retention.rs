//! Clearing away what is not to be kept: a little at a time, between batches.

use std::time::{Duration, SystemTime};

use rusqlite::{Connection, OptionalExtension as _, params};
use uuid::Uuid;

use super::HistorySettings;
use super::rollup::{DAY, HOUR, MINUTE, MINUTES_KEPT};
use super::row::{id, millis};

/// How many runs, and how many spans of a case, go at once: more than a batch brings, so that it catches up.
const CHUNK: usize = 2000;

/// Free pages that the file may have, beside as many as a tenth of it: they are used again.
const SPARE_PAGES: i64 = 1024;

/// How many free pages are given back to the system at once.
const SHRINK_PAGES: i64 = 256;

/// Later by this than what goes with it, names of cases and versions go too: clocks differ a little.
const NAMES_KEPT: Duration = Duration::from_secs(3600);

/// What was cleared away.
pub(super) struct Pruned {
    pub(super) runs: u64,
    /// Whether cases or versions went.
    pub(super) names: bool,
    /// Whether there may be more.
    pub(super) more: bool,
}

/// Clears away the oldest of what is too much or too old; `now` is the time of [`super::age::AgeClock`].
pub(super) fn prune(
    connection: &Connection,
    settings: &HistorySettings,
    runs: u64,
    now: SystemTime,
) -> rusqlite::Result<Pruned> {
    let oldest_kept = now.checked_sub(settings.max_age).unwrap_or(SystemTime::UNIX_EPOCH);
    let too_many = runs.saturating_sub(settings.max_runs as u64).min(CHUNK as u64) as usize;
    let too_many = if used_bytes(connection)? > settings.max_bytes as i64 { CHUNK } else { too_many };
    let first_kept = first_id_at(oldest_kept);
    let old = connection
        .prepare_cached("SELECT id, report FROM runs ORDER BY id LIMIT ?1")?
        .query_map([CHUNK], |row| Ok((id(row, 0)?, row.get::<_, i64>(1)?)))?
        .collect::<Result<Vec<_>, _>>()?;
    let gone = old.iter().enumerate().filter(|(index, (run, _))| *index < too_many || *run < first_kept);
    let mut gone_runs = 0;
    for (_, (run, report)) in gone {
        connection.prepare_cached("DELETE FROM reports WHERE id = ?1")?.execute([report])?;
        gone_runs +=
            connection.prepare_cached("DELETE FROM runs WHERE id = ?1")?.execute([run.into_bytes()])?;
    }
    let gone_rollups = prune_rollups(connection, millis(now) / 1000, millis(oldest_kept) / 1000)?;
    let names = prune_names(connection, oldest_kept)?;
    Ok(Pruned { runs: gone_runs as u64, names: names > 0, more: gone_runs == CHUNK || gone_rollups >= CHUNK })
}

fn prune_rollups(connection: &Connection, now: i64, oldest_kept: i64) -> rusqlite::Result<usize> {
    let mut delete = connection.prepare_cached(
        "DELETE FROM rollups WHERE (span, start, case_id) IN \
         (SELECT span, start, case_id FROM rollups WHERE span = ?1 AND start < ?2 ORDER BY start LIMIT ?3)",
    )?;
    let minutes = oldest_kept.max(now - MINUTES_KEPT);
    let mut gone = 0;
    for (span, until) in [(MINUTE, minutes), (HOUR, oldest_kept), (DAY, oldest_kept)] {
        gone += delete.execute(params![span, until - span, CHUNK])?;
    }
    Ok(gone)
}

/// Cases and versions of which nothing is left.
fn prune_names(connection: &Connection, oldest_kept: SystemTime) -> rusqlite::Result<usize> {
    let oldest = connection
        .prepare_cached("SELECT started FROM runs ORDER BY id LIMIT 1")?
        .query_row([], |row| row.get::<_, i64>(0))
        .optional()?;
    let until = oldest.unwrap_or(i64::MAX).min(millis(oldest_kept)) - NAMES_KEPT.as_millis() as i64;
    let cases = connection.prepare_cached("DELETE FROM cases WHERE last_run < ?1")?.execute([until])?;
    let versions = connection.prepare_cached("DELETE FROM versions WHERE last_run < ?1")?.execute([until])?;
    Ok(cases + versions)
}

/// Gives some of what is free back to the system, if it is much.
pub(super) fn shrink(connection: &Connection) -> rusqlite::Result<()> {
    let free = pragma(connection, "PRAGMA freelist_count")?;
    if free > SPARE_PAGES.max(pragma(connection, "PRAGMA page_count")? / 10) {
        // A row for each page.
        let mut shrink = connection.prepare(&format!("PRAGMA incremental_vacuum({SHRINK_PAGES})"))?;
        let mut pages = shrink.query([])?;
        while pages.next()?.is_some() {}
    }
    Ok(())
}

fn used_bytes(connection: &Connection) -> rusqlite::Result<i64> {
    let pages = pragma(connection, "PRAGMA page_count")? - pragma(connection, "PRAGMA freelist_count")?;
    Ok(pages * pragma(connection, "PRAGMA page_size")?)
}

fn pragma(connection: &Connection, sql: &str) -> rusqlite::Result<i64> {
    connection.prepare_cached(sql)?.query_row([], |row| row.get(0))
}

/// Ids of runs that began before are smaller.
fn first_id_at(time: SystemTime) -> Uuid {
    Uuid::from_u128((millis(time) as u128) << 80)
}

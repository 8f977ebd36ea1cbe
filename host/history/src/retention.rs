//! Deletes data that is not to be kept: in small portions, between batches.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, SystemTime};

use rusqlite::{Connection, OptionalExtension as _, params};
use uuid::Uuid;

use crate::LiveHistorySettings;
use crate::holdings::{Holdings, Measure};
use crate::rollup::{DAY, HOUR, MINUTE, MINUTES_KEPT};
use crate::row::{id, millis};

/// The maximum number of runs, and of rollups, that are deleted at once: more than a batch adds, so that deletion
/// catches up.
const CHUNK: usize = 2000;

/// The approximate number of bytes of a run in the file, in addition to its report.
const ROW_BYTES: u64 = 200;

/// The number of free pages that the file may have, or a tenth of all pages if that is more: free pages are reused.
const SPARE_PAGES: i64 = 1024;

/// The number of free pages that are returned to the system at once.
const SHRINK_PAGES: i64 = 256;

/// How much longer than their data the names of cases and versions are kept, because clocks differ slightly.
const NAMES_KEPT: Duration = Duration::from_secs(3600);

/// The result of a deletion.
pub(super) struct Pruned {
    /// Whether cases or versions were deleted.
    pub(super) names: bool,
    /// Whether there may be more to delete.
    pub(super) more: bool,
}

/// Deletes data that is too old, and if there is too much data, the oldest runs of the component that has the most;
/// `now` is the time of [`super::age::AgeClock`]. Cases and versions are deleted only if it is known when they ran last.
pub(super) fn prune(
    connection: &Connection,
    settings: &LiveHistorySettings,
    holdings: &mut Holdings,
    now: SystemTime,
    are_names_current: bool,
) -> rusqlite::Result<Pruned> {
    let oldest_kept = now.checked_sub(settings.max_age).unwrap_or(SystemTime::UNIX_EPOCH);
    let old = prune_old(connection, holdings, millis(oldest_kept), millis(now))?;
    let surplus = prune_surplus(connection, settings, holdings)?;
    holdings.save(connection)?;
    let gone_rollups = prune_rollups(connection, millis(now) / 1000, millis(oldest_kept) / 1000)?;
    let names = if are_names_current { prune_names(connection, oldest_kept)? } else { 0 };
    Ok(Pruned { names: names > 0, more: [old, surplus, gone_rollups].iter().any(|gone| *gone >= CHUNK) })
}

/// A run to be deleted.
struct Going {
    run: Uuid,
    report: i64,
}

/// Deletes runs that began before `first_kept`, looking at the oldest ones by their ids. Some of these may have begun
/// in the future, according to a wrong clock: they do not prevent the deletion of older ones.
fn prune_old(
    connection: &Connection,
    holdings: &mut Holdings,
    first_kept: i64,
    now: i64,
) -> rusqlite::Result<usize> {
    let mut oldest = connection.prepare_cached(
        "SELECT runs.id, runs.report, cases.component, runs.started FROM runs JOIN cases ON cases.id = runs.case_id \
         ORDER BY runs.id LIMIT ?1",
    )?;
    let mut rows = oldest.query([CHUNK])?;
    let mut old = Vec::new();
    while let Some(row) = rows.next()? {
        match row.get::<_, i64>(3)? {
            started if started < first_kept => {
                old.push((Going { run: id(row, 0)?, report: row.get(1)? }, row.get::<_, String>(2)?));
            }
            started if started <= now => break,
            _ => {}
        }
    }
    drop(rows);
    for (going, component) in &old {
        going.delete(connection, component, holdings)?;
    }
    Ok(old.len())
}

/// Deletes runs until neither their number nor their bytes exceed the limits. Each is the oldest run of the component
/// that has the most at that moment.
fn prune_surplus(
    connection: &Connection,
    settings: &LiveHistorySettings,
    holdings: &mut Holdings,
) -> rusqlite::Result<usize> {
    let mut runs = holdings.runs().saturating_sub(settings.max_runs as u64);
    let mut bytes = used_bytes(connection)?.saturating_sub(settings.max_bytes as i64).max(0) as u64;
    let mut queues: HashMap<String, Queue> = HashMap::new();
    let mut gone = 0;
    while gone < CHUNK && (runs > 0 || bytes > 0) {
        let measure = if bytes > 0 { Measure::Bytes } else { Measure::Runs };
        let Some(component) = holdings.largest(measure) else { break };
        let queue = match queues.entry(component.clone()) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => entry.insert(Queue::of(connection, &component)?),
        };
        let Some(going) = queue.next(connection)? else { break };
        let freed = going.delete(connection, &component, holdings)?;
        (runs, bytes) = (runs.saturating_sub(1), bytes.saturating_sub(freed + ROW_BYTES));
        gone += 1;
    }
    Ok(gone)
}

/// The runs of one component, the oldest first.
struct Queue {
    /// The oldest remaining run of each case.
    oldest: BTreeMap<Uuid, (i64, Going)>,
}

impl Queue {
    fn of(connection: &Connection, component: &str) -> rusqlite::Result<Self> {
        let cases = connection
            .prepare_cached("SELECT id FROM cases WHERE component = ?1")?
            .query_map([component], |row| row.get(0))?
            .collect::<Result<Vec<i64>, _>>()?;
        let mut queue = Self { oldest: BTreeMap::new() };
        for case in cases {
            queue.refill(connection, case, Uuid::nil())?;
        }
        Ok(queue)
    }

    fn next(&mut self, connection: &Connection) -> rusqlite::Result<Option<Going>> {
        let Some((_, (case, going))) = self.oldest.pop_first() else { return Ok(None) };
        self.refill(connection, case, going.run)?;
        Ok(Some(going))
    }

    fn refill(&mut self, connection: &Connection, case: i64, after: Uuid) -> rusqlite::Result<()> {
        let next = connection
            .prepare_cached("SELECT id, report FROM runs WHERE case_id = ?1 AND id > ?2 ORDER BY id LIMIT 1")?
            .query_row(params![case, after.into_bytes()], |row| {
                Ok(Going { run: id(row, 0)?, report: row.get(1)? })
            })
            .optional()?;
        if let Some(going) = next {
            self.oldest.insert(going.run, (case, going));
        }
        Ok(())
    }
}

impl Going {
    /// Deletes the run, and returns how many bytes its report had.
    fn delete(
        &self,
        connection: &Connection,
        component: &str,
        holdings: &mut Holdings,
    ) -> rusqlite::Result<u64> {
        let bytes: Option<u64> = connection
            .prepare_cached("DELETE FROM reports WHERE id = ?1 RETURNING length(json)")?
            .query_row([self.report], |row| row.get(0))
            .optional()?;
        let bytes = bytes.unwrap_or_default();
        connection.prepare_cached("DELETE FROM runs WHERE id = ?1")?.execute([self.run.into_bytes()])?;
        holdings.remove(component, bytes);
        Ok(bytes)
    }
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

/// Deletes cases and versions that have no data left.
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

/// Returns some of the free pages to the system, if there are many.
pub(super) fn shrink(connection: &Connection) -> rusqlite::Result<()> {
    let free = pragma(connection, "PRAGMA freelist_count")?;
    if free > SPARE_PAGES.max(pragma(connection, "PRAGMA page_count")? / 10) {
        // The statement returns a row for each page.
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

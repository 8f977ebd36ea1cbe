//! The history: every run that ended, in a SQLite database that survives restarts.
//!
//! Emitters of reports neither wait for the disk nor notice its failures. While the database cannot be written, the history
//! is stalled, and runs wait in a bounded queue.
//!
//! May depend on: the model, files, configuration. Must not depend on: tokio's network, guests, the scheduler, other sinks.

mod age;
#[cfg(feature = "bench")]
pub mod bench;
mod codec;
mod database;
mod error;
mod histogram;
mod holdings;
mod ledger;
#[cfg(test)]
mod measure;
mod query;
mod queue;
mod readers;
mod recent;
mod retention;
mod rollup;
mod row;
mod schema;
mod session;
mod settings;
mod stats;
mod status;
#[cfg(test)]
mod tests;
mod writer;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime};

use orbital_model::error::chain;
use orbital_model::{CaseId, CaseRecord, Report, Window};
use parking_lot::Mutex;
use uuid::Uuid;

pub use error::HistoryError;
pub use histogram::{Histogram, Quantiles};
pub use query::{Mark, Neighbours, RunQuery};
pub use rollup::Rollup;
pub use row::RunRow;
pub use session::{LastSession, Missing};
pub use settings::{FixedHistorySettings, HistorySettings, LiveHistorySettings};
pub use stats::{Point, Series, Stats, Step};
pub use status::{DropReason, HistoryState, HistoryStatus};

use queue::Queue;
use readers::Readers;
use status::Board;
use writer::Writer;

/// The time limit for writing the last runs at shutdown.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(5);

/// Records runs that ended, and looks them up.
pub struct History {
    queue: Arc<Queue>,
    board: Arc<Board>,
    readers: Arc<Readers>,
    settings: FixedHistorySettings,
    writing: Mutex<Option<JoinHandle<()>>>,
}

impl History {
    /// Opens the database and starts the writer. The duration of each batch is recorded in the histogram that `batches`
    /// returns. If the database cannot be opened, the history is stalled, and opening is retried.
    ///
    /// # Errors
    /// If the system cannot create a thread.
    pub async fn start(
        settings: HistorySettings,
        batches: impl FnOnce() -> metrics::Histogram,
    ) -> std::io::Result<Arc<Self>> {
        let HistorySettings { fixed, live } = settings;
        let this = Arc::new(Self {
            readers: Arc::new(Readers::new(fixed.path.clone())),
            queue: Arc::new(Queue::new(live)),
            board: Arc::new(Board::new(fixed.enabled)),
            settings: fixed,
            writing: Mutex::default(),
        });
        if this.settings.enabled {
            let (queue, board, readers) = (this.queue.clone(), this.board.clone(), this.readers.clone());
            let path = this.settings.path.clone();
            let mut writer = Writer::new(path, queue, board.clone(), readers, batches());
            // Opened before this returns, because whatever starts next may need the last state.
            let opening = tokio::task::spawn_blocking(move || {
                if let Err(error) = writer.open() {
                    board.paused(&chain(&error));
                }
                writer
            });
            let writer = opening.await.map_err(std::io::Error::other)?;
            let thread = std::thread::Builder::new().name("history".to_owned()).spawn(|| writer.run())?;
            *this.writing.lock() = Some(thread);
        }
        Ok(this)
    }

    /// Records a run that ended; `weight` is about how many bytes the report holds. Never waits.
    pub fn record(&self, report: &Arc<Report>, weight: usize) {
        if self.settings.enabled {
            self.queue.push(report, weight, |full| self.board.full(full));
        }
    }

    /// Applies changed settings.
    pub fn configure(&self, settings: LiveHistorySettings) {
        self.queue.configure(settings);
    }

    /// Returns the current status.
    pub fn status(&self) -> HistoryStatus {
        self.board.status(self.settings.path.clone(), self.queue.size())
    }

    /// Writes the remaining runs and closes the file cleanly, within a time limit.
    pub async fn end(&self) {
        self.queue.close();
        let thread = self.writing.lock().take();
        let Some(thread) = thread else { return };
        // Closing the last connection removes the write-ahead log.
        self.readers.renew();
        let ended = tokio::task::spawn_blocking(move || thread.join());
        if tokio::time::timeout(DRAIN_TIMEOUT, ended).await.is_err() {
            let (lost, _) = self.queue.size();
            tracing::warn!(lost, "the history did not end in time");
        }
    }

    /// Returns runs that ended, the newest first: those that are written, and those that are still waiting.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub async fn runs(&self, query: RunQuery) -> Result<Vec<RunRow>, HistoryError> {
        self.must_be_on()?;
        // The order matters: a run that is written in between appears twice, and is not lost.
        let waiting = self.waiting(&query);
        let limit = query.limit;
        let written = self.readers.read(move |connection| query.run(connection)).await?;
        Ok(newest(waiting.into_iter().chain(written), limit))
    }

    /// Returns the matching runs that are still waiting to be written. They are available while the database cannot be
    /// read.
    pub fn waiting(&self, query: &RunQuery) -> Vec<RunRow> {
        let waiting = self.queue.waiting();
        let rows = waiting.iter().map(|report| RunRow::of(report)).filter(|row| query.matches(row));
        newest(rows, query.limit)
    }

    /// Returns the report of a run that ended, as JSON.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub async fn report(&self, run: Uuid) -> Result<Option<String>, HistoryError> {
        self.must_be_on()?;
        let waiting = self.queue.waiting().into_iter().find(|report| report.run == run);
        if let Some(report) = waiting {
            return Ok(Some(json(&report)));
        }
        self.readers.read(move |connection| query::report(connection, run)).await
    }

    /// Returns the last runs of each case whose id is wanted, the newest first, by the case's id.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub async fn strips(
        &self,
        most: usize,
        wanted: impl Fn(&CaseId) -> bool + Send + 'static,
    ) -> Result<HashMap<CaseId, Vec<Mark>>, HistoryError> {
        self.must_be_on()?;
        let waiting = self.queue.waiting();
        let look = move |connection: &_| {
            let mut strips = query::strips(connection, most, &wanted)?;
            for report in query::unwritten(connection, waiting)? {
                if wanted(&report.case) {
                    strips.entry(report.case.clone()).or_default().push(Mark::of(&report));
                }
            }
            for strip in strips.values_mut() {
                strip.sort_unstable_by_key(|mark| std::cmp::Reverse(mark.run));
                strip.truncate(most);
            }
            Ok(strips)
        };
        self.readers.read(look).await
    }

    /// Returns the previous and the next run of the same case, among those that are written.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub async fn neighbours(&self, run: Uuid) -> Result<Neighbours, HistoryError> {
        self.must_be_on()?;
        self.readers.read(move |connection| query::neighbours(connection, run)).await
    }

    /// Returns the statistics of the runs in a window, for the cases whose ids are wanted.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub async fn stats(
        &self,
        window: Window,
        wanted: impl Fn(&CaseId) -> bool + Send + 'static,
    ) -> Result<Stats, HistoryError> {
        self.must_be_on()?;
        let waiting = self.queue.waiting();
        let look = move |connection: &_| {
            let mut stats = stats::stats(connection, window, SystemTime::now(), &wanted)?;
            let waiting = query::unwritten(connection, waiting)?;
            waiting.iter().filter(|report| wanted(&report.case)).for_each(|report| stats.add(report));
            Ok(stats)
        };
        self.readers.read(look).await
    }

    /// Returns the statistics of one case in a window, step by step.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub async fn series(&self, case: CaseId, window: Window, step: Step) -> Result<Series, HistoryError> {
        self.must_be_on()?;
        let mut waiting = self.queue.waiting();
        let look = move |connection: &_| {
            let mut series = stats::series(connection, &case, window, step, SystemTime::now())?;
            waiting.retain(|report| report.case == case);
            query::unwritten(connection, waiting)?.iter().for_each(|report| series.add(report));
            Ok(series)
        };
        self.readers.read(look).await
    }

    /// Returns the standing of each case when its last run was written, by the case's id.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub async fn records(&self) -> Result<HashMap<CaseId, CaseRecord>, HistoryError> {
        self.must_be_on()?;
        self.readers.read(query::records).await
    }

    fn must_be_on(&self) -> Result<(), HistoryError> {
        if self.settings.enabled { Ok(()) } else { Err(HistoryError::Off) }
    }
}

/// Returns the newest of these runs, without duplicates, the newest first.
pub fn newest(runs: impl Iterator<Item = RunRow>, limit: usize) -> Vec<RunRow> {
    let by_id: BTreeMap<Uuid, RunRow> = runs.map(|row| (row.run, row)).collect();
    by_id.into_values().rev().take(limit).collect()
}

fn json(report: &Report) -> String {
    // A report has no values that cannot be serialised.
    serde_json::to_string(report).unwrap_or_default()
}

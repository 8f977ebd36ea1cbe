//! The writer thread.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use metrics::Histogram;
use orbital_model::error::chain;

use crate::HistoryError;
use crate::database::Database;
use crate::queue::Queue;
use crate::readers::Readers;
use crate::status::Board;

/// The delay before the first retry; it doubles with each further one.
const FIRST_REST: Duration = Duration::from_millis(250);

/// The maximum delay before a retry.
const LONGEST_REST: Duration = Duration::from_secs(30);

/// Writes the runs in the queue, until the queue is closed and empty.
pub(super) struct Writer {
    /// The database file.
    path: PathBuf,
    queue: Arc<Queue>,
    board: Arc<Board>,
    readers: Arc<Readers>,
    /// The histogram of batch durations.
    batches: Histogram,
    /// The database; missing while it cannot be written.
    database: Option<Database>,
    /// The session of this host, once there is one.
    session: Option<i64>,
    /// Whether the file has been checked.
    is_checked: bool,
    /// The delay before the next retry.
    rest: Duration,
    /// Whether there may be more to delete.
    is_crowded: bool,
}

impl Writer {
    pub(super) fn new(
        path: PathBuf,
        queue: Arc<Queue>,
        board: Arc<Board>,
        readers: Arc<Readers>,
        batches: Histogram,
    ) -> Self {
        Self {
            path,
            queue,
            board,
            readers,
            batches,
            database: None,
            session: None,
            is_checked: false,
            rest: FIRST_REST,
            is_crowded: false,
        }
    }

    /// Opens the database, for the first time or again.
    pub(super) fn open(&mut self) -> Result<(), HistoryError> {
        let (database, last) = Database::open(&self.path, &self.queue.settings(), self.session)?;
        if self.session.is_none() {
            self.board.began(last);
        }
        // The file may be a different one than before.
        self.readers.renew();
        self.session = Some(database.session());
        self.board.extent(database.extent());
        self.database = Some(database);
        Ok(())
    }

    /// Writes batches until the queue is closed and empty.
    pub(super) fn run(mut self) {
        loop {
            let is_last = self.queue.is_closed();
            match self.step() {
                Ok(Some(written)) => {
                    self.rest = FIRST_REST;
                    if is_last && written == 0 {
                        break;
                    }
                }
                Ok(None) => {}
                Err(error) => {
                    self.database = None;
                    self.board.paused(&chain(&error));
                    if is_last {
                        break;
                    }
                    self.queue.rest(self.rest);
                    self.rest = (2 * self.rest).min(LONGEST_REST);
                }
            }
        }
        if let Some(Err(error)) = self.database.map(Database::end) {
            tracing::warn!("the history did not end in good order: {}", chain(&error));
        }
        let (lost, _) = self.queue.size();
        if lost > 0 {
            tracing::warn!(lost, "the last runs are not in the history: it is paused");
        }
    }

    /// Writes one batch. Returns the number of its runs, if a batch could be written.
    fn step(&mut self) -> Result<Option<usize>, HistoryError> {
        if self.database.is_none() {
            self.open()?;
        }
        let Some(database) = &mut self.database else { return Ok(None) };
        if !self.is_checked {
            database.check()?;
            self.is_checked = true;
        }
        let settings = self.queue.settings();
        // A pause ends as soon as anything could be written, even an empty batch.
        let batch = self.queue.batch(self.board.is_paused() || self.is_crowded);
        let begun = Instant::now();
        match database.write(&batch, &settings) {
            Err(error) if error.is_of_what_is_written() => {
                tracing::error!(runs = batch.len(), "runs are not in the history: {}", chain(&error));
                self.queue.done(batch.len());
                self.board.refused(batch.len());
                // The cached contents may be wrong after this error.
                self.database = None;
                return Ok(None);
            }
            result => result?,
        }
        self.queue.done(batch.len());
        if !batch.is_empty() {
            self.batches.record(begun.elapsed().as_secs_f64());
        }
        self.is_crowded = database.prune(&settings)?;
        self.board.written(batch.len(), database.extent(), self.queue.size().0);
        Ok(Some(batch.len()))
    }
}

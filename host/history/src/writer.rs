//! The thread that writes.

use std::sync::Arc;
use std::time::{Duration, Instant};

use metrics::Histogram;
use orbital_model::error::chain;

use crate::database::Database;
use crate::queue::Queue;
use crate::readers::Readers;
use crate::status::Board;
use crate::{HistoryError, HistorySettings};

/// How long it waits before it tries again; twice as long each time.
const FIRST_REST: Duration = Duration::from_millis(250);

/// The longest that it waits.
const LONGEST_REST: Duration = Duration::from_secs(30);

/// Writes what is in the queue, until that is closed and empty.
pub(super) struct Writer {
    queue: Arc<Queue>,
    board: Arc<Board>,
    readers: Arc<Readers>,
    /// How long batches took.
    batches: Histogram,
    /// None while it cannot be written.
    database: Option<Database>,
    /// That of this host, once there is one.
    session: Option<i64>,
    /// Whether the file has been looked over.
    is_checked: bool,
    /// How long it waits before it tries again.
    rest: Duration,
    /// Whether there may be more to clear away.
    is_crowded: bool,
}

impl Writer {
    pub(super) fn new(
        queue: Arc<Queue>,
        board: Arc<Board>,
        readers: Arc<Readers>,
        batches: Histogram,
    ) -> Self {
        Self {
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
        let (database, last) = Database::open(&self.queue.settings(), self.session)?;
        if self.session.is_none() {
            self.board.began(last);
        }
        // It may be another file than before.
        self.readers.renew();
        self.session = Some(database.session());
        self.board.extent(database.extent());
        self.database = Some(database);
        Ok(())
    }

    /// Goes on until there is nothing to come.
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

    /// One batch; says how many runs that was, if there was one.
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
        // What is paused goes on as soon as something could be written, be it nothing.
        let batch = self.queue.batch(self.board.is_paused() || self.is_crowded);
        let begun = Instant::now();
        match database.write(&batch, &settings) {
            Err(error) if error.is_of_what_is_written() => {
                tracing::error!(runs = batch.len(), "runs are not in the history: {}", chain(&error));
                self.queue.done(batch.len());
                self.board.refused(batch.len());
                // What it knows of its content may be wrong now.
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

/// The settings that act at the next start only stay as they are.
pub(super) fn live(acting: &HistorySettings, wanted: &HistorySettings) -> HistorySettings {
    HistorySettings { enabled: acting.enabled, path: acting.path.clone(), ..wanted.clone() }
}

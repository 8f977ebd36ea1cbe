//! Connections for reading. They block neither each other nor the writer.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use orbital_files::private;
use parking_lot::Mutex;
use rusqlite::{Connection, OpenFlags};
use tokio::sync::Semaphore;

use crate::{HistoryError, schema};

/// The maximum number of concurrent reads; further ones wait.
const MOST: usize = 4;

/// How long to wait for a lock of another program.
const BUSY_TIMEOUT: Duration = Duration::from_millis(250);

/// Connections that are opened on demand.
pub(super) struct Readers {
    path: PathBuf,
    idle: Arc<Mutex<Vec<Connection>>>,
    places: Arc<Semaphore>,
}

impl Readers {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, idle: Arc::default(), places: Arc::new(Semaphore::new(MOST)) }
    }

    /// Runs a query on a thread that may block. The query sees a snapshot of the database.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        look: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, HistoryError> {
        // The semaphore is never closed. The caller may be cancelled; the permit is held until the query has ended.
        let place = self.places.clone().acquire_owned().await;
        let (path, idle) = (self.path.clone(), self.idle.clone());
        let read = move || {
            let _place = place;
            let idle_one = idle.lock().pop();
            let mut connection = match idle_one {
                Some(connection) => connection,
                None => open(path.clone())?,
            };
            let looked = || {
                let transaction = connection.transaction()?;
                let found = look(&transaction)?;
                transaction.finish()?;
                Ok(found)
            };
            let found = { looked }().map_err(|error| HistoryError::of(&path, error))?;
            // A connection whose query failed is not reused.
            idle.lock().push(connection);
            Ok(found)
        };
        match tokio::task::spawn_blocking(read).await {
            Ok(result) => result,
            Err(error) => {
                let source = std::io::Error::other(error);
                Err(HistoryError::Unusable { path: self.path.clone(), source })
            }
        }
    }

    /// Drops idle connections, which may have a previous file open.
    pub(super) fn renew(&self) {
        self.idle.lock().clear();
    }
}

fn open(path: PathBuf) -> Result<Connection, HistoryError> {
    // SQLite would wait for the other end of a pipe, and follow a link.
    private::close_file(&path).map_err(|source| HistoryError::Unusable { path: path.clone(), source })?;
    let failed = |error| HistoryError::of(&path, error);
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(&path, flags).map_err(failed)?;
    connection.busy_timeout(BUSY_TIMEOUT).map_err(failed)?;
    schema::run_nothing(&connection).map_err(failed)?;
    // The writer migrates an older database to the newest schema; until then, it cannot be read.
    schema::check(&connection, &path)?;
    connection.pragma_update(None, "cache_size", -(16 << 10)).map_err(failed)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

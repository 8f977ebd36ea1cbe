//! Connections that read. They hold nobody up, the writer least of all.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};
use tokio::sync::Semaphore;

use crate::{HistoryError, schema};

/// How many read at once; more wait.
const MOST: usize = 4;

/// How long a lock of another program is waited for.
const BUSY_TIMEOUT: Duration = Duration::from_millis(250);

/// Connections, opened when they are needed.
pub(super) struct Readers {
    path: PathBuf,
    idle: Arc<Mutex<Vec<Connection>>>,
    places: Arc<Semaphore>,
}

impl Readers {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, idle: Arc::default(), places: Arc::new(Semaphore::new(MOST)) }
    }

    /// Has something looked up on a thread where that may take its time. It sees the database as it is at one moment.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        look: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, HistoryError> {
        // It is never closed. Whoever asked may go away; the place is taken until the answer is there.
        let place = self.places.clone().acquire_owned().await;
        let (path, idle) = (self.path.clone(), self.idle.clone());
        let read = move || {
            let _place = place;
            let idle_one = idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
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
            // One that failed is not used again.
            idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
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

    /// Those that are idle may have the file open that was there before.
    pub(super) fn renew(&self) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

fn open(path: PathBuf) -> Result<Connection, HistoryError> {
    let failed = |error| HistoryError::of(&path, error);
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(&path, flags).map_err(failed)?;
    connection.busy_timeout(BUSY_TIMEOUT).map_err(failed)?;
    schema::run_nothing(&connection).map_err(failed)?;
    // The writer brings an older one to the newest schema; until then, nothing is there that could be read.
    schema::check(&connection, &path)?;
    connection.pragma_update(None, "cache_size", -(16 << 10)).map_err(failed)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

//! The database file, for the writer.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use orbital_files::private;
use orbital_model::{Report, run_ids};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};
use uuid::Uuid;

use crate::age::AgeClock;
use crate::ledger::Ledger;
use crate::retention;
use crate::row::moment;
use crate::session;
use crate::session::LastSession;
use crate::{HistoryError, LiveHistorySettings, schema};

/// How long to wait for a lock of another program before reporting it.
const BUSY_TIMEOUT: Duration = Duration::from_secs(1);

/// The time limit of the check of the file at start. Only the beginning of a large file is checked; damage after that
/// is found when it is read.
const CHECK_TIMEOUT: Duration = Duration::from_secs(2);

/// The size to which the write-ahead log is truncated after a checkpoint.
const MAX_LOG_BYTES: i64 = 64 << 20;

/// The database, open for writing. There is no other writer.
pub(super) struct Database {
    path: PathBuf,
    connection: Connection,
    ledger: Ledger,
    session: i64,
    ages: AgeClock,
    /// Held while this is open, so that two hosts do not mix their runs.
    _lock: File,
}

/// The contents of the file.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Extent {
    pub(super) bytes: u64,
    pub(super) runs: u64,
    pub(super) oldest: Option<SystemTime>,
}

impl Database {
    /// Opens the database. It is created if it does not exist, and migrated to the newest schema. If `session` names a
    /// session of an earlier opening, it is continued; otherwise a new session starts, and the previous one is
    /// returned.
    ///
    /// # Errors
    /// If the file cannot be written, or is not a database of orbital.
    pub(super) fn open(
        path: &Path,
        settings: &LiveHistorySettings,
        session: Option<i64>,
    ) -> Result<(Self, Option<LastSession>), HistoryError> {
        let lock = lock(path)?;
        close(path)?;
        let failed = |error| HistoryError::of(path, error);
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
        let connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX);
        let mut connection = connection.map_err(failed)?;
        connection.busy_timeout(BUSY_TIMEOUT).map_err(failed)?;
        schema::run_nothing(&connection).map_err(failed)?;
        let version = schema::check(&connection, path)?;
        prepare(&connection).map_err(failed)?;
        schema::migrate(&mut connection, version).map_err(failed)?;
        let (session, last, age_clock) = match session {
            Some(session) => (session, None, session::age_clock(&connection, session).map_err(failed)?),
            None => session::begin(&connection, settings, SystemTime::now()).map_err(failed)?,
        };
        let newest =
            connection.query_row("SELECT max(id) FROM runs", [], |row| row.get::<_, Option<[u8; 16]>>(0));
        if let Some(newest) = newest.map_err(failed)? {
            run_ids::continue_after(Uuid::from_bytes(newest));
        }
        let ages = AgeClock::new(age_clock, Instant::now());
        let ledger = Ledger::open(&connection).map_err(failed)?;
        Ok((Self { path: path.to_owned(), connection, ledger, session, ages, _lock: lock }, last))
    }

    pub(super) fn session(&self) -> i64 {
        self.session
    }

    /// Checks the file, within a time limit.
    pub(super) fn check(&mut self) -> Result<(), HistoryError> {
        let until = Instant::now() + CHECK_TIMEOUT;
        let failed = |error| HistoryError::of(&self.path, error);
        self.connection.progress_handler(10_000, Some(move || Instant::now() > until)).map_err(failed)?;
        let found: rusqlite::Result<String> =
            self.connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0));
        self.connection.progress_handler(0, None::<fn() -> bool>).map_err(failed)?;
        match found {
            Ok(found) if found == "ok" => Ok(()),
            Ok(detail) => Err(HistoryError::Damaged { path: self.path.clone(), detail }),
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::OperationInterrupted) => Ok(()),
            Err(error) => Err(failed(error)),
        }
    }

    /// Writes runs, all or none.
    pub(super) fn write(
        &mut self,
        reports: &[Arc<Report>],
        settings: &LiveHistorySettings,
    ) -> Result<(), HistoryError> {
        let mut write = || {
            let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            self.ledger.enter(&transaction, reports)?;
            session::touch(&transaction, self.session, settings, SystemTime::now(), self.ages.time())?;
            transaction.commit()
        };
        write().map_err(|error| HistoryError::of(&self.path, error))
    }

    /// Deletes a part of the data that is not to be kept. Returns whether there may be more.
    pub(super) fn prune(&mut self, settings: &LiveHistorySettings) -> Result<bool, HistoryError> {
        let now = self.ages.advance(SystemTime::now(), Instant::now());
        let mut prune = || {
            let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let are_names_current = self.ledger.recent.is_empty();
            let holdings = &mut self.ledger.holdings;
            let pruned = retention::prune(&transaction, settings, holdings, now, are_names_current)?;
            transaction.commit()?;
            retention::shrink(&self.connection)?;
            rusqlite::Result::Ok(pruned)
        };
        let pruned = prune().map_err(|error| HistoryError::of(&self.path, error))?;
        if pruned.names {
            self.ledger.forget_names();
        }
        Ok(pruned.more)
    }

    /// Returns the contents of the file.
    pub(super) fn extent(&self) -> Extent {
        let size =
            |suffix| std::fs::metadata(beside(&self.path, suffix)).map_or(0, |metadata| metadata.len());
        let oldest = "SELECT started FROM runs ORDER BY id LIMIT 1";
        let oldest = self.connection.query_row(oldest, [], |row| row.get(0).map(moment)).ok();
        Extent { bytes: size("") + size("-wal"), runs: self.ledger.holdings.runs(), oldest }
    }

    /// Closes the database cleanly: the file is then complete without other files.
    pub(super) fn end(mut self) -> Result<(), HistoryError> {
        let mut end = || {
            let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            self.ledger.recent.apply(&transaction)?;
            transaction.commit()?;
            session::end(&self.connection, self.session, SystemTime::now())?;
            // Closing does this only for the last connection.
            let sql = "PRAGMA wal_checkpoint(TRUNCATE)";
            self.connection.query_row(sql, [], |row| row.get::<_, bool>(0))
        };
        let is_busy = end().map_err(|error| HistoryError::of(&self.path, error))?;
        if is_busy {
            let path = self.path.display();
            tracing::warn!(%path, "another program reads the history, so the file is complete only with `-wal`");
        }
        Ok(())
    }
}

/// Sets the options of this connection, and for a new file the permanent options of the file.
fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
    connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
    // Committed data survives a crash of the process; the most recent commits may not survive a power failure.
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.pragma_update_and_check(None, "journal_size_limit", MAX_LOG_BYTES, |_| Ok(()))?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.pragma_update(None, "cache_size", -(16 << 10))?;
    connection.set_prepared_statement_cache_capacity(64);
    // Otherwise statements with a parameter after LIMIT are compiled again for each batch.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map(drop)
}

/// Makes the database readable only by this user, before it has any contents. SQLite gives its additional files the
/// same permissions.
fn close(path: &Path) -> Result<(), HistoryError> {
    let failed = |path: PathBuf| move |source| HistoryError::Unusable { path, source };
    private::ensure(path).map_err(failed(path.to_owned()))?;
    for suffix in ["-wal", "-shm", "-journal"] {
        let file = beside(path, suffix);
        private::close_file(&file).map_err(failed(file))?;
    }
    Ok(())
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut beside = path.as_os_str().to_owned();
    beside.push(suffix);
    beside.into()
}

/// Creates a file next to the database and locks it for this host.
fn lock(path: &Path) -> Result<File, HistoryError> {
    let beside = beside(path, ".lock");
    let failed = |path: &Path, source| HistoryError::Unusable { path: path.to_owned(), source };
    if let Some(directory) = path.parent() {
        // A name without a directory is in the working directory.
        let directory = if directory.as_os_str().is_empty() { Path::new(".") } else { directory };
        private::make_directory(directory).map_err(|source| failed(directory, source))?;
        let exposed = |source| failed(path, std::io::Error::other(format!("about its directory: {source}")));
        private::check_parent(directory).map_err(exposed)?;
    }
    let file = private::create(&beside).map_err(|source| failed(&beside, source))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(HistoryError::InUse(path.to_owned())),
        Err(TryLockError::Error(source)) => Err(failed(&beside, source)),
    }
}

//! Errors of the history, permanent and temporary.

use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

/// Why runs cannot be recorded or looked up.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// The history is disabled in the configuration.
    #[error("there is no history: `history.enabled` is false")]
    Off,
    /// The file was written by a newer orbital.
    #[error(
        "`{path}` was written by a newer orbital (its schema is {found}, and this one knows {known}): run that one, or \
         move the file away to start with an empty history"
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// The version of the file's schema.
        found: i64,
        /// The newest version that this orbital supports.
        known: i64,
    },
    /// The file is a database of another program.
    #[error("`{0}` is a database, but not one of orbital; set `history.path` to another file")]
    Foreign(PathBuf),
    /// The schema was changed by somebody else: triggers and views would run as part of orbital's statements.
    #[error(
        "the schema of `{path}` was changed ({difference}): undo that with `sqlite3`, or move the file away, with `-wal` and \
         `-shm` next to it, to start with an empty one"
    )]
    Altered {
        /// The file.
        path: PathBuf,
        /// The difference from the expected schema.
        difference: String,
    },
    /// The contents of the file are invalid.
    #[error(
        "`{path}` is damaged ({detail}): move it away, together with its `-wal` and `-shm`, to start with an empty history, \
         or restore a copy; what can still be read is saved by `sqlite3 {path} .recover`"
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The problem that was found.
        detail: String,
    },
    /// Another host has locked the file.
    #[error("`{0}` is in use by another orbital; give each host a file of its own, with `history.path`")]
    InUse(PathBuf),
    /// The system denies access.
    #[error("cannot use `{path}`")]
    Unusable {
        /// The file or directory.
        path: PathBuf,
        /// The error of the system.
        source: std::io::Error,
    },
    /// The database cannot be used: a full disk, a lock held by another program, a file that cannot be written.
    #[error("cannot use `{path}`")]
    Database {
        /// The file.
        path: PathBuf,
        /// The error of the database.
        source: rusqlite::Error,
    },
}

impl HistoryError {
    pub(super) fn of(path: &Path, source: rusqlite::Error) -> Self {
        let path = path.to_owned();
        match source.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                Self::Damaged { path, detail: source.to_string() }
            }
            _ => Self::Database { path, source },
        }
    }

    /// Returns whether the error is caused by the data to be written, and not by the state of the database. A retry
    /// then does not help.
    pub(super) fn is_of_what_is_written(&self) -> bool {
        let Self::Database { source, .. } = self else { return false };
        matches!(
            source.sqlite_error_code(),
            Some(ErrorCode::TooBig | ErrorCode::ConstraintViolation | ErrorCode::TypeMismatch)
        )
    }
}

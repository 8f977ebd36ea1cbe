//! Why there is no history, or none for now.

use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

/// Why runs cannot be kept, or not be looked up.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// Nobody wants it.
    #[error("there is no history: `history.enabled` is false")]
    Off,
    /// A newer orbital has had the file.
    #[error(
        "`{path}` was written by a newer orbital (its schema is {found}, and this one knows {known}): run that one, or \
         move the file away to begin anew"
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// The version of its schema.
        found: i64,
        /// The newest that is known here.
        known: i64,
    },
    /// The file is a database of something else.
    #[error("`{0}` is a database, but not one of orbital; set `history.path` to another file")]
    Foreign(PathBuf),
    /// Somebody has changed the schema: triggers and views would run as part of what orbital does.
    #[error(
        "the schema of `{path}` was changed ({difference}): undo that with `sqlite3`, or move the file away, with `-wal` and \
         `-shm` beside it, to begin with an empty one"
    )]
    Altered {
        /// The file.
        path: PathBuf,
        /// What is different.
        difference: String,
    },
    /// What is in the file makes no sense.
    #[error(
        "`{path}` is damaged ({detail}): move it away, with `-wal` and `-shm` beside it, to begin anew, or put a copy of \
         it back; what can still be read is saved by `sqlite3 {path} .recover`"
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What was found.
        detail: String,
    },
    /// Another host has the file.
    #[error("`{0}` is in use by another orbital; give each host a file of its own, with `history.path`")]
    InUse(PathBuf),
    /// The system denies it.
    #[error("cannot use `{path}`")]
    Unusable {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The database denies it: a full disk, a lock that somebody holds, a file that cannot be written.
    #[error("cannot use `{path}`")]
    Database {
        /// The file.
        path: PathBuf,
        /// What it said.
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

    /// Whether it is what was to be written that is wrong, and not the place: then trying again does not help.
    pub(super) fn is_of_what_is_written(&self) -> bool {
        let Self::Database { source, .. } = self else { return false };
        matches!(
            source.sqlite_error_code(),
            Some(ErrorCode::TooBig | ErrorCode::ConstraintViolation | ErrorCode::TypeMismatch)
        )
    }
}

//! State that survives a restart, in a directory that belongs to one host.

use std::fs::{File, TryLockError};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::private;
use crate::{FileError, file};

/// The lock file. It is locked as long as the host runs, so that two hosts do not overwrite each other's state.
const LOCK: &str = "lock";

/// The largest file that is read, in bytes. The files that a host writes are much smaller.
const MAX_STATE: usize = file::MAX_SMALL;

/// The state directory, locked for this host.
#[derive(Debug)]
pub struct State {
    directory: PathBuf,
    _lock: File,
}

/// The setting of the state directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateSettings {
    /// The path of the directory.
    pub directory: PathBuf,
    /// Whether the operator has set the directory. If so, it must be usable.
    pub is_set: bool,
}

/// Why state cannot be read or stored.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// The directory is in use by another host.
    #[error("the directory `{0}` is in use by another orbital; give each host one of its own, with `state`")]
    InUse(PathBuf),
    /// The system denies access to a file or directory.
    #[error("cannot use `{path}` for what must survive a restart (set by `state`)")]
    Unusable {
        /// The file or directory.
        path: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
    /// Other users have access to the directory.
    #[error("`{path}` must belong to the host's user alone (set by `state`)")]
    Exposed {
        /// The directory.
        path: PathBuf,
        /// The problem.
        source: std::io::Error,
    },
    /// A file in the directory cannot be read.
    #[error("cannot read `{path}`")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: FileError,
    },
    /// A file in the directory was not written by a host.
    #[error("`{path}` is corrupt; repair it, or move it away to start without it")]
    Broken {
        /// The file.
        path: PathBuf,
        /// The error of the parser.
        source: serde_json::Error,
    },
}

impl State {
    /// Opens and locks the directory, and creates it if it is missing.
    ///
    /// # Errors
    /// The directory is in use by another host, or cannot be used.
    pub fn open(directory: &Path) -> Result<Self, StateError> {
        let failed = |source| StateError::Unusable { path: directory.to_owned(), source };
        private::make_directory(directory).map_err(failed)?;
        let exposed = |source| StateError::Exposed { path: directory.to_owned(), source };
        private::close_directory(directory).map_err(exposed)?;
        let lock = private::create(&directory.join(LOCK)).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { directory: directory.to_owned(), _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(StateError::InUse(directory.to_owned())),
            Err(TryLockError::Error(source)) => Err(failed(source)),
        }
    }

    /// Returns the value that was written under this name, or the default if there is none.
    ///
    /// # Errors
    /// The file cannot be read, or is broken.
    pub fn read<T: DeserializeOwned + Default>(&self, name: &str) -> Result<T, StateError> {
        let path = self.directory.join(name);
        match file::read(&path, MAX_STATE) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|source| StateError::Broken { path, source }),
            Err(error) if error.is_missing() => Ok(T::default()),
            Err(source) => Err(StateError::Unreadable { path, source }),
        }
    }

    /// Writes a value under this name, completely or not at all, and waits until it is on disk.
    ///
    /// # Errors
    /// The system denies writing, for example because the disk is full. The previous value is kept.
    pub fn write<T: Serialize>(&self, name: &str, value: &T) -> Result<(), StateError> {
        let path = self.directory.join(name);
        let temporary = self.directory.join(format!(".{name}.new"));
        let write = || {
            let mut file = private::create(&temporary)?;
            file.write_all(&serde_json::to_vec_pretty(value)?)?;
            file.sync_all()?;
            std::fs::rename(&temporary, &path)?;
            File::open(&self.directory)?.sync_all()
        };
        write().map_err(|source| {
            // The temporary file may not have been created, or may have been renamed already.
            let _ = std::fs::remove_file(&temporary);
            StateError::Unusable { path: path.clone(), source }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_by_the_next_host() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b");
        let state = State::open(&path).unwrap();
        assert_eq!(state.read::<Vec<u8>>("x.json").unwrap(), Vec::<u8>::new());
        state.write("x.json", &vec![1, 2]).unwrap();
        assert!(matches!(State::open(&path).unwrap_err(), StateError::InUse(_)));
        drop(state);
        let state = State::open(&path).unwrap();
        assert_eq!(state.read::<Vec<u8>>("x.json").unwrap(), [1, 2]);
        // Such keys do not exist in JSON.
        let unwritable = std::collections::BTreeMap::from([(vec![1_u8], 1)]);
        assert!(matches!(state.write("x.json", &unwritable).unwrap_err(), StateError::Unusable { .. }));
        assert!(!path.join(".x.json.new").exists());
        assert_eq!(state.read::<Vec<u8>>("x.json").unwrap(), [1, 2]);
        std::fs::write(path.join("x.json"), "[1,").unwrap();
        assert!(matches!(state.read::<Vec<u8>>("x.json").unwrap_err(), StateError::Broken { .. }));
    }
}

//! What must survive a restart: a directory that belongs to one host.

use std::fs::{File, TryLockError};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::private;
use crate::{FileError, file};

/// Held for as long as the host runs, so that two hosts do not overwrite each other's state.
const LOCK: &str = "lock";

/// The largest file that is read again, in bytes: a host writes none that comes near.
const MAX_STATE: usize = file::MAX_SMALL;

/// The directory. Nobody else has it.
#[derive(Debug)]
pub struct State {
    directory: PathBuf,
    _lock: File,
}

/// Where it is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateSettings {
    /// The directory.
    pub directory: PathBuf,
    /// Whether the operator named it: then it must be usable.
    pub is_set: bool,
}

/// Why state is not to be had, or not to be kept.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// It is another host's.
    #[error("the directory `{0}` is in use by another orbital; give each host one of its own, with `state`")]
    InUse(PathBuf),
    /// The system denies it.
    #[error("cannot use `{path}` for what must survive a restart (set by `state`)")]
    Unusable {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Others have access to it.
    #[error("`{path}` must belong to the host's user alone (set by `state`)")]
    Exposed {
        /// The directory.
        path: PathBuf,
        /// What is wrong.
        source: std::io::Error,
    },
    /// A file in it cannot be read.
    #[error("cannot read `{path}`")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: FileError,
    },
    /// A file in it was not written by a host.
    #[error("`{path}` is broken; mend it, or move it away to begin without")]
    Broken {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: serde_json::Error,
    },
}

impl State {
    /// Takes the directory; makes it if need be.
    ///
    /// # Errors
    /// It is another host's, or cannot be used.
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

    /// What was written under this name; the default if nothing was.
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

    /// Writes it, whole or not at all, and to the disk itself.
    ///
    /// # Errors
    /// The system denies it, such as when the disk is full. What was there before is there still.
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
            // It may not have been created, or renamed already.
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
        // JSON has no such keys.
        let unwritable = std::collections::BTreeMap::from([(vec![1_u8], 1)]);
        assert!(matches!(state.write("x.json", &unwritable).unwrap_err(), StateError::Unusable { .. }));
        assert!(!path.join(".x.json.new").exists());
        assert_eq!(state.read::<Vec<u8>>("x.json").unwrap(), [1, 2]);
        std::fs::write(path.join("x.json"), "[1,").unwrap();
        assert!(matches!(state.read::<Vec<u8>>("x.json").unwrap_err(), StateError::Broken { .. }));
    }
}

//! Compiled code on disk, so that a restart compiles nothing.

use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use tempfile::NamedTempFile;

/// A directory of compiled code; the code that was used least recently goes first.
#[derive(Debug, Clone)]
pub struct CodeCache {
    directory: PathBuf,
    max_size: u64,
}

/// The directory cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("cannot keep compiled code in `{path}` (set by `components.cache`)")]
pub struct CodeCacheError {
    path: PathBuf,
    source: std::io::Error,
}

const SUFFIX: &str = ".cwasm";

impl CodeCache {
    /// Opens the directory; makes it if need be. Whoever can write there can have the host run any machine code, so
    /// nobody else may.
    ///
    /// # Errors
    /// It cannot be used, or others can write there.
    pub fn open(directory: &Path, max_size: u64) -> Result<Self, CodeCacheError> {
        let failed = |source| CodeCacheError { path: directory.to_owned(), source };
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(failed)?;
        let mode = std::fs::metadata(directory).map_err(failed)?.mode();
        if mode & 0o022 != 0 {
            let reason = "others can write there, and so have this host run any code; `chmod go-w` it";
            return Err(failed(std::io::Error::other(reason)));
        }
        // A directory that cannot be written to is found now, not after ten seconds of compiling.
        NamedTempFile::new_in(directory).map_err(failed)?;
        Ok(Self { directory: directory.to_owned(), max_size })
    }

    /// A file to compile into.
    pub(super) fn scratch(&self) -> std::io::Result<NamedTempFile> {
        NamedTempFile::new_in(&self.directory)
    }

    /// The code that is kept under this key.
    pub(super) fn find(&self, key: &str) -> Option<PathBuf> {
        let path = self.path(key);
        let file = std::fs::File::options().append(true).open(&path).ok()?;
        // When it was used last. If that cannot be noted it goes a little earlier.
        let _ = file.set_modified(SystemTime::now());
        Some(path)
    }

    /// Keeps code under this key.
    pub(super) fn keep(&self, key: &str, file: NamedTempFile) -> std::io::Result<PathBuf> {
        let path = self.path(key);
        // To the disk first: after a loss of power the name must not stand for half of it.
        file.as_file().sync_all()?;
        file.persist(&path).map_err(|error| error.error)?;
        self.prune(&path);
        Ok(path)
    }

    /// Forgets what is kept under this key.
    pub(super) fn forget(&self, key: &str) {
        let _ = std::fs::remove_file(self.path(key));
    }

    fn path(&self, key: &str) -> PathBuf {
        self.directory.join(format!("{key}{SUFFIX}"))
    }

    /// Removes what was used least recently, until the rest is small enough. Code that runs stays mapped.
    fn prune(&self, newest: &Path) {
        let Ok(entries) = std::fs::read_dir(&self.directory) else { return };
        let mut files: Vec<(SystemTime, u64, PathBuf)> = entries
            .filter_map(|entry| {
                let entry = entry.ok()?;
                let metadata = entry.metadata().ok()?;
                let is_code = entry.file_name().to_str()?.ends_with(SUFFIX);
                is_code.then(|| Some((metadata.modified().ok()?, metadata.len(), entry.path())))?
            })
            .collect();
        files.sort();
        let mut size: u64 = files.iter().map(|(_, size, _)| size).sum();
        for (_, length, path) in files {
            if size <= self.max_size {
                return;
            }
            if path != newest && std::fs::remove_file(&path).is_ok() {
                size -= length;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::time::Duration;

    use super::*;

    fn keep(cache: &CodeCache, key: &str) {
        let mut file = cache.scratch().unwrap();
        file.write_all(&[0; 100]).unwrap();
        cache.keep(key, file).unwrap();
    }

    #[test]
    fn what_was_used_least_recently_goes_first() {
        let folder = tempfile::tempdir().unwrap();
        let cache = CodeCache::open(folder.path(), 250).unwrap();
        for (key, age) in [("a", 30), ("b", 20)] {
            keep(&cache, key);
            let file = std::fs::File::options().append(true).open(cache.path(key)).unwrap();
            file.set_modified(SystemTime::now() - Duration::from_secs(age)).unwrap();
        }
        assert!(cache.find("a").is_some());
        keep(&cache, "c");
        let kept = ["a", "b", "c"].map(|key| cache.path(key).exists());
        assert_eq!(kept, [true, false, true]);
    }

    #[test]
    fn a_directory_that_others_can_write_to_is_refused() {
        use std::os::unix::fs::PermissionsExt as _;

        let folder = tempfile::tempdir().unwrap();
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o777)).unwrap();
        let error = CodeCache::open(folder.path(), 1).unwrap_err();
        assert!(crate::error::chain(&error).contains("others can write there"), "{error}");
    }
}

//! A cache of compiled code on disk, so that a restart compiles nothing.
//!
//! Anyone who can make the host run machine code can do everything that the host can. Therefore the directory belongs
//! to the host's user alone, each entry is sealed with a key that is kept elsewhere, and the code that is loaded is
//! what was verified: the bytes that were read, not the file.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use orbital_files::{FileError, file, private};
use ring::hmac;
use subtle::ConstantTimeEq as _;
use tempfile::NamedTempFile;

use crate::code_key;
use crate::engine::Code;

/// A directory of compiled code. The least recently used code is removed first.
#[derive(Debug, Clone)]
pub struct CodeCache {
    directory: PathBuf,
    key: Arc<hmac::Key>,
    max_size: u64,
}

/// Identifies code. Code of another component or of another engine counts as missing.
pub(super) struct Label<'a> {
    /// The SHA-256 digest of the component, in hexadecimal.
    pub(super) digest: &'a str,
    /// The result of [`GuestEngine::fingerprint`](super::GuestEngine::fingerprint).
    pub(super) engine: u64,
    /// How the code was compiled.
    pub(super) code: Code,
}

/// Why compiled code cannot be stored.
#[derive(Debug, thiserror::Error)]
pub enum CodeCacheError {
    /// The directory cannot be used.
    #[error("cannot keep compiled code in `{path}` (set by `components.cache`)")]
    Directory {
        /// The path of the directory.
        path: PathBuf,
        /// The reason.
        source: std::io::Error,
    },
    /// The key cannot be used.
    #[error("cannot seal compiled code with the key `{path}` (set by `components.cache_key`)")]
    Key {
        /// The path of the key's file.
        path: PathBuf,
        /// The reason.
        source: std::io::Error,
    },
}

/// Why an entry cannot be used as the code that this host compiled for a component.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unusable {
    #[error("it cannot be read: {0}")]
    Read(#[from] FileError),
    #[error("it does not bear this host's seal for this component: it was changed, or made by somebody else")]
    Seal,
}

const SUFFIX: &str = ".cwasm";

/// The length of a seal (HMAC-SHA256) in bytes. Each file begins with a seal.
const SEAL: usize = 32;

impl CodeCache {
    /// Opens the directory, and creates it and the key if they are missing.
    ///
    /// # Errors
    /// The directory or the key cannot be used, or does not belong to the host's user alone.
    pub fn open(directory: &Path, key: &Path, max_size: u64) -> Result<Self, CodeCacheError> {
        let failed = |source| CodeCacheError::Directory { path: directory.to_owned(), source };
        private::make_directory(directory).map_err(failed)?;
        private::check_directory(directory, "could have this host run any code").map_err(failed)?;
        // A directory that is not writable is detected now, and not after ten seconds of compiling.
        NamedTempFile::new_in(directory).map_err(failed)?;
        let broken = |source| CodeCacheError::Key { path: key.to_owned(), source };
        let key = code_key::load_or_make(key, directory).map_err(broken)?;
        Ok(Self { directory: directory.to_owned(), key: Arc::new(key), max_size })
    }

    /// Returns the code with this label, or `None` if there is none.
    pub(super) fn find(&self, label: &Label<'_>) -> Result<Option<Vec<u8>>, Unusable> {
        let path = self.path(label);
        let mut entry = match file::read(&path, self.max_size as usize) {
            Ok(entry) => entry,
            Err(error) if error.is_missing() => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let (seal, code) = entry.split_at_checked(SEAL).ok_or(Unusable::Seal)?;
        if !bool::from(self.seal(label, code).as_ref().ct_eq(seal)) {
            return Err(Unusable::Seal);
        }
        // Stores the time of the last use. If that fails, the entry is removed a little earlier.
        let _ = std::fs::File::options()
            .append(true)
            .open(&path)
            .and_then(|file| file.set_modified(SystemTime::now()));
        entry.drain(..SEAL);
        Ok(Some(entry))
    }

    /// Stores code with this label.
    pub(super) fn keep(&self, label: &Label<'_>, code: &[u8]) -> std::io::Result<()> {
        let path = self.path(label);
        let mut file = NamedTempFile::new_in(&self.directory)?;
        file.write_all(self.seal(label, code).as_ref())?;
        file.write_all(code)?;
        // The content must be on disk first: after a power failure, the name must not refer to half of it.
        file.as_file().sync_all()?;
        file.persist(&path).map_err(|error| error.error)?;
        self.prune(&path);
        Ok(())
    }

    /// Removes the code with this label.
    pub(super) fn forget(&self, label: &Label<'_>) {
        let _ = std::fs::remove_file(self.path(label));
    }

    /// Returns the path of the file for a label.
    pub(super) fn path(&self, label: &Label<'_>) -> PathBuf {
        let made = match label.code {
            Code::Optimised => "",
            Code::Quick => "-quick",
        };
        self.directory.join(format!("{}-{:016x}{made}{SUFFIX}", label.digest, label.engine))
    }

    fn seal(&self, label: &Label<'_>, code: &[u8]) -> hmac::Tag {
        let mut seal = hmac::Context::with_key(&self.key);
        // Each part except the last one has a fixed length, so the sealed bytes of two labels always differ.
        seal.update(match label.code {
            Code::Optimised => b"orbital optimised code",
            Code::Quick => b"orbital code made quick",
        });
        seal.update(label.digest.as_bytes());
        seal.update(&label.engine.to_be_bytes());
        seal.update(code);
        seal.sign()
    }

    /// Removes the least recently used code until the rest is small enough.
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
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
    use std::time::Duration;

    use super::*;

    fn open(folder: &Path, key: &str, max_size: u64) -> CodeCache {
        let directory = folder.join("cache");
        CodeCache::open(&directory, &folder.join(key), max_size).unwrap()
    }

    fn label(digest: &str) -> Label<'_> {
        Label { digest, engine: 1, code: Code::Optimised }
    }

    #[test]
    fn what_was_used_least_recently_goes_first() {
        let folder = tempfile::tempdir().unwrap();
        let cache = open(folder.path(), "key", 300);
        for (digest, age) in [("a", 30), ("b", 20)] {
            cache.keep(&label(digest), &[0; 100]).unwrap();
            let file = std::fs::File::options().append(true).open(cache.path(&label(digest))).unwrap();
            file.set_modified(SystemTime::now() - Duration::from_secs(age)).unwrap();
        }
        assert_eq!(cache.find(&label("a")).unwrap(), Some(vec![0; 100]));
        cache.keep(&label("c"), &[0; 100]).unwrap();
        let kept = ["a", "b", "c"].map(|digest| cache.path(&label(digest)).exists());
        assert_eq!(kept, [true, false, true]);
    }

    #[test]
    fn what_was_just_kept_stays_though_it_is_too_large_or_others_seem_newer() {
        let folder = tempfile::tempdir().unwrap();
        let cache = open(folder.path(), "key", 200);
        cache.keep(&label("a"), &[0; 100]).unwrap();
        let file = std::fs::File::options().append(true).open(cache.path(&label("a"))).unwrap();
        // The clock has been set back since then.
        file.set_modified(SystemTime::now() + Duration::from_secs(3600)).unwrap();
        cache.keep(&label("b"), &[0; 100]).unwrap();
        let kept = |cache: &CodeCache| ["a", "b", "c"].map(|digest| cache.path(&label(digest)).exists());
        assert_eq!(kept(&cache), [false, true, false]);
        cache.keep(&label("c"), &[0; 1000]).unwrap();
        assert_eq!(kept(&cache), [false, false, true]);
    }

    #[test]
    fn only_what_was_kept_with_this_key_under_this_label_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let cache = open(folder.path(), "key", 1 << 20);
        let own = label("a");
        let path = cache.path(&own);
        cache.keep(&own, b"machine code").unwrap();
        assert_eq!(open(folder.path(), "key", 1 << 20).find(&own).unwrap().unwrap(), b"machine code");
        let entry = std::fs::read(&path).unwrap();
        for index in 0..entry.len() {
            let mut changed = entry.clone();
            changed[index] ^= 1;
            std::fs::write(&path, changed).unwrap();
            assert!(matches!(cache.find(&own), Err(Unusable::Seal)), "byte {index}");
            std::fs::write(&path, &entry[..index]).unwrap();
            assert!(matches!(cache.find(&own), Err(Unusable::Seal)), "{index} bytes");
        }
        std::fs::write(&path, &entry).unwrap();
        for other in
            [label("b"), Label { engine: 2, ..label("a") }, Label { code: Code::Quick, ..label("a") }]
        {
            std::fs::copy(&path, cache.path(&other)).unwrap();
            assert!(matches!(cache.find(&other), Err(Unusable::Seal)));
        }
        assert!(matches!(open(folder.path(), "other", 1 << 20).find(&own), Err(Unusable::Seal)));
        assert!(cache.find(&own).unwrap().is_some(), "all that was for nothing");
    }

    #[test]
    fn what_others_can_touch_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let (directory, key) = (folder.path().join("cache"), folder.path().join("key"));
        let refusal = || orbital_model::error::chain(&CodeCache::open(&directory, &key, 1).unwrap_err());
        let set = |path: &Path, mode| {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
        };
        drop(open(folder.path(), "key", 1));
        assert_eq!(std::fs::metadata(&key).unwrap().mode() & 0o777, 0o600);
        for mode in [0o770, 0o707, 0o750, 0o701] {
            set(&directory, mode);
            assert!(refusal().contains("`chmod 700` it"), "{mode:o}: {}", refusal());
        }
        set(&directory, 0o700);
        for mode in [0o640, 0o604, 0o660] {
            set(&key, mode);
            assert!(refusal().contains("`chmod 600` it"), "{mode:o}: {}", refusal());
        }
        set(&key, 0o600);
        std::fs::write(&key, "short").unwrap();
        assert!(refusal().contains("remove it"), "{}", refusal());
        let inside = CodeCache::open(&directory, &directory.join("key"), 1).unwrap_err();
        assert!(orbital_model::error::chain(&inside).contains("elsewhere"), "{inside}");
    }
}

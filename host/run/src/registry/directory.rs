//! The contents of the directory of components.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::io;
use std::path::Path;

use orbital_files::Stamp;
use orbital_files::watch::DirectoryIdentity;

use crate::registry::file_tracker::Content;
use crate::registry::load::signature_of;

/// The contents of a directory at one moment.
#[derive(Debug)]
pub(super) struct Holding {
    pub(super) identity: DirectoryIdentity,
    /// Components, with the stamps of their signatures if those matter.
    pub(super) files: BTreeMap<OsString, Content>,
    /// Components that are listed but cannot be read, such as links into a file system that vanished.
    pub(super) unreadable: BTreeSet<OsString>,
}

impl Holding {
    /// Scans a directory, but not its subdirectories. Skips names that begin with a dot, such as a copy in progress.
    ///
    /// # Errors
    /// The directory cannot be read, or was replaced by another one during the scan.
    pub(super) fn scan(directory: &Path, signed: bool) -> io::Result<Self> {
        let identity = DirectoryIdentity::of(directory)?;
        let (mut files, mut unreadable) = (BTreeMap::new(), BTreeSet::new());
        for entry in std::fs::read_dir(directory)? {
            let entry = entry?;
            let name = entry.file_name();
            if !is_component(&name) {
                continue;
            }
            match Content::look(&entry.path(), signed) {
                Ok(Some(content)) => drop(files.insert(name, content)),
                Ok(None) => {}
                // The file was removed after it was listed.
                Err(_) if std::fs::symlink_metadata(entry.path()).is_err_and(|error| is_gone(&error)) => {}
                Err(_) => drop(unreadable.insert(name)),
            }
        }
        // If a mount vanishes while its directory is read, all files seem removed.
        if DirectoryIdentity::of(directory)? != identity {
            return Err(io::Error::other("it was replaced while it was read"));
        }
        Ok(Self { identity, files, unreadable })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.files.is_empty() && self.unreadable.is_empty()
    }
}

impl Content {
    /// Reads the stamps of a component's file, following links. Returns `None` for a directory.
    ///
    /// # Errors
    /// The file is missing or cannot be read.
    pub(super) fn look(path: &Path, signed: bool) -> io::Result<Option<Self>> {
        let metadata = std::fs::metadata(path)?;
        let content = || Self {
            file: Stamp::from(&metadata),
            beside: signed.then(|| Stamp::of(&signature_of(path))).flatten(),
        };
        // Something that is neither a file nor a directory is reported when it is loaded.
        Ok((!metadata.is_dir()).then(content))
    }
}

fn is_gone(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::NotFound
}

/// Returns whether a name is that of a component's file.
pub(super) fn is_component(name: &OsStr) -> bool {
    let name = name.as_encoded_bytes();
    name.ends_with(b".wasm") && !name.starts_with(b".")
}

/// Returns whether a name is that of a component's signature file. A change of such a file only wakes the loader, which
/// then scans the directory.
pub(super) fn is_signature(name: &OsStr) -> bool {
    name.as_encoded_bytes().strip_suffix(b".sig").is_some_and(|name| name.ends_with(b".wasm"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_that_leads_nowhere_is_listed_as_unreadable_and_a_removed_one_is_not() {
        let directory = tempfile::tempdir().unwrap();
        let (target, link) = (directory.path().join("target"), directory.path().join("a.wasm"));
        std::fs::write(&target, "bytes").unwrap();
        std::os::unix::fs::symlink(&target, &link).unwrap();
        std::fs::create_dir(directory.path().join("folder.wasm")).unwrap();
        let names = || {
            let holding = Holding::scan(directory.path(), false).unwrap();
            (
                holding.files.into_keys().collect::<Vec<_>>(),
                holding.unreadable.into_iter().collect::<Vec<_>>(),
            )
        };
        assert_eq!(names(), (vec!["a.wasm".into()], vec![]));
        std::fs::remove_file(&target).unwrap();
        assert_eq!(names(), (vec![], vec!["a.wasm".into()]));
        std::fs::remove_file(&link).unwrap();
        assert_eq!(names(), (vec![], vec![]));
    }
}

//! Stamps of files: they tell a changed file from an unchanged one without reading it.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::SystemTime;

/// The metadata of a file that changes with its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// In bytes.
    pub size: u64,
    /// When it was modified, as far as anybody who can write it says.
    pub modified: Option<SystemTime>,
    /// Its inode.
    pub inode: u64,
    /// When its inode changed, in seconds and nanoseconds. Unlike the time of modification, nobody can set
    /// it: copying with times kept (`cp -p`) shows here.
    pub changed: (i64, i64),
}

impl Stamp {
    /// Returns the stamp of a file, following links, as in a ConfigMap. None if it is missing or no regular file.
    pub fn of(path: &Path) -> Option<Self> {
        std::fs::metadata(path).ok().filter(Metadata::is_file).as_ref().map(Self::from)
    }
}

impl From<&Metadata> for Stamp {
    fn from(metadata: &Metadata) -> Self {
        Self {
            size: metadata.len(),
            modified: metadata.modified().ok(),
            inode: metadata.ino(),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }
}

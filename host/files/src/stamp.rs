//! Stamps of files, which distinguish a changed file from an unchanged one without reading it.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::SystemTime;

/// The metadata of a file that changes with its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// The size of the file, in bytes.
    pub size: u64,
    /// When the file was modified. Everyone who can write the file can set this.
    pub modified: Option<SystemTime>,
    /// The inode of the file.
    pub inode: u64,
    /// When the inode changed, in seconds and nanoseconds. Unlike the time of modification, this cannot be set, so it
    /// changes even if a copy keeps its times (`cp -p`).
    pub changed: (i64, i64),
}

impl Stamp {
    /// Returns the stamp of a file, or `None` if it is missing or not a regular file. Links are
    /// followed, as in a ConfigMap.
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

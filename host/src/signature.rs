//! What tells one content of a file from another without reading it.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::SystemTime;

/// How a file looks from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Signature {
    /// In bytes.
    pub(crate) size: u64,
    /// When it was modified, as far as anybody who can write it says.
    pub(crate) modified: Option<SystemTime>,
    /// Its inode.
    pub(crate) inode: u64,
    /// When its inode changed, in seconds and nanoseconds. Unlike the time of modification, nobody can set
    /// it: copying with times kept (`cp -p`) shows here.
    pub(crate) changed: (i64, i64),
}

impl Signature {
    /// Of a file, following links, as a ConfigMap has them. None if it is no file, or gone.
    pub(crate) fn of(path: &Path) -> Option<Self> {
        std::fs::metadata(path).ok().filter(Metadata::is_file).as_ref().map(Self::from)
    }
}

impl From<&Metadata> for Signature {
    fn from(metadata: &Metadata) -> Self {
        Self {
            size: metadata.len(),
            modified: metadata.modified().ok(),
            inode: metadata.ino(),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }
}

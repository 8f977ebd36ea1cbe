//! Watching files: detecting that they have changed, and that the change is complete.
//!
//! The registry, the reload of the configuration and `orbital dev` watch files. They share what is here, and differ in
//! the rest, because a mistake costs each of them something else:
//!
//! - The registry decides for each file on its own, so that a slow copy delays no other file. It believes the file
//!   system when that says that a file was closed.
//! - The reload has a few files, possibly links in a mounted volume, whose events arrive elsewhere. It polls, and waits
//!   until all of them are unchanged together.
//! - `orbital dev` has many files, and a developer who waits for it. It waits for a short gap between events, because a
//!   build that starts too early is abandoned and repeated.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use notify::event::{AccessKind, AccessMode, EventKind, ModifyKind, RenameMode};
use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};
use rustix::io::Errno;

use crate::Stamp;

pub use notify::Error as WatchError;

/// Files that are unchanged for this long count as complete.
pub const QUIET: Duration = Duration::from_millis(300);

/// A value that is looked at again and again, and the time since which it is unchanged.
#[derive(Debug, Clone, Copy)]
pub struct Settling<T> {
    value: T,
    since: Instant,
}

impl<T: PartialEq> Settling<T> {
    /// Begins with the value that is seen now.
    pub const fn new(value: T, now: Instant) -> Self {
        Self { value, since: now }
    }

    /// Notes the value that is seen now. Returns whether it has changed.
    pub fn look(&mut self, value: T, now: Instant) -> bool {
        let has_changed = value != self.value;
        if has_changed {
            *self = Self::new(value, now);
        }
        has_changed
    }

    /// Returns the value.
    pub const fn value(&self) -> &T {
        &self.value
    }

    /// Returns the value that has settled.
    pub fn into_value(self) -> T {
        self.value
    }

    /// Returns when the value was first seen.
    pub const fn since(&self) -> Instant {
        self.since
    }

    /// Returns whether the value has been unchanged for this long.
    pub fn is_quiet(&self, quiet: Duration, now: Instant) -> bool {
        now.duration_since(self.since) >= quiet
    }
}

/// The stamps of some files at one moment. A file that is missing has none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stamps(BTreeMap<PathBuf, Option<Stamp>>);

impl Stamps {
    /// Returns the current stamp of a file.
    pub fn of(path: &Path) -> Self {
        Self(BTreeMap::from([(path.to_owned(), Stamp::of(path))]))
    }

    /// Returns the current stamps of the same files.
    #[must_use]
    pub fn again(&self) -> Self {
        Self::default().with_only(self.0.keys().cloned())
    }

    /// Returns the stamps of other files: those that are here, and the current ones of the rest.
    #[must_use]
    pub fn with_only(&self, paths: impl IntoIterator<Item = PathBuf>) -> Self {
        let stamp = |path: &PathBuf| self.0.get(path).copied().unwrap_or_else(|| Stamp::of(path));
        Self(paths.into_iter().map(|path| (stamp(&path), path)).map(|(stamp, path)| (path, stamp)).collect())
    }

    /// Returns the files whose stamps differ from earlier ones, and then those that are gone.
    pub fn changes_since<'a>(&'a self, earlier: &'a Self) -> impl Iterator<Item = &'a Path> {
        let changed = self.0.iter().filter(|(path, stamp)| earlier.0.get(*path) != Some(stamp));
        let gone = earlier.0.iter().filter(|(path, _)| !self.0.contains_key(*path));
        changed.chain(gone).map(|(path, _)| path.as_path())
    }
}

impl FromIterator<(PathBuf, Stamp)> for Stamps {
    fn from_iter<I: IntoIterator<Item = (PathBuf, Stamp)>>(stamps: I) -> Self {
        Self(stamps.into_iter().map(|(path, stamp)| (path, Some(stamp))).collect())
    }
}

/// Distinguishes a directory from another one with the same name. Inode numbers are reused, so the creation time is
/// included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DirectoryIdentity {
    device: u64,
    inode: u64,
    created: Option<SystemTime>,
}

impl DirectoryIdentity {
    /// Returns the identity of the directory that is now at this path.
    ///
    /// # Errors
    /// There is none.
    pub fn of(path: &Path) -> io::Result<Self> {
        let metadata = std::fs::metadata(path)?;
        if !metadata.is_dir() {
            return Err(Errno::NOTDIR.into());
        }
        Ok(Self { device: metadata.dev(), inode: metadata.ino(), created: metadata.created().ok() })
    }
}

/// Information from the file system about a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hint {
    /// A process is writing the file.
    Writing,
    /// The file was closed after writing, or renamed into place.
    Closed,
}

/// An event of the file system. Reading a file causes none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileEvent {
    /// The files that it concerns. If there are none, events were lost, and it may concern any file.
    pub paths: Vec<PathBuf>,
    /// The state of these files; `None` if only their metadata has changed, such as the mode.
    pub hint: Option<Hint>,
}

/// A subscription to the events of directories, but not of their subdirectories. An event is only a reason to look at
/// the files: some file systems send none, and some are lost.
pub struct Subscription {
    watcher: RecommendedWatcher,
    directories: HashMap<PathBuf, DirectoryIdentity>,
}

impl Subscription {
    /// Subscribes to nothing yet. `notice` is called on a thread of its own, and must not block.
    ///
    /// # Errors
    /// The system sends no events.
    pub fn new(notice: impl Fn(FileEvent) + Send + 'static) -> Result<Self, WatchError> {
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            if let Some(event) = FileEvent::of(event) {
                notice(event);
            }
        })?;
        Ok(Self { watcher, directories: HashMap::new() })
    }

    /// Returns whether the events of this directory arrive. A subscription is bound to an inode, so a directory that is
    /// created again needs a new one.
    pub fn covers(&self, directory: &Path, identity: DirectoryIdentity) -> bool {
        self.directories.get(directory) == Some(&identity)
    }

    /// Adds a directory.
    ///
    /// # Errors
    /// The system sends no events of it, for example because there are too many subscriptions.
    pub fn add(&mut self, directory: &Path, identity: DirectoryIdentity) -> Result<(), WatchError> {
        self.watcher.watch(directory, RecursiveMode::NonRecursive)?;
        self.directories.insert(directory.to_owned(), identity);
        Ok(())
    }

    /// Forgets all directories but these, so that they can be added again. The system removes deleted directories.
    pub fn retain(&mut self, keep: impl Fn(&Path) -> bool) {
        self.directories.retain(|directory, _| keep(directory));
    }
}

impl FileEvent {
    fn of(event: notify::Result<notify::Event>) -> Option<Self> {
        // After an error, events may be missing.
        let Ok(event) = event else { return Some(Self { paths: Vec::new(), hint: Some(Hint::Writing) }) };
        let hint = match event.kind {
            EventKind::Access(AccessKind::Close(AccessMode::Write)) => Some(Hint::Closed),
            EventKind::Modify(ModifyKind::Name(RenameMode::To | RenameMode::Both)) => Some(Hint::Closed),
            EventKind::Access(_) => return None,
            EventKind::Modify(ModifyKind::Metadata(_)) => None,
            _ => Some(Hint::Writing),
        };
        Some(Self { paths: event.paths, hint })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn a_value_is_quiet_when_it_has_not_changed_for_a_while() {
        let start = Instant::now();
        let mut settling = Settling::new(1, start);
        assert!(!settling.look(1, start + QUIET / 2));
        assert!(!settling.is_quiet(QUIET, start + QUIET / 2));
        assert!(settling.is_quiet(QUIET, start + QUIET));
        assert!(settling.look(2, start + QUIET));
        assert!(!settling.is_quiet(QUIET, start + QUIET), "changed again");
        assert_eq!(settling.since(), start + QUIET);
        assert_eq!(settling.into_value(), 2);
    }

    #[test]
    fn files_that_appear_change_and_vanish_differ_from_earlier() {
        let folder = tempfile::tempdir().unwrap();
        let [a, b, c] = ["a", "b", "c"].map(|name| folder.path().join(name));
        let stamps = |paths: &[&PathBuf]| Stamps::default().with_only(paths.iter().copied().cloned());
        std::fs::write(&a, "").unwrap();
        let before = stamps(&[&a, &b]);
        assert_eq!(before, before.again());
        std::fs::write(&a, "longer").unwrap();
        std::fs::write(&b, "").unwrap();
        let after = before.again();
        assert_eq!(after.changes_since(&before).collect::<Vec<_>>(), [&a, &b]);
        assert_eq!(
            before.with_only([b.clone(), c.clone()]).changes_since(&before).collect::<Vec<_>>(),
            [&c, &a]
        );
        assert_ne!(before.with_only([a.clone()]), Stamps::of(&a), "seen earlier");
    }

    #[test]
    fn a_directory_made_in_place_of_another_one_has_another_identity() {
        let parent = tempfile::tempdir().unwrap();
        let (path, aside) = (parent.path().join("components"), parent.path().join("aside"));
        std::fs::create_dir(&path).unwrap();
        let before = DirectoryIdentity::of(&path).unwrap();
        std::fs::write(path.join("a.wasm"), "").unwrap();
        assert_eq!(DirectoryIdentity::of(&path).unwrap(), before);
        std::fs::rename(&path, &aside).unwrap();
        std::fs::create_dir(&path).unwrap();
        assert_ne!(DirectoryIdentity::of(&path).unwrap(), before);
        assert_eq!(DirectoryIdentity::of(&aside).unwrap(), before);
        let error = DirectoryIdentity::of(&aside.join("a.wasm")).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotADirectory);
    }

    #[test]
    fn a_file_that_is_written_or_renamed_into_place_is_closed_and_one_that_is_read_sends_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let [written, renamed, aside] = ["written", "renamed", ".aside"].map(|name| folder.path().join(name));
        std::fs::write(&aside, "").unwrap();
        let (sender, events) = mpsc::channel();
        let mut subscription = Subscription::new(move |event| sender.send(event).unwrap()).unwrap();
        let identity = DirectoryIdentity::of(folder.path()).unwrap();
        assert!(!subscription.covers(folder.path(), identity));
        subscription.add(folder.path(), identity).unwrap();
        assert!(subscription.covers(folder.path(), identity));
        let closed = |path: &Path| {
            let is_closed = |event: &FileEvent| {
                event.hint == Some(Hint::Closed) && event.paths.iter().any(|at| at == path)
            };
            let before = |event: &FileEvent| !is_closed(event);
            events.iter().take_while(before).map(|event| event.hint).collect::<Vec<_>>()
        };
        std::fs::write(&written, "content").unwrap();
        let hints = closed(&written);
        assert!(!hints.is_empty() && hints.iter().all(|hint| *hint == Some(Hint::Writing)), "{hints:?}");
        std::fs::read(&written).unwrap();
        std::fs::rename(&aside, &renamed).unwrap();
        assert_eq!(closed(&renamed), [Some(Hint::Writing)], "only the event of the old name");
        subscription.retain(|_| false);
        assert!(!subscription.covers(folder.path(), identity));
    }
}

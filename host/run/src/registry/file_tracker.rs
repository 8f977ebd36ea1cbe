//! The files of the directory, and which of them are complete.
//!
//! A file is complete when it was closed after writing or renamed into place (according to the file system), or when it
//! has not changed for a while; the time is longer if a process is known to be writing it. Pure: the contents of the
//! directory and the time are arguments.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::time::{Duration, Instant, SystemTime};

use orbital_files::Stamp;
use orbital_files::watch::{Hint, QUIET, Settling};

/// A file that a process began to write, and has not closed as far as the host knows, counts as complete when it is
/// unchanged for this long.
const QUIET_WHILE_OPEN: Duration = Duration::from_secs(3);

/// The stamps of a component's files, which detect changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Content {
    pub(super) file: Stamp,
    /// The stamp of its signature file, if signatures matter and are not in the component's file.
    pub(super) beside: Option<Stamp>,
}

#[derive(Debug)]
struct File {
    /// The stamps; `None` while the file is listed but cannot be read.
    content: Settling<Option<Content>>,
    hint: Option<Hint>,
    /// Whether this content has been handed out to be loaded.
    taken: bool,
}

/// The files of the directory, by name.
#[derive(Debug, Default)]
pub(super) struct FileTracker(BTreeMap<OsString, File>);

impl FileTracker {
    /// Notes a hint of the file system about a file, after [`FileTracker::update`]. A hint about content that was already
    /// handed out must not count for the next content.
    pub(super) fn hint(&mut self, name: &OsStr, hint: Hint) {
        if let Some(file) = self.0.get_mut(name) {
            file.hint = (!file.taken || hint == Hint::Writing).then_some(hint);
        }
    }

    /// Notes which files the directory holds now, and which of them cannot be read; the latter stay as they are.
    /// Returns the names that were removed.
    pub(super) fn update(
        &mut self,
        files: &BTreeMap<OsString, Content>,
        unreadable: &BTreeSet<OsString>,
        now: Instant,
    ) -> BTreeSet<OsString> {
        for (name, content) in files {
            let content = Some(*content);
            match self.0.get_mut(name) {
                Some(file) => file.taken &= !file.content.look(content, now),
                None => {
                    let file = File { content: Settling::new(content, now), hint: None, taken: false };
                    self.0.insert(name.clone(), file);
                }
            }
        }
        let gone: BTreeSet<OsString> = self
            .0
            .keys()
            .filter(|name| !files.contains_key(*name) && !unreadable.contains(*name))
            .cloned()
            .collect();
        self.0.retain(|name, _| !gone.contains(name));
        gone
    }

    /// Notes that a file cannot be read any more. Returns whether this is new. When it can be read again, it counts as
    /// changed.
    pub(super) fn lose(&mut self, name: &OsStr, now: Instant) -> bool {
        let Some(file) = self.0.get_mut(name) else { return false };
        file.taken = true;
        file.content.look(None, now)
    }

    /// Marks files that have not been modified recently as complete at the start, so that they are loaded without
    /// delay.
    pub(super) fn settle_old(&mut self, now: SystemTime) {
        for file in self.0.values_mut() {
            let age = file.age(now);
            if age.is_some_and(|age| age >= QUIET) {
                file.hint = Some(Hint::Closed);
            }
        }
    }

    /// Treats recently modified files as being written when a new watch on the directory starts: a process may be
    /// writing them, and no event says so.
    pub(super) fn distrust_fresh(&mut self, now: SystemTime) {
        for file in self.0.values_mut().filter(|file| !file.taken && file.hint.is_none()) {
            let age = file.age(now);
            if age.is_none_or(|age| age < QUIET_WHILE_OPEN) {
                file.hint = Some(Hint::Writing);
            }
        }
    }

    /// Takes a complete file that has not been taken in this state, unless it is busy. The one that changed first is
    /// taken first, so that files that keep changing do not delay others.
    pub(super) fn take_whole(&mut self, now: Instant, busy: impl Fn(&OsStr) -> bool) -> Option<OsString> {
        let ready = self.0.iter_mut().filter(|(name, file)| !file.taken && file.is_whole(now) && !busy(name));
        let (name, file) = ready.min_by_key(|(_, file)| file.content.since())?;
        file.taken = true;
        file.hint = None;
        Some(name.clone())
    }

    /// Returns whether a file that was taken and failed to load is itself at fault. Otherwise a process is writing it
    /// again, or may be, and it is taken again when it is complete.
    pub(super) fn is_to_blame(&mut self, name: &OsStr, current: Option<Content>, now: Instant) -> bool {
        let Some(file) = self.0.get_mut(name) else { return false };
        let still_the_same = current.is_some() && current == *file.content.value() && file.hint.is_none();
        let blame = still_the_same && file.content.is_quiet(QUIET, now);
        file.taken = blame;
        blame
    }

    /// Returns whether this content of a file has been handed out, and is still present.
    pub(super) fn is_taken(&self, name: &OsStr) -> bool {
        self.0.get(name).is_some_and(|file| file.taken)
    }

    /// Makes a file that was taken available again, although it has not changed.
    pub(super) fn put_back(&mut self, name: &OsStr) {
        if let Some(file) = self.0.get_mut(name).filter(|file| file.taken && file.content.value().is_some()) {
            file.taken = false;
            // The file was complete before, unless a process has begun to write it since.
            file.hint = file.hint.or(Some(Hint::Closed));
        }
    }

    /// Returns whether a file is waiting to be complete.
    pub(super) fn is_waiting(&self) -> bool {
        self.0.values().any(|file| !file.taken)
    }

    /// Returns whether there is a file with this name.
    pub(super) fn has(&self, name: &OsStr) -> bool {
        self.0.contains_key(name)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns all names.
    pub(super) fn names(&self) -> impl Iterator<Item = &OsString> {
        self.0.keys()
    }
}

impl File {
    fn age(&self, now: SystemTime) -> Option<Duration> {
        now.duration_since((*self.content.value())?.file.modified?).ok()
    }

    fn is_whole(&self, now: Instant) -> bool {
        let quiet = match self.hint {
            Some(Hint::Closed) => return true,
            Some(Hint::Writing) => QUIET_WHILE_OPEN,
            // Nothing has been written to it yet, so something is about to be.
            None if self.content.value().is_some_and(|content| content.file.size == 0) => QUIET_WHILE_OPEN,
            None => QUIET,
        };
        self.content.is_quiet(quiet, now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(files: &[(&str, u64)]) -> BTreeMap<OsString, Content> {
        let content = |size| {
            let file = Stamp { size, modified: None, inode: 1, changed: (0, 0) };
            Content { file, beside: None }
        };
        files.iter().map(|(name, size)| ((*name).into(), content(*size))).collect()
    }

    fn update(
        tracker: &mut FileTracker,
        files: &BTreeMap<OsString, Content>,
        now: Instant,
    ) -> BTreeSet<OsString> {
        tracker.update(files, &BTreeSet::new(), now)
    }

    fn take(tracker: &mut FileTracker, now: Instant) -> Option<String> {
        tracker.take_whole(now, |_| false).map(|name| name.into_string().unwrap())
    }

    #[test]
    fn a_growing_file_is_not_complete_until_it_is_closed() {
        let mut tracker = FileTracker::default();
        let start = Instant::now();
        update(&mut tracker, &found(&[("a", 1)]), start);
        tracker.hint("a".as_ref(), Hint::Writing);
        assert_eq!(take(&mut tracker, start + Duration::from_secs(2)), None);
        update(&mut tracker, &found(&[("a", 2)]), start + Duration::from_secs(2));
        assert_eq!(take(&mut tracker, start + Duration::from_secs(4)), None);
        tracker.hint("a".as_ref(), Hint::Closed);
        assert_eq!(take(&mut tracker, start + Duration::from_secs(4)).as_deref(), Some("a"));
        assert_eq!(take(&mut tracker, start + Duration::from_secs(9)), None, "only once");
    }

    #[test]
    fn without_events_a_file_is_whole_when_it_is_quiet() {
        let mut tracker = FileTracker::default();
        let start = Instant::now();
        update(&mut tracker, &found(&[("a", 1), ("empty", 0)]), start);
        assert_eq!(take(&mut tracker, start + Duration::from_millis(299)), None);
        assert_eq!(take(&mut tracker, start + QUIET).as_deref(), Some("a"));
        update(&mut tracker, &found(&[("a", 2), ("empty", 0)]), start + Duration::from_secs(1));
        assert_eq!(take(&mut tracker, start + Duration::from_secs(1)), None, "changed again");
        assert_eq!(take(&mut tracker, start + Duration::from_secs(2)).as_deref(), Some("a"));
        assert_eq!(take(&mut tracker, start + Duration::from_secs(3)).as_deref(), Some("empty"));
    }

    #[test]
    fn what_was_touched_just_before_the_directory_is_watched_may_be_open() {
        let mut tracker = FileTracker::default();
        let (start, now) = (Instant::now(), SystemTime::now());
        let mut files = found(&[("fresh", 1), ("old", 1)]);
        for (name, age) in [("fresh", Duration::from_secs(1)), ("old", Duration::from_secs(60))] {
            files.get_mut(OsStr::new(name)).unwrap().file.modified = Some(now - age);
        }
        update(&mut tracker, &files, start);
        tracker.distrust_fresh(now);
        assert_eq!(take(&mut tracker, start + QUIET).as_deref(), Some("old"));
        assert_eq!(take(&mut tracker, start + QUIET), None);
        assert_eq!(take(&mut tracker, start + QUIET_WHILE_OPEN).as_deref(), Some("fresh"));
    }

    #[test]
    fn a_file_is_not_to_blame_while_somebody_may_be_writing_it() {
        let mut tracker = FileTracker::default();
        let start = Instant::now();
        let files = found(&[("a", 1)]);
        update(&mut tracker, &files, start);
        tracker.hint("a".as_ref(), Hint::Closed);
        assert_eq!(take(&mut tracker, start).as_deref(), Some("a"));
        assert!(!tracker.is_to_blame("a".as_ref(), Some(files[OsStr::new("a")]), start), "too fresh");
        assert_eq!(take(&mut tracker, start + Duration::from_millis(299)), None);
        assert_eq!(take(&mut tracker, start + QUIET).as_deref(), Some("a"));
        tracker.hint("a".as_ref(), Hint::Writing);
        assert!(
            !tracker.is_to_blame("a".as_ref(), Some(files[OsStr::new("a")]), start + QUIET),
            "being written"
        );
        assert_eq!(take(&mut tracker, start + QUIET_WHILE_OPEN).as_deref(), Some("a"));
        assert!(
            !tracker.is_to_blame(
                "a".as_ref(),
                Some(found(&[("a", 2)])[OsStr::new("a")]),
                start + QUIET_WHILE_OPEN
            ),
            "changed"
        );
        assert_eq!(take(&mut tracker, start + QUIET_WHILE_OPEN).as_deref(), Some("a"));
        assert!(tracker.is_to_blame("a".as_ref(), Some(files[OsStr::new("a")]), start + QUIET_WHILE_OPEN));
        assert_eq!(take(&mut tracker, start + Duration::from_secs(60)), None);
    }

    #[test]
    fn a_file_that_changes_again_and_again_holds_up_no_other() {
        let mut tracker = FileTracker::default();
        let start = Instant::now();
        update(&mut tracker, &found(&[("a", 1)]), start);
        assert_eq!(take(&mut tracker, start + QUIET).as_deref(), Some("a"));
        update(&mut tracker, &found(&[("a", 1), ("b", 1)]), start + QUIET);
        update(&mut tracker, &found(&[("a", 2), ("b", 1)]), start + 2 * QUIET);
        assert_eq!(take(&mut tracker, start + 3 * QUIET).as_deref(), Some("b"));
        assert_eq!(take(&mut tracker, start + 3 * QUIET).as_deref(), Some("a"));
    }

    #[test]
    fn what_is_gone_is_told_once() {
        let mut tracker = FileTracker::default();
        update(&mut tracker, &found(&[("a", 1), ("b", 1)]), Instant::now());
        assert_eq!(update(&mut tracker, &found(&[("b", 1)]), Instant::now()), BTreeSet::from(["a".into()]));
        assert!(update(&mut tracker, &found(&[("b", 1)]), Instant::now()).is_empty());
    }

    #[test]
    fn a_file_that_cannot_be_looked_at_is_not_gone_and_counts_as_changed_afterwards() {
        let mut tracker = FileTracker::default();
        let start = Instant::now();
        let (files, lost) = (found(&[("a", 1)]), BTreeSet::from(["a".into()]));
        update(&mut tracker, &files, start);
        assert_eq!(take(&mut tracker, start + QUIET).as_deref(), Some("a"));
        assert!(tracker.update(&BTreeMap::new(), &lost, start).is_empty());
        assert!(tracker.lose("a".as_ref(), start));
        assert!(!tracker.lose("a".as_ref(), start), "only once");
        tracker.put_back("a".as_ref());
        assert_eq!(take(&mut tracker, start + Duration::from_secs(60)), None, "there is nothing to load");
        update(&mut tracker, &files, start);
        assert_eq!(take(&mut tracker, start + QUIET).as_deref(), Some("a"));
        assert_eq!(update(&mut tracker, &BTreeMap::new(), start), lost, "now it is");
    }
}

//! The source files of a project, and their changes.
//!
//! Events of the file system are only a reason to check the files. A change is a difference in their state: a file that
//! was written but is as before, or that appeared and disappeared, such as an editor's temporary file, is no change.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ignore::{DirEntry, WalkBuilder};
use orbital_files::Stamp;
use orbital_files::watch::{DirectoryIdentity, Stamps, Subscription, WatchError};
use tokio::sync::mpsc;
use tokio::time::Instant;

/// Files that are saved together are one change, which is complete after this time without an event.
const QUIET: Duration = Duration::from_millis(20);

/// The longest wait for the end of a change, in case a file is written all the time.
const LONGEST: Duration = Duration::from_millis(200);

/// The interval at which the files are checked without an event, for file systems that send none.
const LOOK: Duration = Duration::from_secs(2);

/// Names of build output and dependencies, excluded even if `.gitignore` does not list them. Hidden files are always
/// excluded.
const MADE: [&str; 4] = ["target", "node_modules", "__pycache__", "zig-out"];

/// Lock files, which a build may write. They are therefore no sources.
const LOCKS: [&str; 2] = ["Cargo.lock", "package-lock.json"];

/// A change of the sources.
#[derive(Debug)]
pub struct SourceChange {
    /// The time of the first event of the change.
    pub at: Instant,
    /// The changed files, relative to the project if they are in it.
    pub files: Vec<PathBuf>,
}

/// The watched sources of a project.
pub struct Sources {
    root: PathBuf,
    /// A file that counts as a source wherever it is.
    besides: PathBuf,
    known: Stamps,
    subscription: Subscription,
    /// Has room for one event, which is enough to wake the receiver.
    events: mpsc::Receiver<Instant>,
}

impl Sources {
    /// Watches the sources in this directory, and the file `besides`, which need not exist.
    ///
    /// # Errors
    /// The system sends no events.
    pub fn watch(root: &Path, besides: &Path) -> Result<Self, WatchError> {
        let (root, besides) = (root.to_owned(), besides.to_owned());
        let ours = {
            let (root, besides) = (root.clone(), besides.clone());
            // Other files in the folder of `besides` may change independently. An event without paths may concern any
            // file.
            move |paths: &[PathBuf]| {
                paths.is_empty() || paths.iter().any(|path| path.starts_with(&root) || *path == besides)
            }
        };
        let (sender, events) = mpsc::channel(1);
        let subscription = Subscription::new(move |event| {
            if ours(&event.paths) {
                // If the channel is full, the receiver wakes up anyway.
                let _ = sender.try_send(Instant::now());
            }
        })?;
        let mut sources = Self { root, besides, known: Stamps::default(), subscription, events };
        sources.look();
        Ok(sources)
    }

    /// Waits for the next change.
    pub async fn changed(&mut self) -> SourceChange {
        loop {
            let at = tokio::select! {
                Some(at) = self.events.recv() => at,
                () = tokio::time::sleep(LOOK) => Instant::now(),
            };
            while at.elapsed() < LONGEST
                && let Ok(Some(_)) = tokio::time::timeout(QUIET, self.events.recv()).await
            {}
            let files = tokio::task::block_in_place(|| self.look());
            if !files.is_empty() {
                return SourceChange { at, files };
            }
        }
    }

    /// Checks the files, and returns those that differ from their known state.
    fn look(&mut self) -> Vec<PathBuf> {
        let (mut now, mut directories) = self.scan();
        // Files that appeared between reading a new directory and watching it sent no event.
        while self.watch_directories(&directories) {
            (now, directories) = self.scan();
        }
        let relative = |path: &Path| path.strip_prefix(&self.root).unwrap_or(path).to_owned();
        let changes = now.changes_since(&self.known).map(relative).collect();
        self.known = now;
        changes
    }

    /// Returns all sources, and the directories that contain them.
    fn scan(&self) -> (Stamps, BTreeMap<PathBuf, DirectoryIdentity>) {
        let mut walk = WalkBuilder::new(&self.root);
        // Uses the project's own `.gitignore`, regardless of those above the project.
        walk.require_git(false).parents(false).git_global(false).git_exclude(false);
        walk.filter_entry(is_source);
        let entries = walk.build().filter_map(Result::ok).map(DirEntry::into_path);
        // If the file is replaced as a whole, its directory sends the event.
        let folder = self.besides.parent().map(Path::to_owned);
        let (mut files, mut directories) = (Vec::new(), BTreeMap::new());
        for path in entries.chain([self.besides.clone()]).chain(folder) {
            if let Some(stamp) = Stamp::of(&path) {
                files.push((path, stamp));
            } else if let Ok(identity) = DirectoryIdentity::of(&path) {
                directories.insert(path, identity);
            }
        }
        (files.into_iter().collect(), directories)
    }

    /// Watches the directories that are not watched yet, and returns whether there were any.
    fn watch_directories(&mut self, found: &BTreeMap<PathBuf, DirectoryIdentity>) -> bool {
        let mut is_new = false;
        for (path, identity) in found {
            if !self.subscription.covers(path, *identity) {
                // If no more watches are available, the periodic check finds the changes, and tries again.
                is_new |= self.subscription.add(path, *identity).is_ok();
            }
        }
        self.subscription.retain(|path| found.contains_key(path));
        is_new
    }
}

fn is_source(entry: &DirEntry) -> bool {
    let name = entry.file_name();
    let is_backup = name.as_encoded_bytes().ends_with(b"~");
    let is_made =
        || [&MADE[..], &LOCKS].iter().any(|names| names.iter().any(|made| name == OsStr::new(made)));
    let is_component = || Path::new(name).extension() == Some(OsStr::new("wasm"));
    // The directory of the project may have any name.
    entry.depth() == 0 || !(is_backup || is_made() || is_component())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(root: &Path, name: &str) {
        let path = root.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, name).unwrap();
    }

    #[test]
    fn sources_change_and_what_is_made_of_them_does_not() {
        let place = tempfile::tempdir().unwrap();
        // The name is one of those excluded, below a hidden directory: the project itself may be anywhere.
        let root = place.path().join(".hidden/target");
        let besides = place.path().join("other/orbital.toml");
        write(&root, "src/lib.rs");
        write(&root, ".gitignore");
        std::fs::write(root.join(".gitignore"), "/dist/\n").unwrap();
        std::fs::create_dir(place.path().join("other")).unwrap();
        let mut sources = Sources::watch(&root, &besides).unwrap();
        assert_eq!(sources.look(), Vec::<PathBuf>::new());
        for made in [
            "target/debug/x",
            "node_modules/a/index.js",
            "a/__pycache__/x",
            "shop.wasm",
            "dist/x.js",
            "src/.lib.rs.swp",
            "src/lib.rs~",
            "Cargo.lock",
        ] {
            write(&root, made);
        }
        assert_eq!(sources.look(), Vec::<PathBuf>::new());
        write(&root, "src/new/deep.rs");
        write(&root, "Cargo.toml");
        assert_eq!(sources.look(), ["Cargo.toml", "src/new/deep.rs"].map(PathBuf::from));
        std::fs::remove_file(root.join("Cargo.toml")).unwrap();
        std::fs::rename(root.join("src/new/deep.rs"), root.join("src/lib.rs")).unwrap();
        std::fs::write(&besides, "").unwrap();
        let changed: Vec<_> = ["src/lib.rs", "Cargo.toml", "src/new/deep.rs"].map(PathBuf::from).into();
        let mut seen = sources.look();
        assert!(seen.contains(&besides), "{seen:?}");
        seen.retain(|path| *path != besides);
        assert_eq!(seen, changed);
    }
}

//! Which files of a project are its sources, and when they change.
//!
//! Events of the file system only wake us. What counts is how the files look: what was written and is as it was, or came
//! and went, such as an editor's temporary file, is no change.

use std::collections::{BTreeMap, HashMap};
use std::ffi::OsStr;
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use ignore::{DirEntry, WalkBuilder};
use notify::event::{AccessKind, AccessMode, EventKind};
use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};
use orbital_files::Stamp;
use tokio::sync::mpsc;
use tokio::time::Instant;

/// What is saved together is one change: no event for so long, and it is complete.
const QUIET: Duration = Duration::from_millis(20);

/// A file that is written all the time holds up nothing for longer.
const LONGEST: Duration = Duration::from_millis(200);

/// How often the files are looked at without an event, for file systems that send none.
const LOOK: Duration = Duration::from_secs(2);

/// What tools put into a project, where its `.gitignore` does not say so. Hidden files are none of ours anyway.
const MADE: [&str; 4] = ["target", "node_modules", "__pycache__", "zig-out"];

/// Files that a build may write, which are no sources for that.
const LOCKS: [&str; 2] = ["Cargo.lock", "package-lock.json"];

/// What has changed.
#[derive(Debug)]
pub struct Change {
    /// When the first event of it came.
    pub at: Instant,
    /// The files, relative to the project where they are in it.
    pub files: Vec<PathBuf>,
}

/// The sources of a project, watched.
pub struct Sources {
    root: PathBuf,
    /// A file that counts wherever it is.
    besides: PathBuf,
    known: BTreeMap<PathBuf, Look>,
    /// The directories, each with what tells it from another one of its name.
    watched: HashMap<PathBuf, Look>,
    watcher: RecommendedWatcher,
    /// One is enough to wake us.
    events: mpsc::Receiver<Instant>,
}

/// How a file or directory looks from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Look {
    File(Stamp),
    Directory { inode: u64, created: Option<SystemTime> },
}

impl Sources {
    /// Watches the sources in this directory, and the file `besides`, which need not exist.
    ///
    /// # Errors
    /// The system sends no events.
    pub fn watch(root: &Path, besides: &Path) -> notify::Result<Self> {
        let (root, besides) = (root.to_owned(), besides.to_owned());
        let ours = {
            let (root, besides) = (root.clone(), besides.clone());
            // The folder that the other file is in may have a life of its own. An event of nothing is one of everything.
            move |paths: &[PathBuf]| {
                paths.is_empty() || paths.iter().any(|path| path.starts_with(&root) || *path == besides)
            }
        };
        let (sender, events) = mpsc::channel(1);
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            // Reading is no change. Errors are a reason to look.
            let is_reading = |kind: &EventKind| matches!(kind, EventKind::Access(access) if *access != AccessKind::Close(AccessMode::Write));
            if event.map_or(true, |event| !is_reading(&event.kind) && ours(&event.paths)) {
                // Full: it wakes us in any case.
                let _ = sender.try_send(Instant::now());
            }
        })?;
        let mut sources =
            Self { root, besides, known: BTreeMap::new(), watched: HashMap::new(), watcher, events };
        sources.look();
        Ok(sources)
    }

    /// Waits for the next change.
    pub async fn changed(&mut self) -> Change {
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
                return Change { at, files };
            }
        }
    }

    /// Compares the files with what is known of them.
    fn look(&mut self) -> Vec<PathBuf> {
        let mut now = self.scan();
        // What came between reading a new directory and watching it sent no event.
        while self.watch_directories(&now) {
            now = self.scan();
        }
        now.retain(|_, look| matches!(look, Look::File(_)));
        let (known, now) = (std::mem::replace(&mut self.known, now), &self.known);
        let differs = |path: &&PathBuf| known.get(*path) != now.get(*path);
        let gone = known.keys().filter(|path| !now.contains_key(*path));
        let changed = now.keys().filter(differs).chain(gone);
        changed.map(|path| path.strip_prefix(&self.root).unwrap_or(path).to_owned()).collect()
    }

    /// All sources, and the directories that they are in.
    fn scan(&self) -> BTreeMap<PathBuf, Look> {
        let mut walk = WalkBuilder::new(&self.root);
        // The project's own `.gitignore`, whatever there is above it.
        walk.require_git(false).parents(false).git_global(false).git_exclude(false);
        walk.filter_entry(is_source);
        let entries = walk.build().filter_map(Result::ok).map(DirEntry::into_path);
        // A file that is replaced whole has a directory that sends events.
        let folder = self.besides.parent().map(Path::to_owned);
        let found = entries.chain([self.besides.clone()]).chain(folder);
        found.filter_map(|path| Some((look_of(&path)?, path))).map(|(look, path)| (path, look)).collect()
    }

    /// Watches the directories that are not watched yet; gives whether there were any.
    fn watch_directories(&mut self, found: &BTreeMap<PathBuf, Look>) -> bool {
        let mut is_new = false;
        for (path, look) in found.iter().filter(|(_, look)| matches!(look, Look::Directory { .. })) {
            if self.watched.get(path) != Some(look) {
                // Where there are no more watches to be had, it is looked at now and then.
                let _ = self.watcher.watch(path, RecursiveMode::NonRecursive);
                self.watched.insert(path.clone(), *look);
                is_new = true;
            }
        }
        self.watched.retain(|path, _| found.contains_key(path));
        is_new
    }
}

fn look_of(path: &Path) -> Option<Look> {
    let of_directory = || {
        let metadata = std::fs::metadata(path).ok().filter(Metadata::is_dir)?;
        Some(Look::Directory { inode: metadata.ino(), created: metadata.created().ok() })
    };
    Stamp::of(path).map(Look::File).or_else(of_directory)
}

fn is_source(entry: &DirEntry) -> bool {
    let name = entry.file_name();
    let is_backup = name.as_encoded_bytes().ends_with(b"~");
    let is_made =
        || [&MADE[..], &LOCKS].iter().any(|names| names.iter().any(|made| name == OsStr::new(made)));
    let is_component = || Path::new(name).extension() == Some(OsStr::new("wasm"));
    // The project itself may be called as it likes.
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
        // Named as what is left out, and below what is hidden: the project itself may be anywhere.
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

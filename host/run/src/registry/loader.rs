//! Watches the directory and publishes the components in it.
//!
//! One task does all of this, so two versions of a file are never loaded at once. Events of the file system wake it;
//! regular scans of the directory cover file systems that send no events.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use notify::event::{AccessKind, AccessMode, EventKind, ModifyKind, RenameMode};
use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};
use orbital_guest::{CompileError, CompileMode, Source};
use orbital_model::error::chain;
use orbital_model::text::is_trouble;
use tokio::sync::{mpsc, watch};
use tokio::task::{AbortHandle, Id, JoinError, JoinSet};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::component::{Component, Unavailable};
use crate::event::{Event, EventSink};
use crate::registry::directory::{Holding, Identity, is_component, is_signature};
use crate::registry::file_tracker::{Content, FileTracker, Hint};
use crate::registry::{ComponentLoader, LoadError, LoadFailure, RegistrySettings, Snapshot};

/// The interval at which incomplete files are checked.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// The maximum number of files that are loaded at once, in addition to one that takes long to compile. The compiler has
/// its own limit; most loads wait for it, or for a component that is slow to list its cases.
const CONCURRENT_LOADS: usize = 16;

/// The reason why an empty directory does not remove the components.
const EMPTY_AND_ANOTHER: &str = "it is empty, and is not the directory that held them: a mount may have vanished, or it \
    was renamed; mount or restore it, or, to deploy other components, copy them into it";

/// The reason why a listed file keeps running in its last version.
const UNREADABLE: &str = "the file is listed in the directory and cannot be read, as a link to a file system that vanished; \
    restore it, or remove it to remove the component";

/// The capacity of the event queue. When it is full, events are dropped, because the whole directory is scanned anyway.
const EVENTS: usize = 1024;

/// The directory of components cannot be read.
#[derive(Debug, thiserror::Error)]
#[error(
    "cannot read the directory of components `{path}`; create it, or set another one as `components.directory`"
)]
pub struct DirectoryError {
    path: PathBuf,
    source: std::io::Error,
}

/// Watches the directory, loads components and publishes them.
pub struct DirectoryLoader {
    settings: RegistrySettings,
    component_loader: ComponentLoader,
    events: Arc<dyn EventSink>,
    tracker: FileTracker,
    loads: JoinSet<Loaded>,
    loading: HashMap<Id, Loading>,
    /// Components that take long to compile. They are loaded one at a time, so that they do not delay others.
    slow: VecDeque<OsString>,
    snapshot: watch::Sender<Arc<Snapshot>>,
    /// Names that were present at the start and are not loaded yet.
    initial: Option<BTreeSet<OsString>>,
    watched: Option<Watched>,
    /// Whether the absence of events was reported.
    told_no_events: bool,
    /// The identity of the directory that held the deployed components.
    home: Option<Identity>,
    /// Names of files that failed to load, but may load with another configuration.
    refused: BTreeSet<OsString>,
}

/// A file that is being loaded.
struct Loading {
    name: OsString,
    mode: CompileMode,
    task: AbortHandle,
}

/// The result of loading a file.
struct Loaded {
    name: OsString,
    result: Result<(Component, Option<Source>), LoadError>,
    took: Duration,
}

/// A watch on the directory. It is bound to an inode, so a directory that is created again needs a new watch.
struct Watched {
    identity: Identity,
    events: mpsc::Receiver<(OsString, Hint)>,
    _watcher: RecommendedWatcher,
}

impl DirectoryLoader {
    /// Creates a loader and scans the directory for the first time.
    ///
    /// # Errors
    /// The directory is missing or cannot be read.
    pub fn new(
        settings: RegistrySettings,
        component_loader: ComponentLoader,
        events: Arc<dyn EventSink>,
    ) -> Result<(Self, watch::Receiver<Arc<Snapshot>>), DirectoryError> {
        let (snapshot, receiver) = watch::channel(Arc::new(Snapshot::default()));
        let mut loader = Self {
            settings,
            component_loader,
            events,
            tracker: FileTracker::default(),
            loads: JoinSet::new(),
            loading: HashMap::new(),
            slow: VecDeque::new(),
            snapshot,
            initial: None,
            watched: None,
            told_no_events: false,
            home: None,
            refused: BTreeSet::new(),
        };
        // The watch is set before the scan, so that no change in between is missed.
        loader.watch();
        let held = Holding::scan(&loader.settings.directory, loader.component_loader.trust.is_some())
            .map_err(|source| DirectoryError { path: loader.settings.directory.clone(), source })?;
        loader.home = Some(held.identity);
        loader.tracker.update(&held.files, &held.unreadable, Instant::now());
        loader.tracker.settle_old(SystemTime::now());
        loader.initial = Some(loader.tracker.names().cloned().collect());
        Ok((loader, receiver))
    }

    /// Runs until `stop`.
    pub async fn run(mut self, stop: CancellationToken) {
        self.start_loads();
        self.note_ready();
        loop {
            let pause = if self.tracker.is_waiting() { LOOK_AGAIN } else { self.settings.poll };
            let mut hints = HashMap::new();
            tokio::select! {
                () = stop.cancelled() => return,
                Some(event) = next_event(&mut self.watched) => {
                    hints.extend([event]);
                    // Events that are already in the queue are handled as one change.
                    while let Some(Ok(more)) = self.watched.as_mut().map(|watched| watched.events.try_recv()) {
                        hints.extend([more]);
                    }
                }
                Some(loaded) = self.loads.join_next_with_id() => self.finish_load(loaded),
                Ok(()) = self.component_loader.policy.changed() => self.try_again(),
                () = tokio::time::sleep(pause) => {}
            }
            if self.look(&hints).await {
                self.start_loads();
                self.note_ready();
            }
        }
    }

    /// Compares the directory with its known state. Returns whether the directory could be read.
    async fn look(&mut self, hints: &HashMap<OsString, Hint>) -> bool {
        // The watch is set before the scan, so that no change in between is missed.
        let watch_is_new = self.watch();
        let (directory, signed) = (self.settings.directory.clone(), self.component_loader.trust.is_some());
        // A network file system may be slow, and must not block other tasks.
        let scanned = tokio::task::spawn_blocking(move || Holding::scan(&directory, signed)).await;
        let held = match scanned.unwrap_or_else(|error| Err(std::io::Error::other(error))) {
            Ok(held) => held,
            Err(error) => {
                self.watched = None;
                self.lose_directory(error.to_string());
                return false;
            }
        };
        // A mount that vanished, or a directory that was renamed, must not undeploy everything.
        if held.is_empty() && !self.tracker.is_empty() && self.home != Some(held.identity) {
            self.lose_directory(EMPTY_AND_ANOTHER.to_owned());
            return false;
        }
        self.home = Some(held.identity);
        self.find_directory();
        for name in self.tracker.update(&held.files, &held.unreadable, Instant::now()) {
            self.remove(&name);
        }
        for name in &held.unreadable {
            if self.tracker.lose(name) {
                if let Some(names) = &mut self.initial {
                    names.remove(name);
                }
                self.fail(name, UNREADABLE.to_owned());
            }
        }
        if watch_is_new {
            self.tracker.distrust_fresh(SystemTime::now());
        }
        for (name, hint) in hints {
            self.tracker.hint(name, *hint);
        }
        true
    }

    /// Notes that the directory does not show what is deployed.
    fn lose_directory(&mut self, reason: String) {
        let lost = Unavailable { path: self.settings.directory.clone(), reason };
        if self.snapshot.borrow().unavailable.as_ref() != Some(&lost) {
            self.publish(|snapshot| snapshot.unavailable = Some(lost.clone()));
            self.events.emit(&Event::DirectoryLost(lost));
        }
    }

    fn find_directory(&mut self) {
        if self.snapshot.borrow().unavailable.is_some() {
            self.publish(|snapshot| snapshot.unavailable = None);
            self.events.emit(&Event::DirectoryFound { path: self.settings.directory.clone() });
        }
    }

    /// Retries the files that may load with a configuration that has changed. Loads in progress are repeated, as they
    /// may have started with the old one.
    fn try_again(&mut self) {
        let loading = self.loading.values().map(|loading| &loading.name);
        for name in self.refused.iter().chain(loading) {
            self.tracker.put_back(name);
        }
    }

    fn start_loads(&mut self) {
        // A slow load is useless once its file has changed or was removed.
        let is_stale =
            |loading: &&Loading| loading.mode == CompileMode::Soon && !self.tracker.is_taken(&loading.name);
        self.loading.values().filter(is_stale).for_each(|loading| loading.task.abort());
        if self.loads_at(CompileMode::Soon) == 0
            && let Some(name) = self.slow.pop_front()
        {
            self.start_load(name, CompileMode::Soon);
        }
        while self.loads_at(CompileMode::Briefly) < CONCURRENT_LOADS {
            let loading = &self.loading;
            let busy = |name: &OsStr| loading.values().any(|other| other.name == name);
            let Some(name) = self.tracker.take_whole(Instant::now(), busy) else { return };
            self.slow.retain(|other| *other != name);
            self.start_load(name, CompileMode::Briefly);
        }
    }

    fn loads_at(&self, mode: CompileMode) -> usize {
        self.loading.values().filter(|loading| loading.mode == mode).count()
    }

    fn start_load(&mut self, name: OsString, mode: CompileMode) {
        let (component_loader, path) = (self.component_loader.clone(), self.path(&name));
        let started = Instant::now();
        let load = {
            let name = name.clone();
            async move {
                let result = component_loader.load(&path, mode).await;
                Loaded { name, result, took: started.elapsed() }
            }
        };
        let task = self.loads.spawn(load);
        self.loading.insert(task.id(), Loading { name, mode, task });
    }

    fn finish_load(&mut self, loaded: Result<(Id, Loaded), JoinError>) {
        let (id, Loaded { name, result, took }) = match loaded {
            Ok(loaded) => loaded,
            Err(error) if error.is_cancelled() => {
                self.loading.remove(&error.id());
                return;
            }
            Err(error) => {
                let name = self.loading.get(&error.id()).map(|loading| loading.name.clone());
                let (name, result) = (name.unwrap_or_default(), Err(LoadError::Host(error.to_string())));
                (error.id(), Loaded { name, result, took: Duration::ZERO })
            }
        };
        self.loading.remove(&id);
        if !self.tracker.has(&name) {
            return;
        }
        if matches!(result, Err(LoadError::Compile(CompileError::Slow))) {
            if self.tracker.is_taken(&name) {
                tracing::info!(
                    component = stem(&name),
                    "takes long to compile, and goes on beside the others"
                );
                self.slow.push_back(name);
            }
            return;
        }
        if result.is_err() {
            let current =
                Content::look(&self.path(&name), self.component_loader.trust.is_some()).ok().flatten();
            if !self.tracker.is_to_blame(&name, current, Instant::now()) {
                return;
            }
        }
        match &result {
            Err(error) if error.depends_on_policy() => drop(self.refused.insert(name.clone())),
            _ => drop(self.refused.remove(&name)),
        }
        let was_there = self.initial.as_mut().is_some_and(|names| names.remove(&name));
        let stem = stem(&name);
        let current = self.snapshot.borrow().components.get(&stem).cloned();
        match result {
            Ok((component, _))
                if current.as_ref().is_some_and(|current| {
                    (&current.digest, &current.signed_by) == (&component.digest, &component.signed_by)
                }) =>
            {
                let mut failed = None;
                self.publish(|snapshot| failed = snapshot.failures.remove(&stem));
                if failed.is_some() {
                    self.events.emit(&Event::Restored { component: stem });
                }
            }
            Ok((component, quick)) => {
                let component = Arc::new(Component { is_new: !was_there, ..component });
                if let Some(source) = quick {
                    self.optimise(&component, source);
                }
                self.events.emit(&Event::Loaded {
                    component: component.clone(),
                    replaced: current.as_ref().map(|current| current.digest.clone()),
                    took,
                });
                self.publish(|snapshot| {
                    snapshot.failures.remove(&stem);
                    snapshot.components.insert(stem.clone(), component);
                });
                if let Some(current) = current {
                    self.retire(current);
                }
            }
            Err(error) => self.fail(&name, chain(&error)),
        }
    }

    /// Notes that a file failed to load. If a version of it is running, it keeps running.
    fn fail(&self, name: &OsStr, error: String) {
        let (stem, path) = (stem(name), self.path(name));
        let kept = self.snapshot.borrow().components.get(&stem).map(|running| running.digest.clone());
        self.events.emit(&Event::LoadFailed {
            component: stem.clone(),
            path: path.clone(),
            error: error.clone(),
            kept,
        });
        let failure = LoadFailure { path, error, at: SystemTime::now() };
        self.publish(|snapshot| drop(snapshot.failures.insert(stem, failure)));
    }

    fn remove(&mut self, name: &OsStr) {
        let stem = stem(name);
        self.slow.retain(|other| other != name);
        if let Some(names) = &mut self.initial {
            names.remove(name);
        }
        self.refused.remove(name);
        let mut removed = None;
        self.publish(|snapshot| {
            snapshot.failures.remove(&stem);
            removed = snapshot.components.remove(&stem);
        });
        if let Some(component) = removed {
            self.retire(component);
        }
        self.events.emit(&Event::Removed { component: stem });
    }

    /// Compiles the component again with optimisations while it is already running.
    fn optimise(&self, component: &Arc<Component>, source: Source) {
        let (compiler, component) = (self.component_loader.compiler.clone(), Arc::downgrade(component));
        tokio::spawn(async move {
            let started = Instant::now();
            let optimised = compiler.optimise(&source).await;
            // The component may have been removed by now.
            let Some(component) = component.upgrade() else { return };
            let name = &component.name;
            match optimised {
                Ok(suite) => {
                    component.run_with(suite);
                    tracing::info!(component = %name, took = ?started.elapsed(), "optimised");
                }
                Err(error) => {
                    tracing::warn!(component = %name, "continues with quickly compiled code: {error}");
                }
            }
        });
    }

    /// Retires a version: runs in flight finish on the version they started with, within the grace time.
    fn retire(&self, component: Arc<Component>) {
        component.series.close();
        // Only runs in flight keep the version itself alive.
        let (grace, retired) = (self.settings.grace, component.retired.clone());
        tokio::spawn(async move {
            tokio::time::sleep(grace).await;
            retired.cancel();
        });
    }

    fn note_ready(&mut self) {
        if self.initial.as_ref().is_some_and(BTreeSet::is_empty) {
            self.initial = None;
            self.publish(|snapshot| snapshot.ready = true);
            let snapshot = self.snapshot.borrow().clone();
            let (components, failures) = (snapshot.components.len(), snapshot.failures.len());
            tracing::info!(components, failures, "ready");
        }
    }

    fn publish(&self, change: impl FnOnce(&mut Snapshot)) {
        self.snapshot.send_modify(|snapshot| {
            let mut next = Snapshot::clone(snapshot);
            change(&mut next);
            *snapshot = Arc::new(next);
        });
    }

    fn path(&self, name: &OsStr) -> PathBuf {
        self.settings.directory.join(name)
    }

    /// Watches the directory, unless it is already watched. Returns whether the watch is new. Without a watch, the
    /// directory is only polled.
    fn watch(&mut self) -> bool {
        let directory = &self.settings.directory;
        let Ok(identity) = Identity::of(directory) else { return false };
        if self.watched.as_ref().is_some_and(|watched| watched.identity == identity) {
            return false;
        }
        match subscribe(directory, identity) {
            Ok(watched) => {
                self.watched = Some(watched);
                self.told_no_events = false;
                true
            }
            // The watch is tried again each time, but its failure is reported once.
            Err(error) => {
                self.watched = None;
                if !std::mem::replace(&mut self.told_no_events, true) {
                    let poll = self.settings.poll;
                    tracing::warn!(%error, ?poll, "no events from the file system; the directory is polled");
                }
                false
            }
        }
    }
}

async fn next_event(watched: &mut Option<Watched>) -> Option<(OsString, Hint)> {
    match watched {
        Some(watched) => watched.events.recv().await,
        None => None,
    }
}

fn subscribe(directory: &Path, identity: Identity) -> notify::Result<Watched> {
    let (sender, events) = mpsc::channel(EVENTS);
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        let Ok(event) = event else { return };
        let hint = match event.kind {
            EventKind::Access(AccessKind::Close(AccessMode::Write)) => Hint::Closed,
            EventKind::Modify(ModifyKind::Name(RenameMode::To | RenameMode::Both)) => Hint::Closed,
            EventKind::Access(_) => return,
            EventKind::Modify(ModifyKind::Metadata(_)) => return,
            _ => Hint::Writing,
        };
        for path in event.paths {
            if let Some(name) = path.file_name().filter(|name| is_component(name) || is_signature(name)) {
                // If the queue is full, nothing is lost: the whole directory is scanned in any case.
                let _ = sender.try_send((name.to_owned(), hint));
            }
        }
    })?;
    watcher.watch(directory, RecursiveMode::NonRecursive)?;
    Ok(Watched { identity, events, _watcher: watcher })
}

/// Returns a file's name without `.wasm`. Characters that no component's name has and that would affect terminals or
/// pages, and bytes that are not text, are escaped. Different names stay different.
fn stem(name: &OsStr) -> String {
    let bytes = name.as_encoded_bytes();
    let mut stem = String::new();
    for chunk in bytes.strip_suffix(b".wasm").unwrap_or(bytes).utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                '\\' => stem.push_str("\\\\"),
                character if character.is_control() || is_trouble(character) => {
                    stem.extend(character.escape_unicode());
                }
                character => stem.push(character),
            }
        }
        stem.extend(chunk.invalid().iter().flat_map(|byte| byte.escape_ascii()).map(char::from));
    }
    stem
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStrExt as _;

    use super::*;

    #[test]
    fn characters_that_would_act_where_they_are_shown_are_escaped() {
        let name = "a\u{9b}31m\u{202e}\n\t\\é.wasm";
        assert_eq!(stem(OsStr::new(name)), "a\\u{9b}31m\\u{202e}\\u{a}\\u{9}\\\\é");
    }

    #[test]
    fn names_that_are_no_text_stay_different() {
        let stems = [&b"caf\xe9.wasm"[..], b"caf\xe8.wasm", "caf\u{e9}.wasm".as_bytes(), b"a.wasm.wasm"];
        assert_eq!(
            stems.map(|name| stem(OsStr::from_bytes(name))),
            ["caf\\xe9", "caf\\xe8", "caf\u{e9}", "a.wasm"]
        );
    }
}

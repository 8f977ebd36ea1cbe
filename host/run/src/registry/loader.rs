//! Watches the directory and publishes the components in it.
//!
//! One task does all of this, so two versions of a file are never loaded at once. Events of the file system wake it;
//! regular scans of the directory cover file systems that send no events.

use std::collections::{BTreeSet, HashMap};
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use orbital_files::watch::{DirectoryIdentity, Hint};
use orbital_guest::CompileError;
use orbital_model::error::chain;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::event::EventSink;
use crate::registry::directory::Holding;
use crate::registry::events::DirectoryEvents;
use crate::registry::file_tracker::{Content, FileTracker};
use crate::registry::loads::{Loaded, Loads};
use crate::registry::publisher::Publisher;
use crate::registry::stem::stem;
use crate::registry::{ComponentLoader, LoadError, Policy, RegistrySettings, Snapshot};

/// The interval at which incomplete files are checked.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// After a load, the next scan waits for this multiple of the time that the last one took, unless there is another reason.
const SCAN_REST: u32 = 10;

/// The reason why an empty directory does not remove the components.
const EMPTY_AND_ANOTHER: &str = "it is empty, and is not the directory that held them: a mount may have vanished, or it \
    was renamed; mount or restore it, or, to deploy other components, copy them into it";

/// The reason why a listed file keeps running in its last version.
const UNREADABLE: &str = "the file is listed in the directory and cannot be read, as a link to a file system that vanished; \
    restore it, or remove it to remove the component";

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
    directory: PathBuf,
    /// The interval at which the directory is scanned without an event.
    poll: Duration,
    /// Whether signatures matter.
    signed: bool,
    /// Settings with which files may load that failed to load.
    policy: watch::Receiver<Arc<Policy>>,
    events: DirectoryEvents,
    tracker: FileTracker,
    loads: Loads,
    publisher: Publisher,
    /// The identity of the directory that held the deployed components.
    home: DirectoryIdentity,
    /// Names of files that failed to load, but may load with another configuration.
    refused: BTreeSet<OsString>,
    /// Until this moment, a load alone is no reason to scan the directory.
    rests_until: Instant,
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
        let RegistrySettings { directory, poll, grace, .. } = settings;
        let signed = component_loader.trust.is_some();
        let mut directory_events = DirectoryEvents::new(directory.clone(), poll);
        // The subscription begins before the scan, so that no change in between is missed.
        directory_events.subscribe();
        let held = Holding::scan(&directory, signed)
            .map_err(|source| DirectoryError { path: directory.clone(), source })?;
        let mut tracker = FileTracker::default();
        tracker.update(&held.files, &held.unreadable, Instant::now());
        tracker.settle_old(SystemTime::now());
        let (snapshot, receiver) = watch::channel(Arc::new(Snapshot::default()));
        let publisher = Publisher {
            directory: directory.clone(),
            grace,
            compiler: component_loader.compiler.clone(),
            events,
            snapshot,
            initial: Some(tracker.names().cloned().collect()),
        };
        let loader = Self {
            poll,
            signed,
            policy: component_loader.policy.clone(),
            events: directory_events,
            tracker,
            loads: Loads::new(component_loader, directory.clone()),
            publisher,
            home: held.identity,
            refused: BTreeSet::new(),
            rests_until: Instant::now(),
            directory,
        };
        Ok((loader, receiver))
    }

    /// Runs until `stop`.
    pub async fn run(mut self, stop: CancellationToken) {
        self.loads.start(&mut self.tracker);
        self.publisher.note_ready();
        loop {
            let pause = if self.tracker.is_waiting() { LOOK_AGAIN } else { self.poll };
            let (mut hints, mut has_loaded) = (HashMap::new(), false);
            tokio::select! {
                () = stop.cancelled() => return,
                events = self.events.next() => hints = events,
                loaded = self.loads.next() => {
                    if let Some(loaded) = loaded {
                        self.finish_load(loaded);
                    }
                    has_loaded = true;
                }
                Ok(()) = self.policy.changed() => self.try_again(),
                () = tokio::time::sleep(pause) => {}
            }
            // With many files, a scan after each load would take longer than the loads.
            let began = Instant::now();
            let rests = has_loaded && began < self.rests_until;
            let is_there = rests || self.look(&hints).await;
            if !rests {
                self.rests_until = Instant::now() + SCAN_REST * began.elapsed();
            }
            if is_there {
                self.loads.start(&mut self.tracker);
                self.publisher.note_ready();
            }
        }
    }

    /// Compares the directory with its known state. Returns whether the directory could be read.
    async fn look(&mut self, hints: &HashMap<OsString, Hint>) -> bool {
        // The subscription begins before the scan, so that no change in between is missed.
        let is_new = self.events.subscribe();
        let (directory, signed) = (self.directory.clone(), self.signed);
        // A network file system may be slow, and must not block other tasks.
        let scanned = tokio::task::spawn_blocking(move || Holding::scan(&directory, signed)).await;
        let held = match scanned.unwrap_or_else(|error| Err(std::io::Error::other(error))) {
            Ok(held) => held,
            Err(error) => {
                self.events.unsubscribe();
                self.publisher.lose_directory(error.to_string());
                return false;
            }
        };
        // A mount that vanished, or a directory that was renamed, must not undeploy everything.
        if held.is_empty() && !self.tracker.is_empty() && self.home != held.identity {
            self.publisher.lose_directory(EMPTY_AND_ANOTHER.to_owned());
            return false;
        }
        self.home = held.identity;
        self.publisher.find_directory();
        for name in self.tracker.update(&held.files, &held.unreadable, Instant::now()) {
            self.loads.forget(&name);
            self.refused.remove(&name);
            self.publisher.remove(&name);
        }
        for name in &held.unreadable {
            if self.tracker.lose(name, Instant::now()) {
                self.publisher.fail(name, UNREADABLE.to_owned());
            }
        }
        if is_new {
            self.tracker.distrust_fresh(SystemTime::now());
        }
        for (name, hint) in hints {
            self.tracker.hint(name, *hint);
        }
        true
    }

    /// Retries the files that may load with a configuration that has changed. Loads in progress are repeated, as they
    /// may have started with the old one.
    fn try_again(&mut self) {
        for name in self.refused.iter().chain(self.loads.names()) {
            self.tracker.put_back(name);
        }
    }

    /// Publishes the result of a load, unless the file was removed, or the load is repeated.
    fn finish_load(&mut self, loaded: Loaded) {
        let Loaded { name, result, took } = loaded;
        if !self.tracker.has(&name) {
            return;
        }
        if matches!(result, Err(LoadError::Compile(CompileError::Slow))) {
            if self.tracker.is_taken(&name) {
                tracing::info!(
                    component = stem(&name),
                    "takes long to compile, and continues next to the others"
                );
                self.loads.postpone(name);
            }
            return;
        }
        if result.is_err() {
            let current = Content::look(&self.directory.join(&name), self.signed).ok().flatten();
            if !self.tracker.is_to_blame(&name, current, Instant::now()) {
                return;
            }
        }
        match &result {
            Err(error) if error.depends_on_policy() => drop(self.refused.insert(name.clone())),
            _ => drop(self.refused.remove(&name)),
        }
        match result {
            Ok((component, quick)) => self.publisher.load(&name, component, quick, took),
            Err(error) => self.publisher.fail(&name, chain(&error)),
        }
    }
}

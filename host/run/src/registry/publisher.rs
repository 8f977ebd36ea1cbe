//! Publishes components and failures: in the snapshot, and as events.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use orbital_guest::{Compiler, Source};
use tokio::sync::watch;

use crate::component::{Component, Unavailable};
use crate::event::{Event, EventSink};
use crate::registry::stem::stem;
use crate::registry::{LoadFailure, Snapshot, versions};

/// The only writer of the snapshot.
pub(super) struct Publisher {
    /// The directory of components.
    pub(super) directory: PathBuf,
    /// The time that runs of a version that was replaced or removed have to finish.
    pub(super) grace: Duration,
    /// Compiles components with optimisations.
    pub(super) compiler: Compiler,
    /// Receives what is published.
    pub(super) events: Arc<dyn EventSink>,
    /// The published snapshot.
    pub(super) snapshot: watch::Sender<Arc<Snapshot>>,
    /// Names that were present at the start and are not loaded yet.
    pub(super) initial: Option<BTreeSet<OsString>>,
}

impl Publisher {
    /// Publishes a component that was loaded from a file. If its code was compiled quickly, `quick` is its source, and it
    /// is compiled again.
    pub(super) fn load(&mut self, name: &OsStr, component: Component, quick: Option<Source>, took: Duration) {
        let was_there = self.settle(name);
        let stem = stem(name);
        let current = self.snapshot.borrow().components.get(&stem).cloned();
        let identity = |component: &Component| (component.digest.clone(), component.signed_by.clone());
        if current.as_ref().is_some_and(|current| identity(current) == identity(&component)) {
            let mut failed = None;
            self.publish(|snapshot| failed = snapshot.failures.remove(&stem));
            if failed.is_some() {
                self.events.emit(&Event::Restored { component: stem });
            }
            return;
        }
        let component = Arc::new(Component { is_new: !was_there, ..component });
        if let Some(source) = quick {
            versions::optimise(&self.compiler, &component, source);
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
            versions::retire(&current, self.grace);
        }
    }

    /// Publishes that a file failed to load. If a version of it is running, it keeps running.
    pub(super) fn fail(&mut self, name: &OsStr, error: String) {
        self.settle(name);
        let (stem, path) = (stem(name), self.directory.join(name));
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

    /// Publishes that a file was removed.
    pub(super) fn remove(&mut self, name: &OsStr) {
        self.settle(name);
        let stem = stem(name);
        let (mut removed, mut failure) = (None, None);
        self.publish(|snapshot| {
            failure = snapshot.failures.remove(&stem);
            removed = snapshot.components.remove(&stem);
        });
        if let Some(component) = &removed {
            versions::retire(component, self.grace);
        }
        // A file may be removed before anything was published about it.
        if removed.is_some() || failure.is_some() {
            self.events.emit(&Event::Removed { component: stem });
        }
    }

    /// Publishes that the directory does not show what is deployed.
    pub(super) fn lose_directory(&self, reason: String) {
        let lost = Unavailable { path: self.directory.clone(), reason };
        if self.snapshot.borrow().unavailable.as_ref() != Some(&lost) {
            self.publish(|snapshot| snapshot.unavailable = Some(lost.clone()));
            self.events.emit(&Event::DirectoryLost(lost));
        }
    }

    /// Publishes that the directory shows again what is deployed, unless it did before.
    pub(super) fn find_directory(&self) {
        if self.snapshot.borrow().unavailable.is_some() {
            self.publish(|snapshot| snapshot.unavailable = None);
            self.events.emit(&Event::DirectoryFound { path: self.directory.clone() });
        }
    }

    /// Publishes once that all files that were present at the start are loaded or rejected.
    pub(super) fn note_ready(&mut self) {
        if self.initial.as_ref().is_some_and(BTreeSet::is_empty) {
            self.initial = None;
            self.publish(|snapshot| snapshot.ready = true);
            let snapshot = self.snapshot.borrow().clone();
            let (components, failures) = (snapshot.components.len(), snapshot.failures.len());
            tracing::info!(components, failures, "ready");
        }
    }

    /// Notes that a file is not pending any more. Returns whether it was present at the start, and pending until now.
    fn settle(&mut self, name: &OsStr) -> bool {
        self.initial.as_mut().is_some_and(|names| names.remove(name))
    }

    fn publish(&self, change: impl FnOnce(&mut Snapshot)) {
        self.snapshot.send_modify(|snapshot| {
            let mut next = Snapshot::clone(snapshot);
            change(&mut next);
            *snapshot = Arc::new(next);
        });
    }
}

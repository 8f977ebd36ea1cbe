//! Loads of files: how many of them run at once, and those that take long.

use std::collections::{HashMap, VecDeque};
use std::ffi::{OsStr, OsString};
use std::future::pending;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use orbital_guest::{CompileMode, Source};
use tokio::task::{AbortHandle, Id, JoinSet};

use crate::component::Component;
use crate::registry::file_tracker::FileTracker;
use crate::registry::{ComponentLoader, LoadError};

/// The maximum number of files that are loaded at once, in addition to one that takes long to compile. The compiler has
/// its own limit; most loads wait for it, or for a component that is slow to list its cases.
const CONCURRENT_LOADS: usize = 16;

/// The loads in progress, and the files that wait for one.
pub(super) struct Loads {
    component_loader: ComponentLoader,
    directory: PathBuf,
    tasks: JoinSet<Loaded>,
    loading: HashMap<Id, Loading>,
    /// Components that take long to compile. They are loaded one at a time, so that they do not delay others.
    slow: VecDeque<OsString>,
}

/// A file that is being loaded.
struct Loading {
    name: OsString,
    mode: CompileMode,
    task: AbortHandle,
}

/// The result of loading a file.
pub(super) struct Loaded {
    pub(super) name: OsString,
    pub(super) result: Result<(Component, Option<Source>), LoadError>,
    pub(super) took: Duration,
}

impl Loads {
    /// Creates an instance without loads, for files in this directory.
    pub(super) fn new(component_loader: ComponentLoader, directory: PathBuf) -> Self {
        let (tasks, loading, slow) = (JoinSet::new(), HashMap::new(), VecDeque::new());
        Self { component_loader, directory, tasks, loading, slow }
    }

    /// Starts to load complete files, as far as the limits allow. Aborts slow loads that have become useless, because
    /// their file has changed or was removed.
    pub(super) fn start(&mut self, tracker: &mut FileTracker) {
        let is_stale =
            |loading: &&Loading| loading.mode == CompileMode::Soon && !tracker.is_taken(&loading.name);
        self.loading.values().filter(is_stale).for_each(|loading| loading.task.abort());
        if self.count(CompileMode::Soon) == 0
            && let Some(name) = self.slow.pop_front()
        {
            self.spawn(name, CompileMode::Soon);
        }
        while self.count(CompileMode::Briefly) < CONCURRENT_LOADS {
            let busy = |name: &OsStr| self.names().any(|other| other == name);
            let Some(name) = tracker.take_whole(Instant::now(), busy) else { return };
            self.forget(&name);
            self.spawn(name, CompileMode::Briefly);
        }
    }

    /// Waits until a load ends. Returns its result, or `None` if it was aborted.
    pub(super) async fn next(&mut self) -> Option<Loaded> {
        match self.tasks.join_next_with_id().await {
            None => pending().await,
            Some(Ok((id, loaded))) => {
                self.loading.remove(&id);
                Some(loaded)
            }
            Some(Err(error)) => {
                let loading = self.loading.remove(&error.id());
                let failed = |loading: Loading| {
                    let result = Err(LoadError::Host(error.to_string()));
                    Loaded { name: loading.name, result, took: Duration::ZERO }
                };
                loading.filter(|_| !error.is_cancelled()).map(failed)
            }
        }
    }

    /// Loads a file again that takes long to compile, after others like it.
    pub(super) fn postpone(&mut self, name: OsString) {
        self.slow.push_back(name);
    }

    /// Does not load a file that was postponed.
    pub(super) fn forget(&mut self, name: &OsStr) {
        self.slow.retain(|other| other != name);
    }

    /// Returns the names of the files that are being loaded.
    pub(super) fn names(&self) -> impl Iterator<Item = &OsString> {
        self.loading.values().map(|loading| &loading.name)
    }

    fn count(&self, mode: CompileMode) -> usize {
        self.loading.values().filter(|loading| loading.mode == mode).count()
    }

    fn spawn(&mut self, name: OsString, mode: CompileMode) {
        let (component_loader, path) = (self.component_loader.clone(), self.directory.join(&name));
        let started = Instant::now();
        let load = {
            let name = name.clone();
            async move {
                let result = component_loader.load(&path, mode).await;
                Loaded { name, result, took: started.elapsed() }
            }
        };
        let task = self.tasks.spawn(load);
        self.loading.insert(task.id(), Loading { name, mode, task });
    }
}

//! A component that is ready to run.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use orbital_guest::{CodeOrigin, ComponentQuota, Metadata, SeriesBook, Suite};
use orbital_model::Case;
use orbital_policy::grants::{Access, Asks};
use orbital_policy::run_settings::RunSettings;
use parking_lot::RwLock;
use tokio_util::sync::CancellationToken;

use crate::terms::KnownTerms;

/// One version of a component: its file's content, compiled, with the cases that it declared.
pub struct Component {
    /// The name of the component: the stem of its file.
    pub name: String,
    /// The SHA-256 digest of its file, in hexadecimal.
    pub digest: String,
    /// The names of the keys that signed it, or `(pinned)` for a pinned digest; empty without a trust policy.
    pub signed_by: String,
    /// The length of its file in bytes.
    pub size: usize,
    /// The time at which it was loaded.
    pub loaded_at: SystemTime,
    /// Whether it was deployed while the host ran. If so, its cases run at once; cases of components that were present
    /// at the start wait for their ticks.
    pub is_new: bool,
    /// The metadata in the component's file.
    pub metadata: Metadata,
    /// The origin of the code that the component ran with first.
    pub code: CodeOrigin,
    /// The compiled and linked code.
    pub suite: RwLock<Suite>,
    /// The cases of the component, in the order in which it declares them.
    pub cases: Vec<Arc<Case>>,
    /// The share of resources that all runs of the component have together.
    pub quota: Arc<ComponentQuota>,
    /// The metric series that its tests created.
    pub series: Arc<SeriesBook>,
    /// Settings that apply to all its runs.
    pub(crate) terms: KnownTerms,
    /// Cancelled when this version has been replaced or removed and its grace time has ended.
    pub retired: CancellationToken,
}

impl Component {
    /// Returns the code that new runs use.
    pub fn suite(&self) -> Suite {
        self.suite.read().clone()
    }

    /// Returns what runs of the component may access.
    pub fn access(&self, settings: &RunSettings) -> Access {
        settings.access_of(&self.name, self.metadata.manifest.clone())
    }

    /// Returns what the component requests: by its manifest, or else by its imports.
    pub fn asks(&self) -> Asks {
        Asks::of(self.metadata.manifest.as_deref(), &self.metadata.imports)
    }

    /// Replaces the code by better code. Runs in flight keep the code that they started with.
    pub fn run_with(&self, suite: Suite) {
        *self.suite.write() = suite;
    }
}

/// A directory of components that cannot be read, or that is empty and not the one that held the components.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unavailable {
    /// The path of the directory.
    pub path: PathBuf,
    /// The reason, and how to fix it.
    pub reason: String,
}

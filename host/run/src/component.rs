//! A component that is ready to run.

use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::SystemTime;

use orbital_guest::{CodeOrigin, Metadata, SeriesBook, Share, Suite};
use orbital_model::Case;
use orbital_policy::grants::{Access, Asks};
use orbital_policy::run_settings::RunSettings;
use tokio_util::sync::CancellationToken;

/// One version of a component: its file's content, compiled, with the cases that it declared.
pub struct Component {
    /// The stem of its file.
    pub name: String,
    /// SHA-256 of its file, in hexadecimal.
    pub digest: String,
    /// Who vouches for it, if there is a policy.
    pub signed_by: String,
    /// Its length in bytes.
    pub size: usize,
    /// When it was loaded.
    pub loaded_at: SystemTime,
    /// Whether it came while the host ran: then its cases run at once. What was there at the start waits for
    /// its ticks.
    pub is_new: bool,
    /// What it says of itself.
    pub metadata: Metadata,
    /// How it came by the code that it ran with first.
    pub code: CodeOrigin,
    /// What runs.
    pub suite: RwLock<Arc<Suite>>,
    /// Its cases, in the order in which it declares them.
    pub cases: Vec<Arc<Case>>,
    /// What all its runs have together.
    pub share: Arc<Share>,
    /// The metrics that its tests made.
    pub series: Arc<SeriesBook>,
    /// Cancelled when this version has been replaced or removed and its grace time has run out.
    pub retired: CancellationToken,
}

impl Component {
    /// What runs now.
    pub fn suite(&self) -> Arc<Suite> {
        self.suite.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Returns what its runs may reach.
    pub fn access(&self, settings: &RunSettings) -> Access {
        settings.access_of(&self.name, self.metadata.manifest.clone())
    }

    /// What it asks for: by its manifest, or else by its imports.
    pub fn asks(&self) -> Asks {
        Asks::of(self.metadata.manifest.as_deref(), &self.metadata.imports)
    }

    /// The same with better code; runs in flight go on with what they have.
    pub fn run_with(&self, suite: Suite) {
        *self.suite.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(suite);
    }
}

/// A directory of components that cannot be read, or is empty and not the one that held them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unavailable {
    /// The directory.
    pub path: PathBuf,
    /// Why, and what to do.
    pub reason: String,
}

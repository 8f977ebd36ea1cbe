//! The deployed components: from files in a directory to components that are ready to run.
//!
//! Readers see a [`Snapshot`], which is replaced as a whole. A file that fails to load never replaces the last valid
//! version.

mod case;
mod directory;
mod events;
mod file_tracker;
mod load;
mod loader;
mod loads;
mod policy;
mod publisher;
mod settings;
mod stem;
mod trust;
mod versions;

use crate::component::{Component, Unavailable};

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

pub use load::{ComponentLoader, LoadError, component_name};
pub use loader::{DirectoryError, DirectoryLoader};
pub use policy::Policy;
pub use settings::{Cache, RegistrySettings};
pub use trust::{TrustError, TrustSettings};

/// A file that failed to load.
#[derive(Debug, Clone)]
pub struct LoadFailure {
    /// The path of the file.
    pub path: PathBuf,
    /// The error message.
    pub error: String,
    /// The time of the failure.
    pub at: SystemTime,
}

/// The deployed components at one moment.
#[derive(Clone, Default)]
pub struct Snapshot {
    /// Running components, by name.
    pub components: BTreeMap<String, Arc<Component>>,
    /// Files whose newest version failed to load, by name.
    pub failures: BTreeMap<String, LoadFailure>,
    /// Whether every file that was present at the start has been loaded or rejected.
    pub ready: bool,
    /// The reason why the directory does not show what is deployed, as long as this is so. Deployed components keep
    /// running.
    pub unavailable: Option<Unavailable>,
}

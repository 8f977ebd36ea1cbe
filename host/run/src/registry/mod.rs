//! What is deployed: from files in a directory to components that are ready to run.
//!
//! Readers see a [`Snapshot`], which is swapped whole. A file that does not load never takes the last good
//! version down.

mod case;
mod directory;
mod load;
mod loader;
mod settings;
mod shelf;
mod terms;
mod trust;

use crate::component::Component;
use crate::component::Unavailable;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

pub use load::{LoadError, Workshop, component_name};
pub use loader::{DirectoryError, Loader};
pub use settings::{Cache, RegistrySettings};
pub use terms::Terms;
pub use trust::{TrustError, TrustSettings};

/// A file that does not load.
#[derive(Debug, Clone)]
pub struct LoadFailure {
    /// The file.
    pub path: PathBuf,
    /// Why.
    pub error: String,
    /// Since when.
    pub at: SystemTime,
}

/// What is deployed at one moment.
#[derive(Clone, Default)]
pub struct Snapshot {
    /// Components that run, by name.
    pub components: BTreeMap<String, Arc<Component>>,
    /// Files whose newest version does not load, by name, with the reason.
    pub failures: BTreeMap<String, LoadFailure>,
    /// Whether every file that was there at the start has been loaded or refused.
    pub ready: bool,
    /// Why the directory says nothing about what is deployed, while that is so: deployed components keep running.
    pub unavailable: Option<Unavailable>,
}

//! How the last reload of the configuration went.

use std::path::PathBuf;
use std::time::SystemTime;

/// What became of the configuration file.
#[derive(Debug, Clone)]
pub struct ConfigStatus {
    /// The file.
    pub path: PathBuf,
    /// When the settings that act were read.
    pub loaded_at: SystemTime,
    /// Why the file on disk does not act; none if it does.
    pub failure: Option<String>,
    /// Settings that act at the next start only.
    pub at_next_start: Vec<&'static str>,
}

//! The result of the last reload of the configuration.

use std::path::PathBuf;
use std::time::SystemTime;

/// The state of the configuration file.
#[derive(Debug, Clone)]
pub struct ConfigStatus {
    /// The path of the file.
    pub path: PathBuf,
    /// When the settings in effect were read.
    pub loaded_at: SystemTime,
    /// Why the file on disk is invalid; none if it is valid.
    pub failure: Option<String>,
    /// Changed settings that take effect only after a restart.
    pub at_next_start: Vec<&'static str>,
}

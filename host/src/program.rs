//! The program that this is.

use std::path::PathBuf;

/// This very binary, even if its file was replaced by another version since.
pub(crate) fn own() -> std::io::Result<PathBuf> {
    if cfg!(target_os = "linux") { Ok("/proc/self/exe".into()) } else { std::env::current_exe() }
}

//! The path of the running program.

use std::path::PathBuf;

/// Returns the path of the running binary, even if its file has since been replaced.
pub fn own() -> std::io::Result<PathBuf> {
    if cfg!(target_os = "linux") { Ok("/proc/self/exe".into()) } else { std::env::current_exe() }
}

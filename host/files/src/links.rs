//! Checks for links inside a project, so that nothing that orbital writes there ends up outside.

use std::path::{Path, PathBuf};

/// An error: there is a link at a path to which orbital writes.
#[derive(Debug, thiserror::Error)]
#[error(
    "`{0}` is a link, and orbital writes and deletes there: it follows no links inside a project; remove the link, and try \
     again"
)]
pub struct LinkError(PathBuf);

/// Checks that a path inside a project, as far as it exists, has no links.
///
/// # Errors
/// The first part of the path that is a link.
pub fn refuse(project: &Path, path: impl AsRef<Path>) -> Result<(), LinkError> {
    let mut current = project.to_owned();
    for part in path.as_ref() {
        current.push(part);
        if std::fs::symlink_metadata(&current).is_ok_and(|metadata| metadata.is_symlink()) {
            return Err(LinkError(current));
        }
    }
    Ok(())
}

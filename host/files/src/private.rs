//! Directories and files that belong to the host's user alone.

use std::fs::{DirBuilder, File, Metadata, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use rustix::fs::OFlags;

/// The permissions of the group and of others.
const OTHERS: u32 = 0o077;

/// The permissions of the group and of others to write.
const OTHERS_WRITE: u32 = 0o022;

/// Creates a directory for this user alone, with those above it.
pub fn make_directory(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Creates a file for this user alone, or opens it for writing, empty. Links are not followed.
pub fn create(path: &Path) -> io::Result<File> {
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits() as i32;
    let mut options = OpenOptions::new();
    let file = options.write(true).create(true).truncate(true).mode(0o600).custom_flags(flags).open(path)?;
    close_file(path)?;
    Ok(file)
}

/// Checks that a directory is this user's alone; `danger` is what others could do with it.
pub fn check_directory(path: &Path, danger: &str) -> io::Result<()> {
    let metadata = std::fs::metadata(path)?;
    check_owner(&metadata)?;
    match metadata.mode() & OTHERS {
        0 => Ok(()),
        _ => Err(open_to_others(&metadata, danger)),
    }
}

/// Makes a directory, and the files in it, readable by this user alone, as they are since they were created unless
/// somebody has changed that.
///
/// # Errors
/// The directory is another user's, or others may write there: what is in it may not be ours.
pub fn close_directory(path: &Path) -> io::Result<()> {
    let metadata = std::fs::metadata(path)?;
    check_owner(&metadata)?;
    if metadata.mode() & OTHERS_WRITE != 0 {
        return Err(open_to_others(&metadata, "could change what this host keeps"));
    }
    if metadata.mode() & OTHERS != 0 {
        std::fs::set_permissions(path, Permissions::from_mode(0o700))?;
        tracing::warn!(path = %path.display(), "others could read this directory; now they cannot");
    }
    for entry in std::fs::read_dir(path)? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            close_file(&entry.path())?;
        }
    }
    Ok(())
}

/// Creates a file for this user alone, empty, unless there is one, which becomes readable by this user alone. A link that
/// the operator has made is followed.
pub fn ensure(path: &Path) -> io::Result<()> {
    if path.try_exists()? {
        return close_file(path);
    }
    File::options().append(true).create(true).mode(0o600).open(path).map(drop)
}

/// Makes a file readable by this user alone, if there is one. It is not opened: closing it again would release the locks
/// that SQLite has on it.
pub fn close_file(path: &Path) -> io::Result<()> {
    let metadata = match std::fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        metadata => metadata?,
    };
    check_owner(&metadata)?;
    match metadata.mode() & OTHERS {
        0 => Ok(()),
        _ => std::fs::set_permissions(path, Permissions::from_mode(0o600)),
    }
}

/// Checks that a file or directory is this user's.
pub fn check_owner(metadata: &Metadata) -> io::Result<()> {
    let (owner, user) = (metadata.uid(), rustix::process::geteuid().as_raw());
    if owner == user {
        return Ok(());
    }
    Err(io::Error::other(format!(
        "it belongs to user {owner}, and orbital runs as user {user}; run it as that user, or set another one"
    )))
}

fn open_to_others(metadata: &Metadata, danger: &str) -> io::Error {
    let mode = metadata.mode() & 0o7777;
    io::Error::other(format!("its mode is {mode:o}, so others {danger}; `chmod 700` it"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).unwrap().mode() & 0o777
    }

    #[test]
    fn what_others_can_read_is_closed_and_what_they_can_write_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let (directory, file) = (folder.path().join("state"), folder.path().join("state/history.db"));
        make_directory(&directory).unwrap();
        std::fs::write(&file, "").unwrap();
        for (path, open) in [(&directory, 0o755), (&file, 0o644)] {
            std::fs::set_permissions(path, Permissions::from_mode(open)).unwrap();
        }
        close_directory(&directory).unwrap();
        assert_eq!((mode(&directory), mode(&file)), (0o700, 0o600));
        for open in [0o770, 0o702, 0o777] {
            std::fs::set_permissions(&directory, Permissions::from_mode(open)).unwrap();
            let error = close_directory(&directory).unwrap_err().to_string();
            assert!(error.contains("`chmod 700` it"), "{open:o}: {error}");
        }
    }

    #[test]
    fn a_file_that_the_operator_keeps_elsewhere_is_created_there() {
        let folder = tempfile::tempdir().unwrap();
        let (elsewhere, link) = (folder.path().join("elsewhere"), folder.path().join("link"));
        std::os::unix::fs::symlink(&elsewhere, &link).unwrap();
        ensure(&link).unwrap();
        assert_eq!(mode(&elsewhere), 0o600);
        std::fs::set_permissions(&elsewhere, Permissions::from_mode(0o664)).unwrap();
        ensure(&link).unwrap();
        assert_eq!(mode(&elsewhere), 0o600);
    }

    #[test]
    fn a_file_is_not_created_through_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let (victim, link) = (folder.path().join("victim"), folder.path().join("link"));
        std::fs::write(&victim, "content").unwrap();
        std::os::unix::fs::symlink(&victim, &link).unwrap();
        create(&link).unwrap_err();
        assert_eq!(std::fs::read(&victim).unwrap(), b"content");
        create(&folder.path().join("new")).unwrap();
        assert_eq!(mode(&folder.path().join("new")), 0o600);
    }
}

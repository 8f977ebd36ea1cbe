//! Directories and files that belong to the host's user alone.

use std::fs::{DirBuilder, File, Metadata, OpenOptions, Permissions};
use std::io;
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

/// The permissions of the group and of others.
const OTHERS: u32 = 0o077;

/// The write permissions of the group and of others.
const OTHERS_WRITE: u32 = 0o022;

/// Creates a directory for this user alone, including its parents.
pub fn make_directory(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Creates a file for this user alone, or opens it for writing and empties it. Links are not followed.
pub fn create(path: &Path) -> io::Result<File> {
    let file = open(path)?;
    file.set_len(0)?;
    Ok(file)
}

/// Opens a file of this user alone for writing, and creates it if it is missing.
fn open(path: &Path) -> io::Result<File> {
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY).bits() as i32;
    let mut options = OpenOptions::new();
    let file = options.write(true).create(true).truncate(false).mode(0o600).custom_flags(flags).open(path)?;
    let metadata = file.metadata()?;
    check_file(&metadata)?;
    if metadata.mode() & OTHERS != 0 {
        file.set_permissions(Permissions::from_mode(0o600))?;
    }
    Ok(file)
}

/// Checks that a directory belongs to this user alone; `danger` is what others could do with it.
pub fn check_directory(path: &Path, danger: &str) -> io::Result<()> {
    let metadata = std::fs::metadata(path)?;
    check_owner(&metadata)?;
    match metadata.mode() & OTHERS {
        0 => Ok(()),
        _ => Err(open_to_others(&metadata, danger)),
    }
}

/// Makes a directory, and the files in it, readable by this user alone. They were created that way, so this only has
/// an effect if someone has changed their permissions.
///
/// # Errors
/// The directory belongs to another user, or others may write there, so its content may not come from this host.
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

/// Checks that only this user can put files into a directory. Others may read it.
pub fn check_parent(path: &Path) -> io::Result<()> {
    let metadata = std::fs::metadata(path)?;
    check_owner(&metadata)?;
    match metadata.mode() & OTHERS_WRITE {
        0 => Ok(()),
        _ => Err(open_to_others(&metadata, "could replace what this host keeps")),
    }
}

/// Creates a file for this user alone, or makes an existing file readable by this user alone. Links are not followed.
pub fn ensure(path: &Path) -> io::Result<()> {
    match std::fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => open(path).map(drop),
        _ => close_file(path),
    }
}

/// Makes a file readable by this user alone, if it exists. Links are not followed. The file is not opened for reading
/// or writing, because closing it afterwards would release SQLite's locks on it.
pub fn close_file(path: &Path) -> io::Result<()> {
    let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let file = match rustix::fs::open(path, flags, Mode::empty()) {
        Err(Errno::NOENT) => return Ok(()),
        opened => File::from(opened?),
    };
    let metadata = file.metadata()?;
    check_file(&metadata)?;
    if metadata.mode() & OTHERS == 0 {
        return Ok(());
    }
    // Uses the file that was checked, because its name may belong to another one by now.
    let opened = format!("/proc/self/fd/{}", file.as_raw_fd());
    std::fs::set_permissions(opened, Permissions::from_mode(0o600))
}

fn check_file(metadata: &Metadata) -> io::Result<()> {
    if !metadata.is_file() {
        return Err(io::Error::other("it is not a regular file; move it away"));
    }
    check_owner(metadata)
}

/// Checks that a file or directory belongs to this user.
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
    fn only_regular_files_are_touched_and_no_links_followed() {
        let folder = tempfile::tempdir().unwrap();
        let (victim, link) = (folder.path().join("victim"), folder.path().join("link"));
        std::fs::write(&victim, "content").unwrap();
        std::fs::set_permissions(&victim, Permissions::from_mode(0o644)).unwrap();
        std::os::unix::fs::symlink(&victim, &link).unwrap();
        let [pipe, directory] = ["pipe", "directory"].map(|name| folder.path().join(name));
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, 0o644.into(), 0).unwrap();
        std::fs::create_dir(&directory).unwrap();
        for path in [&link, &pipe, &directory] {
            let before = mode(path);
            for error in [close_file(path), ensure(path), create(path).map(drop)] {
                error.unwrap_err();
            }
            assert_eq!(mode(path), before, "{}", path.display());
        }
        assert_eq!(std::fs::read(&victim).unwrap(), b"content");
        for close in [close_file, ensure] {
            std::fs::set_permissions(&victim, Permissions::from_mode(0o664)).unwrap();
            close(&victim).unwrap();
            assert_eq!(mode(&victim), 0o600);
        }
        assert_eq!(std::fs::read(&victim).unwrap(), b"content");
        close_file(&folder.path().join("none")).unwrap();
        ensure(&folder.path().join("new")).unwrap();
        assert_eq!(mode(&folder.path().join("new")), 0o600);
    }

    /// A process loses its locks of a file when it closes any descriptor of that file, as SQLite's would be lost.
    #[test]
    fn a_file_that_is_made_private_keeps_the_locks_that_this_process_has() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("history.db");
        let file = File::create(&path).unwrap();
        rustix::fs::fcntl_lock(&file, rustix::fs::FlockOperation::LockExclusive).unwrap();
        let inode = format!(":{}", file.metadata().unwrap().ino());
        let is_locked = || {
            let locks = std::fs::read_to_string("/proc/locks").unwrap();
            locks
                .lines()
                .any(|lock| lock.contains(" POSIX ") && lock.split(' ').any(|word| word.ends_with(&inode)))
        };
        assert!(is_locked());
        for close in [close_file, ensure] {
            file.set_permissions(Permissions::from_mode(0o644)).unwrap();
            close(&path).unwrap();
            assert_eq!((mode(&path), is_locked()), (0o600, true));
        }
    }

    #[test]
    fn a_directory_in_which_others_can_write_is_no_place_for_a_file() {
        let folder = tempfile::tempdir().unwrap();
        for (open, is_fine) in [(0o700, true), (0o755, true), (0o775, false), (0o1777, false)] {
            std::fs::set_permissions(folder.path(), Permissions::from_mode(open)).unwrap();
            assert_eq!(check_parent(folder.path()).is_ok(), is_fine, "{open:o}");
        }
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

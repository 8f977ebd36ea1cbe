//! Reads files at paths that others can influence. Such a path may lead to a pipe, a device or a link, to something
//! that never ends or never answers, or to something else at any moment. So everything is checked on the open file,
//! within limits of size and time.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read as _};
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::{FileTypeExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use rustix::fs::OFlags;

/// The largest configuration, certificate, key or other small file, in bytes.
pub const MAX_SMALL: usize = 16 << 20;

/// How long reading one file may take. A network file system may take a while for the largest component.
const TIMEOUT: Duration = Duration::from_secs(60);

/// The most reads in progress in the whole process. A read that hangs in the system keeps its thread.
const MAX_READS: usize = 64;

/// The size of one read, in bytes. The time is checked between two reads.
const CHUNK: usize = 1 << 20;

/// Why a file cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The system cannot open or read the file.
    #[error(transparent)]
    System(#[from] io::Error),
    /// The path is not that of a regular file.
    #[error("it is {0}, not a regular file; replace it by one")]
    Irregular(&'static str),
    /// The file is too large.
    #[error("it has {size} bytes or more, and {limit} are allowed")]
    TooLarge {
        /// The least number of bytes that the file has.
        size: u64,
        /// The number of bytes that are allowed.
        limit: usize,
    },
    /// The file is outside the directory that it must be in.
    #[error("it is a link to a file outside `{}`", .0.display())]
    Outside(PathBuf),
    /// The file system does not answer.
    #[error("it could not be read within {}; check its file system", humantime::format_duration(*.0))]
    TooSlow(Duration),
    /// Too many files are being read.
    #[error("{MAX_READS} files are being read already, and do not end; check their file systems")]
    TooMany,
}

impl FileError {
    /// Returns whether the file is missing.
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::System(error) if error.kind() == io::ErrorKind::NotFound)
    }
}

/// Reads a file of at most `limit` bytes. Links are followed.
///
/// # Errors
/// The file cannot be read, is not a regular file, is too large, or takes too long.
pub fn read(path: &Path, limit: usize) -> Result<Vec<u8>, FileError> {
    let path = path.to_owned();
    within(TIMEOUT, move |until| read_open(open(&path)?, limit, until))
}

/// Reads a text of at most `limit` bytes, as [`read`] does.
///
/// # Errors
/// Those of [`read`], and that the file is not UTF-8.
pub fn read_text(path: &Path, limit: usize) -> Result<String, FileError> {
    let text = String::from_utf8(read(path, limit)?);
    // The error does not contain the bytes, because they may be a secret.
    text.map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8").into())
}

/// Reads a file as [`read`] does, unless its links lead out of `directory`.
///
/// # Errors
/// Those of [`read`], and that the file is outside of `directory`.
pub fn read_inside(directory: &Path, path: &Path, limit: usize) -> Result<Vec<u8>, FileError> {
    let (directory, path) = (directory.to_owned(), path.to_owned());
    within(TIMEOUT, move |until| {
        let file = open(&path)?;
        let root = File::open(&directory)?;
        if !location(&file, &path)?.starts_with(location(&root, &directory)?) {
            return Err(FileError::Outside(directory));
        }
        read_open(file, limit, until)
    })
}

/// Opens a regular file for reading. Never waits for a process at the other end, and opens a device only in a race.
///
/// # Errors
/// The file cannot be opened, or is not a regular file.
pub fn open(path: &Path) -> Result<File, FileError> {
    // Opening some devices has an effect, such as rewinding a tape.
    regular(&std::fs::metadata(path)?)?;
    let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = OpenOptions::new().read(true).custom_flags(flags.bits() as i32).open(path)?;
    // The path may be that of another file by now.
    regular(&file.metadata()?)?;
    Ok(file)
}

fn regular(metadata: &Metadata) -> Result<(), FileError> {
    let kind = metadata.file_type();
    Err(FileError::Irregular(match () {
        () if kind.is_file() => return Ok(()),
        () if kind.is_dir() => "a directory",
        () if kind.is_fifo() => "a named pipe",
        () if kind.is_socket() => "a socket",
        () => "a device",
    }))
}

/// Returns the path of an open file without links. The path alone may lead to another file than when it was opened.
fn location(file: &File, path: &Path) -> io::Result<PathBuf> {
    if cfg!(target_os = "linux") {
        std::fs::read_link(format!("/proc/self/fd/{}", file.as_raw_fd()))
    } else {
        path.canonicalize()
    }
}

fn read_open(mut file: File, limit: usize, until: Instant) -> Result<Vec<u8>, FileError> {
    let size = file.metadata()?.len();
    let too_large = |size| FileError::TooLarge { size, limit };
    if size > limit as u64 {
        return Err(too_large(size));
    }
    let mut bytes = Vec::with_capacity(size as usize);
    loop {
        let before = bytes.len();
        (&mut file).take(CHUNK as u64).read_to_end(&mut bytes)?;
        if bytes.len() > limit {
            return Err(too_large(bytes.len() as u64));
        }
        if bytes.len() == before {
            return Ok(bytes);
        }
        if Instant::now() > until {
            return Err(FileError::TooSlow(TIMEOUT));
        }
    }
}

/// Does the work on its own thread, and waits for it until the timeout.
fn within<T: Send + 'static>(
    timeout: Duration,
    work: impl FnOnce(Instant) -> Result<T, FileError> + Send + 'static,
) -> Result<T, FileError> {
    let place = Place::take()?;
    let (sender, receiver) = mpsc::sync_channel(1);
    let until = Instant::now() + timeout;
    std::thread::Builder::new().name("read".to_owned()).spawn(move || {
        let _place = place;
        // A result after the timeout is dropped.
        let _ = sender.send(work(until));
    })?;
    receiver.recv_timeout(timeout).unwrap_or_else(|error| {
        Err(match error {
            mpsc::RecvTimeoutError::Timeout => FileError::TooSlow(timeout),
            mpsc::RecvTimeoutError::Disconnected => io::Error::other("the reading thread ended").into(),
        })
    })
}

/// The permission for one of [`MAX_READS`] reads.
struct Place;

static READS: AtomicUsize = AtomicUsize::new(0);

impl Place {
    fn take() -> Result<Self, FileError> {
        let one_more = |reads| (reads < MAX_READS).then_some(reads + 1);
        match READS.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more) {
            Ok(_) => Ok(Self),
            Err(_) => Err(FileError::TooMany),
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        READS.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;

    use rustix::fs::{CWD, FileType, Mode, mknodat};

    use super::*;

    #[test]
    fn only_regular_files_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        std::fs::write(path("file"), "content").unwrap();
        symlink("file", path("link")).unwrap();
        assert_eq!(read(&path("file"), 7).unwrap(), b"content");
        assert_eq!(read(&path("link"), 7).unwrap(), b"content");
        mknodat(CWD, path("pipe"), FileType::Fifo, Mode::from_raw_mode(0o600), 0).unwrap();
        symlink("pipe", path("to a pipe")).unwrap();
        let _socket = UnixListener::bind(path("socket")).unwrap();
        symlink("/dev/zero", path("endless")).unwrap();
        for (name, kind) in [
            ("pipe", "a named pipe"),
            ("to a pipe", "a named pipe"),
            ("socket", "a socket"),
            ("endless", "a device"),
            (".", "a directory"),
        ] {
            let error = read(&path(name), 7).unwrap_err();
            assert!(matches!(error, FileError::Irregular(found) if found == kind), "{name}: {error}");
        }
        assert!(read(&path("nothing"), 7).unwrap_err().is_missing());
    }

    #[test]
    fn no_more_is_read_than_is_allowed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, vec![0; 3 * CHUNK]).unwrap();
        assert_eq!(read(&path, 3 * CHUNK).unwrap().len(), 3 * CHUNK);
        assert!(matches!(read(&path, 3 * CHUNK - 1), Err(FileError::TooLarge { .. })));
        // Files of `/proc` have a size of 0, but have content.
        assert!(matches!(read(Path::new("/proc/self/status"), 10), Err(FileError::TooLarge { .. })));
    }

    #[test]
    fn a_file_system_that_does_not_answer_is_given_up() {
        let (answer, question) = mpsc::channel::<()>();
        let hangs = move |_| Ok(question.recv().is_ok());
        let result = within(Duration::from_millis(1), hangs);
        assert!(matches!(result, Err(FileError::TooSlow(_))));
        drop(answer);
    }

    #[test]
    fn links_may_lead_anywhere_inside_a_directory() {
        let folder = tempfile::tempdir().unwrap();
        let (inside, outside) = (folder.path().join("inside"), folder.path().join("outside"));
        std::fs::create_dir_all(inside.join("..2026")).unwrap();
        std::fs::write(inside.join("..2026/a.wasm"), "a").unwrap();
        std::fs::write(&outside, "secret").unwrap();
        symlink("..2026", inside.join("..data")).unwrap();
        symlink("..data/a.wasm", inside.join("a.wasm")).unwrap();
        symlink(inside.join("..2026/a.wasm"), inside.join("absolute.wasm")).unwrap();
        symlink("../outside", inside.join("peek.wasm")).unwrap();
        symlink(&inside, folder.path().join("way")).unwrap();
        for directory in [&inside, &folder.path().join("way"), &inside.join("../inside")] {
            let read = |name: &str| read_inside(directory, &directory.join(name), 10);
            assert_eq!(read("a.wasm").unwrap(), b"a");
            assert_eq!(read("absolute.wasm").unwrap(), b"a");
            assert!(matches!(read("peek.wasm"), Err(FileError::Outside(_))));
        }
    }
}

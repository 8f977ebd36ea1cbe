//! The key that seals compiled code: a file of random bytes that only the host's user can read.

use std::io::{Read as _, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use orbital_files::file;
use orbital_files::private::{check_owner, make_directory};
use ring::hmac;
use tempfile::NamedTempFile;

/// The length of the key in bytes. It is that of the seals, because a longer key is not safer.
const LENGTH: usize = 32;

/// Loads the key from a file, or creates it if it is missing. The file must not be in `cache`: otherwise, anyone who
/// can add an entry could also add the key for it.
pub(super) fn load_or_make(path: &Path, cache: &Path) -> std::io::Result<hmac::Key> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    make_directory(folder)?;
    if folder.canonicalize()?.starts_with(cache.canonicalize()?) {
        return Err(std::io::Error::other("it is in the directory of compiled code; keep it elsewhere"));
    }
    let file = match file::open(path) {
        Err(error) if error.is_missing() => {
            make(path, folder)?;
            file::open(path)
        }
        opened => opened,
    };
    let file = file.map_err(std::io::Error::other)?;
    // Checks the open file, so that the file that was checked is the one that is read.
    check_owner(&file.metadata()?)?;
    if file.metadata()?.mode() & 0o077 != 0 {
        let reason =
            "others may read or write it, and so seal any code; `chmod 600` it, or remove it to have another";
        return Err(std::io::Error::other(reason));
    }
    let mut bytes = Vec::new();
    file.take(LENGTH as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() != LENGTH {
        return Err(std::io::Error::other("it is no key of a host; remove it to have another"));
    }
    Ok(hmac::Key::new(hmac::HMAC_SHA256, &bytes))
}

/// Creates a key file completely or not at all. If several hosts do so at once, the first key stays.
fn make(path: &Path, folder: &Path) -> std::io::Result<()> {
    // Temporary files have the mode 0600.
    let mut file = NamedTempFile::new_in(folder)?;
    file.write_all(&rand::random::<[u8; LENGTH]>())?;
    file.as_file().sync_all()?;
    match file.persist_noclobber(path) {
        Err(error) if error.error.kind() != std::io::ErrorKind::AlreadyExists => Err(error.error),
        _ => Ok(()),
    }
}

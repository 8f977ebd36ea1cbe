//! The key that compiled code is sealed with: a file of random bytes, which this user alone can read.

use std::io::{Read as _, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use orbital_files::file;
use orbital_files::private::{check_owner, make_directory};
use ring::hmac;
use tempfile::NamedTempFile;

/// As long as the seals: a longer one is no safer.
const LENGTH: usize = 32;

/// The key in a file, which is made if it is not there. It must be elsewhere than the `cache`, or whoever can bring
/// in an entry could bring in its key.
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
    // Of the open file: what is checked is what is read.
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

/// Makes it whole or not at all. Of several hosts that do so at once, the first one's stays.
fn make(path: &Path, folder: &Path) -> std::io::Result<()> {
    // Temporary files are of mode 0600.
    let mut file = NamedTempFile::new_in(folder)?;
    file.write_all(&rand::random::<[u8; LENGTH]>())?;
    file.as_file().sync_all()?;
    match file.persist_noclobber(path) {
        Err(error) if error.error.kind() != std::io::ErrorKind::AlreadyExists => Err(error.error),
        _ => Ok(()),
    }
}

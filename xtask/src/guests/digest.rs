//! A digest of the sources of files, which tells whether the files are up to date.

use std::{
    fs,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    path::Path,
};

use anyhow::Context as _;

/// Folders that tools create, and folders that are not sources.
const LEFT_BEHIND: [&str; 6] = ["__pycache__", "dist", "node_modules", "target", "tests", "zig-out"];

/// The hasher is that of the standard library: it guards against a forgotten build, not against anybody.
#[derive(Default)]
pub(crate) struct Digest(DefaultHasher);

impl Digest {
    /// Takes in a text.
    pub(crate) fn text(&mut self, text: &str) {
        text.hash(&mut self.0);
    }

    /// Takes in a file; one that is not there is like an empty one.
    pub(crate) fn file(&mut self, file: &Path) -> anyhow::Result<()> {
        let bytes = if file.exists() {
            fs::read(file).with_context(|| format!("cannot read `{}`", file.display()))?
        } else {
            Vec::new()
        };
        bytes.hash(&mut self.0);
        Ok(())
    }

    /// Takes in all files of a folder with their paths, less hidden ones and what tools leave behind.
    pub(crate) fn folder(&mut self, folder: &Path) -> anyhow::Result<()> {
        if !folder.exists() {
            return Ok(());
        }
        let unreadable = || format!("cannot read `{}`", folder.display());
        let mut entries =
            fs::read_dir(folder).and_then(Iterator::collect::<Result<Vec<_>, _>>).with_context(unreadable)?;
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if name.starts_with('.') || LEFT_BEHIND.contains(&&*name) {
                continue;
            }
            self.text(&name);
            // Of what it leads to, if it is a link: the SDK for Zig has that for C by one.
            if entry.path().is_dir() {
                self.folder(&entry.path())?;
            } else {
                self.file(&entry.path())?;
            }
        }
        Ok(())
    }

    pub(crate) fn finish(&self) -> String {
        format!("{:016x}", self.0.finish())
    }
}

#[cfg(test)]
mod tests {
    use std::env;

    use super::*;

    fn digest(folder: &Path) -> String {
        let mut digest = Digest::default();
        digest.folder(folder).unwrap();
        digest.finish()
    }

    #[test]
    fn another_content_or_name_is_another_digest_and_what_tools_leave_behind_is_not() {
        let folder = env::temp_dir().join(format!("orbital-digest-{}", std::process::id()));
        fs::create_dir_all(folder.join("src")).unwrap();
        fs::write(folder.join("src/a"), "1").unwrap();
        let first = digest(&folder);

        fs::create_dir_all(folder.join("node_modules")).unwrap();
        fs::write(folder.join("node_modules/b"), "1").unwrap();
        fs::write(folder.join(".b"), "1").unwrap();
        assert_eq!(digest(&folder), first);

        fs::write(folder.join("src/a"), "2").unwrap();
        let second = digest(&folder);
        assert_ne!(second, first);
        fs::rename(folder.join("src/a"), folder.join("src/b")).unwrap();
        assert_ne!(digest(&folder), second);
        fs::remove_dir_all(folder).unwrap();
    }
}

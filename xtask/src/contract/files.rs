//! The files of a folder, in memory.

use std::{collections::BTreeMap, fs, io, path::Path};

use anyhow::Context as _;

/// Contents by path, relative to a folder. A single file has the empty path.
#[derive(Clone, Default)]
pub(super) struct Files(pub(super) BTreeMap<String, Vec<u8>>);

impl Files {
    /// Reads a file, or all files of a folder. Empty if there is nothing.
    pub(super) fn read(path: &Path) -> anyhow::Result<Self> {
        let mut files = Self::default();
        files.add(path, "").with_context(|| format!("cannot read `{}`", path.display()))?;
        Ok(files)
    }

    fn add(&mut self, path: &Path, name: &str) -> io::Result<()> {
        if !path.is_dir() {
            if path.exists() {
                self.0.insert(name.to_owned(), fs::read(path)?);
            }
            return Ok(());
        }
        for entry in fs::read_dir(path)? {
            let entry = entry?;
            let file = entry.file_name();
            let file = file.to_string_lossy();
            if file == "__pycache__" {
                continue;
            }
            let name = if name.is_empty() { file.into_owned() } else { format!("{name}/{file}") };
            self.add(&entry.path(), &name)?;
        }
        Ok(())
    }

    /// Returns the paths whose contents differ, or that only one side has.
    pub(super) fn differing(&self, other: &Self) -> Vec<String> {
        let all: std::collections::BTreeSet<_> = self.0.keys().chain(other.0.keys()).collect();
        all.into_iter().filter(|name| self.0.get(*name) != other.0.get(*name)).cloned().collect()
    }

    /// Makes a folder, or a file, have these contents. Files that are right are not touched, so that nothing is rebuilt
    /// because of them. Returns the paths that have changed.
    pub(super) fn write(&self, path: &Path) -> anyhow::Result<Vec<String>> {
        let changed = self.differing(&Self::read(path)?);
        for name in &changed {
            let file = if name.is_empty() { path.to_owned() } else { path.join(name) };
            let done = match self.0.get(name) {
                Some(content) => {
                    fs::create_dir_all(file.with_file_name("")).and_then(|()| fs::write(&file, content))
                }
                None => fs::remove_file(&file),
            };
            done.with_context(|| format!("cannot write `{}`", file.display()))?;
        }
        Ok(changed)
    }
}

#[cfg(test)]
mod tests {
    use std::env;

    use super::*;

    fn files(contents: &[(&str, &str)]) -> Files {
        Files(contents.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec())).collect())
    }

    #[test]
    fn a_folder_is_made_to_have_the_files_and_no_others() {
        let folder = env::temp_dir().join(format!("orbital-contract-{}", std::process::id()));
        files(&[("a", "1"), ("old/b", "2"), ("c", "3")]).write(&folder).unwrap();
        let expected = files(&[("a", "1"), ("c", "4"), ("new/d", "5")]);
        assert_eq!(expected.differing(&Files::read(&folder).unwrap()), ["c", "new/d", "old/b"]);
        assert_eq!(expected.write(&folder).unwrap(), ["c", "new/d", "old/b"]);
        assert_eq!(Files::read(&folder).unwrap().0, expected.0);
        assert!(expected.write(&folder).unwrap().is_empty());
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_single_file_has_the_empty_path() {
        let file = env::temp_dir().join(format!("orbital-contract-file-{}", std::process::id()));
        assert_eq!(files(&[("", "1")]).write(&file).unwrap(), [""]);
        assert_eq!(Files::read(&file).unwrap().0, files(&[("", "1")]).0);
        fs::remove_file(file).unwrap();
    }
}

//! What is wrong with a configuration file.

use std::fmt;
use std::path::PathBuf;

use orbital_files::FileError;

/// One thing that is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// The line in the file, from 1.
    pub line: usize,
    /// The setting, such as `webhook.listen`.
    pub setting: String,
    /// What is wrong with it and what would be right.
    pub reason: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.setting.is_empty() {
            write!(formatter, "line {}: {}", self.line, self.reason)
        } else {
            write!(formatter, "line {}: `{}`: {}", self.line, self.setting, self.reason)
        }
    }
}

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file could not be read.
    #[error("cannot read the configuration file `{path}`")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: FileError,
    },
    /// The file has mistakes.
    #[error("{}", describe(.path, .mistakes))]
    Mistakes {
        /// The file.
        path: PathBuf,
        /// All of them, in the order of the file.
        mistakes: Vec<Mistake>,
    },
}

fn describe(path: &std::path::Path, mistakes: &[Mistake]) -> String {
    let count = match mistakes.len() {
        1 => "a mistake".to_owned(),
        more => format!("{more} mistakes"),
    };
    let list: String = mistakes.iter().map(|mistake| format!("\n  {mistake}")).collect();
    format!("the configuration file `{}` has {count}:{list}", path.display())
}

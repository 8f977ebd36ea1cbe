//! Mistakes in a configuration file.

use std::fmt;
use std::path::PathBuf;

use orbital_files::FileError;

/// A mistake, and where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// The line in the file, counted from 1.
    pub line: usize,
    /// The setting, such as `webhook.listen`.
    pub setting: String,
    /// A description of the mistake, and of a correct value.
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

/// The reason why the configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file could not be read.
    #[error("cannot read the configuration file `{path}`")]
    Read {
        /// The path of the file.
        path: PathBuf,
        /// The underlying error.
        source: FileError,
    },
    /// The file has mistakes.
    #[error("{}", describe(.path, .mistakes))]
    Mistakes {
        /// The path of the file.
        path: PathBuf,
        /// All mistakes, in the order of the file.
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

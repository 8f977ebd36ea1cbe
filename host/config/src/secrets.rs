//! Secrets that the configuration refers to by name, as `${secret.NAME}`.

mod forms;
mod mask;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use orbital_files::{FileError, file};
use secrecy::{ExposeSecret as _, SecretString};

pub use mask::{Masker, SHORTEST};

use crate::{Section, resolved};

/// The maximum length of a value, in bytes. Anything longer is not a secret, and would have to be searched for in all
/// received data.
const LONGEST: usize = 16 << 10;

/// The sources of all secrets: the section `[secrets]`.
#[derive(Debug, Clone, Default)]
pub struct SecretsSettings(BTreeMap<String, Source>);

#[derive(Debug, Clone)]
enum Source {
    Environment(String),
    File(PathBuf),
}

/// The values of secrets. They are never shown: `Debug` hides them.
#[derive(Debug, Default)]
pub struct Secrets(BTreeMap<String, SecretString>);

/// The reason why a secret cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum SecretsError {
    /// The environment variable is not set, or is not text.
    #[error("secret `{name}`: the environment variable `{variable}` is not set, or is not text")]
    Environment {
        /// The name of the secret.
        name: String,
        /// The name of the variable.
        variable: String,
    },
    /// The file of the secret cannot be read.
    #[error("secret `{name}`: cannot read `{path}`")]
    File {
        /// The name of the secret.
        name: String,
        /// The path of the file.
        path: PathBuf,
        /// The underlying error.
        source: FileError,
    },
    /// The value is empty.
    #[error("secret `{0}` is empty")]
    Empty(String),
    /// The value is too long.
    #[error("secret `{0}` has more than {LONGEST} bytes")]
    TooLong(String),
    /// There are too many values to mask them in received data.
    #[error("there are too many secrets to look for")]
    TooMany(#[from] aho_corasick::BuildError),
}

impl SecretsSettings {
    /// Reads the section. Relative paths are relative to `base`.
    pub fn read(root: &Section<'_>, base: &Path) -> Self {
        let sources = root.sections("secrets", |_, section| {
            let variable = section.string("env");
            let file = section.string("file");
            match (variable, file) {
                (Some(variable), None) => Some(Source::Environment(variable)),
                (None, Some(file)) => Some(Source::File(base.join(file))),
                _ => {
                    section.mistake("must have either `env = \"VARIABLE\"` or `file = \"PATH\"`");
                    None
                }
            }
        });
        Self(sources.into_iter().collect())
    }

    /// Returns whether there is a secret with this name.
    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// Returns the files that contain secrets.
    pub fn files(&self) -> impl Iterator<Item = &PathBuf> {
        self.0.values().filter_map(|source| match source {
            Source::File(path) => Some(path),
            Source::Environment(_) => None,
        })
    }

    /// Reads all values. A line break at the end of a file is not part of its secret.
    ///
    /// # Errors
    /// All secrets that cannot be read.
    pub fn fetch(&self) -> Result<Secrets, Vec<SecretsError>> {
        self.fetch_those(|_| true)
    }

    /// Reads the values of the secrets whose names `wanted` selects.
    ///
    /// # Errors
    /// All selected secrets that cannot be read.
    pub fn fetch_those(&self, wanted: impl Fn(&str) -> bool) -> Result<Secrets, Vec<SecretsError>> {
        let (mut values, mut errors) = (BTreeMap::new(), Vec::new());
        for (name, source) in self.0.iter().filter(|(name, _)| wanted(name)) {
            match source.fetch(name) {
                Ok(value) => drop(values.insert(name.clone(), value)),
                Err(error) => errors.push(error),
            }
        }
        if errors.is_empty() { Ok(Secrets(values)) } else { Err(errors) }
    }

    /// Returns all values that can be read now, for callers that must mask them.
    pub fn fetch_some(&self) -> Secrets {
        let values = self.0.iter().map(|(name, source)| (name.clone(), source.fetch(name)));
        Secrets(values.filter_map(|(name, value)| Some((name, value.ok()?))).collect())
    }
}

impl Source {
    fn fetch(&self, name: &str) -> Result<SecretString, SecretsError> {
        let name = name.to_owned();
        let value = match self {
            Self::Environment(variable) => std::env::var(variable)
                .map_err(|_| SecretsError::Environment { name: name.clone(), variable: variable.clone() })?,
            Self::File(path) => file::read_text(path, file::MAX_SMALL)
                .map_err(|source| SecretsError::File { name: name.clone(), path: path.clone(), source })?,
        };
        match value.trim_end_matches(['\n', '\r']) {
            "" => Err(SecretsError::Empty(name)),
            value if value.len() > LONGEST => Err(SecretsError::TooLong(name)),
            value => Ok(value.to_owned().into()),
        }
    }
}

impl Secrets {
    /// Creates secrets from values by name.
    #[cfg(fuzzing)]
    pub fn of(values: BTreeMap<String, SecretString>) -> Self {
        Self(values)
    }

    /// Returns the value of a secret.
    pub fn get(&self, name: &str) -> Option<&SecretString> {
        self.0.get(name)
    }

    /// Returns all names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Returns the names of secrets that are too short to be masked in received data.
    pub fn too_short(&self) -> Vec<&str> {
        let short = self.0.iter().filter(|(_, value)| value.expose_secret().len() < SHORTEST);
        short.map(|(name, _)| name.as_str()).collect()
    }

    fn values(&self) -> impl Iterator<Item = &SecretString> {
        self.0.values()
    }
}

/// A text in which `${secret.NAME}` refers to a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Secret(String),
}

impl Template {
    /// Parses a text.
    ///
    /// # Errors
    /// The text refers to a secret that does not exist, or a reference in it is incomplete or invalid.
    pub fn parse(text: &str, secrets: &SecretsSettings) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            let Some((name, behind)) = after.split_once('}') else {
                return Err("`${` has no `}`".to_owned());
            };
            let Some(name) = name.strip_prefix("secret.") else {
                return resolved(text).and(Err(format!("`${{{name}}}` is no secret")));
            };
            if !secrets.has(name) {
                return Err(format!("there is no secret `{name}`; add a section `[secrets.{name}]`"));
            }
            parts.push(Part::Text(before.to_owned()));
            parts.push(Part::Secret(name.to_owned()));
            rest = behind;
        }
        parts.push(Part::Text(rest.to_owned()));
        Ok(Self(parts))
    }

    /// Returns the text with a letter in place of each secret, which is enough to check whether the rest is
    /// well-formed.
    pub fn shape(&self) -> String {
        self.fill(|_| "x")
    }

    /// Returns the text with the values of the secrets.
    pub fn expose(&self, secrets: &Secrets) -> String {
        self.fill(|name| secrets.get(name).map_or("", |secret| secret.expose_secret()))
    }

    fn fill<'a>(&'a self, value: impl Fn(&'a str) -> &'a str) -> String {
        let parts = self.0.iter().map(|part| match part {
            Part::Text(text) => text.as_str(),
            Part::Secret(name) => value(name),
        });
        parts.collect()
    }

    /// Returns whether the text refers to this secret.
    pub fn has(&self, secret: &str) -> bool {
        self.0.iter().any(|part| matches!(part, Part::Secret(name) if name == secret))
    }

    /// Returns whether the text refers to any secret.
    pub fn is_secret(&self) -> bool {
        self.0.iter().any(|part| matches!(part, Part::Secret(_)))
    }
}

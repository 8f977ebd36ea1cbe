//! Secrets that the configuration refers to by name, as `${secret.NAME}`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use secrecy::SecretString;

use crate::config::Section;

/// Where each secret comes from: the section `[secrets]`.
#[derive(Debug, Clone, Default)]
pub struct SecretsSettings(BTreeMap<String, Source>);

#[derive(Debug, Clone)]
enum Source {
    Environment(String),
    File(PathBuf),
}

/// The values. They are shown nowhere: `Debug` hides them.
#[derive(Debug, Default)]
pub struct Secrets(BTreeMap<String, SecretString>);

/// Why a secret is not to be had.
#[derive(Debug, thiserror::Error)]
pub enum SecretsError {
    /// The environment lacks it.
    #[error("secret `{name}`: the environment variable `{variable}` is not set, or is not text")]
    Environment {
        /// The secret.
        name: String,
        /// The variable.
        variable: String,
    },
    /// Its file cannot be read.
    #[error("secret `{name}`: cannot read `{path}`")]
    File {
        /// The secret.
        name: String,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// It has no characters.
    #[error("secret `{0}` is empty")]
    Empty(String),
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

    /// The names that are set.
    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// The files that secrets come from.
    pub fn files(&self) -> impl Iterator<Item = &PathBuf> {
        self.0.values().filter_map(|source| match source {
            Source::File(path) => Some(path),
            Source::Environment(_) => None,
        })
    }

    /// Fetches all values. A line break at the end of a file is not part of its secret.
    ///
    /// # Errors
    /// Every secret that is not to be had.
    pub fn fetch(&self) -> Result<Secrets, Vec<SecretsError>> {
        let (mut values, mut errors) = (BTreeMap::new(), Vec::new());
        for (name, source) in &self.0 {
            match source.fetch(name) {
                Ok(value) => drop(values.insert(name.clone(), value)),
                Err(error) => errors.push(error),
            }
        }
        if errors.is_empty() { Ok(Secrets(values)) } else { Err(errors) }
    }
}

impl Source {
    fn fetch(&self, name: &str) -> Result<SecretString, SecretsError> {
        let name = name.to_owned();
        let value = match self {
            Self::Environment(variable) => std::env::var(variable)
                .map_err(|_| SecretsError::Environment { name: name.clone(), variable: variable.clone() })?,
            Self::File(path) => std::fs::read_to_string(path).map_err(|source| SecretsError::File {
                name: name.clone(),
                path: path.clone(),
                source,
            })?,
        };
        match value.trim_end_matches(['\n', '\r']) {
            "" => Err(SecretsError::Empty(name)),
            value => Ok(value.to_owned().into()),
        }
    }
}

impl Secrets {
    /// The value of a secret.
    pub fn get(&self, name: &str) -> Option<&SecretString> {
        self.0.get(name)
    }
}

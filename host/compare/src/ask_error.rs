//! Errors of comparing environments.

use http::StatusCode;
use orbital_model::text::shown;

/// Why an environment has not returned its statistics.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// The environment is not configured.
    #[error("there is no environment `{}`; {}", shown(.name), describe(.known))]
    Unknown {
        /// The name of the environment.
        name: String,
        /// The names of the configured environments.
        known: Vec<String>,
    },
    /// Both environments are the same.
    #[error("`{0}` cannot be compared with itself")]
    Same(String),
    /// The environment does not answer.
    #[error("`{name}` cannot be reached at `{url}`: {reason}")]
    Unreachable {
        /// The name of the environment.
        name: String,
        /// The URL of the environment.
        url: String,
        /// Why the environment cannot be reached.
        reason: String,
    },
    /// The environment requires a token, or a different one.
    #[error(
        "`{name}` does not let us in: {reason}; set `environments.{name}.token` to what its `admin.token` has"
    )]
    Forbidden {
        /// The name of the environment.
        name: String,
        /// The reason in the environment's answer.
        reason: String,
    },
    /// The environment has no statistics.
    #[error("`{name}` has no statistics: {reason}; it may be an older orbital, or keep no history")]
    NoStatistics {
        /// The name of the environment.
        name: String,
        /// The reason in the environment's answer.
        reason: String,
    },
    /// The environment answered with an error.
    #[error("`{name}` answered {status}: {reason}")]
    Refused {
        /// The name of the environment.
        name: String,
        /// The status of the answer.
        status: StatusCode,
        /// The reason in the environment's answer.
        reason: String,
    },
    /// The answer is not that of an orbital host.
    #[error(
        "what `{name}` answers is no statistics of orbital: {reason}; is `{url}` the URL of its private listener?"
    )]
    NotOrbital {
        /// The name of the environment.
        name: String,
        /// The URL of the environment.
        url: String,
        /// Why the answer is invalid.
        reason: String,
    },
}

impl AskError {
    /// Returns an error unless these are two different environments that are known.
    pub(super) fn check<'a>(
        names: [&str; 2],
        known: impl Iterator<Item = &'a String> + Clone,
    ) -> Result<(), Self> {
        if let Some(name) = names.into_iter().find(|name| !known.clone().any(|known| known == name)) {
            return Err(Self::Unknown { name: name.to_owned(), known: known.cloned().collect() });
        }
        if names[0] == names[1] { Err(Self::Same(names[0].to_owned())) } else { Ok(()) }
    }
}

fn describe(known: &[String]) -> String {
    match known {
        [] => "the configuration has no section `[environments.NAME]`".to_owned(),
        known => format!("there are `{}`", known.join("`, `")),
    }
}

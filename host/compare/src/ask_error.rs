//! Why environments cannot be compared.

use http::StatusCode;
use orbital_model::text::shown;

/// Why an environment has not said what its cases come to.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// There is no such environment.
    #[error("there is no environment `{}`; {}", shown(.name), describe(.known))]
    Unknown {
        /// The name.
        name: String,
        /// Those that there are.
        known: Vec<String>,
    },
    /// Twice the same.
    #[error("`{0}` cannot be compared with itself")]
    Same(String),
    /// No answer.
    #[error("`{name}` cannot be reached at `{url}`: {reason}")]
    Unreachable {
        /// The environment.
        name: String,
        /// Its URL.
        url: String,
        /// Why.
        reason: String,
    },
    /// It wants another token, or one at all.
    #[error(
        "`{name}` does not let us in: {reason}; set `environments.{name}.token` to what its `admin.token` has"
    )]
    Forbidden {
        /// The environment.
        name: String,
        /// What it said.
        reason: String,
    },
    /// It has no statistics.
    #[error("`{name}` has no statistics: {reason}; it may be an older orbital, or keep no history")]
    NoStatistics {
        /// The environment.
        name: String,
        /// What it said.
        reason: String,
    },
    /// It says that something is wrong.
    #[error("`{name}` answered {status}: {reason}")]
    Refused {
        /// The environment.
        name: String,
        /// The status.
        status: StatusCode,
        /// What it said.
        reason: String,
    },
    /// It is something else.
    #[error(
        "what `{name}` answers is no statistics of orbital: {reason}; is `{url}` the URL of its private listener?"
    )]
    NotOrbital {
        /// The environment.
        name: String,
        /// Its URL.
        url: String,
        /// What is wrong.
        reason: String,
    },
}

impl AskError {
    /// Whether two of those that are known can be compared.
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

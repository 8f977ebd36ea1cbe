//! Which cases something is for.

use std::fmt;

use globset::{Glob, GlobMatcher};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A pattern of case ids, such as `checkout/*`, in which `*` stands for anything.
#[derive(Debug, Clone)]
pub struct CasePattern(GlobMatcher);

impl CasePattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let glob = Glob::new(text).map_err(|error| format!("`{text}` is not a pattern: {}", error.kind()))?;
        Ok(Self(glob.compile_matcher()))
    }

    /// Whether it is for this case.
    pub fn matches(&self, case_id: &str) -> bool {
        self.0.is_match(case_id)
    }

    /// As it was written.
    pub fn text(&self) -> &str {
        self.0.glob().glob()
    }
}

impl fmt::Display for CasePattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.text())
    }
}

impl Serialize for CasePattern {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.text().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for CasePattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

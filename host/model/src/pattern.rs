//! Patterns of names: of components, such as `checkout-*`, and of cases, such as `checkout/*`.
//!
//! Patterns also come from strangers, in queries of the API. The library that parses them calls itself once for each
//! level of nested braces, and panics if the expression that it makes of a pattern is too large. So the limits are
//! checked first, and no other code may call the library.

use std::fmt;

use globset::{Glob, GlobMatcher};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::text::shown;

/// The maximum length of a pattern, in bytes. The id of a case has at most 201.
const MAX_BYTES: usize = 1000;

/// The maximum number of opening braces, escaped ones included. It also limits the depth of nesting.
const MAX_BRACES: usize = 32;

/// A pattern in which `*` matches anything, `?` one character, `[a-c]` one of several, and `{a,b}` either.
#[derive(Debug, Clone)]
pub struct Pattern(GlobMatcher);

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.text() == other.text()
    }
}

impl Eq for Pattern {}

impl Pattern {
    /// Parses a pattern.
    ///
    /// # Errors
    /// The pattern is too long, has too many braces, or has invalid syntax.
    pub fn parse(text: &str) -> Result<Self, String> {
        check_length(text)?;
        let braces = text.bytes().filter(|byte| *byte == b'{').count();
        if braces > MAX_BRACES {
            return Err(format!(
                "`{}` has {braces} opening braces; a pattern may have at most {MAX_BRACES}",
                shown(text)
            ));
        }
        #[expect(clippy::disallowed_methods, reason = "the limits were checked")]
        let glob = Glob::new(text)
            .map_err(|error| format!("`{}` is not a pattern: {}", shown(text), error.kind()))?;
        Ok(Self(glob.compile_matcher()))
    }

    /// Returns whether a name matches.
    pub fn matches(&self, name: &str) -> bool {
        self.0.is_match(name)
    }

    /// Returns the pattern as it was written.
    pub fn text(&self) -> &str {
        self.0.glob().glob()
    }
}

/// Checks the length of a pattern of any kind, before it is parsed.
///
/// # Errors
/// The pattern is too long.
pub fn check_length(text: &str) -> Result<(), String> {
    if text.len() > MAX_BYTES {
        let (shown, bytes) = (shown(text), text.len());
        return Err(format!("`{shown}` has {bytes} bytes; a pattern may have at most {MAX_BYTES}"));
    }
    Ok(())
}

impl fmt::Display for Pattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.text())
    }
}

impl Serialize for Pattern {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.text().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn nesting_is_limited_wherever_braces_are() {
        let nested = |depth: usize| format!("{}x{}", "{".repeat(depth), "}".repeat(depth));
        assert!(Pattern::parse(&nested(MAX_BRACES)).unwrap().matches("x"));
        let error = Pattern::parse(&nested(MAX_BRACES + 1)).unwrap_err();
        assert!(error.ends_with("}` has 33 opening braces; a pattern may have at most 32"), "{error}");
        // A brace that closes nothing does not reduce the depth.
        for escaped in ["{\\}", "{[}]"] {
            let error = Pattern::parse(&escaped.repeat(100)).unwrap_err();
            assert!(error.contains("has 100 opening braces"), "{error}");
        }
    }

    #[test]
    fn length_is_limited() {
        assert!(Pattern::parse(&"é".repeat(MAX_BYTES / 2)).is_ok());
        let error = Pattern::parse(&"a".repeat(1 << 20)).unwrap_err();
        assert!(error.ends_with("…` has 1048576 bytes; a pattern may have at most 1000"), "{error}");
    }

    proptest! {
        /// Whatever the limits let through is parsed without a panic.
        #[test]
        fn any_text_is_a_pattern_or_an_error(text in "[-a{},*?!\\\\\\[\\]é/^]{0,400}") {
            if let Ok(pattern) = Pattern::parse(&text) {
                prop_assert_eq!(pattern.text(), text);
            }
        }
    }
}

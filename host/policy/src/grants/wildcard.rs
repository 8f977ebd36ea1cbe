//! A pattern in which `*` matches anything.

use std::fmt;

use serde::{Serialize, Serializer};

/// A pattern in which `*` matches any characters, or none. Everything else matches itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wildcard(String);

impl Wildcard {
    /// Creates a pattern; any text is valid.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Returns the pattern as it was written.
    pub fn text(&self) -> &str {
        &self.0
    }

    /// Returns whether the pattern matches a whole text.
    pub fn matches(&self, text: &str) -> bool {
        let mut parts = self.0.split('*');
        let Some(mut rest) = text.strip_prefix(parts.next().unwrap_or_default()) else { return false };
        let Some(last) = parts.next_back() else { return rest.is_empty() };
        for part in parts {
            // The first occurrence is sufficient: it leaves the longest rest.
            let Some((_, behind)) = rest.split_once(part) else { return false };
            rest = behind;
        }
        rest.ends_with(last)
    }

    /// Returns whether the pattern matches everything that the other one matches.
    pub fn covers(&self, other: &Self) -> bool {
        // A `*` of the other pattern may match a character that no pattern has, which only a `*` of this pattern
        // matches. And if it does, it matches anything else in that position too.
        self.matches(&other.0.replace('*', "\0"))
    }
}

impl fmt::Display for Wildcard {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl Serialize for Wildcard {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_star_stands_for_anything_and_nothing() {
        for (pattern, text, matches) in [
            ("", "", true),
            ("", "a", false),
            ("*", "", true),
            ("a*c", "abc", true),
            ("a*c", "ac", true),
            ("a*c", "acb", false),
            ("a*a", "a", false),
            ("*b*b*", "abcb", true),
            ("*b*b*", "abc", false),
            ("a.c", "abc", false),
            ("a*bc*bc", "abcbc", true),
            ("a*bc*bc", "abc", false),
        ] {
            assert_eq!(Wildcard::new(pattern).matches(text), matches, "{pattern} {text}");
        }
    }

    #[test]
    fn a_wider_pattern_covers_a_narrower_one() {
        for (wide, narrow, covers) in [
            ("*", "a*", true),
            ("/v1/*", "/v1/*", true),
            ("/v1/*", "/v1/items/*/x", true),
            ("/v1/*", "/*", false),
            ("/v1/a", "/v1/*", false),
            ("*.example.com", "*.eu.example.com", true),
            ("*.eu.example.com", "*.example.com", false),
        ] {
            assert_eq!(Wildcard::new(wide).covers(&Wildcard::new(narrow)), covers, "{wide} {narrow}");
        }
    }

    proptest! {
        /// A text that matches the covered pattern also matches the covering pattern.
        #[test]
        fn covering_is_about_every_text(wide in "[ab*]{0,6}", narrow in "[ab*]{0,6}", fill in "[abc]{0,4}") {
            let (wide, text) = (Wildcard::new(wide), narrow.replace('*', &fill));
            let narrow = Wildcard::new(narrow);
            prop_assert!(narrow.matches(&text));
            if wide.covers(&narrow) {
                prop_assert!(wide.matches(&text));
            }
        }

        /// Matching has the same result as an exhaustive search.
        #[test]
        fn matching_is_what_a_star_means(pattern in "[ab*]{0,6}", text in "[ab]{0,6}") {
            fn search(pattern: &[u8], text: &[u8]) -> bool {
                match pattern {
                    [] => text.is_empty(),
                    [b'*', rest @ ..] => (0..=text.len()).any(|skip| search(rest, &text[skip..])),
                    [one, rest @ ..] => text.first() == Some(one) && search(rest, &text[1..]),
                }
            }
            prop_assert_eq!(Wildcard::new(pattern.clone()).matches(&text), search(pattern.as_bytes(), text.as_bytes()));
        }
    }
}

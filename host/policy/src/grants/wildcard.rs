//! A pattern in which `*` stands for anything.

use std::fmt;

use serde::{Serialize, Serializer};

/// A text in which `*` stands for any characters, or for none. Everything else stands for itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wildcard(String);

impl Wildcard {
    /// Any text is one.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// As it was written.
    pub fn text(&self) -> &str {
        &self.0
    }

    /// Whether it matches a text, from its beginning to its end.
    pub fn matches(&self, text: &str) -> bool {
        let mut parts = self.0.split('*');
        let Some(mut rest) = text.strip_prefix(parts.next().unwrap_or_default()) else { return false };
        let Some(last) = parts.next_back() else { return rest.is_empty() };
        for part in parts {
            // The first place will do: what is left is longest then.
            let Some((_, behind)) = rest.split_once(part) else { return false };
            rest = behind;
        }
        rest.ends_with(last)
    }

    /// Whether it matches everything that the other one matches.
    pub fn covers(&self, other: &Self) -> bool {
        // A `*` of the other may stand for a character that no pattern has, which only a `*` of this one matches. And if
        // it does, it matches there whatever else stands in that place.
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
        /// What is matched by a pattern that is covered is matched by the one that covers it.
        #[test]
        fn covering_is_about_every_text(wide in "[ab*]{0,6}", narrow in "[ab*]{0,6}", fill in "[abc]{0,4}") {
            let (wide, text) = (Wildcard::new(wide), narrow.replace('*', &fill));
            let narrow = Wildcard::new(narrow);
            prop_assert!(narrow.matches(&text));
            if wide.covers(&narrow) {
                prop_assert!(wide.matches(&text));
            }
        }

        /// As a search that tries everything would have it.
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

//! Keys that are almost equal.

use std::sync::Arc;

use uuid::Uuid;

/// A key that a run expects, and that differs only slightly from the key of a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NearMiss {
    /// The key.
    pub key: Arc<str>,
    /// The run that expects the key, or expected it.
    pub run: Uuid,
    /// How the delivery's key differs from it.
    pub differs: &'static str,
}

/// Returns how two different keys differ that are almost equal.
pub(super) fn difference(one: &str, other: &str) -> &'static str {
    let lower = |key: &str| key.to_lowercase();
    let plain = |key: &str| -> String { key.chars().filter(|one| one.is_alphanumeric()).collect() };
    if lower(one) == lower(other) {
        "only in case"
    } else if plain(one) == plain(other) {
        "only in punctuation or spaces"
    } else {
        "only in case, punctuation or spaces"
    }
}

/// Returns the letters and digits of a key in lower case, if it has any. They are equal for keys that are almost equal.
pub(super) fn fold(key: &str) -> Option<String> {
    let folded: String =
        key.chars().filter(|one| one.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    (!folded.is_empty()).then_some(folded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_are_almost_the_same_have_the_same_letters_and_digits() {
        for (key, almost) in [
            ("0a1b-2c3d", "0A1B-2C3D"),
            ("0a1b-2c3d", "{0a1b-2c3d}"),
            ("0a1b-2c3d", "0a1b2c3d"),
            ("cust/42", " cust/42/"),
            ("straße", "STRAßE"),
        ] {
            assert_eq!(fold(key), fold(almost), "{key}");
        }
        assert_ne!(fold("cust/42"), fold("cust/43"));
        assert_eq!([fold(""), fold("-"), fold("{}")], [None, None, None]);
    }

    #[test]
    fn the_difference_is_named() {
        for (other, differs) in [
            ("ABC-1", "only in case"),
            ("abc1", "only in punctuation or spaces"),
            (" abc-1", "only in punctuation or spaces"),
            ("{ABC-1}", "only in case, punctuation or spaces"),
        ] {
            assert_eq!(difference("abc-1", other), differs, "{other}");
        }
    }
}

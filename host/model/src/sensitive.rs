//! Values that may be secret, recognised by their name alone.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

/// Parts of the names of settings and headers whose values are not shown.
const SENSITIVE: [&str; 7] = ["authorization", "cookie", "token", "secret", "password", "api-key", "apikey"];

/// The text shown in place of a sensitive value.
pub const MASK: &str = "***";

/// Returns whether a value with this name may be secret. Each header of each delivery is looked at, so all parts are found
/// in one pass.
pub fn is_sensitive(name: &str) -> bool {
    static PARTS: LazyLock<AhoCorasick> = LazyLock::new(|| {
        let parts = AhoCorasick::builder().ascii_case_insensitive(true).build(SENSITIVE);
        parts.expect("a few short words are not too many for the automaton")
    });
    PARTS.is_match(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_a_name_is_enough_in_any_case() {
        for name in [
            "Authorization",
            "set-cookie",
            "X-GitLab-Token",
            "client_secret",
            "PASSWORDS",
            "x-api-key",
            "apiKey",
        ] {
            assert!(is_sensitive(name), "{name}");
        }
        for name in ["", "accept", "author", "x-request-id", "tok-en", "api_key_"] {
            assert!(!is_sensitive(name), "{name}");
        }
    }
}

//! Patterns of paths.

use orbital_model::pattern::check_length;
use serde::{Serialize, Serializer};

use crate::grants::Wildcard;

/// A pattern of paths after a target's own path, such as `/v1/*`, in which `*` matches anything, including further `/`.
///
/// Paths are compared as servers interpret them: an escape of a letter, a digit or one of `-._~` equals the character,
/// `%2f` equals `%2F`, and any other escape differs from its character. The query is ignored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathPattern {
    text: String,
    canonical: Wildcard,
}

impl PathPattern {
    /// Parses a pattern.
    ///
    /// # Errors
    /// The reason why the pattern is invalid.
    pub fn parse(text: &str) -> Result<Self, String> {
        check_length(text)?;
        if !text.starts_with(['/', '*']) {
            return Err(format!("`{text}` does not start with `/`, as every path does"));
        }
        if text.contains(['?', '#', '\\']) || text.chars().any(char::is_control) {
            return Err(format!("`{}` has a `?`, a `#`, a `\\` or a control character", text.escape_debug()));
        }
        Ok(Self { text: text.to_owned(), canonical: Wildcard::new(canonical(text)) })
    }

    /// Returns whether the pattern matches the path of a request, after the target's own path. The path may include the
    /// query.
    pub fn matches(&self, path: &str) -> bool {
        let path = path.split('?').next().unwrap_or_default();
        // An empty path means the target's own URL.
        self.canonical.matches(&canonical(if path.is_empty() { "/" } else { path }))
    }

    /// Returns whether the pattern matches everything that the other one matches.
    pub fn covers(&self, other: &Self) -> bool {
        self.canonical.covers(&other.canonical)
    }

    /// Returns the pattern as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl Serialize for PathPattern {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.text.serialize(serializer)
    }
}

/// Returns a path in which each character is written in only one way.
fn canonical(path: &str) -> String {
    let (mut text, mut rest) = (String::with_capacity(path.len()), path.as_bytes());
    while let [byte, behind @ ..] = rest {
        let escaped = escaped(rest);
        let byte = match escaped {
            Some(byte) => byte,
            None => *byte,
        };
        let plain = byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        let literal = escaped.is_none() && b"/:@!$&'()*+,;=%".contains(&byte);
        match plain || literal {
            true => text.push(char::from(byte)),
            false => text.push_str(&format!("%{byte:02X}")),
        }
        rest = if escaped.is_some() { &rest[3..] } else { behind };
    }
    text
}

/// Returns the byte of an escape such as `%2F` at the beginning of a text.
fn escaped(text: &[u8]) -> Option<u8> {
    let [b'%', high, low, ..] = text else { return None };
    let digit = |byte: u8| char::from(byte).to_digit(16);
    u8::try_from(digit(*high)? * 16 + digit(*low)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, path: &str) -> bool {
        PathPattern::parse(pattern).unwrap().matches(path)
    }

    #[test]
    fn a_star_is_for_all_that_is_below_and_not_for_what_is_beside() {
        for path in ["/v1/", "/v1/a", "/v1/a/b?c=/d", "/v1//admin", "/v1/%2Fadmin"] {
            assert!(matches("/v1/*", path), "{path}");
        }
        for path in
            ["", "/", "/v1", "/v10/a", "/V1/a", "//v1/a", "/v2/a?x=/v1/", "/v1%2Fadmin", "/v1%5Cadmin"]
        {
            assert!(!matches("/v1/*", path), "{path}");
        }
        assert!(matches("/", "") && matches("/", "/?a=b") && !matches("/", "/a"));
        assert!(matches("*", "") && matches("*", "//x"));
        assert!(matches("/orders/*/refund", "/orders/7/refund") && !matches("/orders/*/refund", "/orders/7"));
    }

    #[test]
    fn escapes_are_compared_by_what_they_mean() {
        assert!(matches("/caf%c3%a9", "/caf%C3%A9") && matches("/café", "/caf%C3%A9"));
        assert!(matches("/v1/*", "/%76%31/a") && matches("/%76%31/*", "/v1/a"));
        // An escaped `/` is not a separator, and an escaped `*` is a literal character.
        assert!(!matches("/a/b", "/a%2Fb") && matches("/a%2fb", "/a%2Fb"));
        assert!(matches("/%2A", "/%2a") && !matches("/%2A", "/a"));
        assert!(matches("/100%", "/100%") && matches("/{a}", "/%7Ba%7D"));
    }

    #[test]
    fn what_is_no_path_is_refused() {
        for text in ["", "v1/*", "/a?b", "/a#b", "/a\\b", "/a\nb"] {
            assert!(PathPattern::parse(text).is_err(), "{text}");
        }
    }
}

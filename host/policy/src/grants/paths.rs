//! Which paths something is for.

use orbital_model::pattern::check_length;
use serde::{Serialize, Serializer};

use crate::grants::Wildcard;

/// A pattern of paths behind a target's own, such as `/v1/*`, in which `*` stands for anything, with further `/`.
///
/// Paths are compared as servers understand them: an escape of a letter, a digit or one of `-._~` is the same as the
/// character, `%2f` the same as `%2F`, and any other escape is not the same as its character. The query does not count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathPattern {
    text: String,
    canonical: Wildcard,
}

impl PathPattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// What is wrong with it.
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

    /// Whether a request with this path, behind the target's own and with its query if it has one, is one of them.
    pub fn matches(&self, path: &str) -> bool {
        let path = path.split('?').next().unwrap_or_default();
        // A target's own URL, with nothing behind it.
        self.canonical.matches(&canonical(if path.is_empty() { "/" } else { path }))
    }

    /// Whether it is for all that the other one is for.
    pub fn covers(&self, other: &Self) -> bool {
        self.canonical.covers(&other.canonical)
    }

    /// As it was written.
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl Serialize for PathPattern {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.text.serialize(serializer)
    }
}

/// A path with one way to write each character.
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

/// The byte that an escape such as `%2F` at the beginning stands for.
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
        // An escaped `/` is not one, and an escaped `*` stands for itself.
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

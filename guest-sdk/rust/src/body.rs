//! Reading the bodies of deliveries and responses.

use std::borrow::Cow;
use std::fmt;

use serde::de::DeserializeOwned;
use serde_json::Value;

/// How many bytes of a body an error shows.
const SHOWN_BYTES: usize = 300;

/// An error of reading a body. The message includes the start of the body.
#[derive(Debug)]
pub enum BodyError {
    /// The body is not JSON, or the JSON does not have the requested type.
    Json {
        /// The error of the JSON parser, with its location.
        source: serde_json::Error,
        /// The start of the body.
        beginning: String,
    },
    /// The JSON has no value at the pointer.
    Missing {
        /// The JSON pointer.
        pointer: String,
        /// The start of the body.
        beginning: String,
    },
}

pub(crate) fn json<T: DeserializeOwned>(body: &[u8]) -> Result<T, BodyError> {
    serde_json::from_slice(&utf8(body))
        .map_err(|source| BodyError::Json { source, beginning: beginning(body) })
}

pub(crate) fn pointer<T: DeserializeOwned>(body: &[u8], pointer: &str) -> Result<T, BodyError> {
    let mut whole: Value = json(body)?;
    let value = whole
        .pointer_mut(pointer)
        .ok_or_else(|| BodyError::Missing { pointer: pointer.to_owned(), beginning: beginning(body) })?;
    T::deserialize(value.take()).map_err(|source| BodyError::Json { source, beginning: beginning(body) })
}

/// Returns a body of JSON as UTF-8 without a byte order mark. JSON starts with an ASCII character, so that UTF-16 is
/// recognised by its zero bytes even without a mark.
fn utf8(body: &[u8]) -> Cow<'_, [u8]> {
    let (text, unit): (_, fn([u8; 2]) -> u16) = match body {
        [0xef, 0xbb, 0xbf, text @ ..] => return Cow::Borrowed(text),
        [0xfe, 0xff, text @ ..] => (text, u16::from_be_bytes),
        [0xff, 0xfe, text @ ..] => (text, u16::from_le_bytes),
        [0, second, ..] if *second != 0 => (body, u16::from_be_bytes),
        [first, 0, ..] if *first != 0 => (body, u16::from_le_bytes),
        _ => return Cow::Borrowed(body),
    };
    let pairs = text.chunks_exact(2);
    let cut = if pairs.remainder().is_empty() { "" } else { "\u{fffd}" };
    let units = pairs.map(|pair| unit([pair[0], pair[1]]));
    let characters = char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER));
    Cow::Owned((characters.collect::<String>() + cut).into_bytes())
}

/// Returns the first bytes of a body, as text for people.
pub(crate) fn beginning(body: &[u8]) -> String {
    match body {
        [] => "an empty body".to_owned(),
        _ if body.len() <= SHOWN_BYTES => format!("`{}`", String::from_utf8_lossy(body)),
        _ => {
            let shown = String::from_utf8_lossy(&body[..SHOWN_BYTES]);
            format!("`{shown}…` ({} bytes)", body.len())
        }
    }
}

impl fmt::Display for BodyError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json { source, beginning } => {
                write!(formatter, "not the JSON expected: {source}; it is {beginning}")
            }
            Self::Missing { pointer, beginning } => {
                write!(formatter, "no value at `{pointer}` in the JSON; it is {beginning}")
            }
        }
    }
}

// The source is in the text already, so it is not named again as one.
impl std::error::Error for BodyError {}

/// Adds the methods that read headers and body to a type with these fields.
macro_rules! reading_methods {
    ($message:ty) => {
        impl $message {
            /// Parses the body as JSON, in UTF-8 or UTF-16, with or without a byte order mark.
            ///
            /// # Errors
            ///
            /// If the body is not JSON, or the JSON does not have this type.
            pub fn json<T: ::serde::de::DeserializeOwned>(&self) -> Result<T, $crate::BodyError> {
                $crate::body::json(&self.body)
            }

            /// Returns the value at a JSON pointer such as `/user/email`.
            ///
            /// # Errors
            ///
            /// If the body is not JSON, the pointer has no value, or the value does not have this type.
            pub fn pointer<T: ::serde::de::DeserializeOwned>(
                &self,
                pointer: &str,
            ) -> Result<T, $crate::BodyError> {
                $crate::body::pointer(&self.body, pointer)
            }

            /// Returns the body as text. Invalid UTF-8 is replaced.
            pub fn text(&self) -> ::std::borrow::Cow<'_, str> {
                String::from_utf8_lossy(&self.body)
            }

            /// Returns the first value of a header. The case of the name does not matter.
            pub fn header(&self, name: &str) -> Option<&str> {
                $crate::content::header(&self.headers, name)
            }
        }
    };
}

pub(crate) use reading_methods;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_read() {
        assert_eq!(json::<Vec<u8>>(b"[1, 2]").unwrap(), [1, 2]);
    }

    #[test]
    fn json_may_be_utf_16_or_have_a_byte_order_mark() {
        let text = "{\"name\": \"Zoë 🎉\"}";
        let units = |order: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(order).collect::<Vec<_>>();
        let (big, little) = (units(u16::to_be_bytes), units(u16::to_le_bytes));
        for (mark, body) in [
            (&b""[..], text.as_bytes()),
            (b"\xef\xbb\xbf", text.as_bytes()),
            (b"", &big),
            (b"\xfe\xff", &big),
            (b"", &little),
            (b"\xff\xfe", &little),
        ] {
            assert_eq!(pointer::<String>(&[mark, body].concat(), "/name").unwrap(), "Zoë 🎉");
        }
        assert!(json::<Value>(&big[..big.len() - 1]).is_err());
        assert!(json::<Value>(b"\xff\xfe").is_err());
    }

    #[test]
    fn an_error_shows_the_body() {
        let error = json::<Value>(b"<html>").unwrap_err().to_string();
        assert_eq!(error, "not the JSON expected: expected value at line 1 column 1; it is `<html>`");
        let error = json::<Value>(b"").unwrap_err().to_string();
        assert!(error.ends_with("it is an empty body"), "{error}");
    }

    #[test]
    fn a_long_body_is_cut() {
        let shown = beginning(&[b'x'; 1000]);
        assert!(shown.ends_with("x…` (1000 bytes)") && shown.len() < 330, "{shown}");
    }

    #[test]
    fn a_pointer_finds_a_value_of_any_type() {
        let body = br#"{"a": {"b": [7]}}"#;
        assert_eq!(pointer::<u8>(body, "/a/b/0").unwrap(), 7);
        assert_eq!(pointer::<Value>(body, "/a").unwrap()["b"][0], 7);
        let error = pointer::<u8>(body, "/a/c").unwrap_err().to_string();
        assert_eq!(error, r#"no value at `/a/c` in the JSON; it is `{"a": {"b": [7]}}`"#);
        assert!(pointer::<String>(body, "/a/b/0").unwrap_err().to_string().contains("invalid type"));
    }
}

//! JSON pointers to the keys of deliveries.

use std::fmt;

use serde::Deserialize as _;
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::extract::Unusable;

/// A JSON pointer (RFC 6901) that is followed while the text is parsed: values outside its path are skipped without
/// being built, and everything after the target is not read at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pointer {
    text: String,
    tokens: Vec<String>,
}

impl Pointer {
    /// Parses a pointer such as `/data/id`.
    ///
    /// # Errors
    /// If the text does not start with `/`, or has a `~` that is neither `~0` nor `~1`.
    pub fn parse(text: &str) -> Result<Self, String> {
        let Some(rest) = text.strip_prefix('/') else {
            return Err(format!("`{text}` is not a JSON pointer such as `/id` or `/data/0/id`"));
        };
        let token = |token: &str| {
            let plain = token.replace("~1", "").replace("~0", "");
            if plain.contains('~') {
                return Err(format!("`{text}` has a `~` that is neither `~0` (for `~`) nor `~1` (for `/`)"));
            }
            Ok(token.replace("~1", "/").replace("~0", "~"))
        };
        let tokens = rest.split('/').map(token).collect::<Result<_, _>>()?;
        Ok(Self { text: text.to_owned(), tokens })
    }

    /// Returns the string or whole number that the pointer refers to, as text. Anything may follow it.
    pub(super) fn find(&self, body: &[u8]) -> Result<Option<String>, Unusable> {
        let mut found = None;
        let mut json = serde_json::Deserializer::from_slice(body);
        let end = Follow { tokens: &self.tokens, found: &mut found }.deserialize(&mut json);
        match (found, end) {
            (Some(found), _) => found.map(Some),
            // Parsing ends with a custom error where the pointer refers to nothing.
            (None, Err(error)) if !error.is_data() && !body.trim_ascii().is_empty() => {
                Err(Unusable::NotJson(error.to_string()))
            }
            (None, _) => Ok(None),
        }
    }
}

impl fmt::Display for Pointer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

/// Returns the text of a string, or the digits of a whole number as they were written.
fn leaf(json: &str) -> Result<String, Unusable> {
    match json.as_bytes().first() {
        Some(b'"') => serde_json::from_str(json).map_err(|error| Unusable::NotJson(error.to_string())),
        Some(b'{') => Err(Unusable::Type("an object")),
        Some(b'[') => Err(Unusable::Type("a list")),
        Some(b't' | b'f') => Err(Unusable::Type("a boolean")),
        Some(b'n') => Err(Unusable::Type("null")),
        _ if json.contains(['.', 'e', 'E']) => Err(Unusable::Type("a number with a fraction or an exponent")),
        _ => Ok(json.to_owned()),
    }
}

/// Follows the rest of a pointer into a value. Parsing ends with an error if it refers to nothing.
struct Follow<'a> {
    tokens: &'a [String],
    found: &'a mut Option<Result<String, Unusable>>,
}

impl<'de> DeserializeSeed<'de> for Follow<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        if self.tokens.is_empty() {
            // Kept as written: a number may have more digits than any integer type.
            *self.found = Some(leaf(<&RawValue>::deserialize(deserializer)?.get()));
            return Ok(());
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Follow<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value on the way to the key")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        if let Some((token, rest)) = self.tokens.split_first() {
            while let Some(matches) = map.next_key_seed(Matches(token))? {
                if matches {
                    return map.next_value_seed(Follow { tokens: rest, found: self.found });
                }
                map.next_value::<IgnoredAny>()?;
            }
        }
        Err(A::Error::custom("not here"))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        if let Some((token, rest)) = self.tokens.split_first()
            && let Some(index) = index(token)
        {
            for _ in 0..index {
                if list.next_element::<IgnoredAny>()?.is_none() {
                    return Err(A::Error::custom("not here"));
                }
            }
            list.next_element_seed(Follow { tokens: rest, found: self.found })?;
        }
        Err(A::Error::custom("not here"))
    }
}

/// Returns the list index that a token names: digits without a leading zero, unless the token is `0`.
fn index(token: &str) -> Option<usize> {
    let is_index = token == "0" || !token.starts_with(['0', '+']);
    token.parse().ok().filter(|_| is_index)
}

/// Compares a key of an object without storing it.
struct Matches<'a>(&'a str);

impl<'de> DeserializeSeed<'de> for Matches<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Matches<'_> {
    type Value = bool;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a key")
    }

    fn visit_str<E: serde::de::Error>(self, key: &str) -> Result<bool, E> {
        Ok(key == self.0)
    }
}

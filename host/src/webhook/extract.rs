//! Finding the key of a delivery.

use std::borrow::Cow;
use std::fmt;

use http::HeaderMap;
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::KeyPlace;

/// The first key that is found, in the order of the places. An empty one does not count.
pub(crate) fn extract<'a>(
    places: impl IntoIterator<Item = &'a KeyPlace>,
    headers: &'a HeaderMap,
    path: &'a str,
    query: &'a str,
    body: &'a [u8],
) -> Option<Cow<'a, str>> {
    places.into_iter().find_map(|place| {
        let key = match place {
            KeyPlace::Header(name) => headers.get(name)?.to_str().ok().map(Cow::Borrowed),
            KeyPlace::Json(pointer) => pointer.find(body).map(Cow::Owned),
            KeyPlace::Query(name) => {
                form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == name).map(|(_, value)| value)
            }
            KeyPlace::Path(index) => path
                .split('/')
                .nth(*index)
                .map(|segment| percent_encoding::percent_decode_str(segment).decode_utf8_lossy()),
        };
        key.filter(|key| !key.is_empty())
    })
}

/// A JSON pointer (RFC 6901) that is followed while the text is read: what is not on its way is skipped
/// without being built, and what comes after it is not read at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pointer {
    text: String,
    tokens: Vec<String>,
}

impl Pointer {
    /// Reads a pointer such as `/data/id`.
    ///
    /// # Errors
    /// It does not start with `/`, or has a `~` that is neither `~0` nor `~1`.
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

    /// The string or whole number that the pointer leads to, as text. What comes behind it may be anything.
    fn find(&self, body: &[u8]) -> Option<String> {
        let mut found = None;
        let mut json = serde_json::Deserializer::from_slice(body);
        // Reading ends with an error as soon as the value is found; only `found` counts.
        let _ = Follow { tokens: &self.tokens, found: &mut found }.deserialize(&mut json);
        found
    }
}

impl fmt::Display for Pointer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

/// Follows the rest of a pointer into a value. It never ends well: either the key is in `found`, or there is
/// none.
struct Follow<'a> {
    tokens: &'a [String],
    found: &'a mut Option<String>,
}

impl Follow<'_> {
    fn leaf<E: serde::de::Error>(self, value: impl fmt::Display) -> Result<(), E> {
        if self.tokens.is_empty() {
            *self.found = Some(value.to_string());
        }
        Err(E::custom("read far enough"))
    }
}

impl<'de> DeserializeSeed<'de> for Follow<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Follow<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value on the way to the key")
    }

    fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<(), E> {
        self.leaf(value)
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<(), E> {
        self.leaf(value)
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<(), E> {
        self.leaf(value)
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

/// The place in a list that a token names: digits, of which the first is no zero unless it is the only one.
fn index(token: &str) -> Option<usize> {
    let is_index = token == "0" || !token.starts_with(['0', '+']);
    token.parse().ok().filter(|_| is_index)
}

/// Compares a key of an object without keeping it.
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

#[cfg(test)]
mod tests {
    use http::HeaderName;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn find(pointer: &str, body: &str) -> Option<String> {
        Pointer::parse(pointer).unwrap().find(body.as_bytes())
    }

    #[test]
    fn a_pointer_leads_through_objects_and_lists() {
        let body = r#"{"a": [1, {"id": "x"}], "n": {"id": 7}, "a/b": "s", "~": "t", "": "e"}"#;
        assert_eq!(find("/a/1/id", body).as_deref(), Some("x"));
        assert_eq!(find("/n/id", body).as_deref(), Some("7"));
        assert_eq!(find("/a/0", body).as_deref(), Some("1"));
        assert_eq!(find("/a~1b", body).as_deref(), Some("s"));
        assert_eq!(find("/~0", body).as_deref(), Some("t"));
        assert_eq!(find("/", body).as_deref(), Some("e"));
        for missing in ["/x", "/a/2", "/a/1", "/n", "/n/id/x", "/a/x", "/a/00", "/a/+0", "/a/-0", "/a/"] {
            assert_eq!(find(missing, body), None, "{missing}");
        }
    }

    #[test]
    fn what_comes_after_the_key_may_be_anything() {
        assert_eq!(find("/id", r#"{"skip": [1, 2], "id": "x", then nonsense"#).as_deref(), Some("x"));
        assert_eq!(find("/id", r#"{"broken": nonsense, "id": "x"}"#), None);
        assert_eq!(find("/id", ""), None);
        assert_eq!(find("/id", &"[".repeat(100_000)), None);
    }

    #[test]
    fn bad_pointers_are_refused() {
        for bad in ["", "id", "/a~2"] {
            assert!(Pointer::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_first_place_that_has_a_key_wins() {
        let places = [
            KeyPlace::Header(HeaderName::from_static("x-id")),
            KeyPlace::Query("id".to_owned()),
            KeyPlace::Path(2),
        ];
        let mut headers = HeaderMap::new();
        let found = |headers: &HeaderMap, query: &str| {
            extract(&places, headers, "/hooks/a%20b/c", query, b"").map(Cow::into_owned)
        };
        assert_eq!(found(&headers, "").as_deref(), Some("a b"));
        assert_eq!(found(&headers, "x=1&id=q%2Fr").as_deref(), Some("q/r"));
        headers.insert("x-id", "h".parse().unwrap());
        assert_eq!(found(&headers, "id=q").as_deref(), Some("h"));
        headers.insert("x-id", "".parse().unwrap());
        assert_eq!(found(&headers, "id=q").as_deref(), Some("q"));
        assert_eq!(extract(&places, &HeaderMap::new(), "/", "", b""), None);
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            any::<i64>().prop_map(Value::from),
            "[a-c/~]{0,2}".prop_map(Value::from),
            any::<bool>().prop_map(Value::from),
            Just(Value::Null),
        ];
        leaf.prop_recursive(4, 32, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                proptest::collection::hash_map("[a-c/~0-2]{0,2}", inner, 0..4).prop_map(|map| json!(map)),
            ]
        })
    }

    proptest! {
        /// Reading on the way finds what serde_json finds in the whole document.
        #[test]
        fn finds_what_a_full_parse_finds(value in value(), pointer in "(/([a-c0-2]|~0|~1){0,2}){1,4}") {
            let whole = value.pointer(&pointer).and_then(|leaf| match leaf {
                Value::String(text) => Some(text.clone()),
                Value::Number(number) => Some(number.to_string()),
                _ => None,
            });
            prop_assert_eq!(find(&pointer, &value.to_string()), whole);
        }
    }
}

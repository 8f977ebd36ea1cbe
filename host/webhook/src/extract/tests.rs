use http::{HeaderName, HeaderValue};
use proptest::prelude::*;

use super::*;

fn json(pointer: &str) -> KeyPlace {
    KeyPlace::Json(Pointer::parse(pointer).unwrap())
}

fn find(pointer: &str, body: impl AsRef<[u8]>) -> Option<String> {
    Pointer::parse(pointer).unwrap().find(&in_utf8(body.as_ref())).unwrap_or_default()
}

#[test]
fn a_pointer_leads_through_objects_and_lists() {
    let body =
        r#"{"a": [1, {"id": "x"}], "n": {"id": 7}, "a/b": "s", "~": "t", "": "e", "~1": "u", "/": "v"}"#;
    for (pointer, key) in [
        ("/a/1/id", "x"),
        ("/n/id", "7"),
        ("/a/0", "1"),
        ("/a~1b", "s"),
        ("/~0", "t"),
        ("/", "e"),
        // `~0` is replaced last: the token means `~1`, not a slash.
        ("/~01", "u"),
        ("/~1", "v"),
    ] {
        assert_eq!(find(pointer, body).as_deref(), Some(key), "{pointer}");
    }
    for missing in ["/x", "/a/2", "/a/1", "/n", "/n/id/x", "/a/x", "/a/00", "/a/+0", "/a/-0", "/a/"] {
        assert_eq!(find(missing, body), None, "{missing}");
    }
}

#[test]
fn what_comes_after_the_key_may_be_anything() {
    assert_eq!(find("/id", r#"{"skip": [1, 2], "id": "x", then nonsense"#).as_deref(), Some("x"));
    assert_eq!(find("/id", b"{\"id\": \"x\"\xff\0").as_deref(), Some("x"));
    assert_eq!(find("/id", r#"{"broken": nonsense, "id": "x"}"#), None);
    assert_eq!(find("/id", ""), None);
    assert_eq!(find("/id", "[".repeat(100_000)), None);
}

#[test]
fn a_whole_number_is_a_key_as_it_was_written() {
    for number in ["0", "-0", "-1", "18446744073709551616", &"9".repeat(256)] {
        assert_eq!(find("/id", format!("{{\"id\": {number} }}")).as_deref(), Some(number));
    }
    for number in ["1.0", "1e3", "1E3", "-0.0", "01", "+1"] {
        assert_eq!(find("/id", format!("{{\"id\": {number} }}")), None, "{number}");
    }
}

#[test]
fn json_is_read_in_any_encoding_that_it_may_have() {
    let text = r#"{"é": [1], "id": "schlüssel 😀"}"#;
    let mark = "\u{feff}";
    let mut bodies = vec![text.as_bytes().to_vec(), format!("{mark}{text}").into_bytes()];
    for utf16 in [Utf16::Little, Utf16::Big] {
        bodies.push(utf16.encode(&format!("{mark}{text}")));
        // Two ASCII characters are enough to detect the encoding without a mark.
        bodies.push(utf16.encode(text));
        bodies.push([&utf16.encode(text)[..], b"\x00\xd8x"].concat());
    }
    for body in bodies {
        assert_eq!(find("/id", &body).as_deref(), Some("schlüssel 😀"), "{body:?}");
    }
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
        extract(&places, headers, "/hooks/a%20b/c", query, b"").key.map(Cow::into_owned)
    };
    assert_eq!(found(&headers, "").as_deref(), Some("a b"));
    assert_eq!(found(&headers, "x=1&id=q%2Fr").as_deref(), Some("q/r"));
    headers.insert("x-id", "h".parse().unwrap());
    assert_eq!(found(&headers, "id=q").as_deref(), Some("h"));
    headers.insert("x-id", HeaderValue::from_bytes("ü".as_bytes()).unwrap());
    assert_eq!(found(&headers, "id=q").as_deref(), Some("ü"));
    // Only the first of several is covered by a signature.
    headers.insert("x-id", "".parse().unwrap());
    headers.append("x-id", "second".parse().unwrap());
    assert_eq!(found(&headers, "id=q").as_deref(), Some("q"));
    assert_eq!(extract(&places, &HeaderMap::new(), "/", "", b"").key, None);
}

#[test]
fn a_location_without_a_usable_key_is_skipped_with_the_reason() {
    let places =
        [KeyPlace::Header(HeaderName::from_static("x-id")), json("/id"), KeyPlace::Query("id".to_owned())];
    let reasons = |header: &[u8], query: &str, body: &str| -> Vec<String> {
        let mut headers = HeaderMap::new();
        headers.insert("x-id", HeaderValue::from_bytes(header).unwrap());
        let Search { key, skipped } = extract(&places, &headers, "/", query, body.as_bytes());
        let reasons = skipped.into_iter().map(|one| format!("{}: {}", one.location, one.reason));
        key.map(|key| format!("key {key}")).into_iter().chain(reasons).collect()
    };
    let long = "k".repeat(257);
    let too_long = "the header `x-id`: the key has 257 bytes; at most 256 are allowed";
    assert_eq!(reasons(long.as_bytes(), "", r#"{"id": 1}"#), ["key 1", too_long]);
    let control = "the header `x-id`: the key has a control character";
    assert_eq!(reasons(b"a\tb", "", r#"{"id": "b"}"#), ["key b", control]);
    assert_eq!(reasons(b"\xff", "id=b", ""), ["key b", "the header `x-id`: its value is not UTF-8"]);
    let empty = "the header `x-id`: the key is empty";
    for (value, reason) in [
        ("\"\"", "the key is empty"),
        (r#""\u0000""#, "the key has a control character"),
        ("true", "its value is a boolean, neither a string nor a whole number"),
        ("null", "its value is null, neither a string nor a whole number"),
        ("{}", "its value is an object, neither a string nor a whole number"),
        ("[1]", "its value is a list, neither a string nor a whole number"),
        ("1.0", "its value is a number with a fraction or an exponent, neither a string nor a whole number"),
    ] {
        let reason = format!("`/id` in a JSON body: {reason}");
        assert_eq!(reasons(b"", "id=b", &format!("{{\"id\": {value}}}")), ["key b", empty, &reason]);
    }
    let broken = reasons(b"", "id=%ff", "id=b");
    assert!(broken[1].starts_with("`/id` in a JSON body: the body is not JSON up to there: "), "{broken:?}");
    assert_eq!(broken[2], "`id` in the query: its value is not UTF-8");
    for (encoding, body, named) in [
        (Some("gzip"), &b"\x1f\x8b\x08"[..], "compressed (`content-encoding: gzip`)"),
        (Some("br"), b"\x8b\x02\x80", "compressed (`content-encoding: br`)"),
        (None, b"\x1f\x8b\x08", "compressed (gzip)"),
        (Some("identity"), b"id", "not JSON"),
    ] {
        let encoding = encoding.map(|encoding| (CONTENT_ENCODING, HeaderValue::from_static(encoding)));
        let headers: HeaderMap = encoding.into_iter().collect();
        let skipped = extract(&places, &headers, "/", "", body).skipped;
        assert!(skipped[0].reason.contains(named), "{skipped:?}");
    }
    // The locations have no values, so nothing is skipped.
    assert_eq!(extract(&places, &HeaderMap::new(), "/", "x=1", br#"{"x": 1}"#).skipped, []);
}

/// A JSON value that knows which key a pointer finds in it.
#[derive(Debug, Clone)]
enum Tree {
    /// The text of the value, and the key that it represents.
    Leaf(String, Option<String>),
    List(Vec<Tree>),
    Object(Vec<(String, Tree)>),
}

impl Tree {
    fn text(&self) -> String {
        match self {
            Self::Leaf(text, _) => text.clone(),
            Self::List(items) => format!("[{}]", join(items.iter().map(Self::text))),
            Self::Object(fields) => {
                let field = |(name, value): &(String, Self)| format!("{name:?} : {}", value.text());
                format!("{{{}}}", join(fields.iter().map(field)))
            }
        }
    }

    /// Finds a key exactly as RFC 6901 describes it.
    fn find(&self, tokens: &[&str]) -> Option<String> {
        let (token, rest) = match (tokens, self) {
            ([], Self::Leaf(_, key)) => return key.clone(),
            ([], _) | (_, Self::Leaf(..)) => return None,
            ([token, rest @ ..], _) => (*token, rest),
        };
        match self {
            Self::Leaf(..) => None,
            Self::List(items) => items
                .iter()
                .enumerate()
                .find(|(index, _)| index.to_string() == token)
                .and_then(|(_, item)| item.find(rest)),
            Self::Object(fields) => {
                let mut characters = token.chars();
                let mut name = String::new();
                while let Some(character) = characters.next() {
                    name.push(match (character, character == '~') {
                        (_, true) if characters.next() == Some('1') => '/',
                        (other, _) => other,
                    });
                }
                fields.iter().find(|(field, _)| *field == name).and_then(|(_, value)| value.find(rest))
            }
        }
    }
}

fn join(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join(", ")
}

fn tree() -> impl Strategy<Value = Tree> {
    let leaf = prop_oneof![
        "-?(0|[1-9][0-9]{0,30})".prop_map(|digits| Tree::Leaf(digits.clone(), Some(digits))),
        "[a-c/~]{1,2}".prop_map(|text| Tree::Leaf(format!("{text:?}"), Some(text))),
        "true|null|-?[0-9][.][0-9]|1e[0-9]|\"\"".prop_map(|text| Tree::Leaf(text, None)),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        let field = ("[a-c/~0-2]{0,2}", inner.clone());
        prop_oneof![
            proptest::collection::vec(inner, 0..4).prop_map(Tree::List),
            proptest::collection::vec(field, 0..4).prop_map(Tree::Object),
        ]
    })
}

proptest! {
    /// A streaming search finds the existing key, in any encoding, whatever follows.
    #[test]
    fn finds_what_is_there(
        tree in tree(),
        pointer in "(/([a-c0-2]|~0|~1){0,2}){1,4}",
        mark in prop_oneof![Just(""), Just("\u{feff}")],
        utf16 in proptest::option::of(prop_oneof![Just(Utf16::Little), Just(Utf16::Big)]),
    ) {
        let text = format!("{mark}{}", tree.text());
        let body = utf16.map_or_else(|| text.clone().into_bytes(), |utf16| utf16.encode(&text));
        let tokens: Vec<&str> = pointer.split('/').skip(1).collect();
        let places = [json(&pointer)];
        let headers = HeaderMap::new();
        let found = extract(&places, &headers, "", "", &body).key.map(Cow::into_owned);
        // A single character is too short to detect UTF-16; no pointer refers to anything in it.
        prop_assert_eq!(found, tree.find(&tokens), "{} in {}", pointer, text);
    }
}

//! Signatures over a body: Segment's `X-Signature` and GitHub's `X-Hub-Signature-256`.

use std::fmt::Write as _;

use bytes::Bytes;
use ring::hmac::{self, Algorithm, Key};
use serde::de::IgnoredAny;
use subtle::{Choice, ConstantTimeEq as _};

/// Keys for one algorithm, any of which is sufficient.
pub(super) struct Keys(Vec<Key>);

impl Keys {
    pub(super) fn new<S: AsRef<[u8]>>(algorithm: Algorithm, secrets: impl IntoIterator<Item = S>) -> Self {
        Self(secrets.into_iter().map(|secret| Key::new(algorithm, secret.as_ref())).collect())
    }

    /// Returns whether this is the signature of these bytes in lowercase hexadecimal digits.
    pub(super) fn signed_in_hex(&self, bytes: &[u8], signature: &[u8]) -> bool {
        let any = self.0.iter().fold(Choice::from(0), |any, key| {
            any | hex(hmac::sign(key, bytes).as_ref()).as_bytes().ct_eq(signature)
        });
        any.into()
    }

    /// Returns the signature of the concatenated parts by each key.
    pub(super) fn sign<'a>(&'a self, parts: &'a [&'a [u8]]) -> impl Iterator<Item = hmac::Tag> {
        self.0.iter().map(|key| {
            let mut context = hmac::Context::with_key(key);
            parts.iter().for_each(|part| context.update(part));
            context.sign()
        })
    }

    /// Returns the part of the body that Segment's signature covers: the whole body for a single event, and the first
    /// event for a batch, which is a list.
    pub(super) fn covered_by_segment(&self, body: &Bytes, signature: &[u8]) -> Option<Bytes> {
        if self.signed_in_hex(body, signature) {
            return Some(body.clone());
        }
        let first = first_element(body)?;
        self.signed_in_hex(first, signature).then(|| body.slice_ref(first))
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Returns the bytes of the first element of a JSON list, which must be an object. Anything may follow it.
fn first_element(body: &[u8]) -> Option<&[u8]> {
    let list = body.trim_ascii_start().strip_prefix(b"[")?.trim_ascii_start();
    if !list.starts_with(b"{") {
        return None;
    }
    let mut values = serde_json::Deserializer::from_slice(list).into_iter::<IgnoredAny>();
    values.next()?.ok()?;
    list.get(..values.byte_offset())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn the_first_element_is_found_byte_for_byte() {
        let first = |text: &'static str| first_element(text.as_bytes()).map(|it| str::from_utf8(it).unwrap());
        assert_eq!(first(r#"[{"a": [1, "]}"] }, {"b": 2}]"#), Some(r#"{"a": [1, "]}"] }"#));
        assert_eq!(first(" [ {} ]"), Some("{}"));
        assert_eq!(first("[{}"), Some("{}"));
        for none in ["", "{}", "[]", "[1]", "[{", r#"["{}"]"#] {
            assert_eq!(first(none), None, "{none}");
        }
    }

    proptest! {
        /// The first event is found however the events are formatted, and whatever follows it.
        #[test]
        fn the_first_element_is_the_first(keys in proptest::collection::vec(".{0,8}", 1..4), rest in ".{0,16}", pretty in any::<bool>()) {
            let event = |key: &String| json!({ key: [key, { "nested": key }], "n": 1 });
            let write = |value: &Value| match pretty {
                true => serde_json::to_string_pretty(value).unwrap(),
                false => value.to_string(),
            };
            let first = write(&event(&keys[0]));
            let all: Vec<String> = keys.iter().map(|key| write(&event(key))).collect();
            for batch in [format!("[{}]", all.join(",")), format!("[{first},{rest}")] {
                prop_assert_eq!(first_element(batch.as_bytes()), Some(first.as_bytes()));
            }
        }

        #[test]
        fn no_bytes_break_it(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            first_element(&bytes);
            first_element(&[b"[{", &*bytes].concat());
        }
    }

    /// The example of GitHub's documentation on validating deliveries.
    #[test]
    fn a_signature_of_github_is_understood() {
        let keys = Keys::new(hmac::HMAC_SHA256, ["It's a Secret to Everybody"]);
        let signature = b"757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
        assert!(keys.signed_in_hex(b"Hello, World!", signature));
        assert!(!keys.signed_in_hex(b"Hello, World?", signature));
        assert!(!keys.signed_in_hex(b"Hello, World!", &signature[1..]));
    }

    #[test]
    fn segment_covers_the_first_event_of_a_batch_only() {
        let keys = Keys::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, ["other", "secret"]);
        // printf '{"id":1}' | openssl dgst -sha1 -hmac secret
        let signature = b"a64abd01291976b35debd870ad13a30c94343831";
        let single = Bytes::from_static(br#"{"id":1}"#);
        assert_eq!(keys.covered_by_segment(&single, signature), Some(single.clone()));
        let batch = Bytes::from_static(br#"[{"id":1},{"id":2}]"#);
        assert_eq!(keys.covered_by_segment(&batch, signature), Some(single));
        let swapped = Bytes::from_static(br#"[{"id":2},{"id":1}]"#);
        assert_eq!(keys.covered_by_segment(&swapped, signature), None);
    }
}

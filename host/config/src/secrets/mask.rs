//! Masks the values of secrets in received data, before anything else reads it.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use aho_corasick::{AhoCorasick, AhoCorasickKind, BuildError};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use orbital_model::sensitive::MASK;
use orbital_model::utf16::Utf16;
use parking_lot::RwLock;
use secrecy::{ExposeSecret as _, SecretString};

use crate::secrets::Secrets;
use crate::secrets::forms::{ESCAPES, forms};

/// The minimum length of a value that is masked, in bytes: a shorter one occurs in too many texts by chance.
pub const SHORTEST: usize = 6;

/// The number of replaced values that are still masked: data that was sent with them may still come back.
const PREVIOUS: usize = 32;

/// Masks secrets. Clones share the same secrets.
#[derive(Clone, Default)]
pub struct Masker(Arc<RwLock<Known>>);

/// The values that are masked.
#[derive(Default)]
struct Known {
    /// The current values, followed by previous ones, the newest first.
    values: Vec<SecretString>,
    /// The search for all values; `None` if there is nothing to mask.
    finder: Option<Arc<Finder>>,
}

impl Masker {
    /// Masks these secrets from now on, in addition to previous ones.
    ///
    /// # Errors
    /// There are too many values to search for.
    pub fn learn(&self, secrets: &Secrets) -> Result<(), BuildError> {
        let acting = secrets.values().filter(|value| value.expose_secret().len() >= SHORTEST);
        let mut values: Vec<SecretString> = acting.cloned().collect();
        let mut known = self.0.write();
        let is_among = |values: &[SecretString], value: &SecretString| {
            values.iter().any(|other| other.expose_secret() == value.expose_secret())
        };
        let before = known.values.iter().filter(|value| !is_among(&values, value));
        let before: Vec<SecretString> = before.take(PREVIOUS).cloned().collect();
        values.extend(before);
        if !values.iter().all(|value| is_among(&known.values, value)) {
            known.finder = Some(Arc::new(Finder::new(&values)?));
        }
        known.values = values;
        Ok(())
    }

    /// Returns the text with secrets masked. It is copied only if it contains any.
    pub fn text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        match self.bytes(text.as_bytes()) {
            // Masks replace whole characters, so the rest is valid text as before.
            Some(hidden) => Cow::Owned(String::from_utf8_lossy(&hidden).into_owned()),
            None => Cow::Borrowed(text),
        }
    }

    /// Masks secrets in a text in place.
    pub fn hide_in(&self, text: &mut String) {
        if let Cow::Owned(hidden) = self.text(text) {
            *text = hidden;
        }
    }

    /// Returns the bytes with secrets masked, or `None` if they contain none.
    pub fn bytes(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        self.finder()?.hide(bytes)
    }

    /// Masks secrets in an HTTP message. This may change the length of its body.
    pub fn hide_in_message(&self, headers: &mut HeaderMap, body: &mut Bytes) {
        let Some(finder) = self.finder() else { return };
        hide_in_headers(&finder, headers);
        if let Some(hidden) = finder.hide(body) {
            *body = hidden.into();
            if let Some(length) = headers.get_mut(header::CONTENT_LENGTH) {
                *length = body.len().into();
            }
        }
    }

    /// Masks secrets in a method with a custom name.
    pub fn hide_in_method(&self, method: &mut Method) {
        let hidden = self.bytes(method.as_str().as_bytes());
        if let Some(hidden) = hidden.and_then(|hidden| Method::from_bytes(&hidden).ok()) {
            *method = hidden;
        }
    }

    fn finder(&self) -> Option<Arc<Finder>> {
        self.0.read().finder.clone()
    }
}

/// Masks secrets in headers. A header whose name contains a secret is removed, because no other name would be correct.
fn hide_in_headers(finder: &Finder, headers: &mut HeaderMap) {
    let is_telling = |name: &&HeaderName| finder.hide(name.as_str().as_bytes()).is_some();
    let telling: Vec<HeaderName> = headers.keys().filter(is_telling).cloned().collect();
    for name in telling {
        headers.remove(name);
    }
    for value in headers.values_mut() {
        if let Some(hidden) = finder.hide(value.as_bytes()) {
            *value = HeaderValue::from_bytes(&hidden).unwrap_or(HeaderValue::from_static(MASK));
        }
    }
}

/// Finds values in all of their forms.
struct Finder(AhoCorasick);

impl Finder {
    fn new(values: &[SecretString]) -> Result<Self, BuildError> {
        let forms = values.iter().flat_map(|value| forms(value.expose_secret()));
        // The memory of this kind depends only on the secrets.
        AhoCorasick::builder().kind(Some(AhoCorasickKind::ContiguousNFA)).build(forms).map(Self)
    }

    /// Masks values in bytes, which may be UTF-16 text.
    fn hide(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        let hidden = self.hide_in_text(bytes);
        let Some(utf16) = Utf16::of(hidden.as_deref().unwrap_or(bytes)) else { return hidden };
        let text = utf16.decode(hidden.as_deref().unwrap_or(bytes));
        match self.hide_in_text(text.as_bytes()) {
            // Values are whole characters, so the rest is valid text as before.
            Some(text) => Some(utf16.encode(&String::from_utf8_lossy(&text))),
            None => hidden,
        }
    }

    fn hide_in_text(&self, text: &[u8]) -> Option<Vec<u8>> {
        let mut hidden = self.hide_once(text)?;
        // A value may end with a sign that took the beginning of the next value for its escape. The text becomes
        // shorter each time, so this loop ends.
        while let Some(more) = self.hide_once(&hidden) {
            hidden = more;
        }
        Some(hidden)
    }

    fn hide_once(&self, text: &[u8]) -> Option<Vec<u8>> {
        if text.len() < SHORTEST {
            return None;
        }
        let mut places = self.find(text);
        for escape in ESCAPES {
            if let Some(plain) = escape.undo(text) {
                places.extend(escape.places(text, &self.find(&plain)));
            }
        }
        if places.is_empty() {
            return None;
        }
        let (mut hidden, mut shown) = (Vec::with_capacity(text.len()), 0);
        for place in joined(places) {
            hidden.extend_from_slice(&text[shown..place.start]);
            hidden.extend_from_slice(MASK.as_bytes());
            shown = place.end;
        }
        hidden.extend_from_slice(&text[shown..]);
        Some(hidden)
    }

    /// Returns the ranges of values, in order and without overlaps. All overlapping values are found, because the
    /// longer one may begin later.
    fn find(&self, text: &[u8]) -> Vec<Range<usize>> {
        let mut places: Vec<Range<usize>> = Vec::new();
        for found in self.0.find_overlapping_iter(text) {
            let mut place = found.range();
            // The matches are ordered by their ends. As they are joined at once, there are never more ranges than bytes
            // of text.
            while let Some(last) = places.pop_if(|last| last.end > place.start) {
                place.start = place.start.min(last.start);
            }
            places.push(place);
        }
        places
    }
}

fn joined(mut places: Vec<Range<usize>>) -> Vec<Range<usize>> {
    places.sort_unstable_by_key(|place| place.start);
    places.dedup_by(|next, place| {
        let overlap = next.start < place.end;
        if overlap {
            place.end = place.end.max(next.end);
        }
        overlap
    });
    places
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
    use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
    use proptest::prelude::*;

    use super::*;

    fn masker(values: &[&str]) -> Masker {
        let masker = Masker::default();
        learn(&masker, values);
        masker
    }

    fn learn(masker: &Masker, values: &[&str]) {
        let named = values.iter().enumerate().map(|(index, value)| (index.to_string(), (*value).into()));
        masker.learn(&Secrets(named.collect())).unwrap();
    }

    #[test]
    fn a_value_is_hidden_in_each_of_its_forms() {
        let masker = masker(&["p/ss \"wörd\""]);
        for text in [
            "p/ss \"wörd\"",
            "p%2Fss%20%22w%C3%B6rd%22",
            "p/ss+%22w%c3%b6rd%22",
            "%70%2f%73%73%20%22%77%c3%b6%72%64%22",
            r#"p/ss \"wörd\""#,
            r#"p\/ss \u0022w\u00f6rd\u0022"#,
            "p/ss &quot;w&#246;rd&#x22;",
            "702f7373202277c3b6726422",
            "P/SS \"WÖRD\"",
        ] {
            assert_eq!(masker.text(&format!("<{text}>")), "<***>", "{text}");
        }
        assert_eq!(masker.text("p/ss"), "p/ss");
    }

    #[test]
    fn a_character_of_two_units_is_one_character() {
        assert_eq!(masker(&["key-😀-key"]).text(r#"{"a":"key-\ud83d\ude00-key"}"#), r#"{"a":"***"}"#);
    }

    #[test]
    fn a_value_is_hidden_in_utf_16() {
        let masker = masker(&["p/ss \"wörd\""]);
        for utf16 in [Utf16::Little, Utf16::Big] {
            for mark in ["\u{feff}", ""] {
                let written = |value: &str| utf16.encode(&format!("{mark}{{\"a\":\"{value}\",\"é\":1}}"));
                for value in [r#"p/ss \"wörd\""#, r#"p\/ss \u0022w\u00f6rd\u0022"#, "p%2Fss+%22w%c3%b6rd%22"]
                {
                    assert_eq!(masker.bytes(&written(value)), Some(written("***")), "{utf16:?} {value}");
                }
                assert_eq!(masker.bytes(&written("p/ss")), None);
            }
        }
    }

    #[test]
    fn values_that_overlap_are_hidden_together() {
        let masker = masker(&["abcdefgh", "fghijklmnop", "bcdefg"]);
        assert_eq!(masker.text("-abcdefghijklmnop-abcdefgh-bcdefgx"), "-***-***-***x");
    }

    #[test]
    fn a_value_that_ends_like_an_escape_hides_no_other() {
        let masker = masker(&["first-%", "0d-~-second"]);
        assert_eq!(masker.text("<first-%0d-%7E-second>"), "<******>");
    }

    #[test]
    fn what_is_not_hidden_is_not_copied() {
        assert!(matches!(Masker::default().text("anything"), Cow::Borrowed(_)));
        assert!(matches!(masker(&["secret-value"]).text("any%20thing"), Cow::Borrowed(_)));
        assert_eq!(masker(&["short"]).text("short"), "short");
    }

    #[test]
    fn values_that_were_replaced_stay_hidden_within_bounds() {
        let masker = masker(&["the-first", "the-other"]);
        learn(&masker, &["the-second", "the-other"]);
        assert_eq!(masker.text("the-first the-second the-other"), "*** *** ***");
        for number in 0..PREVIOUS {
            learn(&masker, &[&format!("value-{number:03}"), "the-other"]);
        }
        assert_eq!(masker.text("the-first the-second the-other value-000"), "the-first *** *** ***");
    }

    #[test]
    fn a_message_is_whole_and_has_its_length() {
        let masker = masker(&["Secret-Value"]);
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from_static("14"));
        headers.insert("x-secret-value", HeaderValue::from_static("1"));
        headers.append("x-echo", HeaderValue::from_static("a Secret-Value"));
        headers.append("x-echo", HeaderValue::from_static("b"));
        let mut body = Bytes::from_static(b"<Secret-Value>");
        masker.hide_in_message(&mut headers, &mut body);
        assert_eq!(&body[..], b"<***>");
        assert_eq!(headers[header::CONTENT_LENGTH], "5");
        assert!(!headers.contains_key("x-secret-value"));
        assert_eq!(headers.get_all("x-echo").iter().collect::<Vec<_>>(), ["a ***", "b"]);
        let mut method = Method::from_bytes(b"Secret-Value").unwrap();
        masker.hide_in_method(&mut method);
        assert_eq!(method.as_str(), "***");
    }

    const UNRESERVED: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

    /// Writes a value in one of its forms between `before` and `behind`. Returns the whole text, and the part that must
    /// not remain in it.
    fn write(form: usize, value: &str, before: &str, behind: &str, choices: &[bool]) -> (String, String) {
        let choose = |index: usize| choices[index % choices.len()];
        let around = |form: String| (format!("{before}{form}{behind}"), form);
        let in_base64 = |engine: base64::engine::GeneralPurpose| {
            let whole = engine.encode(format!("{before}{value}{behind}"));
            let (start, end) = (8 * before.len(), 8 * (before.len() + value.len()));
            let core = whole[start.div_ceil(6)..end / 6].to_owned();
            (whole, core)
        };
        match form {
            0 => around(value.to_owned()),
            1 => around(utf8_percent_encode(value, &UNRESERVED).to_string()),
            2 => around(form_urlencoded::byte_serialize(value.as_bytes()).collect()),
            // Each byte is encoded separately, so that any combination of escaped bytes occurs.
            3 => around(
                value
                    .bytes()
                    .enumerate()
                    .map(|(index, byte)| match (byte.is_ascii() && choose(index), choose(index + 1)) {
                        (true, _) => char::from(byte).to_string(),
                        (false, true) => format!("%{byte:02x}"),
                        (false, false) => format!("%{byte:02X}"),
                    })
                    .collect(),
            ),
            4 => around({
                let text = serde_json::to_string(value).unwrap();
                text[1..text.len() - 1].to_owned()
            }),
            5 => around(value.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect()),
            6 => around(value.chars().map(|character| format!("&#{};", u32::from(character))).collect()),
            7 => around(value.bytes().map(|byte| format!("{byte:02x}")).collect()),
            8 => in_base64(STANDARD),
            9 => in_base64(STANDARD_NO_PAD),
            10 => in_base64(URL_SAFE),
            _ => in_base64(URL_SAFE_NO_PAD),
        }
    }

    proptest! {
        /// A value is masked in every form, whatever surrounds it.
        #[test]
        fn no_form_survives(
            value in "[a-zA-Z0-9/+=_ \"\\\\&é😀-]{6,40}",
            other in "[a-z0-9]{6,20}",
            before in "[ -~é]{0,20}",
            behind in "[ -~é]{0,20}",
            form in 0..12_usize,
            choices in proptest::collection::vec(any::<bool>(), 1..8),
        ) {
            // An incomplete escape before the value consumes its beginning, which makes it another text.
            prop_assume!(!before.contains(['%', '\\', '&']) || ![3, 5, 6].contains(&form));
            prop_assume!(!before.contains(&value) && !behind.contains(&value));
            let (text, gone) = write(form, &value, &before, &behind, &choices);
            let masker = masker(&[&value, &other]);
            let hidden = masker.text(&text);
            prop_assert!(!hidden.contains(&gone), "{text:?} became {hidden:?}");
            prop_assert!(hidden.contains(MASK));
            // An escape that begins in the value and ends after it is masked as a whole.
            let has_sign = |text: &str| text.contains(['%', '\\', '&']);
            if form < 8 && ![&*value, &*before, &*behind].iter().any(|text| has_sign(text)) {
                prop_assert!(hidden.starts_with(&before) && hidden.ends_with(&behind), "{text:?} became {hidden:?}");
            }
        }

        /// Data without secrets is not changed, whatever its bytes.
        #[test]
        fn nothing_else_is_touched(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert_eq!(masker(&["a-secret-value"]).bytes(&bytes), None);
        }
    }
}

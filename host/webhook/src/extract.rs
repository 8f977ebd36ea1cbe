//! Finding the key of a delivery.

mod pointer;

use std::borrow::Cow;
use std::cell::LazyCell;

use http::HeaderMap;
use http::header::CONTENT_ENCODING;
use orbital_model::text::shown;
use orbital_model::utf16::{MARK, Utf16};

pub use pointer::Pointer;

use crate::KeyPlace;
use crate::waiter::{InvalidKey, SkippedLocation, check_key};

/// The first bytes of gzip data.
const GZIP: &[u8] = b"\x1f\x8b";

/// The result of searching for a key in the configured locations.
#[derive(Debug, Default)]
pub struct Search<'a> {
    /// The first usable key.
    pub key: Option<Cow<'a, str>>,
    /// Earlier locations whose values are not usable.
    pub skipped: Vec<SkippedLocation>,
}

/// Why a location is skipped although it has a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
enum Unusable {
    #[error(transparent)]
    Key(#[from] InvalidKey),
    #[error("its value is not UTF-8")]
    NotUtf8,
    #[error("its value is {0}, neither a string nor a whole number")]
    Type(&'static str),
    #[error("the body is not JSON up to there: {0}")]
    NotJson(String),
    #[error(
        "the body is compressed ({0}), and the webhook decompresses nothing: deliver it without, or the key in a header"
    )]
    Compressed(String),
}

/// Returns the first usable key, in the order of the places.
pub fn extract<'a>(
    places: impl IntoIterator<Item = &'a KeyPlace>,
    headers: &'a HeaderMap,
    path: &'a str,
    query: &'a str,
    body: &'a [u8],
) -> Search<'a> {
    let json = LazyCell::new(|| in_utf8(body));
    let mut skipped = Vec::new();
    for place in places {
        let found = match place {
            // Only the first of several: it is the one that a signature covers.
            KeyPlace::Header(name) => headers.get(name).map(|value| {
                str::from_utf8(value.as_bytes()).map(Cow::Borrowed).map_err(|_| Unusable::NotUtf8)
            }),
            KeyPlace::Json(pointer) => pointer.find(&json).transpose().map(|found| {
                let compressed = |reason| match reason {
                    Unusable::NotJson(_) => compression(headers, body).map_or(reason, Unusable::Compressed),
                    reason => reason,
                };
                found.map(Cow::Owned).map_err(compressed)
            }),
            KeyPlace::Query(name) => form_urlencoded::parse(query.as_bytes())
                .find(|(key, _)| key == name)
                .map(|(_, value)| decoded(value)),
            KeyPlace::Path(index) => path
                .split('/')
                .nth(*index)
                .map(|segment| decoded(percent_encoding::percent_decode_str(segment).decode_utf8_lossy())),
        };
        let usable = found.map(|key| key.and_then(|key| Ok(check_key(&key).map(|()| key)?)));
        match usable {
            Some(Ok(key)) => return Search { key: Some(key), skipped },
            Some(Err(reason)) => {
                skipped.push(SkippedLocation { location: place.to_string(), reason: reason.to_string() });
            }
            None => {}
        }
    }
    Search { key: None, skipped }
}

/// Returns how a body is compressed, if its headers or its first bytes say so.
fn compression(headers: &HeaderMap, body: &[u8]) -> Option<String> {
    let encodings = headers.get_all(CONTENT_ENCODING).into_iter().filter_map(|value| value.to_str().ok());
    let encoding =
        encodings.map(str::trim).find(|one| !one.is_empty() && !one.eq_ignore_ascii_case("identity"));
    let named = encoding.map(|encoding| format!("`content-encoding: {}`", shown(encoding)));
    named.or_else(|| body.starts_with(GZIP).then(|| "gzip".to_owned()))
}

/// Returns a percent-decoded text, or an error if its bytes were not valid text.
fn decoded(text: Cow<'_, str>) -> Result<Cow<'_, str>, Unusable> {
    if text.contains(char::REPLACEMENT_CHARACTER) { Err(Unusable::NotUtf8) } else { Ok(text) }
}

/// Returns a body as UTF-8, without a byte order mark. It is copied only if it is UTF-16.
fn in_utf8(body: &[u8]) -> Cow<'_, [u8]> {
    match Utf16::of(body) {
        Some(utf16) => {
            let text = utf16.decode(body);
            Cow::Owned(text.strip_prefix(MARK).unwrap_or(&text).as_bytes().to_vec())
        }
        None => Cow::Borrowed(body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body)),
    }
}

#[cfg(test)]
mod tests;

//! Requests to targets, and their answers.

use std::borrow::Cow;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use orbital_model::Phases;
use orbital_model::text::shown;

use crate::error::SendError;
use crate::own_headers::OWN_HEADERS;
use crate::placeholders::{Place, Placeholders, content};
use crate::server::Base;

/// The largest body that a test may send, in bytes.
pub const MAX_BODY: usize = 8 << 20;

/// The most headers that a test may send with one request, or plan for one reply. The type that holds them in the
/// host has a limit of some ten thousand.
pub const MAX_HEADERS: usize = 256;

/// Headers that only the host sets, or that would change how the request is framed.
const RESERVED: [&str; 11] = [
    "connection",
    "content-length",
    "expect",
    "host",
    "keep-alive",
    "orbital-run",
    "te",
    "traceparent",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// A request, as a test specifies it.
#[derive(Debug, Clone)]
pub struct Request {
    /// The target's name.
    pub target: String,
    /// The method, such as `POST`.
    pub method: String,
    /// The path that is appended to that of the target's URL: empty, or beginning with `/`. It may have a query.
    pub path: String,
    /// The headers, which take precedence over the target's own. In them, in the path and, if the operator allows it,
    /// in the body, `${secret.NAME}` is replaced by a secret that the target is granted.
    pub headers: Vec<(String, String)>,
    /// The body, of at most 8 MiB.
    pub body: Bytes,
    /// The timeout of the whole exchange; `None` for the target's own.
    pub timeout: Option<Duration>,
}

/// An answer, whatever its status.
#[derive(Debug, Clone)]
pub struct Receipt {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The complete body.
    pub body: Bytes,
    /// The time from the start of the request to the last byte of the answer.
    pub latency: Duration,
    /// How the latency was spent.
    pub phases: Phases,
}

/// The parts of a request that were checked.
pub(super) struct Checked {
    pub(super) method: Method,
    pub(super) uri: Uri,
    /// The headers of the target and of the test.
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Request {
    /// Checks everything that a test chose, before anything is sent, and inserts the secrets. `of_target` are the
    /// headers that are sent unless the test has one of the same name.
    pub(super) fn check(
        self,
        base: &Base,
        of_target: &HeaderMap,
        placeholders: &Placeholders,
    ) -> Result<Checked, SendError> {
        let uri = fill_path(base, &self.path, placeholders)?;
        self.check_for(uri, of_target, placeholders)
    }

    /// Checks everything that a test chose, including the whole URL, and inserts the secrets. `of_target` are the
    /// headers that are sent unless the test has one of the same name.
    pub(super) fn check_for(
        self,
        uri: Uri,
        of_target: &HeaderMap,
        placeholders: &Placeholders,
    ) -> Result<Checked, SendError> {
        if self.body.len() > MAX_BODY {
            let size = self.body.len();
            return Err(SendError::Invalid(format!(
                "the body has {size} bytes; at most {MAX_BODY} are allowed"
            )));
        }
        let method =
            Method::from_bytes(self.method.as_bytes()).ok().filter(|method| *method != Method::CONNECT);
        let method = method.ok_or_else(|| {
            SendError::Invalid(format!("`{}` is not a method that can be sent", shown(&self.method)))
        })?;
        if self.headers.len() > MAX_HEADERS {
            return Err(SendError::Invalid(too_many_headers(self.headers.len())));
        }
        let mut headers = HeaderMap::with_capacity(self.headers.len() + OWN_HEADERS);
        for (name, value) in &self.headers {
            let (name, value) = check_header(name, value).map_err(SendError::Invalid)?;
            let value = fill_header(&name, value, placeholders)?;
            headers.append(name, value);
        }
        let place = Place::Body(content(&headers, of_target));
        let filled = placeholders.fill(&self.body, place).map_err(|error| error.of("the body"))?;
        let body = match filled {
            Cow::Owned(filled) => filled.into(),
            Cow::Borrowed(_) => self.body,
        };
        if !of_target.is_empty() {
            // Replaces the values that the target has for a name.
            let of_test = std::mem::replace(&mut headers, of_target.clone());
            headers.extend(of_test);
        }
        Ok(Checked { method, uri, headers, body })
    }
}

/// Returns a target's URL with a test's path appended and secrets in place. Problems are described with the text that
/// the test wrote, so that the message contains no value.
fn fill_path(base: &Base, path: &str, placeholders: &Placeholders) -> Result<Uri, SendError> {
    let uri = base.append(path).map_err(SendError::Invalid)?;
    let filled = placeholders.fill(path.as_bytes(), Place::Url).map_err(|error| error.of("the path"))?;
    match filled {
        Cow::Borrowed(_) => Ok(uri),
        // A value may consist of dots.
        Cow::Owned(filled) => base.append(&String::from_utf8_lossy(&filled)).map_err(|_| {
            SendError::Invalid(format!(
                "with its secrets in place, the path `{}` has a segment `.` or `..`, or is too long",
                shown(path)
            ))
        }),
    }
}

fn fill_header(
    name: &HeaderName,
    value: HeaderValue,
    placeholders: &Placeholders,
) -> Result<HeaderValue, SendError> {
    let part = || format!("the header `{name}`");
    let filled = placeholders.fill(value.as_bytes(), Place::Header).map_err(|error| error.of(&part()))?;
    match filled {
        Cow::Borrowed(_) => Ok(value),
        Cow::Owned(filled) => {
            let mut value = HeaderValue::from_bytes(&filled).map_err(|_| {
                let reason = "with its secret in place, the header";
                SendError::Invalid(format!("{reason} `{name}` has a control character"))
            })?;
            value.set_sensitive(true);
            Ok(value)
        }
    }
}

/// Returns whether only the host may set a header.
pub fn is_reserved(name: &HeaderName) -> bool {
    RESERVED.contains(&name.as_str()) || name.as_str().starts_with("proxy-")
}

fn check_header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), String> {
    let parsed =
        HeaderName::try_from(name).map_err(|_| format!("`{}` is not the name of a header", shown(name)))?;
    if is_reserved(&parsed) {
        return Err(format!("the header `{}` is the host's to set", shown(name)));
    }
    let value = header_value(value).ok_or_else(|| {
        format!("the value of the header `{}` has a control character or one above U+00FF", shown(name))
    })?;
    Ok((parsed, value))
}

/// Returns the reason why more than [`MAX_HEADERS`] are rejected.
pub fn too_many_headers(count: usize) -> String {
    format!("there are {count} headers; at most {MAX_HEADERS} are allowed")
}

/// Converts text to a header's value. Each character up to U+00FF represents one byte; others are not possible.
pub fn header_value(text: &str) -> Option<HeaderValue> {
    if text.is_ascii() {
        return HeaderValue::from_str(text).ok();
    }
    let bytes: Option<Vec<u8>> =
        text.chars().map(|character| u8::try_from(u32::from(character)).ok()).collect();
    HeaderValue::from_bytes(&bytes?).ok()
}

/// Returns the text of a header's value, with each byte as one character, so that none is lost.
pub fn header_text(value: &HeaderValue) -> String {
    value.as_bytes().iter().copied().map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use orbital_config::secrets::{Masker, Secrets};
    use url::Url;

    use super::*;

    #[test]
    fn header_values_keep_every_byte() {
        let value = HeaderValue::from_bytes(b"caf\xe9").unwrap();
        assert_eq!(header_text(&value), "café");
        assert_eq!(header_value("café").unwrap(), value);
        assert_eq!(header_value("a\tb").unwrap(), "a\tb");
        assert!(header_value("line\nbreak").is_none());
        assert!(header_value("\u{7f}").is_none());
        assert!(header_value("☕").is_none());
    }

    #[test]
    fn more_headers_than_a_map_can_hold_are_an_error_and_no_panic() {
        let base = Base::new(Url::parse("http://h").unwrap(), Masker::default()).unwrap();
        let request = |count: usize| Request {
            target: "h".to_owned(),
            method: "POST".to_owned(),
            path: String::new(),
            headers: (0..count).map(|number| (format!("x-{number}"), String::new())).collect(),
            body: Bytes::new(),
            timeout: None,
        };
        let none = Placeholders::new("h", &[], false, &Secrets::default(), Arc::default());
        let checked = |count| request(count).check(&base, &HeaderMap::new(), &none);
        assert!(checked(MAX_HEADERS).is_ok());
        let refused = checked(50_000).err();
        assert_eq!(refused, Some(SendError::Invalid(too_many_headers(50_000))));
    }

    #[test]
    fn the_hosts_own_headers_are_refused() {
        for name in ["Host", "orbital-run", "Proxy-Authorization", "bad name"] {
            assert!(check_header(name, "x").is_err(), "{name}");
        }
        assert!(check_header("authorization", "Bearer x").is_ok());
    }
}

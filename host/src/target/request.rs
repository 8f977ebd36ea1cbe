//! What is sent to a target, and what comes back.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use reqwest::Url;

use crate::foreign::shown;

/// The largest body that a test may send, in bytes.
pub const MAX_BODY: usize = 8 << 20;

/// The most headers that a test may send with one request, or plan for one reply. What holds them in the host has
/// an end, at some ten thousand.
pub const MAX_HEADERS: usize = 256;

/// Headers that are the host's to set, or that would change how the request is framed.
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

/// A request, as a test asks for it.
#[derive(Debug, Clone)]
pub struct Request {
    /// The target's name.
    pub target: String,
    /// The method, such as `POST`.
    pub method: String,
    /// Appended to the path of the target's URL: empty, or with a `/` first. It may have a query.
    pub path: String,
    /// They win over the target's own.
    pub headers: Vec<(String, String)>,
    /// At most 8 MiB.
    pub body: Bytes,
    /// For the whole exchange; none means the target's own.
    pub timeout: Option<Duration>,
}

/// An answer, whatever its status.
#[derive(Debug, Clone)]
pub struct Receipt {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, whole.
    pub body: Bytes,
    /// From the start of the request to the last byte of the answer.
    pub latency: Duration,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// No such target.
    #[error("no target `{}` is configured; {}", shown(.name), describe_known(.known))]
    UnknownTarget {
        /// What was asked for.
        name: String,
        /// What there is.
        known: Vec<String>,
    },
    /// The request cannot be sent as it is.
    #[error("{0}")]
    Invalid(String),
    /// The event's key is another run's.
    #[error("another run expects the event's key")]
    Taken,
    /// No connection, or it broke.
    #[error("{0}")]
    Unreachable(String),
    /// The time ran out.
    #[error("no complete answer within {}", humantime::format_duration(*.0))]
    Timeout(Duration),
    /// The answer's body is too large.
    #[error("the answer's body is larger than {0} bytes (the target's `max_response`)")]
    TooLarge(usize),
}

pub(super) fn describe_known(names: &[String]) -> String {
    if names.is_empty() {
        "there are none: add a section `[targets.NAME]`".to_owned()
    } else {
        format!("those are: `{}`", names.join("`, `"))
    }
}

/// The parts of a request that have been checked.
pub(super) struct Checked {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
}

impl Request {
    /// Checks everything that a test chose, before anything is sent.
    pub(super) fn check(&self, base: &Url) -> Result<Checked, SendError> {
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
        let url = append(base, &self.path).map_err(SendError::Invalid)?;
        if self.headers.len() > MAX_HEADERS {
            return Err(SendError::Invalid(too_many_headers(self.headers.len())));
        }
        let mut headers = HeaderMap::new();
        for (name, value) in &self.headers {
            let (name, value) = check_header(name, value).map_err(SendError::Invalid)?;
            headers.append(name, value);
        }
        Ok(Checked { method, url, headers })
    }
}

/// Appends a test's path and query to a target's URL. The result never leaves the target's path.
fn append(base: &Url, path: &str) -> Result<Url, String> {
    if path.is_empty() {
        return Ok(base.clone());
    }
    if !path.starts_with('/') {
        return Err(format!("the path `{}` does not start with `/`", shown(path)));
    }
    if path.contains(['#', '\\']) || path.chars().any(|character| character.is_control() || character == ' ')
    {
        return Err(format!("the path `{}` has a `#`, a `\\`, a space or a control character", shown(path)));
    }
    let (path, query) = path.split_once('?').map_or((path, None), |(path, query)| (path, Some(query)));
    // `.` may be written `%2e`: it means the same to a server.
    let dots =
        |segment: &str| matches!(segment.to_ascii_lowercase().replace("%2e", ".").as_str(), "." | "..");
    if path.split('/').any(dots) {
        return Err(format!("the path `{}` has a segment `.` or `..`", shown(path)));
    }
    let mut url = base.clone();
    url.set_path(&format!("{}{path}", base.path().trim_end_matches('/')));
    url.set_query(query);
    Ok(url)
}

/// Whether a header is the host's to set.
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

/// Why more than [`MAX_HEADERS`] are refused.
pub fn too_many_headers(count: usize) -> String {
    format!("there are {count} headers; at most {MAX_HEADERS} are allowed")
}

/// A header's value from text, in which each character up to U+00FF stands for one byte.
pub fn header_value(text: &str) -> Option<HeaderValue> {
    let bytes: Option<Vec<u8>> =
        text.chars().map(|character| u8::try_from(u32::from(character)).ok()).collect();
    HeaderValue::from_bytes(&bytes?).ok()
}

/// The text of a header's value, each byte as one character, so that none is lost.
pub fn header_text(value: &HeaderValue) -> String {
    value.as_bytes().iter().copied().map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn appended(base: &str, path: &str) -> Result<String, String> {
        append(&Url::parse(base).unwrap(), path).map(|url| url.to_string())
    }

    #[test]
    fn a_path_is_appended_to_the_targets_own() {
        assert_eq!(appended("http://h/v1/", "/a?b=c").unwrap(), "http://h/v1/a?b=c");
        assert_eq!(appended("http://h/v1", "").unwrap(), "http://h/v1");
        assert_eq!(appended("http://h", "/a").unwrap(), "http://h/a");
    }

    #[test]
    fn a_path_cannot_leave_the_target() {
        for path in ["a", "/../x", "/a/%2E%2e/x", "/a/./b", "/a\\..\\b", "/a b", "/a#b", "/a\nb"] {
            assert!(appended("http://h/v1", path).is_err(), "{path}");
        }
        assert!(appended("http://h/v1", "//other/x").unwrap().starts_with("http://h/v1//other"));
    }

    #[test]
    fn header_values_keep_every_byte() {
        let value = HeaderValue::from_bytes(b"caf\xe9").unwrap();
        assert_eq!(header_text(&value), "café");
        assert_eq!(header_value("café").unwrap(), value);
        assert!(header_value("line\nbreak").is_none());
        assert!(header_value("☕").is_none());
    }

    #[test]
    fn more_headers_than_a_map_can_hold_are_an_error_and_no_panic() {
        let base = Url::parse("http://h").unwrap();
        let request = |count: usize| Request {
            target: "h".to_owned(),
            method: "POST".to_owned(),
            path: String::new(),
            headers: (0..count).map(|number| (format!("x-{number}"), String::new())).collect(),
            body: Bytes::new(),
            timeout: None,
        };
        assert!(request(MAX_HEADERS).check(&base).is_ok());
        let refused = request(50_000).check(&base).err();
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

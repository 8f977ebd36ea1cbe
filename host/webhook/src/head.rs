//! Request heads that could not be parsed: as much information as can be recovered from them.

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use orbital_listener::{ConnectionLimits, HeadFault};

use crate::refusal::Refusal;
use crate::waiter::Rejection;

/// A request head, as far as it was read and understood.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct PartialHead {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) query: String,
    pub(super) headers: HeaderMap,
}

impl PartialHead {
    /// Parses as much as there is. Lines that are not headers are left out.
    pub(super) fn read(bytes: &[u8]) -> Self {
        let mut head = Self::default();
        let (mut lines, mut last) = (lines(bytes), None);
        let Some(first) = lines.next() else { return head };
        let first = String::from_utf8_lossy(first);
        let mut words = first.splitn(3, ' ');
        head.method = words.next().unwrap_or_default().to_owned();
        let target = words.next().unwrap_or_default();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        (head.path, head.query) = (path.to_owned(), query.to_owned());
        for line in lines.take_while(|line| !line.is_empty()) {
            match parse(line) {
                Some((name, value)) => {
                    last = Some(name.clone());
                    head.headers.append(name, value);
                }
                // A folded value belongs to its header, also when headers are masked.
                None if is_folded(line) => {
                    if let Some((name, value)) =
                        last.take().and_then(|name| Some((name, header_value(line)?)))
                    {
                        head.headers.append(name.clone(), value);
                        last = Some(name);
                    }
                }
                None => last = None,
            }
        }
        head
    }
}

/// Returns the rejection of a head, with the reason.
pub(super) fn refusal(fault: HeadFault, bytes: &[u8], limits: &ConnectionLimits) -> Refusal {
    let (status, rejection, detail) = match fault {
        HeadFault::Malformed => (StatusCode::BAD_REQUEST, Rejection::BadHead, malformed(bytes).to_owned()),
        HeadFault::TooLarge => {
            let detail = if headers(bytes) > limits.max_headers {
                too_many_headers(limits)
            } else if bytes.len() >= limits.max_head {
                too_large(limits)
            } else {
                "the URL is too long, or the head is larger than `webhook.max_head` or has more headers than \
                 `webhook.max_headers`"
                    .to_owned()
            };
            (StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, Rejection::HeadTooLarge, detail)
        }
        HeadFault::TooSlow => {
            let detail = "the head of the request did not come in time (`webhook.head_timeout`)";
            (StatusCode::REQUEST_TIMEOUT, Rejection::TooSlow, detail.to_owned())
        }
        HeadFault::BrokenOff => {
            let detail = "the connection ended before the head of the request was complete";
            (StatusCode::BAD_REQUEST, Rejection::BrokenOff, detail.to_owned())
        }
        HeadFault::Evicted => {
            let detail = "all connections were in use, so this one was closed for another before the head of the request \
                          was complete (`webhook.max_connections`)";
            (StatusCode::SERVICE_UNAVAILABLE, Rejection::NoRoom, detail.to_owned())
        }
    };
    Refusal::new(status, rejection, detail)
}

/// Checks a head that the listener accepted, that of an HTTP/2 request, and returns its size in bytes.
///
/// # Errors
/// If the head is too large.
pub(super) fn check(
    headers: &HeaderMap,
    uri: &http::Uri,
    limits: &ConnectionLimits,
) -> Result<usize, Refusal> {
    // The size as HTTP/2 counts it (RFC 9113, 6.5.2).
    let size = |(name, value): (&HeaderName, &HeaderValue)| name.as_str().len() + value.len() + 32;
    let path = uri.path_and_query().map_or(0, |path| path.as_str().len());
    let size = headers.iter().map(size).sum::<usize>() + path;
    let detail = if headers.len() > limits.max_headers {
        too_many_headers(limits)
    } else if size > limits.max_head {
        too_large(limits)
    } else {
        return Ok(size);
    };
    Err(Refusal::new(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, Rejection::HeadTooLarge, detail))
}

fn too_many_headers(limits: &ConnectionLimits) -> String {
    format!("the request has more than {} headers (`webhook.max_headers`)", limits.max_headers)
}

fn too_large(limits: &ConnectionLimits) -> String {
    format!("the head of the request is larger than {} bytes (`webhook.max_head`)", limits.max_head)
}

fn malformed(bytes: &[u8]) -> &'static str {
    // The start of a TLS handshake, and version 2 of the PROXY protocol without its empty lines.
    if bytes.starts_with(&[22, 3]) {
        "it is a TLS handshake, and this listener has no TLS: send to `http://`, or set `webhook.tls`"
    } else if bytes.starts_with(b"PROXY ") || bytes.starts_with(b"\0\r\nQUIT\n") {
        "it begins with the PROXY protocol, which the webhook does not speak: turn that off at the proxy or load balancer"
    } else if lines(bytes).skip(1).any(is_folded) {
        "a header is folded over several lines, which HTTP/1.1 does not allow (RFC 9112, section 5.2)"
    } else {
        "the head of the request is malformed"
    }
}

fn headers(bytes: &[u8]) -> usize {
    lines(bytes).skip(1).take_while(|line| !line.is_empty()).count()
}

fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line))
}

fn is_folded(line: &[u8]) -> bool {
    matches!(line, [b' ' | b'\t', ..])
}

fn parse(line: &[u8]) -> Option<(HeaderName, HeaderValue)> {
    let colon = line.iter().position(|byte| *byte == b':')?;
    let name = HeaderName::from_bytes(line[..colon].trim_ascii_end()).ok()?;
    Some((name, header_value(&line[colon + 1..])?))
}

/// Returns a header value without the bytes that headers must not have.
fn header_value(bytes: &[u8]) -> Option<HeaderValue> {
    let bytes = bytes.trim_ascii();
    HeaderValue::from_bytes(bytes).ok().or_else(|| {
        let allowed: Vec<u8> = bytes.iter().copied().filter(|byte| *byte >= 32 && *byte != 127).collect();
        HeaderValue::from_bytes(&allowed).ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read_as_far_as_it_goes() {
        let read = |text: &str| PartialHead::read(text.as_bytes());
        let head = read(
            "POST /hooks?id=7 HTTP/1.1\r\nA: 1\r\nno header\r\nAuthorization: Bearer\r\n  abc\r\nb : 2\r\nX-Ha",
        );
        assert_eq!((&*head.method, &*head.path, &*head.query), ("POST", "/hooks", "id=7"));
        let headers: Vec<_> =
            head.headers.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect();
        assert_eq!(headers, [("a", "1"), ("authorization", "Bearer"), ("authorization", "abc"), ("b", "2")]);
        assert_eq!(read(""), PartialHead::default());
        assert_eq!(read("PO").method, "PO");
        assert_eq!(
            PartialHead::read(b"GET /\xff\0 HTTP/1.1\r\na: \0x\xff").headers["a"].as_bytes(),
            b"x\xff"
        );
    }

    #[test]
    fn the_reason_is_named() {
        let limits = ConnectionLimits { max_headers: 2, max_head: 100, ..ConnectionLimits::default() };
        let large = format!("GET / HTTP/1.1\r\na: {}", "x".repeat(100));
        for (fault, bytes, reason) in [
            (HeadFault::Malformed, &b"\x16\x03\x01\x02"[..], "TLS handshake"),
            (
                HeadFault::Malformed,
                b"PROXY TCP4 10.0.0.1 10.0.0.2 1 2\r\nGET / HTTP/1.1\r\n\r\n",
                "PROXY protocol",
            ),
            (HeadFault::Malformed, b"\0\r\nQUIT\n", "PROXY protocol"),
            (HeadFault::Malformed, b"GET / HTTP/1.1\r\na: 1\r\n 2\r\n\r\n", "folded"),
            (HeadFault::Malformed, b"GET /", "malformed"),
            (HeadFault::TooLarge, b"GET / HTTP/1.1\r\na: 1\r\nb: 2\r\nc: 3\r\n\r\n", "`webhook.max_headers`"),
            (HeadFault::TooLarge, large.as_bytes(), "`webhook.max_head`"),
        ] {
            let refusal = refusal(fault, bytes, &limits);
            assert!(refusal.detail.contains(reason), "{refusal:?}");
        }
    }
}

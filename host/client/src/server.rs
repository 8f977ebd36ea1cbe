//! The servers that requests go to, and the URLs below that of a target.

use std::borrow::Cow;
use std::net::IpAddr;
use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::uri::{InvalidUri, PathAndQuery};
use http::{HeaderValue, Uri};
use orbital_config::secrets::Masker;
use orbital_model::text::shown;
use percent_encoding::percent_decode;
use url::Url;

use crate::phases::Peer;
use crate::resolver::literal;

/// How often a path is decoded to search for `..` in it: more often than servers and proxies do.
const MOST_ENCODINGS: usize = 5;

/// The longest path that is appended without parsing the whole URL, in bytes. It is far below the longest URL.
const LONGEST_PLAIN: usize = 8 << 10;

/// A server, as the exchanges with it need it.
pub(super) struct Server {
    /// The address that the URL has instead of a name.
    pub(super) literal: Option<IpAddr>,
    pub(super) is_tls: bool,
    pub(super) peer: Arc<Peer>,
    /// The value of the header `host`. With TLS, only the connection determines whether there is such a header: HTTP/2
    /// has another one.
    pub(super) host: Option<HeaderValue>,
}

impl Server {
    pub(super) fn of(url: &Url, masker: Masker) -> Self {
        let is_tls = url.scheme() == "https";
        let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
        let host = (!is_tls).then(|| format!("{}{port}", url.host_str().unwrap_or_default()));
        Self {
            literal: literal(url),
            is_tls,
            peer: Arc::new(Peer::of(url, masker)),
            host: host.and_then(|host| HeaderValue::try_from(host).ok()),
        }
    }
}

/// A target's URL. What requests need of it is computed once.
pub(super) struct Base {
    url: Url,
    uri: Uri,
    pub(super) server: Arc<Server>,
}

impl Base {
    pub(super) fn new(url: Url, masker: Masker) -> Result<Self, InvalidUri> {
        let (uri, server) = (uri(&url)?, Arc::new(Server::of(&url, masker)));
        Ok(Self { url, uri, server })
    }

    pub(super) fn url(&self) -> &Url {
        &self.url
    }

    /// Appends a test's path and query. The result is always below the target's path.
    pub(super) fn append(&self, path: &str) -> Result<Uri, String> {
        if path.is_empty() {
            return Ok(self.uri.clone());
        }
        if !path.starts_with('/') {
            return Err(format!("the path `{}` does not start with `/`", shown(path)));
        }
        let is_plain = path.bytes().all(is_plain);
        let is_wrong = |character: char| character.is_control() || matches!(character, '#' | '\\' | ' ');
        if !is_plain && path.chars().any(is_wrong) {
            return Err(format!(
                "the path `{}` has a `#`, a `\\`, a space or a control character",
                shown(path)
            ));
        }
        let (segments, query) =
            path.split_once('?').map_or((path, None), |(path, query)| (path, Some(query)));
        if has_dots(segments) {
            return Err(format!("the path `{}` has a segment `.` or `..`", shown(path)));
        }
        let own = self.url.path().trim_end_matches('/');
        if is_plain
            && own.len() + path.len() <= LONGEST_PLAIN
            && let Some(uri) = self.with_path([own, path].concat())
        {
            return Ok(uri);
        }
        let mut url = self.url.clone();
        url.set_path(&format!("{own}{segments}"));
        url.set_query(query);
        uri(&url).map_err(|error| format!("with the path `{}`, the URL cannot be sent: {error}", shown(path)))
    }

    /// Returns this URL with another path and query, which are written as they are sent.
    fn with_path(&self, path_and_query: String) -> Option<Uri> {
        let path_and_query = PathAndQuery::from_maybe_shared(Bytes::from(path_and_query)).ok()?;
        let mut parts = self.uri.clone().into_parts();
        parts.path_and_query = Some(path_and_query);
        Uri::from_parts(parts).ok()
    }
}

/// Returns a URL in the form in which it is sent.
pub(super) fn uri(url: &Url) -> Result<Uri, InvalidUri> {
    Uri::try_from(url.as_str())
}

/// Removes the user and the password from a URL. Returns the header `authorization` that is sent for them.
pub(super) fn take_user(url: &mut Url) -> Option<HeaderValue> {
    if url.username().is_empty() && url.password().is_none() {
        return None;
    }
    let mut pair: Vec<u8> = percent_decode(url.username().as_bytes()).collect();
    pair.push(b':');
    pair.extend(percent_decode(url.password().unwrap_or_default().as_bytes()));
    // Only a URL without a host cannot be changed, and it has no user either.
    let _ = (url.set_username(""), url.set_password(None));
    let mut value = HeaderValue::try_from(format!("Basic {}", BASE64_STANDARD.encode(pair))).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// Returns whether parsing a URL leaves a byte of its path and its query unchanged.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~/%!$&()*+,;=:@?".contains(&byte)
}

/// Returns whether a path has a segment `.` or `..` for some server. `.` may be written `%2e`, and `%252e`
/// for a server behind a proxy that decodes it. For some, `%2f` and `%5c` are separators, and the text after
/// a `;` is not part of the name. A path that is encoded more often than any server decodes it counts as one
/// that has such a segment.
fn has_dots(path: &str) -> bool {
    let dots = |segment: &[u8]| matches!(segment.split(|byte| *byte == b';').next(), Some(b"." | b".."));
    let mut decoded = Cow::Borrowed(path.as_bytes());
    for _ in 0..MOST_ENCODINGS {
        if decoded.split(|byte| matches!(byte, b'/' | b'\\')).any(dots) {
            return true;
        }
        // Borrowed if nothing was encoded.
        let again = match Cow::from(percent_decode(&decoded)) {
            Cow::Borrowed(_) => return false,
            Cow::Owned(again) => again,
        };
        if *again == *decoded {
            return false;
        }
        decoded = Cow::Owned(again);
    }
    true
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn base(url: &str) -> Base {
        Base::new(Url::parse(url).unwrap(), Masker::default()).unwrap()
    }

    fn appended(url: &str, path: &str) -> Result<String, String> {
        base(url).append(path).map(|uri| uri.to_string())
    }

    #[test]
    fn a_path_is_appended_to_the_targets_own() {
        assert_eq!(appended("http://h/v1/", "/a?b=c").unwrap(), "http://h/v1/a?b=c");
        assert_eq!(appended("http://h/v1", "").unwrap(), "http://h/v1");
        assert_eq!(appended("http://h", "/a").unwrap(), "http://h/a");
        assert_eq!(appended("http://h", "/é?{'}").unwrap(), "http://h/%C3%A9?{%27}");
    }

    #[test]
    fn a_path_cannot_leave_the_target() {
        for path in [
            "a",
            "/../x",
            "/a/%2E%2e/x",
            "/a/x%2f..%2F..",
            "/a/..%5Cx",
            "/..;/x",
            "/a/%252e%252e/x",
            "/a/%25%32%65./x",
            "/a/x%252f%252e%252e%252fx",
            "/a/%25252E./x",
            "/a/%252e%25252e%3bx/x",
            &format!("/a/%{}41", "25".repeat(9)),
            "/a/./b",
            "/a\\..\\b",
            "/a b",
            "/a#b",
            "/a\nb",
        ] {
            assert!(appended("http://h/v1", path).is_err(), "{path}");
        }
        for path in ["/100%25", "/a%252fb", "/a..b/%252e%252ex", "/%", "/%zz%252", "/%25252541"] {
            assert_eq!(appended("http://h/v1", path).unwrap(), format!("http://h/v1{path}"), "{path}");
        }
        assert!(appended("http://h/v1", "//other/x").unwrap().starts_with("http://h/v1//other"));
    }

    #[test]
    fn a_url_that_is_too_long_is_an_error() {
        assert!(appended("http://h", &format!("/{}", "a".repeat(60_000))).is_ok());
        let reason = appended("http://h", &format!("/{}", "a".repeat(70_000))).unwrap_err();
        assert!(reason.contains("cannot be sent"), "{reason}");
    }

    #[test]
    fn a_user_becomes_a_header() {
        let mut url = Url::parse("http://Aladdin:open%20sesame@h/x").unwrap();
        let header = take_user(&mut url).unwrap();
        assert_eq!(header, "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
        assert!(header.is_sensitive());
        assert_eq!(url.as_str(), "http://h/x");
        assert!(take_user(&mut url).is_none());
    }

    #[test]
    fn the_header_host_has_a_port_unless_it_is_the_usual_one() {
        for (url, host) in [
            ("http://h/x", Some("h")),
            ("http://h:80/x", Some("h")),
            ("http://h:8080/x", Some("h:8080")),
            ("http://[::1]:8080/x", Some("[::1]:8080")),
            ("https://h:8080/x", None),
        ] {
            assert_eq!(base(url).server.host.as_ref().map(|host| host.to_str().unwrap()), host, "{url}");
        }
    }

    proptest! {
        /// Appending a path has the result of parsing the whole URL.
        #[test]
        fn a_plain_path_is_the_same_after_parsing(path in "/[a-z0-9._~/%!$&()*+,;=:@?-]{0,30}", own in "(/[a-z%.]{1,5}){0,2}/{0,2}") {
            let url = Url::parse(&format!("http://h:81{own}")).unwrap();
            let base = Base::new(url.clone(), Masker::default()).unwrap();
            let (segments, query) = path.split_once('?').map_or((&*path, None), |(path, query)| (path, Some(query)));
            if let Ok(uri) = base.append(&path) {
                let mut parsed = url.clone();
                parsed.set_path(&format!("{}{segments}", url.path().trim_end_matches('/')));
                parsed.set_query(query);
                prop_assert_eq!(uri, super::uri(&parsed).unwrap());
            } else {
                prop_assert!(has_dots(segments));
            }
        }
    }
}

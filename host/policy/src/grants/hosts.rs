//! Patterns of hosts.

use std::fmt;

use orbital_model::pattern::check_length;
use serde::{Serialize, Serializer};
use url::Url;

use crate::grants::Wildcard;

/// A pattern of internet hosts, such as `*.example.com`: for HTTPS on its default port, unless the pattern names
/// another scheme or port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostPattern {
    text: String,
    scheme: &'static str,
    host: Wildcard,
    /// The port; missing means any.
    port: Option<u16>,
}

impl HostPattern {
    /// Parses a pattern such as `api.example.com`, `*.example.com:8443`, `http://localhost:*`.
    ///
    /// # Errors
    /// The reason why the pattern is invalid.
    pub fn parse(text: &str) -> Result<Self, String> {
        check_length(text)?;
        let (scheme, rest) = match text.split_once("://") {
            Some(("http", rest)) => ("http", rest),
            Some(("https", rest)) => ("https", rest),
            Some((other, _)) => {
                return Err(format!("`{text}` begins with `{other}://`, not with `http://` or `https://`"));
            }
            None => ("https", text),
        };
        let wrong = || {
            format!(
                "`{text}` is not a host such as `api.example.com`, `*.example.com:8443` or `http://example.com`"
            )
        };
        // An IPv6 address contains colons itself, in brackets.
        let (host, port) = match rest.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
            _ => (rest, None),
        };
        let port = match port {
            None => Some(if scheme == "http" { 80 } else { 443 }),
            Some("*") => None,
            Some(port) => Some(port.parse().ok().filter(|port| *port != 0).ok_or_else(wrong)?),
        };
        // Normalised as in URLs: in lower case, and with non-ASCII characters in Punycode.
        let url = Url::parse(&format!("https://{host}/")).map_err(|_| wrong())?;
        let is_host_alone = url.path() == "/" && url.username().is_empty() && url.password().is_none();
        let named =
            url.host_str().filter(|_| is_host_alone && url.query().is_none() && url.fragment().is_none());
        let host = named.filter(|_| !host.contains(['/', '\\', '@'])).ok_or_else(wrong)?;
        Ok(Self { text: text.to_owned(), scheme, host: Wildcard::new(host), port })
    }

    /// Returns the pattern of any host, for HTTPS.
    pub(super) fn any() -> Self {
        Self { text: "*".to_owned(), scheme: "https", host: Wildcard::new("*"), port: Some(443) }
    }

    /// Returns whether the pattern matches the host of this URL.
    pub fn matches(&self, url: &Url) -> bool {
        let is_port = self.port.is_none() || self.port == url.port_or_known_default();
        url.scheme() == self.scheme && is_port && url.host_str().is_some_and(|host| self.host.matches(host))
    }

    /// Returns whether the pattern matches everything that the other one matches.
    pub fn covers(&self, other: &Self) -> bool {
        let has_port = self.port.is_none() || self.port == other.port;
        self.scheme == other.scheme && has_port && self.host.covers(&other.host)
    }

    /// Returns the pattern as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for HostPattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl Serialize for HostPattern {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.text.serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, url: &str) -> bool {
        HostPattern::parse(pattern).unwrap().matches(&Url::parse(url).unwrap())
    }

    #[test]
    fn a_host_is_granted_with_its_scheme_and_port() {
        assert!(matches("api.example.com", "https://api.example.com/v1?x"));
        assert!(matches("API.example.com", "https://Api.Example.com:443/"));
        assert!(!matches("api.example.com", "http://api.example.com/"));
        assert!(!matches("api.example.com", "https://api.example.com:8443/"));
        assert!(matches("http://api.example.com", "http://api.example.com/"));
        assert!(matches("https://api.example.com:8443", "https://api.example.com:8443/"));
        assert!(matches("http://localhost:*", "http://localhost:4711/"));
        assert!(
            matches("http://[::1]:8080", "http://[::1]:8080/")
                && matches("[2606:4700::1]", "https://[2606:4700::1]/")
        );
        assert!(matches("bücher.example", "https://xn--bcher-kva.example/"));
    }

    #[test]
    fn a_star_is_for_part_of_a_name() {
        assert!(matches("*.example.com", "https://a.b.example.com/"));
        assert!(!matches("*.example.com", "https://example.com/"));
        assert!(!matches("*.example.com", "https://example.com.evil.net/"));
        assert!(!matches("*.example.com", "https://evil.net/.example.com"));
        assert!(!matches("*.example.com", "https://evilexample.com/"));
        assert!(matches("*", "https://anything/") && !matches("*", "http://anything/"));
    }

    #[test]
    fn what_is_no_host_is_refused() {
        for text in [
            "",
            "ftp://x",
            "a b",
            "x/y",
            "x:0",
            "x:port",
            "x:99999",
            "user@x",
            "x?y",
            "x#y",
            "http://",
            "https://x/",
        ] {
            assert!(HostPattern::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_wider_pattern_covers_a_narrower_one() {
        let covers = |wide: &str, narrow: &str| {
            HostPattern::parse(wide).unwrap().covers(&HostPattern::parse(narrow).unwrap())
        };
        assert!(covers("*", "*.example.com") && covers("*:*", "example.com:8443"));
        assert!(!covers("*", "http://example.com") && !covers("*", "example.com:8443"));
        assert!(!covers("example.com:8443", "example.com:*"));
    }
}

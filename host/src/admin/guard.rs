//! Who may ask the private listener.
//!
//! With a token, whoever shows it: with each request, or once, at the page where one signs in. Without one (on
//! loopback only) every process of this machine; but not a page in a browser on this machine, which could send
//! requests here too.

use std::net::IpAddr;
use std::sync::{Arc, PoisonError, RwLock};

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http::uri::Authority;
use http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use super::problem::Problem;
use super::sessions::{LIFETIME, Sessions};
use super::{AdminSettings, pages};
use crate::secrets::Secrets;

/// The fewest characters of a token: fewer can be guessed.
const LEAST: usize = 16;

/// The cookie of a browser that has signed in.
const COOKIE: &str = "orbital-session";

/// Lets requests in, or not.
pub struct Guard {
    access: RwLock<Arc<Access>>,
    sessions: Sessions,
}

/// Who may ask for what.
pub struct Access {
    /// Of the token. Comparing digests takes the same time however much of a guess is right, and however long
    /// it is.
    digest: Option<[u8; 32]>,
    open_health: bool,
    open_metrics: bool,
    /// Whether cookies may go over TLS only.
    tls: bool,
}

/// A token that cannot be one. The value is not shown.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// It is too short.
    #[error(
        "the secret for `admin.token` has {0} characters; it needs at least {LEAST}, such as those of `openssl rand -hex 32`"
    )]
    TooShort(usize),
    /// It cannot stand in a header.
    #[error(
        "the secret for `admin.token` has a character that cannot stand in a header of HTTP; use letters and digits"
    )]
    NotText,
}

impl Access {
    /// What the settings allow.
    ///
    /// # Errors
    /// The token cannot be one.
    pub fn new(settings: &AdminSettings, secrets: &Secrets) -> Result<Self, TokenError> {
        let digest = |token: String| {
            if token.chars().count() < LEAST {
                return Err(TokenError::TooShort(token.chars().count()));
            }
            if !token.chars().all(|character| character.is_ascii_graphic()) {
                return Err(TokenError::NotText);
            }
            Ok(Sha256::digest(token.as_bytes()).into())
        };
        let token = settings.token.as_ref().map(|token| token.expose(secrets));
        Ok(Self {
            digest: token.map(digest).transpose()?,
            open_health: settings.open_health,
            open_metrics: settings.open_metrics,
            tls: settings.tls.is_some(),
        })
    }

    fn is_open(&self, path: &str) -> bool {
        match path {
            "/healthz" | "/readyz" => self.open_health,
            "/metrics" => self.open_metrics,
            path => pages::is_open(path),
        }
    }

    fn is_token(&self, guess: &[u8]) -> bool {
        self.digest.is_some_and(|digest| Sha256::digest(guess).ct_eq(&digest).into())
    }

    fn refuse(&self, request: &Request, sessions: &Sessions) -> Option<Problem> {
        let (uri, headers) = (request.uri(), request.headers());
        match self.digest {
            Some(_) if self.is_open(uri.path()) => {}
            Some(_) => match token(headers) {
                // No page of another site knows it.
                Some(token) if self.is_token(token) => return None,
                Some(_) => return Some(unauthorized("the token is not the one that `admin.token` has")),
                None if cookie(headers).is_some_and(|id| sessions.has(id)) => {}
                None => return Some(unauthorized("send the token as `Authorization: Bearer TOKEN`")),
            },
            None if is_of_another_site(uri, headers) => {
                return Some(Problem::new(
                    StatusCode::FORBIDDEN,
                    "without `admin.token` this listener is for programs on this machine: the headers `host` and \
                     `origin` must name localhost or a loopback address",
                ));
            }
            None => {}
        }
        let forged = !request.method().is_safe() && is_of_another_page(uri, headers);
        forged.then(|| {
            Problem::new(
                StatusCode::FORBIDDEN,
                "pages of another site may change nothing here: `origin` must be what `host` says",
            )
        })
    }
}

impl Guard {
    /// That admits what `access` allows.
    pub fn new(access: Access) -> Arc<Self> {
        Arc::new(Self { access: RwLock::new(Arc::new(access)), sessions: Sessions::default() })
    }

    /// Whom to admit from now on. Who signed in with another token must do it again.
    pub fn admit(&self, access: Access) {
        let mut acting = self.access.write().unwrap_or_else(PoisonError::into_inner);
        if acting.digest != access.digest {
            self.sessions.end_all();
        }
        *acting = Arc::new(access);
    }

    /// Whether one has to sign in to look at pages.
    pub(super) fn wants_token(&self) -> bool {
        self.access().digest.is_some()
    }

    /// Gives the cookie of a new session, if this is the token.
    pub(super) fn sign_in(&self, token: &str) -> Option<HeaderValue> {
        let access = self.access();
        access.is_token(token.as_bytes()).then(|| access.cookie(&self.sessions.begin(), LIFETIME.as_secs()))
    }

    /// Ends the session of a request; gives the cookie that replaces its own.
    pub(super) fn sign_out(&self, headers: &HeaderMap) -> HeaderValue {
        if let Some(id) = cookie(headers) {
            self.sessions.end(id);
        }
        self.access().cookie("", 0)
    }

    /// Lets a request go on, or answers it.
    pub(super) async fn check(State(guard): State<Arc<Self>>, request: Request, next: Next) -> Response {
        match guard.access().refuse(&request, &guard.sessions) {
            None => next.run(request).await,
            Some(problem) if problem.status == StatusCode::UNAUTHORIZED => {
                pages::invite(&request).unwrap_or_else(|| problem.into_response())
            }
            Some(problem) => problem.into_response(),
        }
    }

    fn access(&self) -> Arc<Access> {
        self.access.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Access {
    fn cookie(&self, id: &str, seconds: u64) -> HeaderValue {
        let secure = if self.tls { "; Secure" } else { "" };
        let text = format!("{COOKIE}={id}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}");
        // Letters, digits and signs: it cannot fail.
        HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static(""))
    }
}

/// The session that a browser says it has.
fn cookie(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    cookies.flat_map(|value| value.split(';')).find_map(|cookie| {
        let (name, id) = cookie.trim().split_once('=')?;
        (name == COOKIE).then_some(id)
    })
}

/// A page of another origin, such as of another port of this machine. Browsers say so; programs need say nothing.
fn is_of_another_page(uri: &Uri, headers: &HeaderMap) -> bool {
    if let Some(site) = headers.get("sec-fetch-site") {
        return site != "same-origin" && site != "none";
    }
    let Some(origin) = headers.get(header::ORIGIN) else { return false };
    let host = uri.authority().map(Authority::as_str);
    let host = host.or_else(|| headers.get(header::HOST)?.to_str().ok());
    let origin = origin.to_str().ok().and_then(|origin| origin.split_once("://"));
    origin.map(|(_, authority)| authority) != host
}

fn unauthorized(detail: &str) -> Problem {
    let mut problem = Problem::new(StatusCode::UNAUTHORIZED, detail);
    problem.header = Some((header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"orbital\"")));
    problem
}

fn token(headers: &HeaderMap) -> Option<&[u8]> {
    let value = headers.get(header::AUTHORIZATION)?.as_bytes();
    let (scheme, token) = value.split_at_checked(7)?;
    scheme.eq_ignore_ascii_case(b"bearer ").then(|| token.trim_ascii())
}

/// A page of another site that a browser on this machine shows: it says so in `Origin`, or its name was made
/// to point here (DNS rebinding) and stands in `Host`, or where HTTP/2 has it, which browsers speak with TLS.
fn is_of_another_site(uri: &Uri, headers: &HeaderMap) -> bool {
    let authority = uri.authority().map(Authority::as_str);
    let host = headers.get(header::HOST).map(|host| host.to_str().unwrap_or("?"));
    let origin = headers.get(header::ORIGIN).map(|origin| {
        let origin = origin.to_str().unwrap_or("?");
        origin.split_once("://").map_or(origin, |(_, authority)| authority)
    });
    [authority, host, origin].into_iter().flatten().any(|authority| !is_local(authority))
}

fn is_local(authority: &str) -> bool {
    let Ok(authority) = authority.parse::<Authority>() else { return false };
    let host = authority.host().trim_matches(['[', ']']);
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn localhost_and_loopback_are_local_and_nothing_else() {
        for local in ["localhost", "LOCALHOST:8711", "127.0.0.1:8711", "127.1.2.3", "[::1]:8711"] {
            assert!(is_local(local), "{local}");
        }
        for other in ["evil.example", "localhost.evil.example:8711", "10.0.0.1", "null", "", "?"] {
            assert!(!is_local(other), "{other}");
        }
    }

    #[test]
    fn a_page_of_another_port_is_another_page() {
        let of_another = |pairs: &[(&'static str, &'static str)]| {
            let headers = pairs
                .iter()
                .map(|(name, value)| (http::HeaderName::from_static(name), HeaderValue::from_static(value)));
            is_of_another_page(&Uri::from_static("/"), &headers.collect())
        };
        let host = ("host", "localhost:8711");
        assert!(!of_another(&[host]));
        assert!(!of_another(&[host, ("origin", "http://localhost:8711")]));
        // Behind a proxy that calls the host otherwise.
        assert!(!of_another(&[
            host,
            ("origin", "https://orbital.example"),
            ("sec-fetch-site", "same-origin")
        ]));
        for origin in ["http://localhost:3000", "null", "http://evil.example"] {
            assert!(of_another(&[host, ("origin", origin)]), "{origin}");
        }
        assert!(of_another(&[host, ("sec-fetch-site", "same-site")]));
    }

    #[test]
    fn a_cookie_is_found_among_others() {
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, HeaderValue::from_static("a=b; x-orbital-session=1"));
        assert_eq!(cookie(&headers), None);
        headers.append(header::COOKIE, HeaderValue::from_static("orbital-session=2; c=d"));
        assert_eq!(cookie(&headers), Some("2"));
    }

    #[test]
    fn the_scheme_of_a_token_has_no_case() {
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, HeaderValue::from_static("bearer abc"));
        assert_eq!(token(&headers), Some(&b"abc"[..]));
        headers.insert(header::AUTHORIZATION, HeaderValue::from_static("Basic abc"));
        assert_eq!(token(&headers), None);
    }
}

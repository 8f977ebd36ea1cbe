//! Access to the private listener.
//!
//! With a token, every client that shows it has access: it sends the token with each request, or once, on the sign-in
//! page. Without one (on loopback only), every process on this machine has access; but not a page of another site in a
//! browser on this machine, which could send requests here too.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http::uri::Authority;
use http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use orbital_config::secrets::Secrets;
use orbital_listener::TurnedAway;
use orbital_webhook::session_cookie;
use parking_lot::RwLock;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::attempts::{Attempt, Attempts};
use crate::peer::peer;
use crate::problem::Problem;
use crate::sessions::{LIFETIME, Sessions};
use crate::{FixedAdminSettings, LiveAdminSettings, pages};

/// The minimum length of a token in characters: shorter ones can be guessed.
const LEAST: usize = 16;

/// Admits or rejects requests.
pub struct Guard {
    access: RwLock<Arc<Access>>,
    sessions: Sessions,
    attempts: Attempts,
    /// Notified whenever a token or a session becomes invalid.
    revocations: watch::Sender<()>,
}

/// The admission of a request.
pub(super) struct Admission {
    /// When the session of the request ends, if it has one.
    pub(super) until: Option<Instant>,
}

/// The access rules: the token, and the paths that need none.
pub struct Access {
    /// The digest of the token. Comparing digests takes the same time however much of a guess is right, and however
    /// long it is.
    digest: Option<[u8; 32]>,
    open_health: bool,
    open_metrics: bool,
    /// Whether the listener uses TLS, so that its cookies need it too.
    tls: bool,
}

/// An invalid token. The value is not shown.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The token is too short.
    #[error(
        "the secret for `admin.token` has {0} characters; it needs at least {LEAST}, such as those of `openssl rand -hex 32`"
    )]
    TooShort(usize),
    /// The token contains a character that is not allowed in a header.
    #[error(
        "the secret for `admin.token` has a character that is not allowed in an HTTP header; use letters and digits"
    )]
    NotText,
}

impl Access {
    /// Reads the access rules from the settings.
    ///
    /// # Errors
    /// The token is invalid.
    pub fn new(
        fixed: &FixedAdminSettings,
        live: &LiveAdminSettings,
        secrets: &Secrets,
    ) -> Result<Self, TokenError> {
        let digest = |token: String| {
            if token.chars().count() < LEAST {
                return Err(TokenError::TooShort(token.chars().count()));
            }
            if !token.chars().all(|character| character.is_ascii_graphic()) {
                return Err(TokenError::NotText);
            }
            Ok(Sha256::digest(token.as_bytes()).into())
        };
        let token = live.token.as_ref().map(|token| token.expose(secrets));
        Ok(Self {
            digest: token.map(digest).transpose()?,
            open_health: live.open_health,
            open_metrics: live.open_metrics,
            tls: fixed.has_tls,
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

    /// Returns when the session of a request ends, if it has one. Other cookies with the same name, which a page on
    /// another port can set, make no difference.
    fn session(&self, headers: &HeaderMap, sessions: &Sessions) -> Option<Instant> {
        session_cookie::find(self.tls, headers).find_map(|id| sessions.until(id))
    }

    /// Returns why a request is rejected. `shown` is the result of checking its token, if it has one and needs one.
    fn refuse(&self, request: &Request, shown: Option<Attempt>, sessions: &Sessions) -> Option<Problem> {
        let (uri, headers) = (request.uri(), request.headers());
        match self.digest {
            Some(_) if self.is_open(uri.path()) => {}
            Some(_) => match shown {
                // No page of another site knows the token.
                Some(Attempt::Right) => return None,
                Some(Attempt::Wrong) => {
                    return Some(unauthorized("the token is not the one that `admin.token` has"));
                }
                Some(Attempt::TooMany) => return Some(too_many()),
                None if self.session(headers, sessions).is_some() => {}
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
        if !is_of_another_page(uri, headers) {
            return None;
        }
        if !request.method().is_safe() {
            return Some(Problem::new(
                StatusCode::FORBIDDEN,
                "pages of another site may change nothing here: `origin` must be what `host` says",
            ));
        }
        let is_followed = is_navigation(headers) && pages::is_page(uri.path());
        (!is_followed).then(|| {
            Problem::new(
                StatusCode::FORBIDDEN,
                "pages of another site may link to the pages here, and load nothing: see the headers `origin`, \
                 `sec-fetch-site`, `sec-fetch-mode` and `sec-fetch-dest`",
            )
        })
    }
}

impl Guard {
    /// Creates a guard that admits what `access` allows.
    pub fn new(access: Access) -> Arc<Self> {
        Arc::new(Self {
            access: RwLock::new(Arc::new(access)),
            sessions: Sessions::default(),
            attempts: Attempts::default(),
            revocations: watch::Sender::new(()),
        })
    }

    /// Replaces the access rules. If the token has changed, everybody has to sign in again.
    pub fn admit(&self, access: Access) {
        let mut acting = self.access.write();
        let is_changed = acting.digest != access.digest;
        if is_changed {
            self.sessions.end_all();
        }
        *acting = Arc::new(access);
        drop(acting);
        if is_changed {
            self.revocations.send_replace(());
        }
    }

    /// Returns a receiver that is notified whenever a token or a session becomes invalid.
    pub(super) fn revocations(&self) -> watch::Receiver<()> {
        self.revocations.subscribe()
    }

    /// Returns whether a request that was let in with these headers would be let in now, and for how long.
    pub(super) fn admission(&self, headers: &HeaderMap) -> Option<Admission> {
        let access = self.access();
        if access.digest.is_none() || token(headers).is_some_and(|token| access.is_token(token)) {
            return Some(Admission { until: None });
        }
        access.session(headers, &self.sessions).map(|until| Admission { until: Some(until) })
    }

    /// Returns whether pages require signing in.
    pub(super) fn wants_token(&self) -> bool {
        self.access().digest.is_some()
    }

    /// Returns the cookie of a new session if this is the token.
    ///
    /// # Errors
    /// Returns how the token is wrong.
    pub(super) async fn sign_in(&self, token: &str, peer: IpAddr) -> Result<HeaderValue, Attempt> {
        let access = self.access();
        match self.attempt(&access, token.as_bytes(), peer).await {
            Attempt::Right => {}
            wrong => return Err(wrong),
        }
        let cookie = session_cookie::set(access.tls, &self.sessions.begin(), LIFETIME.as_secs());
        // The oldest session may have ended to make room for this one.
        self.revocations.send_replace(());
        Ok(cookie)
    }

    /// Ends the session of a request. Returns the cookie that replaces its own.
    pub(super) fn sign_out(&self, headers: &HeaderMap) -> HeaderValue {
        let tls = self.access().tls;
        for id in session_cookie::find(tls, headers) {
            self.sessions.end(id);
        }
        self.revocations.send_replace(());
        session_cookie::set(tls, "", 0)
    }

    /// Passes a request on, or rejects it.
    pub(super) async fn check(State(guard): State<Arc<Self>>, request: Request, next: Next) -> Response {
        let access = guard.access();
        let shown = match token(request.headers()) {
            Some(token) if access.digest.is_some() && !access.is_open(request.uri().path()) => {
                let (token, peer) = (token.to_owned(), peer(request.extensions()));
                Some(guard.attempt(&access, &token, peer).await)
            }
            _ => None,
        };
        let Some(problem) = access.refuse(&request, shown, &guard.sessions) else {
            return next.run(request).await;
        };
        let invitation =
            if problem.status == StatusCode::UNAUTHORIZED { pages::invite(&request) } else { None };
        let mut answer = invitation.unwrap_or_else(|| problem.into_response());
        if shown.is_some_and(|shown| shown != Attempt::Right) {
            answer.extensions_mut().insert(TurnedAway::Token);
        }
        answer
    }

    /// Checks a token. The answer to a wrong one is delayed.
    async fn attempt(&self, access: &Access, guess: &[u8], peer: IpAddr) -> Attempt {
        if access.is_token(guess) { Attempt::Right } else { self.attempts.wrong(peer).await }
    }

    fn access(&self) -> Arc<Access> {
        self.access.read().clone()
    }
}

/// Returns whether a request comes from a page of another origin, such as of another port of this machine. Browsers
/// send this information, older ones in `Origin` only. Programs need not send any.
fn is_of_another_page(uri: &Uri, headers: &HeaderMap) -> bool {
    if headers.contains_key("sec-fetch-site") {
        return is_fetched_elsewhere(headers);
    }
    let Some(origin) = headers.get(header::ORIGIN) else { return false };
    let host = uri.authority().map(Authority::as_str);
    let host = host.or_else(|| headers.get(header::HOST)?.to_str().ok());
    let origin = origin.to_str().ok().and_then(|origin| origin.split_once("://"));
    origin.map(|(_, authority)| authority) != host
}

/// Returns whether a browser says that a page of another origin made it send the request. Without `Origin`, as with an
/// image or a link, only this header says so.
fn is_fetched_elsewhere(headers: &HeaderMap) -> bool {
    headers.get("sec-fetch-site").is_some_and(|site| site != "same-origin" && site != "none")
}

/// Returns whether a browser reports that it shows the answer as a page of its own: no other page can read it.
fn is_navigation(headers: &HeaderMap) -> bool {
    let is = |name: &str, expected: &str| headers.get(name).is_some_and(|value| value == expected);
    is("sec-fetch-mode", "navigate") && is("sec-fetch-dest", "document")
}

fn unauthorized(detail: &str) -> Problem {
    let mut problem = Problem::new(StatusCode::UNAUTHORIZED, detail);
    problem.header = Some((header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"orbital\"")));
    problem
}

fn too_many() -> Problem {
    let detail = "too many wrong tokens from this address; the right one is accepted at any time";
    let mut problem = Problem::new(StatusCode::TOO_MANY_REQUESTS, detail);
    problem.header = Some((header::RETRY_AFTER, HeaderValue::from_static("1")));
    problem
}

fn token(headers: &HeaderMap) -> Option<&[u8]> {
    let value = headers.get(header::AUTHORIZATION)?.as_bytes();
    let (scheme, token) = value.split_at_checked(7)?;
    scheme.eq_ignore_ascii_case(b"bearer ").then(|| token.trim_ascii())
}

/// Returns whether a request comes from a page of another site in a browser on this machine: the site's name is in
/// `Origin`, or, if it was made to resolve to this machine (DNS rebinding), in `Host`, or in the authority of HTTP/2,
/// which browsers use with TLS.
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
    use std::net::Ipv4Addr;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_right_token_does_not_wait_for_wrong_ones() {
        let digest = Some(Sha256::digest(b"right").into());
        let guard = Guard::new(Access { digest, open_health: false, open_metrics: false, tls: false });
        let (access, peer) = (guard.access(), IpAddr::V4(Ipv4Addr::LOCALHOST));
        let began = Instant::now();
        let guesses =
            futures_util::future::join_all((0..2000).map(|_| guard.attempt(&access, b"wrong", peer)));
        let right = async {
            assert_eq!(guard.attempt(&access, b"right", peer).await, Attempt::Right);
            began.elapsed()
        };
        let (guesses, waited) = tokio::join!(guesses, right);
        assert!(!guesses.contains(&Attempt::Right));
        assert_eq!(waited, std::time::Duration::ZERO);
    }

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
        // Behind a proxy that uses another name for the host.
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
    fn the_scheme_of_a_token_has_no_case() {
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, HeaderValue::from_static("bearer abc"));
        assert_eq!(token(&headers), Some(&b"abc"[..]));
        headers.insert(header::AUTHORIZATION, HeaderValue::from_static("Basic abc"));
        assert_eq!(token(&headers), None);
    }
}

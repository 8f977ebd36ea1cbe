//! Who may ask the private listener.
//!
//! With a token, whoever shows it. Without one (on loopback only) every process of this machine; but not a
//! page in a browser on this machine, which could send requests here too.

use std::net::IpAddr;
use std::sync::{Arc, PoisonError, RwLock};

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http::uri::Authority;
use http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use super::AdminSettings;
use super::problem::Problem;
use crate::secrets::Secrets;

/// The fewest characters of a token: fewer can be guessed.
const LEAST: usize = 16;

/// Lets requests in, or not.
pub struct Guard(RwLock<Arc<Access>>);

/// Who may ask for what.
pub struct Access {
    /// Of the token. Comparing digests takes the same time however much of a guess is right, and however long
    /// it is.
    digest: Option<[u8; 32]>,
    open_health: bool,
    open_metrics: bool,
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
        })
    }

    fn is_open(&self, path: &str) -> bool {
        match path {
            "/healthz" | "/readyz" => self.open_health,
            "/metrics" => self.open_metrics,
            _ => false,
        }
    }

    fn refuse(&self, request: &Request) -> Option<Problem> {
        let (path, headers) = (request.uri().path(), request.headers());
        match &self.digest {
            Some(_) if self.is_open(path) => None,
            Some(digest) => match token(headers) {
                Some(token) if bool::from(Sha256::digest(token).ct_eq(digest)) => None,
                Some(_) => Some(unauthorized("the token is not the one that `admin.token` has")),
                None => Some(unauthorized("send the token as `Authorization: Bearer TOKEN`")),
            },
            None => is_of_another_site(request.uri(), headers).then(|| {
                Problem::new(
                    StatusCode::FORBIDDEN,
                    "without `admin.token` this listener is for programs on this machine: the headers `host` and \
                     `origin` must name localhost or a loopback address",
                )
            }),
        }
    }
}

impl Guard {
    /// That admits what `access` allows.
    pub fn new(access: Access) -> Arc<Self> {
        Arc::new(Self(RwLock::new(Arc::new(access))))
    }

    /// Whom to admit from now on.
    pub fn admit(&self, access: Access) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(access);
    }

    /// Lets a request go on, or answers it.
    pub(super) async fn check(State(guard): State<Arc<Self>>, request: Request, next: Next) -> Response {
        let access = guard.0.read().unwrap_or_else(PoisonError::into_inner).clone();
        match access.refuse(&request) {
            None => next.run(request).await,
            Some(problem) => problem.into_response(),
        }
    }
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
    fn the_scheme_of_a_token_has_no_case() {
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, HeaderValue::from_static("bearer abc"));
        assert_eq!(token(&headers), Some(&b"abc"[..]));
        headers.insert(header::AUTHORIZATION, HeaderValue::from_static("Basic abc"));
        assert_eq!(token(&headers), None);
    }
}

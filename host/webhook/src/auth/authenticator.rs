//! The authentication profiles with their secrets: accept a request, or reject it with the reason.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use orbital_config::secrets::Secrets;
use orbital_model::sensitive::MASK;
use ring::hmac;

use crate::KeyPlace;
use crate::auth::pattern::{Match, PathPattern};
use crate::auth::settings::{By, ProfileSettings};
use crate::auth::signed::Keys;
use crate::auth::standard;
use crate::auth::standard::Standard;
use crate::auth::tokens::Tokens;
use crate::refusal::Refusal;
use crate::waiter::Rejection;

/// The minimum number of characters of a secret in a path: shorter ones can be guessed.
const LEAST: usize = 16;

/// Challenges in the form of RFC 7617, section 2, and RFC 6750, section 3. Clients ignore challenges without a realm.
const BASIC: &str = r#"Basic realm="orbital", charset="UTF-8""#;
const BEARER: &str = r#"Bearer realm="orbital""#;
const BEARER_WRONG: &str = r#"Bearer realm="orbital", error="invalid_token""#;

/// Accepts or rejects requests by the profile of their path.
pub struct Authenticator {
    /// The profiles, the most specific first.
    profiles: Vec<Profile>,
}

struct Profile {
    path: PathPattern,
    proof: Proof,
}

enum Proof {
    None,
    Path(Tokens),
    Bearer(Tokens),
    Basic(Tokens),
    Segment(Keys),
    GitHub(Keys),
    Standard(Standard),
}

/// A secret that is unsuitable for its profile. The value is not shown.
#[derive(Debug, thiserror::Error)]
#[error("a secret of `webhook.auth` for `{path}`: {reason}")]
pub struct AuthError {
    path: String,
    reason: String,
}

/// A request whose head was accepted.
pub(crate) struct Admitted<'a> {
    proof: &'a Proof,
}

impl Authenticator {
    /// Creates the authenticator from the settings.
    ///
    /// # Errors
    /// All secrets that are unsuitable for their profile.
    pub fn new(settings: &[ProfileSettings], secrets: &Secrets) -> Result<Self, Vec<AuthError>> {
        let (mut profiles, mut errors) = (Vec::new(), Vec::new());
        for ProfileSettings { path, by, secrets: templates } in settings {
            let values = templates.iter().map(|template| template.expose(secrets));
            match Proof::new(by, values.collect()) {
                Ok(proof) => profiles.push(Profile { path: path.clone(), proof }),
                Err(reason) => errors.push(AuthError { path: path.text().to_owned(), reason }),
            }
        }
        profiles.sort_by_key(|profile| profile.path.rank());
        if errors.is_empty() { Ok(Self { profiles }) } else { Err(errors) }
    }

    /// Checks a request before its body is received. Without profiles, everybody may deliver.
    ///
    /// # Errors
    /// If the request is rejected.
    pub(crate) fn admit(&self, path: &str, headers: &HeaderMap) -> Result<Admitted<'_>, Refusal> {
        if self.profiles.is_empty() {
            return Ok(Admitted { proof: &Proof::None });
        }
        let Some((proof, found)) = self.find(path) else {
            let near = self.near_miss(path).map(|near| format!("; one is for {near}")).unwrap_or_default();
            let detail = format!("no profile of `webhook.auth` is for this path{near}");
            return Err(Refusal::new(StatusCode::NOT_FOUND, Rejection::NoProfile, detail));
        };
        proof.admits(headers, found.secret)?;
        Ok(Admitted { proof })
    }

    /// Returns a path with possible secrets masked, for display and for tests. Profiles see only its last `seen` bytes.
    pub(crate) fn masked(&self, path: &str, seen: usize) -> String {
        let tokens = || {
            self.profiles.iter().filter_map(|profile| match &profile.proof {
                Proof::Path(tokens) => Some(tokens),
                _ => None,
            })
        };
        if tokens().next().is_none() {
            return path.to_owned();
        }
        let (front, route) = path.split_at(path.len() - seen);
        let route = self.find(route).map_or_else(|| route.to_owned(), |(_, found)| found.masked());
        let path = format!("{front}{route}");
        // A secret in the wrong position is still a secret.
        // Comparing computes a digest, and a path may have thousands of segments.
        let is_secret =
            |segment: &str| segment.len() >= LEAST && tokens().any(|tokens| tokens.has(segment.as_bytes()));
        let segments = path.split('/').map(|segment| if is_secret(segment) { MASK } else { segment });
        segments.collect::<Vec<_>>().join("/")
    }

    /// Masks the operator's secrets in the headers, for display and for tests: those that a request to this path
    /// contains. Proxies repeat the path in headers.
    pub(crate) fn conceal(&self, path: &str, headers: &mut HeaderMap) {
        const MASKED: HeaderValue = HeaderValue::from_static(MASK);
        let Some((proof, Match { secret, .. })) = self.find(path) else { return };
        match proof {
            Proof::Bearer(_) | Proof::Basic(_) => {
                if headers.contains_key(header::AUTHORIZATION) {
                    headers.insert(header::AUTHORIZATION, MASKED);
                }
            }
            Proof::Path(tokens) => {
                // What is no secret need not be searched for.
                let is_right = |secret: &&str| secret.len() >= LEAST && tokens.has(secret.as_bytes());
                let Some(secret) = secret.filter(is_right) else { return };
                let repeats = |value: &HeaderValue| {
                    value.as_bytes().windows(secret.len()).any(|part| part == secret.as_bytes())
                };
                headers.values_mut().filter(|value| repeats(value)).for_each(|value| *value = MASKED);
            }
            // These requests contain a signature, and not the secret.
            Proof::None | Proof::Segment(_) | Proof::GitHub(_) | Proof::Standard(_) => {}
        }
    }

    /// Returns the path of a profile that differs only slightly from this path. Secret segments are masked.
    fn near_miss(&self, path: &str) -> Option<String> {
        let almost = match path.strip_suffix('/') {
            Some(shorter) => {
                self.find(shorter).map(|(_, found)| (found.masked(), "without the `/` at the end"))
            }
            None => {
                let longer = format!("{path}/");
                self.find(&longer).map(|(_, found)| (found.masked(), "with a `/` at the end"))
            }
        };
        let lower = path.to_lowercase();
        let in_case = || {
            let mut patterns = self.profiles.iter().map(|profile| &profile.path);
            let pattern = patterns.find(|pattern| pattern.in_lower_case().find(&lower).is_some())?;
            Some((pattern.text().to_owned(), "which differs only in case"))
        };
        almost.or_else(in_case).map(|(path, differs)| format!("`{path}`, {differs}"))
    }

    /// Returns the most specific profile for a path.
    fn find<'a>(&self, path: &'a str) -> Option<(&Proof, Match<'a>)> {
        let mut profiles = self.profiles.iter();
        profiles.find_map(|profile| profile.path.find(path).map(|found| (&profile.proof, found)))
    }
}

impl Proof {
    fn new(by: &By, secrets: Vec<String>) -> Result<Self, String> {
        Ok(match by {
            By::None => Self::None,
            By::Path => {
                let unreserved = |one: char| one.is_ascii_alphanumeric() || "-._".contains(one);
                if secrets.iter().any(|secret| secret.len() < LEAST || !secret.chars().all(unreserved)) {
                    return Err(format!(
                        "it needs at least {LEAST} characters, all of them letters, digits, `-`, `.` and `_`, such as \
                         those of `openssl rand -hex 32`"
                    ));
                }
                Self::Path(Tokens::new(secrets))
            }
            By::Bearer => Self::Bearer(Tokens::new(secrets)),
            By::Basic(user) => {
                Self::Basic(Tokens::new(secrets.into_iter().map(|password| format!("{user}:{password}"))))
            }
            By::Segment => Self::Segment(Keys::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secrets)),
            By::GitHub => Self::GitHub(Keys::new(hmac::HMAC_SHA256, secrets)),
            By::StandardWebhooks(tolerance) => {
                Self::Standard(Standard::new(secrets, *tolerance).map_err(str::to_owned)?)
            }
        })
    }

    /// Checks everything that does not need the body.
    fn admits(&self, headers: &HeaderMap, secret: Option<&str>) -> Result<(), Refusal> {
        match self {
            Self::None => Ok(()),
            Self::Path(tokens) => match secret {
                Some(secret) if tokens.has(secret.as_bytes()) => Ok(()),
                _ => Err(wrong("the secret segment of the path is not the right one")),
            },
            Self::Bearer(tokens) => match authorization(headers, "bearer ") {
                Some(token) if tokens.has(token) => Ok(()),
                Some(_) => Err(wrong("the token is not the right one").asking(BEARER_WRONG)),
                None => Err(missing("`Authorization: Bearer TOKEN` is missing").asking(BEARER)),
            },
            Self::Basic(tokens) => match authorization(headers, "basic ") {
                Some(text) if BASE64.decode(text).is_ok_and(|pair| tokens.has(&pair)) => Ok(()),
                Some(_) => Err(wrong("user or password are not the right ones").asking(BASIC)),
                None => Err(missing("`Authorization: Basic …` is missing").asking(BASIC)),
            },
            Self::Segment(_) => signature(headers, "x-signature").map(drop),
            Self::GitHub(_) => signature(headers, "x-hub-signature-256").map(drop),
            Self::Standard(standard) => standard.claim(headers).map(drop).map_err(unauthorized),
        }
    }
}

impl Admitted<'_> {
    /// Returns the part of the body that the proof covers, which is all that may be delivered.
    ///
    /// # Errors
    /// If the proof does not match this body.
    pub(crate) fn prove(&self, headers: &HeaderMap, body: Bytes) -> Result<Bytes, Refusal> {
        const WRONG: &str = "the signature is not that of this body by any of the secrets";
        match self.proof {
            Proof::None | Proof::Path(_) | Proof::Bearer(_) | Proof::Basic(_) => Ok(body),
            Proof::Segment(keys) => {
                let signature = signature(headers, "x-signature")?;
                keys.covered_by_segment(&body, signature).ok_or_else(|| wrong(WRONG))
            }
            Proof::GitHub(keys) => {
                match signature(headers, "x-hub-signature-256")?.strip_prefix(b"sha256=") {
                    Some(signature) if keys.signed_in_hex(&body, signature) => Ok(body),
                    Some(_) => Err(wrong(WRONG)),
                    None => Err(wrong("`x-hub-signature-256` does not begin with `sha256=`")),
                }
            }
            Proof::Standard(standard) => {
                let claim = standard.claim(headers).map_err(unauthorized)?;
                if standard.proves(&claim, &body) { Ok(body) } else { Err(wrong(WRONG)) }
            }
        }
    }

    /// Returns whether there is a proof at all.
    pub(crate) fn has_proof(&self) -> bool {
        !matches!(self.proof, Proof::None)
    }

    /// Returns whether the proof covers this location. A signature of the body does not cover headers, path or query:
    /// otherwise anyone who has seen one delivery could send it again with another key.
    pub(crate) fn vouches_for(&self, place: &KeyPlace) -> bool {
        match self.proof {
            Proof::None | Proof::Path(_) | Proof::Bearer(_) | Proof::Basic(_) => true,
            Proof::Segment(_) | Proof::GitHub(_) => match place {
                KeyPlace::Json(_) => true,
                KeyPlace::Header(_) | KeyPlace::Query(_) | KeyPlace::Path(_) => false,
            },
            Proof::Standard(_) => match place {
                KeyPlace::Json(_) => true,
                KeyPlace::Header(name) => name == standard::ID,
                KeyPlace::Query(_) | KeyPlace::Path(_) => false,
            },
        }
    }
}

fn authorization<'a>(headers: &'a HeaderMap, scheme: &str) -> Option<&'a [u8]> {
    let value = headers.get(header::AUTHORIZATION)?.as_bytes();
    let (shown, token) = value.split_at_checked(scheme.len())?;
    shown.eq_ignore_ascii_case(scheme.as_bytes()).then(|| token.trim_ascii())
}

fn signature<'a>(headers: &'a HeaderMap, name: &str) -> Result<&'a [u8], Refusal> {
    headers
        .get(name)
        .map(HeaderValue::as_bytes)
        .ok_or_else(|| missing(&format!("the header `{name}` is missing")))
}

fn missing(detail: &str) -> Refusal {
    Refusal::new(StatusCode::UNAUTHORIZED, Rejection::NoProof, detail)
}

fn wrong(detail: &str) -> Refusal {
    Refusal::new(StatusCode::UNAUTHORIZED, Rejection::WrongProof, detail)
}

fn unauthorized((rejection, detail): (Rejection, String)) -> Refusal {
    Refusal::new(StatusCode::UNAUTHORIZED, rejection, detail)
}

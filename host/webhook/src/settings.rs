//! The section `[webhook]`.

use std::fmt;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use http::{HeaderName, Method};
use orbital_config::Section;
use orbital_config::secrets::SecretsSettings;
use orbital_listener::{ConnectionLimits, TlsSettings};

use crate::ProfileSettings;
use crate::extract::Pointer;

/// The settings of the webhook.
#[derive(Debug, Clone)]
pub struct WebhookSettings {
    /// Settings that need a restart.
    pub fixed: FixedWebhookSettings,
    /// Settings that take effect at once.
    pub live: LiveWebhookSettings,
}

/// Settings of the webhook that need a restart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FixedWebhookSettings {
    /// The address; `127.0.0.1:8710` by default.
    pub listen: SocketAddr,
    /// Whether the listener uses TLS.
    pub has_tls: bool,
    /// The maximum number of connections that are served at the same time.
    pub max_connections: usize,
    /// Whether each component has its own URL, and receives only deliveries to that URL.
    pub path_per_component: bool,
}

/// Settings of the webhook that take effect at once.
#[derive(Debug, Clone)]
pub struct LiveWebhookSettings {
    /// The URL at which the system under test reaches the webhook, without a trailing slash; derived from the address
    /// by default.
    pub public_url: Option<String>,
    /// The locations to search for the key, in order; the first key that is found counts.
    pub keys: Vec<KeyPlace>,
    /// Handshakes that are answered and are not deliveries.
    pub challenges: Vec<Challenge>,
    /// The authentication profiles, by path. Everybody may deliver if there are none.
    pub auth: Vec<ProfileSettings>,
    /// The largest body, in bytes.
    pub max_body: usize,
    /// The maximum number of bytes of bodies that are received at the same time.
    pub max_bodies: usize,
    /// The timeout for receiving a body.
    pub body_timeout: Duration,
    /// Limits for a single connection, and for a peer with all of its connections.
    pub limits: ConnectionLimits,
    /// The files of the certificate, if the configuration has TLS.
    pub tls: Option<TlsSettings>,
}

/// A location in a request that may have a key.
#[derive(Debug, Clone)]
pub enum KeyPlace {
    /// The value of a header.
    Header(HeaderName),
    /// A string or a whole number in a JSON body.
    Json(Pointer),
    /// The value of a query parameter.
    Query(String),
    /// A segment of the path, counted from 1.
    Path(usize),
}

/// A GET request with which a system verifies that the webhook belongs to its owner: it expects a token to be echoed.
#[derive(Debug, Clone)]
pub struct Challenge {
    path: String,
    query: String,
}

impl Challenge {
    fn read(section: &Section<'_>) -> Option<Self> {
        let path = section.parsed("path", |path| match path.starts_with('/') {
            true => Ok(path.to_owned()),
            false => Err(format!("`{path}` does not start with `/`")),
        });
        let query = section.string("query");
        for name in ["path", "query"] {
            if !section.has(name) {
                section.mistake(format!(
                    "has no `{name}`; a challenge is such as `{{ path = \"/hooks/crm\", query = \"challenge\" }}`"
                ));
            }
        }
        Some(Self { path: path?, query: query? })
    }

    /// Returns the token to echo, if this request is the challenge.
    pub(super) fn answer(&self, method: &Method, path: &str, query: &str) -> Option<String> {
        if *method != Method::GET || path != self.path {
            return None;
        }
        self.token(query)
    }

    /// Returns a hint with the path of the challenge, if this request differs from it only slightly in its path.
    fn near_miss(&self, method: &Method, path: &str, query: &str) -> Option<String> {
        let is_near = path != self.path && {
            let plain = |path: &str| path.strip_suffix('/').unwrap_or(path).to_lowercase();
            plain(path) == plain(&self.path)
        };
        let misses = is_near && *method == Method::GET && self.token(query).is_some();
        misses.then(|| format!("a challenge of `webhook.challenges` is for `{}`, byte for byte", self.path))
    }

    fn token(&self, query: &str) -> Option<String> {
        let mut parameters = form_urlencoded::parse(query.as_bytes());
        parameters.find(|(name, _)| *name == self.query).map(|(_, token)| token.into_owned())
    }
}

impl LiveWebhookSettings {
    /// Returns a hint with the path of a challenge, if this request differs from it only slightly in its path.
    pub(super) fn challenge_near_miss(&self, method: &Method, path: &str, query: &str) -> Option<String> {
        self.challenges.iter().find_map(|one| one.near_miss(method, path, query))
    }
}

impl WebhookSettings {
    /// Reads the section.
    pub fn read(section: &Section<'_>, secrets: &SecretsSettings, base: &Path) -> Self {
        let listen = section.address("listen", SocketAddr::from(([127, 0, 0, 1], 8710)));
        section.default_is("keys", "[{ header = \"orbital-key\" }, { json = \"/id\" }]");
        let scheme = if section.has("tls") { "https" } else { "http" };
        section.default_is("public_url", &format!("\"{scheme}://{listen}\""));
        let keys = section.list("keys", read_place).unwrap_or_else(default_places);
        if keys.is_empty() {
            section
                .mistake_at("keys", "must name at least one place, or no delivery would ever find its run");
        }
        let max_body = section.bytes("max_body", 1..=256 << 20, 1 << 20);
        let max_bodies = section.bytes("max_bodies", 1..=1 << 40, 256 << 20);
        if max_bodies < max_body {
            let name = if section.has("max_bodies") { "max_bodies" } else { "max_body" };
            section.mistake_at(
                name,
                "`max_bodies` is less than `max_body`, so no body of that size would have room",
            );
        }
        let max_connections = section.integer("max_connections", 1..=100_000, 4096);
        let tls = TlsSettings::read(section, base);
        let auth = super::auth::read(section, secrets);
        let path_per_component = section.boolean("path_per_component", false);
        if path_per_component {
            for path in auth.iter().map(ProfileSettings::path).filter(|path| !can_name_component(path)) {
                let reason = format!(
                    "has a profile for `{path}`, which can match no path: with `path_per_component`, profiles see a path from \
                     the component's segment on, such as `/~checkout/*`"
                );
                section.mistake_at("auth", &reason);
            }
        }
        let fixed =
            FixedWebhookSettings { listen, has_tls: section.has("tls"), max_connections, path_per_component };
        let live = LiveWebhookSettings {
            public_url: section.parsed("public_url", |text| {
                let url = url::Url::parse(text).map_err(|error| format!("is not a URL: {error}"))?;
                if !matches!(url.scheme(), "http" | "https") || url.query().is_some() {
                    return Err("must start with `http://` or `https://` and have no `?`".to_owned());
                }
                Ok(text.trim_end_matches('/').to_owned())
            }),
            keys,
            challenges: section.list("challenges", Challenge::read).unwrap_or_default(),
            auth,
            max_body,
            max_bodies,
            body_timeout: section.duration("body_timeout", Duration::from_secs(10)),
            limits: ConnectionLimits::read(section),
            tls,
        };
        Self { fixed, live }
    }
}

/// The prefix of a component's segment of the path. URL encoders do not change this character.
pub(crate) const COMPONENT: char = '~';

/// Returns whether a profile with this path can apply to a path that begins with the segment of a component.
fn can_name_component(path: &str) -> bool {
    path == "/*" || path.strip_prefix('/').is_some_and(|path| path.starts_with(COMPONENT))
}

fn default_places() -> Vec<KeyPlace> {
    let id = Pointer::parse("/id").map(KeyPlace::Json);
    [Ok(KeyPlace::Header(HeaderName::from_static("orbital-key"))), id].into_iter().flatten().collect()
}

fn read_place(section: &Section<'_>) -> Option<KeyPlace> {
    let header = section.parsed("header", |name| {
        HeaderName::try_from(name)
            .map(KeyPlace::Header)
            .map_err(|_| format!("`{name}` is not the name of a header"))
    });
    let json = section.parsed("json", |text| Pointer::parse(text).map(KeyPlace::Json));
    let query = section.string("query").map(KeyPlace::Query);
    let path = section.optional_integer("path", 1..=64).map(KeyPlace::Path);
    let named = ["header", "json", "query", "path"].iter().filter(|name| section.has(name)).count();
    if named != 1 {
        section.mistake(
            "must be one of `{ header = \"x-id\" }`, `{ json = \"/id\" }`, `{ query = \"id\" }` and `{ path = 2 }`",
        );
        return None;
    }
    header.or(json).or(query).or(path)
}

impl fmt::Display for KeyPlace {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Header(name) => write!(formatter, "the header `{name}`"),
            Self::Json(pointer) => write!(formatter, "`{pointer}` in a JSON body"),
            Self::Query(name) => write!(formatter, "`{name}` in the query"),
            Self::Path(index) => write!(formatter, "segment {index} of the path"),
        }
    }
}

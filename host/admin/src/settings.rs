//! The section `[admin]`.

use std::net::SocketAddr;
use std::path::Path;

use orbital_config::Section;
use orbital_config::secrets::{SecretsSettings, Template};
use orbital_listener::TlsSettings;

/// Settings of the private listener.
#[derive(Debug, Clone)]
pub struct AdminSettings {
    /// Settings that need a restart.
    pub fixed: FixedAdminSettings,
    /// Settings that take effect at once.
    pub live: LiveAdminSettings,
}

/// Settings of the private listener that need a restart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FixedAdminSettings {
    /// The address; `127.0.0.1:8711` by default.
    pub listen: SocketAddr,
    /// Whether the listener uses TLS.
    pub has_tls: bool,
}

/// Settings of the private listener that take effect at once.
#[derive(Debug, Clone)]
pub struct LiveAdminSettings {
    /// The token that clients must show. Without one, every client has access, which is allowed on loopback only.
    pub token: Option<Template>,
    /// The files of the certificate, if the configuration has TLS.
    pub tls: Option<TlsSettings>,
    /// Whether `/healthz` and `/readyz` need no token.
    pub open_health: bool,
    /// Whether `/metrics` needs no token.
    pub open_metrics: bool,
}

impl AdminSettings {
    /// Reads the section, which may refer to these secrets.
    pub fn read(section: &Section<'_>, secrets: &SecretsSettings, base: &Path) -> Self {
        let listen = section.address("listen", SocketAddr::from(([127, 0, 0, 1], 8711)));
        let token = section.parsed("token", |text| match Template::parse(text, secrets)? {
            template if template.is_secret() => Ok(template),
            _ => Err("must be a secret, such as `\"${secret.admin}\"` with a section `[secrets.admin]`: anyone who can read \
                      this file need not know it"
                .to_owned()),
        });
        for name in ["open_health", "open_metrics"] {
            if section.has(name) && !section.has("token") {
                section.mistake_at(name, "says what wants no token, and there is no `token` here");
            }
        }
        Self {
            fixed: FixedAdminSettings { listen, has_tls: section.has("tls") },
            live: LiveAdminSettings {
                token,
                tls: TlsSettings::read(section, base),
                open_health: section.boolean("open_health", false),
                open_metrics: section.boolean("open_metrics", false),
            },
        }
    }
}

//! Parts of the host that are made from live settings.

use std::sync::Arc;

use orbital_admin::Access;
use orbital_client::Client;
use orbital_compare::Environments;
use orbital_config::secrets::Masker;
use orbital_webhook::Authenticator;
use rustls::ServerConfig;

use crate::foundation::{StartError, authenticator, client, environments, secrets, tls};
use crate::settings::{LiveSettings, Settings};

/// The parts that cannot be made from every valid file: a secret or a certificate may be missing or unsuitable.
pub struct LiveParts {
    /// The HTTP client of runs.
    pub client: Arc<Client>,
    /// The access rules of the private listener.
    pub access: Access,
    /// The authenticator of the webhook.
    pub authenticator: Authenticator,
    /// The other hosts that can be compared.
    pub environments: Arc<Environments>,
    /// The certificate of the webhook. After a reload, it may be one for the next start.
    pub public: Option<Arc<ServerConfig>>,
    /// The certificate of the private listener. After a reload, it may be one for the next start.
    pub private: Option<Arc<ServerConfig>>,
}

impl LiveParts {
    /// Makes the parts. It reads files: call it where blocking is allowed, within a runtime.
    ///
    /// # Errors
    /// The first part that cannot be used.
    pub fn new(settings: &Settings, masker: &Masker) -> Result<Self, StartError> {
        // Names every section. Nothing is made from the last three: they are passed on as they are.
        let LiveSettings {
            secrets: sources,
            targets,
            environments: others,
            webhook,
            admin,
            runner: _,
            scheduler: _,
            history: _,
        } = &settings.live;
        let secrets = secrets(sources, masker)?;
        Ok(Self {
            client: client(targets, &secrets, masker)?,
            access: Access::new(&settings.fixed.admin, admin, &secrets)?,
            authenticator: authenticator(webhook, &secrets)?,
            environments: environments(others, &secrets)?,
            public: tls(webhook.tls.as_ref(), "webhook.tls")?,
            private: tls(admin.tls.as_ref(), "admin.tls")?,
        })
    }
}

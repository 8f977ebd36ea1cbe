//! Connections that are kept, but no longer than for a maximum age.
//!
//! A connection that is kept does not show the problems of new clients: a name that has moved, a listener that is
//! gone, a certificate that has expired.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use reqwest::dns::Resolve;
use tokio::time::Instant;

use crate::phases::TakeTime;
use crate::remembering::Remembering;
use crate::routes::Routed;

/// A pool of connections that is replaced by an empty one when it reaches the maximum age. Exchanges in flight end on
/// the connections that they have; idle connections of the old pool are closed.
pub(super) struct Connections {
    recipe: Recipe,
    current: Mutex<(reqwest::Client, Instant)>,
}

/// Everything that a new pool is created from. Creating one reads no file and opens no socket.
pub(super) struct Recipe {
    pub(super) connect_timeout: Duration,
    pub(super) max_age: Duration,
    pub(super) resolver: Arc<dyn Resolve>,
    pub(super) tls: rustls::ClientConfig,
}

impl Connections {
    pub(super) fn new(recipe: Recipe) -> Result<Self, reqwest::Error> {
        let current = Mutex::new((recipe.client()?, Instant::now()));
        Ok(Self { recipe, current })
    }

    /// Returns the client for an exchange that begins now.
    pub(super) fn client(&self) -> reqwest::Client {
        let mut current = self.current.lock();
        let (client, since) = &mut *current;
        if since.elapsed() >= self.recipe.max_age {
            match self.recipe.client() {
                Ok(new) => (*client, *since) = (new, Instant::now()),
                Err(error) => tracing::error!(%error, "cannot replace old connections to a target"),
            }
        }
        client.clone()
    }
}

impl Recipe {
    fn client(&self) -> Result<reqwest::Client, reqwest::Error> {
        reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .tls_backend_preconfigured(self.tls.clone())
            .dns_resolver(Arc::new(Routed(Arc::new(Remembering::new(self.resolver.clone())))))
            .connect_timeout(self.connect_timeout)
            // Closes idle connections, because the pool of a target that gets no requests is not replaced.
            .pool_idle_timeout(self.max_age)
            .connector_layer(TakeTime)
            .user_agent(concat!("orbital/", env!("CARGO_PKG_VERSION")))
            .build()
    }
}

/// Returns the TLS settings, with the certificates that the system trusts.
pub(super) fn tls() -> Result<rustls::ClientConfig, rustls::Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = rustls_platform_verifier::Verifier::new(provider.clone())?;
    let mut tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(tls)
}

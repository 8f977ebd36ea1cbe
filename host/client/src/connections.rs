//! Connections that are kept, but no longer than for a maximum age.
//!
//! A connection that is kept does not show the problems of new clients: a name that has moved, a listener that is
//! gone, a certificate that has expired.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper_util::client::legacy;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use parking_lot::Mutex;
use rustls::ClientConfig;
use tokio::time::Instant;

use crate::connector::Connector;
use crate::dns::Resolve;
use crate::remembering::Remembering;
use crate::routes::Routed;

/// Sends requests on connections that it keeps.
pub(super) type Http = legacy::Client<Connector, Full<Bytes>>;

/// A pool of connections that is replaced by an empty one when it reaches the maximum age. Exchanges in flight end on
/// the connections that they have; idle connections of the old pool are closed.
pub(super) struct Connections {
    recipe: Recipe,
    current: Mutex<(Arc<Http>, Instant)>,
}

/// Everything that a new pool is created from. Creating one reads no file and opens no socket.
pub(super) struct Recipe {
    pub(super) connect_timeout: Duration,
    pub(super) max_age: Duration,
    pub(super) resolver: Arc<dyn Resolve>,
    pub(super) tls: Arc<ClientConfig>,
}

impl Connections {
    pub(super) fn new(recipe: Recipe) -> Self {
        let current = Mutex::new((recipe.http(), Instant::now()));
        Self { recipe, current }
    }

    /// Returns the client for an exchange that begins now.
    pub(super) fn http(&self) -> Arc<Http> {
        let mut current = self.current.lock();
        let (http, since) = &mut *current;
        if since.elapsed() >= self.recipe.max_age {
            (*http, *since) = (self.recipe.http(), Instant::now());
        }
        http.clone()
    }
}

impl Recipe {
    fn http(&self) -> Arc<Http> {
        let resolver = Arc::new(Routed(Arc::new(Remembering::new(self.resolver.clone()))));
        let connector = Connector::new(resolver, self.tls.clone(), self.connect_timeout);
        let mut builder = legacy::Client::builder(TokioExecutor::new());
        builder.timer(TokioTimer::new());
        builder.pool_timer(TokioTimer::new());
        // Closes idle connections, because the pool of a target that gets no requests is not replaced.
        builder.pool_idle_timeout(self.max_age);
        Arc::new(builder.build(connector))
    }
}

/// Returns the TLS settings, with the certificates that the system trusts.
pub(super) fn tls() -> Result<Arc<ClientConfig>, rustls::Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = rustls_platform_verifier::Verifier::new(provider.clone())?;
    let mut tls = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(tls))
}

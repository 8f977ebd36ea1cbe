//! Makes connections.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use hyper_rustls::{HttpsConnector, MaybeHttpsStream};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use tokio::net::TcpStream;
use tower_service::Service;

use crate::dns::{BoxError, Resolve, Resolver};
use crate::phases::timed;

/// How long a connection may be idle until the system checks that its other end is still there.
const KEEPALIVE: Duration = Duration::from_secs(15);

/// The number of such checks without an answer after which the connection is lost.
const KEEPALIVE_RETRIES: u32 = 3;

/// How long sent data may remain unacknowledged until the connection is lost.
const UNACKNOWLEDGED: Duration = Duration::from_secs(30);

/// Makes connections to hosts, with TLS for `https`. Clones share everything: each request makes some.
#[derive(Clone)]
pub(super) struct Connector(Arc<Shared>);

struct Shared {
    https: HttpsConnector<HttpConnector<Resolver>>,
    timeout: Duration,
}

/// An error: a connection was not made in time.
#[derive(Debug, thiserror::Error)]
#[error("the connection was not made in time")]
pub(super) struct ConnectTimeout;

impl Connector {
    /// Returns a connector that fails after the timeout, which includes the lookup of the name and TLS.
    pub(super) fn new(resolver: Arc<dyn Resolve>, tls: Arc<ClientConfig>, timeout: Duration) -> Self {
        let mut tcp = HttpConnector::new_with_resolver(Resolver(resolver));
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        // Divided among the addresses of a host, so that one that does not answer leaves time for the others.
        tcp.set_connect_timeout(Some(timeout));
        tcp.set_keepalive(Some(KEEPALIVE));
        tcp.set_keepalive_interval(Some(KEEPALIVE));
        tcp.set_keepalive_retries(Some(KEEPALIVE_RETRIES));
        tcp.set_tcp_user_timeout(Some(UNACKNOWLEDGED));
        Self(Arc::new(Shared { https: HttpsConnector::from((tcp, tls)), timeout }))
    }
}

impl Service<Uri> for Connector {
    type Response = MaybeHttpsStream<TokioIo<TcpStream>>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    /// A connector is always ready, because its resolver is.
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, destination: Uri) -> Self::Future {
        let connecting = timed(self.0.https.clone().call(destination));
        let connected = tokio::time::timeout(self.0.timeout, connecting);
        Box::pin(async move { connected.await.unwrap_or_else(|_| Err(ConnectTimeout.into())) })
    }
}

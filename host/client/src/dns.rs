//! The interface of resolvers, which find the addresses of hosts.

use std::error::Error;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::vec;

use hyper_util::client::legacy::connect::dns::Name;
use tower_service::Service;

pub(super) type BoxError = Box<dyn Error + Send + Sync>;

/// A lookup in progress.
pub(super) type Resolving = Pin<Box<dyn Future<Output = Result<Vec<SocketAddr>, BoxError>> + Send>>;

/// Finds the addresses of a host by its name.
pub(super) trait Resolve: Send + Sync {
    /// Looks up a name. The ports of the addresses do not count.
    fn resolve(&self, name: &str) -> Resolving;
}

/// A resolver in the form in which connectors use it.
#[derive(Clone)]
pub(super) struct Resolver(pub(super) Arc<dyn Resolve>);

impl Service<Name> for Resolver {
    type Response = vec::IntoIter<SocketAddr>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let resolving = self.0.resolve(name.as_str());
        Box::pin(async move { Ok(resolving.await?.into_iter()) })
    }
}

//! Applications that listeners serve.

use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::response::Response;
use tower_service::Service as _;

use crate::head::RejectedHead;

/// The peer that sent a request, as an extension of a request to a router.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub IpAddr);

/// An answer that is being made.
pub type Answering = Pin<Box<dyn Future<Output = Response> + Send>>;

/// An application that is served.
#[derive(Clone)]
pub struct App {
    /// Answers a request of a peer.
    pub answer: Arc<dyn Fn(Request, IpAddr) -> Answering + Send + Sync>,
    /// Returns whether requests to a path are also answered over spare connections.
    pub is_vital: fn(&str) -> bool,
    /// Receives heads that did not become requests.
    pub rejected: Arc<dyn Fn(RejectedHead) + Send + Sync>,
}

impl App {
    /// Returns an app that only handles requests, with a router; those to vital paths also over spare connections.
    pub fn new(router: Router, is_vital: fn(&str) -> bool) -> Self {
        let answer = move |mut request: Request, peer| -> Answering {
            request.extensions_mut().insert(Peer(peer));
            let mut router = router.clone();
            Box::pin(async move { router.call(request).await.unwrap_or_else(|never| match never {}) })
        };
        Self { answer: Arc::new(answer), is_vital, rejected: Arc::new(drop) }
    }
}

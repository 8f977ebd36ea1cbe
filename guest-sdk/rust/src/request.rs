//! Any other request to a target.

use crate::bindings::orbital::test::events as contract;
use crate::content::{Content, content_methods, route_methods};

/// A request to a target that is not an event: to prepare something, or to look something up.
///
/// `Request::get("pipeline").path("/metrics")`
#[derive(Debug, Clone)]
#[must_use = "a request is sent by `Test::request`"]
pub struct Request {
    target: String,
    method: String,
    path: String,
    timeout_ms: Option<u32>,
    content: Content,
}

impl Request {
    /// A request with any method to the target of this name, which the host's configuration must have.
    pub fn new(method: impl Into<String>, target: impl Into<String>) -> Self {
        Self {
            target: target.into(),
            method: method.into(),
            path: String::new(),
            timeout_ms: None,
            content: Content::default(),
        }
    }

    /// A `GET`.
    pub fn get(target: impl Into<String>) -> Self {
        Self::new("GET", target)
    }

    /// A `POST`.
    pub fn post(target: impl Into<String>) -> Self {
        Self::new("POST", target)
    }

    /// A `PUT`.
    pub fn put(target: impl Into<String>) -> Self {
        Self::new("PUT", target)
    }

    /// A `DELETE`.
    pub fn delete(target: impl Into<String>) -> Self {
        Self::new("DELETE", target)
    }
}

content_methods!(Request);
route_methods!(Request);

impl From<Request> for contract::HttpRequest {
    fn from(request: Request) -> Self {
        Self {
            target: request.target,
            method: request.method,
            path: request.path,
            headers: request.content.headers,
            body: request.content.body,
            timeout_ms: request.timeout_ms,
        }
    }
}

//! Requests that are not events.

use crate::bindings::orbital::test::events as contract;
use crate::content::{Content, content_methods, route_methods};

/// A request to a target that is not an event, such as one that reads or prepares data.
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
    /// Creates a request with any method to the target with this name. The host's configuration must define the target.
    pub fn new(method: impl Into<String>, target: impl Into<String>) -> Self {
        Self {
            target: target.into(),
            method: method.into(),
            path: String::new(),
            timeout_ms: None,
            content: Content::default(),
        }
    }

    /// Creates a `GET` request.
    pub fn get(target: impl Into<String>) -> Self {
        Self::new("GET", target)
    }

    /// Creates a `POST` request.
    pub fn post(target: impl Into<String>) -> Self {
        Self::new("POST", target)
    }

    /// Creates a `PUT` request.
    pub fn put(target: impl Into<String>) -> Self {
        Self::new("PUT", target)
    }

    /// Creates a `DELETE` request.
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

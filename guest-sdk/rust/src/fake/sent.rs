//! The requests that a case sent.

use crate::Header;
use crate::bindings::orbital::test::events as contract;
use crate::body::reading_methods;

/// An event or another request that a case sent.
#[derive(Debug, Clone)]
pub struct Sent {
    /// The name of the target.
    pub target: String,
    /// The HTTP method; `POST` for an event.
    pub method: String,
    /// The path that is appended to the target's URL.
    pub path: String,
    /// The key of the event, if the case chose one.
    pub key: Option<String>,
    /// The headers, as the case set them.
    pub headers: Vec<Header>,
    /// The body.
    pub body: Vec<u8>,
}

reading_methods!(Sent);

impl From<&contract::Event> for Sent {
    fn from(event: &contract::Event) -> Self {
        let contract::Event { target, key, path, headers, body, .. } = event.clone();
        Self { target, method: "POST".to_owned(), path, key, headers, body }
    }
}

impl From<&contract::HttpRequest> for Sent {
    fn from(request: &contract::HttpRequest) -> Self {
        let contract::HttpRequest { target, method, path, headers, body, .. } = request.clone();
        Self { target, method, path, key: None, headers, body }
    }
}

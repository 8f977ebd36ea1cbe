//! What a case sent.

use crate::Header;
use crate::bindings::orbital::test::events as contract;
use crate::body::reading_methods;

/// An event or another request that a case sent.
#[derive(Debug, Clone)]
pub struct Sent {
    /// The target's name.
    pub target: String,
    /// `POST` for an event.
    pub method: String,
    /// What is appended to the target's URL.
    pub path: String,
    /// The event's key, if the case chose one.
    pub key: Option<String>,
    /// As the case set them.
    pub headers: Vec<Header>,
    /// As it is sent.
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

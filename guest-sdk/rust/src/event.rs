//! Events for the system under test.

use crate::bindings::orbital::test::events as contract;
use crate::content::{Content, content_methods, route_methods};

/// An event. A case sends it to a target, with `POST`, and the system under test delivers it to the webhook.
///
/// `Event::to("api").key(&id).json(&json!({ "id": id }))`
#[derive(Debug, Clone)]
#[must_use = "an event is sent by `Test::send_event`"]
pub struct Event {
    target: String,
    key: Option<String>,
    path: String,
    timeout_ms: Option<u32>,
    content: Content,
}

impl Event {
    /// Creates an event for the target with this name. The host's configuration must define the target.
    pub fn to(target: impl Into<String>) -> Self {
        Self {
            target: target.into(),
            key: None,
            path: String::new(),
            timeout_ms: None,
            content: Content::default(),
        }
    }

    /// Sets the key that the delivery will have, if the test chooses the key. The host expects the key before
    /// it sends the event, so even the fastest delivery is not lost.
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }
}

content_methods!(Event);
route_methods!(Event);

impl From<Event> for contract::Event {
    fn from(event: Event) -> Self {
        Self {
            target: event.target,
            key: event.key,
            path: event.path,
            headers: event.content.headers,
            body: event.content.body,
            timeout_ms: event.timeout_ms,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn an_event_says_what_was_built() {
        let event = Event::to("api")
            .key("7")
            .path("/v2")
            .header("a", "b")
            .body("hello")
            .timeout(Duration::from_secs(1));
        let event = contract::Event::from(event);
        assert_eq!(
            (event.target.as_str(), event.key.as_deref(), event.path.as_str()),
            ("api", Some("7"), "/v2")
        );
        assert_eq!(
            (event.headers.len(), event.body.as_slice(), event.timeout_ms),
            (1, &b"hello"[..], Some(1000))
        );
    }
}

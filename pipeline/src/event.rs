//! An event as a sender posts it, alone or in a batch, once it has been checked.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Map, Value, json};
use thiserror::Error;
use uuid::Uuid;

use crate::{limits, route::Routes};

/// The type of an event that names none.
const DEFAULT_TYPE: &str = "signup";

/// Replaces a text in corrupted payloads.
const RUBBISH: &str = "\u{fffd}\u{fffd}\u{fffd}";

/// A valid event, of a type that is routed.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// The sender's id, or one that the pipeline made.
    pub id: String,
    /// The type of the event, which determines its destinations.
    pub kind: String,
    /// The other fields.
    pub content: Content,
    /// When the pipeline got it, in seconds since the epoch.
    pub received_at: f64,
}

/// The fields of an event without its id and type.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// Whom it happened to: their email.
    Person(String),
    /// A message of Segment's tracking API, as it came.
    Message(Map<String, Value>),
}

impl Event {
    /// Reads a batch of Segment's tracking API (`{"batch": [{"type": "track", "messageId": …, …}]}`), and reports every
    /// mistake in it. A message's `type` decides where it goes, and its `messageId` is its id.
    pub fn parse_batch(body: &[u8], routes: &Routes) -> Result<Vec<Self>, Vec<Mistake>> {
        let value: Value = serde_json::from_slice(body).map_err(|error| vec![error.into()])?;
        let Some(batch) = value.get("batch").and_then(Value::as_array) else {
            return Err(vec![Mistake::NoBatch]);
        };
        let (mut events, mut mistakes) = (Vec::new(), Vec::new());
        for message in batch {
            let Value::Object(message) = message else {
                mistakes.push(Mistake::NotAMessage);
                continue;
            };
            let id = checked(&mut mistakes, message_id(message));
            let kind = checked(&mut mistakes, kind(message, routes));
            if let (Some(id), Some(kind)) = (id, kind) {
                let content = Content::Message(message.clone());
                events.push(Self { id, kind, content, received_at: seconds_since_epoch() });
            }
        }
        if mistakes.is_empty() { Ok(events) } else { Err(mistakes) }
    }

    /// Reads an event from a request's body, and reports every mistake in it rather than the first.
    pub fn parse(body: &[u8], routes: &Routes) -> Result<Self, Vec<Mistake>> {
        let value: Value = serde_json::from_slice(body).map_err(|error| vec![error.into()])?;
        let Value::Object(object) = value else {
            return Err(vec![Mistake::NotAnObject]);
        };
        let mut mistakes = Vec::new();
        let id = checked(&mut mistakes, id(&object));
        let kind = checked(&mut mistakes, kind(&object, routes));
        let email = checked(&mut mistakes, email(&object));
        match (id, kind, email) {
            (Some(id), Some(kind), Some(email)) => {
                let content = Content::Person(email);
                Ok(Self { id, kind, content, received_at: seconds_since_epoch() })
            }
            _ => Err(mistakes),
        }
    }

    /// Returns the payload for a destination.
    pub fn payload(&self, destination: &str) -> Value {
        match &self.content {
            Content::Person(email) => json!({
                "id": self.id,
                "type": self.kind,
                "email": email,
                "processed": true,
                "received_at": self.received_at,
                "destination": destination,
            }),
            Content::Message(message) => {
                let mut payload = message.clone();
                payload.insert("messageId".to_owned(), self.id.clone().into());
                payload.insert("destination".to_owned(), destination.into());
                payload.into()
            }
        }
    }

    /// A corrupted payload: still JSON, and still with the id of its event.
    pub(crate) fn damaged_payload(&self, destination: &str) -> Value {
        let mut payload = self.payload(destination);
        if let Value::Object(fields) = &mut payload {
            fields.remove("processed");
            let field = match self.content {
                Content::Person(_) => "email",
                Content::Message(_) => "event",
            };
            fields.insert(field.to_owned(), RUBBISH.into());
        }
        payload
    }
}

/// A reason to reject an event. It does not contain values, because they may be personal data.
#[derive(Debug, Error)]
pub enum Mistake {
    /// The body cannot be read.
    #[error("the body is not JSON: {0}")]
    NotJson(#[from] serde_json::Error),
    /// The body is JSON, but a list, a string or the like.
    #[error(r#"the body must be a JSON object, such as `{{"email": "a@example.com"}}`"#)]
    NotAnObject,
    /// There is no list of messages.
    #[error(
        r#"the body must be a batch, such as `{{"batch": [{{"type": "track", "event": "Signed Up"}}]}}`"#
    )]
    NoBatch,
    /// A message is a list, a string or the like.
    #[error("a message of the batch must be a JSON object")]
    NotAMessage,
    /// A message's id is there and cannot be one.
    #[error("`messageId` must be a string of 1 to {} bytes; leave it out to get one", limits::ID_BYTES)]
    MessageId,
    /// An id is there that cannot be one.
    #[error("`id` must be a string of 1 to {} bytes; leave it out to get one", limits::ID_BYTES)]
    Id,
    /// The one field that every event needs is not there.
    #[error("`email` is missing")]
    NoEmail,
    /// The email cannot be one.
    #[error("`email` must be a string with something before and after one `@`")]
    Email,
    /// The type is not a string.
    #[error("`type` must be a string; known types: {known}")]
    Type {
        /// The types that are routed.
        known: String,
    },
    /// Nothing is routed for the type.
    #[error("unknown type `{kind}`; known types: {known}")]
    UnknownType {
        /// The type that was asked for.
        kind: String,
        /// The types that are routed.
        known: String,
    },
}

/// Keeps a mistake for later, so that the other fields are checked too.
fn checked<T>(mistakes: &mut Vec<Mistake>, field: Result<T, Mistake>) -> Option<T> {
    field.map_err(|mistake| mistakes.push(mistake)).ok()
}

fn id(object: &Map<String, Value>) -> Result<String, Mistake> {
    match object.get("id") {
        None => Ok(format!("evt_{}", Uuid::now_v7())),
        Some(Value::String(id)) if (1..=limits::ID_BYTES).contains(&id.len()) => Ok(id.clone()),
        Some(_) => Err(Mistake::Id),
    }
}

fn message_id(object: &Map<String, Value>) -> Result<String, Mistake> {
    match object.get("messageId") {
        None => Ok(format!("msg_{}", Uuid::now_v7())),
        Some(Value::String(id)) if (1..=limits::ID_BYTES).contains(&id.len()) => Ok(id.clone()),
        Some(_) => Err(Mistake::MessageId),
    }
}

fn email(object: &Map<String, Value>) -> Result<String, Mistake> {
    let email = object.get("email").ok_or(Mistake::NoEmail)?;
    let email = email.as_str().ok_or(Mistake::Email)?;
    match email.split_once('@') {
        Some((name, domain)) if !name.is_empty() && !domain.is_empty() && !domain.contains('@') => {
            Ok(email.to_owned())
        }
        _ => Err(Mistake::Email),
    }
}

fn kind(object: &Map<String, Value>, routes: &Routes) -> Result<String, Mistake> {
    let kind = match object.get("type") {
        None => DEFAULT_TYPE,
        Some(Value::String(kind)) => kind,
        Some(_) => {
            return Err(Mistake::Type { known: routes.known() });
        }
    };
    if routes.has(kind) {
        Ok(kind.to_owned())
    } else {
        Err(Mistake::UnknownType { kind: kind.to_owned(), known: routes.known() })
    }
}

fn seconds_since_epoch() -> f64 {
    // A clock before 1970 is wrong in any case; 0 shows it.
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |elapsed| elapsed.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(body: &str) -> Result<Event, Vec<String>> {
        let route = "signup=http://127.0.0.1:1/hooks/crm".parse().unwrap();
        let order = "order=http://127.0.0.1:1/hooks/billing".parse().unwrap();
        let routes = Routes::new([route, order]).unwrap();
        Event::parse(body.as_bytes(), &routes)
            .map_err(|mistakes| mistakes.iter().map(Mistake::to_string).collect())
    }

    #[test]
    fn an_event_keeps_the_senders_fields() {
        let event = parse(r#"{"id": "a-1", "type": "order", "email": "a@example.com", "more": 1}"#).unwrap();
        assert_eq!((event.id.as_str(), event.kind.as_str()), ("a-1", "order"));
        assert_eq!(event.content, Content::Person("a@example.com".to_owned()));
        assert!(event.received_at > 0.0);
    }

    #[test]
    fn an_event_with_an_email_alone_is_a_signup_with_an_id_of_its_own() {
        let one = parse(r#"{"email": "a@example.com"}"#).unwrap();
        let other = parse(r#"{"email": "a@example.com"}"#).unwrap();
        assert_eq!(one.kind, "signup");
        assert!(one.id.starts_with("evt_"), "{}", one.id);
        assert_ne!(one.id, other.id);
    }

    fn parse_batch(body: &str) -> Result<Vec<Event>, Vec<String>> {
        let routes = Routes::new(["track=http://127.0.0.1:1/hooks/warehouse".parse().unwrap()]).unwrap();
        Event::parse_batch(body.as_bytes(), &routes)
            .map_err(|mistakes| mistakes.iter().map(Mistake::to_string).collect())
    }

    #[test]
    fn a_message_of_a_batch_is_delivered_as_it_came() {
        let message = r#"{"type": "track", "messageId": "m-1", "event": "Signed Up", "userId": "ada"}"#;
        let events = parse_batch(&format!(r#"{{"batch": [{message}], "writeKey": "x"}}"#)).unwrap();
        let expected = json!({
            "type": "track", "messageId": "m-1", "event": "Signed Up", "userId": "ada", "destination": "warehouse",
        });
        assert_eq!((events.len(), events[0].payload("warehouse")), (1, expected));
        assert_eq!(events[0].damaged_payload("warehouse")["event"], RUBBISH);
        let made = parse_batch(r#"{"batch": [{"type": "track"}]}"#).unwrap();
        assert!(made[0].payload("x")["messageId"].as_str().unwrap().starts_with("msg_"));
    }

    #[test]
    fn every_mistake_of_a_batch_is_reported_at_once() {
        assert!(parse_batch("{}").unwrap_err()[0].starts_with("the body must be a batch"));
        let mistakes = parse_batch(r#"{"batch": [7, {"type": "page", "messageId": 7}, {"type": "track"}]}"#)
            .unwrap_err();
        assert_eq!(mistakes.len(), 3, "{mistakes:?}");
        assert_eq!(mistakes[2], "unknown type `page`; known types: `track`");
    }

    #[test]
    fn every_mistake_is_reported_at_once() {
        let mistakes = parse(r#"{"id": "", "type": "refund"}"#).unwrap_err();
        assert_eq!(
            mistakes,
            [
                "`id` must be a string of 1 to 256 bytes; leave it out to get one",
                "unknown type `refund`; known types: `order`, `signup`",
                "`email` is missing",
            ]
        );
    }

    #[test]
    fn ids_and_types_are_strings_of_a_sane_length() {
        let id = "x".repeat(limits::ID_BYTES);
        assert!(parse(&format!(r#"{{"id": "{id}", "email": "a@b"}}"#)).is_ok());
        assert!(parse(&format!(r#"{{"id": "{id}x", "email": "a@b"}}"#)).is_err());
        assert!(parse(r#"{"id": null, "email": "a@b"}"#).is_err());
        assert_eq!(
            parse(r#"{"type": 7, "email": "a@b"}"#).unwrap_err(),
            ["`type` must be a string; known types: `order`, `signup`"]
        );
    }

    #[test]
    fn an_email_has_something_on_both_sides_of_one_at() {
        for email in ["", "a", "@", "a@", "@b", "a@b@c", "a@@b"] {
            assert!(parse(&format!(r#"{{"email": "{email}"}}"#)).is_err(), "`{email}` passed");
        }
        assert!(parse(r#"{"email": ["a@b"]}"#).is_err());
    }

    #[test]
    fn a_body_that_is_no_object_is_named_as_such() {
        assert!(parse("{").unwrap_err()[0].starts_with("the body is not JSON: EOF"));
        assert!(parse("[]").unwrap_err()[0].starts_with("the body must be a JSON object"));
    }
}

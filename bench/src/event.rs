//! The JSON that testers and the system under test exchange.

use bytes::Bytes;

/// Writes an event of about 300 bytes.
pub fn event(id: &str) -> Bytes {
    Bytes::from(format!(
        r#"{{"id":"{id}","type":"signup","email":"ada@example.com","name":"Ada Lovelace","plan":"gold","seats":12,"referrer":"https://www.example.com/pricing?campaign=autumn","address":{{"street":"12 St James's Square","city":"London","country":"GB"}},"tags":["trial","newsletter","beta"]}}"#
    ))
}

/// Writes the delivery for an event.
pub fn delivery(id: &str, event: &[u8]) -> Bytes {
    let parts: [&[u8]; 5] = [br#"{"id":""#, id.as_bytes(), br#"","processed":true,"event":"#, event, b"}"];
    Bytes::from(parts.concat())
}

/// Returns the value of the first field `id` that is a string without escapes. Most bodies here begin with it, so nothing
/// can find it faster.
pub fn id(body: &[u8]) -> Option<&str> {
    const FIELD: &[u8] = br#""id":"#;
    let start = body.windows(FIELD.len()).position(|window| window == FIELD)? + FIELD.len();
    let value = body[start..].trim_ascii_start().strip_prefix(b"\"")?;
    let length = value.iter().position(|byte| *byte == b'"')?;
    std::str::from_utf8(&value[..length]).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn a_delivery_has_the_id_of_its_event() {
        let event = event("a-1");
        let delivery = delivery(id(&event).unwrap(), &event);
        assert_eq!(id(&delivery), Some("a-1"));
        let delivery: Value = serde_json::from_slice(&delivery).unwrap();
        assert_eq!(delivery["event"]["id"], "a-1");
        assert_eq!(delivery["processed"], true);
    }

    #[test]
    fn a_body_without_an_id_has_none() {
        assert_eq!(id(b"{}"), None);
        assert_eq!(id(br#"{"id":"never closed"#), None);
        assert_eq!(id(br#"{"email": "a", "id": "spaced"}"#), Some("spaced"));
    }
}

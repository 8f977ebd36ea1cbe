//! What the system under test delivered.

use std::fmt;
use std::time::{Duration, SystemTime};

use crate::bindings::orbital::test::deliveries as contract;
use crate::body::reading_methods;
use crate::{Header, body, time};

/// A request that the webhook received for this run.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// The key that tied it to this run.
    pub key: String,
    /// The method, in capitals.
    pub method: String,
    /// The path, as it was sent.
    pub path: String,
    /// What came after the first `?` of the URL; empty if nothing did.
    pub query: String,
    /// In the order in which they came, with names in lower case.
    pub headers: Vec<Header>,
    /// At most what the host's configuration allows (1 MiB by default).
    pub body: Vec<u8>,
    /// When its last byte had come, by the host's clock.
    pub received_at: SystemTime,
    /// From the sending of the event to the receipt of this delivery; none if the host cannot tell which
    /// event it belongs to.
    pub latency: Option<Duration>,
}

reading_methods!(Delivery);

/// The request line and the beginning of the body: enough to recognise it by.
impl fmt::Display for Delivery {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = if self.query.is_empty() { "" } else { "?" };
        write!(
            formatter,
            "{} {}{mark}{} with {}",
            self.method,
            self.path,
            self.query,
            body::beginning(&self.body)
        )
    }
}

impl From<contract::Delivery> for Delivery {
    fn from(delivery: contract::Delivery) -> Self {
        let contract::Delivery { key, method, path, query, headers, body, received_at, latency } = delivery;
        let received_at = SystemTime::UNIX_EPOCH + time::from_seconds(received_at);
        let latency = latency.map(time::from_seconds);
        Self { key, method, path, query, headers, body, received_at, latency }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delivery_is_recognised_by_its_line_and_body() {
        let mut delivery = Delivery {
            key: "7".to_owned(),
            method: "POST".to_owned(),
            path: "/hooks/crm".to_owned(),
            query: String::new(),
            headers: vec![Header { name: "a".to_owned(), value: "b".to_owned() }],
            body: b"{}".to_vec(),
            received_at: SystemTime::UNIX_EPOCH,
            latency: None,
        };
        assert_eq!(delivery.to_string(), "POST /hooks/crm with `{}`");
        delivery.query = "a=1".to_owned();
        assert_eq!(delivery.to_string(), "POST /hooks/crm?a=1 with `{}`");
        assert_eq!(delivery.header("A"), Some("b"));
    }
}

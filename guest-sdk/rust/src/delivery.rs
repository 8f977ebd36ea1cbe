//! Deliveries of the system under test.

use std::fmt;
use std::time::{Duration, SystemTime};

use crate::bindings::orbital::test::deliveries as contract;
use crate::body::reading_methods;
use crate::{Header, body, time};

/// A request that the webhook received for this run.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// The key that assigned the delivery to this run.
    pub key: String,
    /// The HTTP method, in upper case.
    pub method: String,
    /// The path, exactly as it was sent.
    pub path: String,
    /// The query string: the part of the URL after the first `?`, or empty.
    pub query: String,
    /// The headers, in the order in which they were sent, with names in lower case.
    pub headers: Vec<Header>,
    /// The body. The host's configuration limits its size (1 MiB by default).
    pub body: Vec<u8>,
    /// The time when the last byte was received, by the host's clock.
    pub received_at: SystemTime,
    /// The time from sending the event to receiving this delivery. `None` if the host cannot tell which event
    /// the delivery belongs to.
    pub latency: Option<Duration>,
}

reading_methods!(Delivery);

/// Shows the request line and the start of the body.
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

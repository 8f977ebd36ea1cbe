//! Responses of targets.

use std::fmt;
use std::time::Duration;

use crate::bindings::orbital::test::events as contract;
use crate::body::reading_methods;
use crate::{Header, body, time};

/// A target's response, with any status.
#[derive(Debug, Clone)]
pub struct Receipt {
    /// The HTTP status, 100 to 999.
    pub status: u16,
    /// The headers, in the order in which they were received, with names in lower case.
    pub headers: Vec<Header>,
    /// The body. The host's configuration limits its size (1 MiB by default).
    pub body: Vec<u8>,
    /// The time from the start of the request to the last byte of the response.
    pub latency: Duration,
}

/// The error for a response whose status is not 200 to 299.
#[derive(Debug)]
pub struct StatusError(
    /// The response.
    pub Receipt,
);

impl Receipt {
    /// Returns this response if its status is 200 to 299.
    ///
    /// # Errors
    ///
    /// If the status is any other. The message has the status and the start of the body.
    pub fn success(self) -> Result<Self, StatusError> {
        if (200..300).contains(&self.status) { Ok(self) } else { Err(StatusError(self)) }
    }
}

reading_methods!(Receipt);

impl From<contract::Receipt> for Receipt {
    fn from(receipt: contract::Receipt) -> Self {
        let contract::Receipt { status, headers, body, latency } = receipt;
        Self { status, headers, body, latency: time::from_seconds(latency) }
    }
}

impl fmt::Display for StatusError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(receipt) = self;
        write!(formatter, "the target answered {} with {}", receipt.status, body::beginning(&receipt.body))
    }
}

impl std::error::Error for StatusError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn receipt(status: u16) -> Receipt {
        Receipt { status, headers: Vec::new(), body: b"no room".to_vec(), latency: Duration::ZERO }
    }

    #[test]
    fn success_is_200_to_299() {
        assert!(receipt(202).success().is_ok());
        let error = receipt(507).success().unwrap_err().to_string();
        assert_eq!(error, "the target answered 507 with `no room`");
    }
}

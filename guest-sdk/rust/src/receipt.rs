//! What a target answered.

use std::fmt;
use std::time::Duration;

use crate::bindings::orbital::test::events as contract;
use crate::body::reading_methods;
use crate::{Header, body, time};

/// A target's answer, whatever its status.
#[derive(Debug, Clone)]
pub struct Receipt {
    /// The status, 100 to 999.
    pub status: u16,
    /// In the order in which they came, with names in lower case.
    pub headers: Vec<Header>,
    /// At most what the host's configuration allows (1 MiB by default).
    pub body: Vec<u8>,
    /// From the start of the request to the last byte of the answer.
    pub latency: Duration,
}

/// An answer whose status is not 200 to 299.
#[derive(Debug)]
pub struct StatusError(
    /// The answer.
    pub Receipt,
);

impl Receipt {
    /// This answer, if its status is 200 to 299.
    ///
    /// # Errors
    ///
    /// With the status and the beginning of the body, if it is any other.
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

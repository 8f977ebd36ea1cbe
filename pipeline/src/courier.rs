//! Brings deliveries to their destinations.

use std::time::Duration;

use reqwest::{Client, StatusCode, Url, header::CONTENT_TYPE, redirect};
use thiserror::Error;
use tokio::{sync::Semaphore, time::sleep};

use crate::limits;

/// How hard the pipeline tries to deliver.
#[derive(Clone, Copy, Debug)]
pub struct Attempts {
    /// How often a delivery is tried before it counts as failed; at least once.
    pub number: u32,
    /// How long one attempt may take, connecting included.
    pub timeout: Duration,
}

/// Posts deliveries, so many at a time, and tries again when a destination does not take one.
pub(crate) struct Courier {
    client: Client,
    attempts: u32,
    sending: Semaphore,
}

impl Courier {
    pub(crate) fn new(attempts: Attempts) -> Result<Self, CourierError> {
        // The client wants to know its cryptography even though destinations are plain HTTP. It fails only where one
        // is installed already, which serves as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder()
            .user_agent(concat!("pipeline/", env!("CARGO_PKG_VERSION")))
            .no_proxy()
            .redirect(redirect::Policy::none())
            .timeout(attempts.timeout)
            .build()
            .map_err(CourierError)?;
        let sending = Semaphore::new(limits::CONCURRENT_DELIVERIES);
        Ok(Self { client, attempts: attempts.number, sending })
    }

    /// Delivers once. The error is that of the last attempt.
    pub(crate) async fn deliver(&self, url: &Url, payload: &str) -> Result<(), DeliveryError> {
        let mut delay = limits::FIRST_RETRY_DELAY;
        for _ in 1..self.attempts {
            if self.attempt(url, payload).await.is_ok() {
                return Ok(());
            }
            sleep(delay).await;
            delay *= 2;
        }
        self.attempt(url, payload).await
    }

    async fn attempt(&self, url: &Url, payload: &str) -> Result<(), DeliveryError> {
        // The semaphore is never closed, so there is a permit always; it is given back between attempts.
        let _permit = self.sending.acquire().await;
        let request =
            self.client.post(url.clone()).header(CONTENT_TYPE, "application/json").body(payload.to_owned());
        let mut response = request.send().await?;
        let status = response.status();
        // Reading the answer to its end lets the connection be used again; what it says does not matter.
        while let Ok(Some(_)) = response.chunk().await {}
        if status.is_success() { Ok(()) } else { Err(DeliveryError::Refused(status)) }
    }
}

/// The HTTP client cannot be built.
#[derive(Debug, Error)]
#[error("cannot set up the HTTP client")]
pub struct CourierError(#[source] reqwest::Error);

/// Why a destination did not take a delivery.
#[derive(Debug, Error)]
pub(crate) enum DeliveryError {
    #[error("answered {0}")]
    Refused(StatusCode),
    #[error("no answer")]
    Unreachable(#[from] reqwest::Error),
}

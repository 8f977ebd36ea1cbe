//! The HTTP client: requests to the system under test, and to hosts that the operator grants.
//!
//! A target is an endpoint that the operator configured. Other hosts that a test chooses are public ones, unless the
//! operator allows more. Redirects are not followed, the environment's proxy is not used, and an answer is read up to a
//! limit. [`heartbeat`] measures when the host itself did not run.
//!
//! May depend on: the model, files, configuration, policy. Must not depend on: guests, the scheduler, sinks.

mod client;
mod connections;
mod connector;
mod dns;
mod error;
mod exchange;
mod failure;
pub mod heartbeat;
mod lookups;
mod own_headers;
mod phases;
mod placeholders;
mod public;
mod remembering;
mod request;
mod resolver;
mod routes;
mod server;

pub use client::{Client, ClientError};
pub use error::{Failure, SendError};
pub use phases::{Progress, Stage};
pub use request::{
    MAX_BODY, MAX_HEADERS, Receipt, Request, header_text, header_value, is_reserved, too_many_headers,
};

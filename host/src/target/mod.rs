//! The HTTP client: requests to the system under test, and to hosts that the operator grants.
//!
//! A target is an endpoint that the operator named. Hosts that a test chooses beside them are public ones, unless the
//! operator says otherwise. Redirects are not followed, no proxy is taken from the
//! environment, and an answer is read up to a limit.

mod client;
mod connections;
mod failure;
mod lookups;
mod phases;
mod placeholders;
mod public;
mod remembering;
mod request;
mod resolver;
mod routes;

pub use client::{Client, ClientError};
pub use failure::Failure;
pub use phases::{Progress, Stage};
pub use request::{
    MAX_BODY, MAX_HEADERS, Receipt, Request, SendError, header_text, header_value, is_reserved,
    too_many_headers,
};

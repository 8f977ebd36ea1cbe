//! The host functions of the contract, one file per interface. Each function records what it did.

mod clock;
mod config;
mod context;
mod deliveries;
mod events;
mod log;
mod metrics;
mod verdict;

use http::{HeaderName, HeaderValue};
use orbital_client::header_text;

use crate::bindings::orbital::test::deliveries::Header;

/// Converts headers to the contract's type.
fn headers<'a>(headers: impl IntoIterator<Item = (&'a HeaderName, &'a HeaderValue)>) -> Vec<Header> {
    headers
        .into_iter()
        .map(|(name, value)| Header { name: name.as_str().to_owned(), value: header_text(value) })
        .collect()
}

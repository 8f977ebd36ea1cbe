//! The contract's functions, one file per interface. Each notes what it did.

mod clock;
mod config;
mod context;
mod deliveries;
mod events;
mod log;
mod metrics;
mod verdict;

use http::{HeaderName, HeaderValue};

use super::bindings::orbital::test::deliveries::Header;
use crate::target::header_text;

/// Headers as the contract has them.
fn headers<'a>(headers: impl IntoIterator<Item = (&'a HeaderName, &'a HeaderValue)>) -> Vec<Header> {
    headers
        .into_iter()
        .map(|(name, value)| Header { name: name.as_str().to_owned(), value: header_text(value) })
        .collect()
}

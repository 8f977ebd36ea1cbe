//! The contract's functions, one file per interface. Each notes what it did.

mod clock;
mod config;
mod context;
mod deliveries;
mod events;
mod log;
mod metrics;
mod verdict;

use http::HeaderMap;

use super::bindings::orbital::test::deliveries::Header;
use crate::target::header_text;

/// Headers as the contract has them.
fn headers(map: &HeaderMap) -> Vec<Header> {
    map.iter()
        .map(|(name, value)| Header { name: name.as_str().to_owned(), value: header_text(value) })
        .collect()
}

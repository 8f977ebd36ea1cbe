//! The example system under test: a small service that takes events over HTTP, processes them after it has answered,
//! and delivers each to every webhook that is routed for its type.
//!
//! It behaves as well as a real one should (validation, idempotent ids, retries, back pressure, a graceful stop) and can
//! be made to misbehave while it runs (see [`faults`]), so that one can watch the right tests fail. The routes that it
//! serves are listed in [`server`].

#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a panic is how a test fails"))]

pub mod event;
pub mod faults;
pub mod route;
pub mod server;
pub mod service;

mod courier;
mod limits;
mod metrics;
mod seen;

pub use route::{Route, Routes};
pub use service::{Attempts, Pipeline};

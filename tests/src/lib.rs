//! What the black-box tests stand on: the real binary as a child process, fixture components, and waiting for
//! what it says instead of sleeping.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod binary;
mod guest;
mod host;
mod lines;
mod metrics;

pub use binary::{Finished, orbital};
pub use guest::{guest, patched};
pub use host::{Host, HostBuilder};
pub use lines::Lines;
pub use metrics::Metrics;

use std::time::Duration;

/// How long a test waits for something that must happen. It is there so that a test that is wrong ends; no
/// test measures it.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A client that follows no redirect and uses no proxy.
pub fn client() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap()
}

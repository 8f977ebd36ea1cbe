//! The harness of the black-box tests: the real binary as a child process, fixture components, and waiting for output
//! instead of sleeping.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod api;
mod attack;
mod binary;
mod bomb;
mod browser;
mod composition;
mod document;
mod guest;
mod host;
mod lines;
mod metrics;
mod pipeline;
mod stalls;
mod system;
mod tools;
mod wall_clock;

pub use api::{Api, Call, serve};
pub use attack::{attack, crafted, crowded, importing};
pub use binary::{
    ConfigFile, Finished, binary, command, config, granting, orbital, orbital_through, orbital_with,
};
pub use bomb::{bomb, section};
pub use browser::{Browser, axe, browse};
pub use composition::composition;
pub use document::{Block, blocks};
pub use guest::{conformance, enlarged, example, guest, patched, rebuilt};
pub use host::{GRANTS, Host, HostBuilder};
pub use lines::Lines;
pub use metrics::Metrics;
pub use pipeline::{DeliveringPipeline, Pipeline};
pub use stalls::bad_outcomes;
pub use system::System;
use tools::tools;
pub use tools::{missing, program, schemathesis, zig};
pub use wall_clock::WallClock;

use std::time::Duration;

use serde_json::Value;

/// The longest that a test waits for something that must happen, such as a line. It only ends tests that would hang, so it
/// is far above what a busy machine takes; no test measures it.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// The longest that a test waits for an HTTP response, which may come only once a run has ended.
const RESPONSE_TIMEOUT: Duration = PATIENCE.saturating_mul(2);

/// Asks repeatedly, with a short pause, until there is an answer: for state that can only be looked up.
pub async fn eventually<T>(what: &str, ask: impl AsyncFnMut() -> Option<T>) -> T {
    eventually_within(PATIENCE, what, ask).await
}

/// Asks as [`eventually`] does, with another limit.
pub async fn eventually_within<T>(limit: Duration, what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let asking = async {
        loop {
            if let Some(answer) = ask().await {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let answer = tokio::time::timeout(limit, asking).await;
    answer.unwrap_or_else(|_| panic!("it never came true that {what}"))
}

/// The last attempt of a run's report: it has `messages` and `timeline`.
pub fn last_attempt(report: &Value) -> &Value {
    report["attempts"].as_array().unwrap().last().unwrap()
}

/// A client that follows no redirect and uses no proxy.
pub fn client() -> reqwest::Client {
    client_builder().build().unwrap()
}

/// A builder of such a client, for a test that needs other settings.
pub fn client_builder() -> reqwest::ClientBuilder {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .timeout(RESPONSE_TIMEOUT)
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
}

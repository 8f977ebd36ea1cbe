//! The example pipeline, tested from Rust.

mod cleans_up;
mod configured;
mod counters;
mod exactly_once;
mod fan_out;
mod http_client;
mod retries_delivery;
mod server_made_id;
mod smoke;

use orbital_sdk::{manifest, suite};

manifest!();

suite!(
    smoke::smoke,
    fan_out::fan_out,
    exactly_once::exactly_once,
    counters::counters,
    server_made_id::server_made_id,
    retries_delivery::retries_delivery,
    configured::configured,
    cleans_up::cleans_up,
    http_client::http_client
);

//! Black-box tests: they start the real binary, copy real components, use real sockets.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod cli;
mod config;
mod deploy;
mod guests;
mod metrics;
mod pipeline;
mod shutdown;
mod targets;
mod webhook;

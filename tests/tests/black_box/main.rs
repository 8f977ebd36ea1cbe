//! Black-box tests: they start the real binary, copy real components, use real sockets.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod admin;
mod api;
mod beside;
mod browser;
mod build;
mod cli;
mod clock;
mod compare;
mod compiling;
mod config;
mod conformance;
mod deploy;
mod docs;
mod exposition;
mod grants;
mod guest_metrics;
mod guests;
mod history;
mod hostile;
mod http;
mod many;
mod metrics;
mod names;
mod new;
mod overrides;
mod pages;
mod pipeline;
mod polling;
mod reload;
mod replies;
mod retries;
mod schema;
mod secrets;
mod settings;
mod shutdown;
mod standstill;
mod strangers;
mod targets;
mod terminal;
mod tls;
mod trust;
mod webhook;
mod webhook_auth;
mod webhook_paths;

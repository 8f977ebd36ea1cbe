//! Write end-to-end tests for orbital in Rust.
//!
//! A test sends an event to the system under test and waits for the delivery to orbital's webhook. A test is a
//! function. A suite of tests is a component: one `.wasm` file. To deploy it, copy it into the host's directory.
//!
//! ```
//! use orbital_sdk::prelude::*;
//!
//! #[case(every = "1s", timeout = "3s")]
//! fn smoke(t: &Test) -> Result {
//!     let id = t.new_id();
//!     t.send_event(Event::to("api").key(&id).json(&json!({ "id": id, "email": "ada@example.com" })))?;
//!     let delivery = t.wait_for(&id)?;
//!     check_eq!(t, delivery.json::<Value>()?["processed"], true);
//!     Ok(())
//! }
//!
//! suite!(smoke);
//! ```
//!
//! A case passes if it returns `Ok` and was not marked as failed. [`check!`], [`check_eq!`], [`check_ne!`] and
//! [`Test::fail`] mark it as failed and continue. `?`, [`bail!`] and a panic end it.
//!
//! # Building
//!
//! ```toml
//! [lib]
//! crate-type = ["cdylib"]
//!
//! [dependencies]
//! orbital-sdk = { path = "…/orbital/guest-sdk/rust" }
//!
//! # Makes the component a third smaller.
//! [profile.release]
//! opt-level = "s"
//! lto = true
//! codegen-units = 1
//! ```
//!
//! ```text
//! cargo build --release --target wasm32-wasip2
//! ```
//!
//! The file `orbital-manifest.toml` next to `Cargo.toml` lists the grants that the component needs. `orbital build`
//! adds it to the component; with Cargo alone, use [`manifest!`].
//!
//! To parse JSON into your own types, add `serde` with its feature `derive`. This crate re-exports
//! [`serde_json::Value`].

#![warn(missing_docs)]
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a panic is how a test fails"))]

// The attribute `case` names this crate by its name, in this crate's own tests too.
extern crate self as orbital_sdk;

mod body;
mod case;
mod check;
mod content;
mod delivery;
mod difference;
mod event;
mod expect_error;
mod failure;
#[cfg(not(target_family = "wasm"))]
pub mod fake;
mod host;
mod log;
mod manifest;
mod metric;
mod poll;
pub mod prelude;
mod receipt;
mod reply;
mod request;
mod send_error;
mod sending;
mod suite;
mod test;
mod time;
mod wait_error;
mod waiting;

/// Bindings generated from the contract, for code that needs more than this crate offers.
#[doc(hidden)]
#[allow(missing_docs, unsafe_code, unreachable_pub, clippy::all, clippy::unwrap_used, reason = "generated")]
pub mod bindings {
    wit_bindgen::generate!({
        path: "wit",
        world: "test",
        pub_export_macro: true,
        default_bindings_module: "orbital_sdk::bindings",
    });
}

/// Functions that the macros call.
#[doc(hidden)]
pub mod private {
    pub use crate::check::{holds, is_equal, is_not_equal};
    pub use crate::suite::{cases, have_unique_names, run};
}

pub use bindings::orbital::test::context::RunContext;
pub use bindings::orbital::test::deliveries::Header;
pub use body::BodyError;
pub use case::{Case, Schedule};
pub use delivery::Delivery;
pub use event::Event;
pub use expect_error::ExpectError;
pub use failure::{Context, Failure, Result};
pub use log::Level;
pub use metric::MetricError;
pub use orbital_sdk_macros::case;
pub use receipt::{Receipt, StatusError};
pub use reply::Reply;
pub use request::Request;
pub use send_error::SendError;
pub use serde_json;
pub use test::Test;
pub use wait_error::WaitError;

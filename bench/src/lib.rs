//! Parts that the programs for `cargo xtask bench` share.
//!
//! | program | purpose |
//! | --- | --- |
//! | `bench-system` | the system under test: takes an event, and sends one delivery with its id |
//! | `bench-tester` | a tester without guests: the least that a run costs in Rust |
//! | `bench-endpoint` | an HTTP endpoint that reads a body and does nothing with it: the least that a webhook request costs |
//! | `bench-load` | sends requests to a webhook |
//!
//! `go/` has a tester that works as the original does. The programs have no dependencies that the host does not have, and
//! must not depend on the host: it is what they are compared with.
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a panic is how a test fails"))]

pub mod event;
pub mod sender;
pub mod server;
pub mod times;

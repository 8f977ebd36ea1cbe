//! The host of orbital: its command line, and the wiring of its crates.
//!
//! [`cli`] parses a command; [`settings`] reads `orbital.toml`; [`foundation`] builds the parts that `serve`, `run` and
//! `dev` have in common; [`live`] makes the parts that a reload replaces; [`service`] starts all of them; [`reload`] passes
//! on changed settings. This crate may depend on everything, and nothing depends on it.

pub mod cli;
pub mod descriptors;
pub mod dev;
pub mod foundation;
#[cfg(fuzzing)]
pub mod fuzzing;
pub mod live;
pub mod reload;
pub mod service;
pub mod settings;

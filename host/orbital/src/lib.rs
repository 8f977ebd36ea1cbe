//! The host of orbital: its command line, and the wiring of its crates.
//!
//! [`cli`] parses a command; [`settings`] reads `orbital.toml`; [`foundation`] builds what `serve`, `run` and `dev` have in
//! common; [`service`] starts all of it; [`reload`] passes changed settings on. May depend on everything; nothing depends on
//! it.

pub mod cli;
pub mod descriptors;
pub mod dev;
pub mod foundation;
#[cfg(fuzzing)]
pub mod fuzzing;
pub mod reload;
pub mod service;
pub mod settings;

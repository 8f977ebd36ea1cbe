//! Reads `orbital.toml`: every mistake in a file is reported, with its line and how to fix it, before anything else
//! happens.
//!
//! Each crate converts its [`Section`]s to its own settings; this crate does not know the meaning of any setting. The
//! only exception is [`secrets`], to which settings of all crates can refer.
//!
//! May depend on: the model, files. Must not depend on: tokio, any other crate of the host.

mod document;
mod mistake;
pub mod secrets;
mod section;

pub use document::{Setting, parse};
pub use mistake::{ConfigError, Mistake};
pub use section::{Section, pair, resolved};

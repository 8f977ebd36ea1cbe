//! Reads `orbital.toml`: every mistake in a file is reported, with line and fix, before anything else happens.
//!
//! Each crate turns its [`Section`]s into its own settings; nothing here knows what a setting means. The one exception are
//! [`secrets`], which settings of all crates can refer to.
//!
//! May depend on: the model, files. Must not depend on: tokio, any other crate of the host.

mod document;
mod mistake;
pub mod secrets;
mod section;

pub use document::{Setting, parse};
pub use mistake::{ConfigError, Mistake};
pub use section::{Section, pair, resolved};

//! Reading `orbital.toml`: a file is read to its end and every mistake in it is reported, with line and
//! remedy, before anything else happens.
//!
//! The rooms own their sections: each turns a [`Section`] into its own settings. Nothing here knows what a
//! setting means.

mod document;
mod mistake;
mod section;

pub use document::{Setting, parse};
pub use mistake::{ConfigError, Mistake};
pub use section::{Section, pair, resolved};

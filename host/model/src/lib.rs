//! The types that all crates of the host share: outcomes, causes, patterns of names, times, and untrusted text.
//!
//! May depend on: libraries for data (serde, jiff, utoipa). Must not depend on: tokio, any other crate of the host, files,
//! sockets.

mod cause;
pub mod error;
mod outcome;
pub mod pattern;
pub mod seconds;
pub mod sensitive;
pub mod text;
pub mod timestamp;
pub mod utf16;
mod window;

pub use cause::{Cause, Origin};
pub use outcome::Outcome;
pub use pattern::Pattern;
pub use window::Window;

//! Files at paths that others can influence: they are read with limits of type, size and time, and written for the
//! host's user alone.
//!
//! May depend on: the model. Must not depend on: tokio, any other crate of the host.

pub mod file;
pub mod links;
pub mod private;
pub mod program;
pub mod shortage;
mod stamp;
pub mod state;
pub mod watch;

pub use file::FileError;
pub use stamp::Stamp;

//! The loop from a save to a result: the sources of a project, a build that can be ended at any time, and a bench on
//! which components are loaded and run, with a webhook of its own and, if there is no other, a system under test.

mod bench;
mod builder;
mod example;
mod sources;

pub use bench::{Bench, BenchError, Place};
pub use builder::Builder;
pub use sources::{Change, Sources};

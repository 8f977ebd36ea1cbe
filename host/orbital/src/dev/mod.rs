//! The loop from a save to a result: the sources of a project, a build that can be ended at any time, and an environment
//! which components are loaded and run, with a webhook of its own and, if there is no other, a system under test.

mod builder;
mod environment;
mod example;
mod sources;

pub use builder::Builder;
pub use environment::{DevEnvironment, DevError, EnvironmentSettings};
pub use sources::{SourceChange, Sources};

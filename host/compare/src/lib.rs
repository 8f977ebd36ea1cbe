//! The comparison of two environments: the statistics of the same cases in each, and where they differ by more than
//! noise.
//!
//! Each environment is another orbital host, which is asked for its statistics. [`Comparison`] defines what is
//! compared, and how; the tests are in `significance.rs`, which depends on numbers only.
//!
//! May depend on: the model, files, the configuration. Must not depend on: any other crate of the host.

mod ask_error;
mod comparison;
mod environments;
mod settings;
mod significance;
mod stats;

pub use ask_error::AskError;
pub use comparison::{Aspect, CaseComparison, Comparison, Finding, LEVEL};
pub use environments::{EnvironmentError, Environments};
pub use settings::{EnvironmentSettings, EnvironmentsSettings};
pub use stats::{CaseStats, Latency, Runs, Stats};

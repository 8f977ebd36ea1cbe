//! Two environments side by side: what the same cases come to in each, and where that differs by more than noise.
//!
//! Each environment is another host of orbital, which is asked for its statistics. What is compared, and how, is in
//! [`comparison`](Comparison); the tests are in `significance.rs`, which knows numbers only.

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

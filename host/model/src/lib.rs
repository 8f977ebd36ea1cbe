//! The types that all crates of the host share: runs, outcomes, steps, budgets, patterns of names, times, and untrusted
//! text. Types that are written as JSON can be read back.
//!
//! May depend on: libraries for data (serde, jiff, utoipa). Must not depend on: tokio, any other crate of the host,
//! files, sockets.

#![warn(missing_docs)]

pub mod amounts;
mod budget;
mod case;
mod case_id;
mod case_record;
mod cause;
#[cfg(feature = "bench")]
mod counted;
mod cron;
pub mod describe;
pub mod error;
mod metric;
pub mod name;
mod outcome;
pub mod pattern;
mod phases;
mod report;
pub mod run_ids;
#[cfg(feature = "bench")]
pub mod sample;
mod schedule;
pub mod seconds;
pub mod sensitive;
mod step;
pub mod text;
pub mod timestamp;
mod trigger;
mod usage;
pub mod utf16;
pub mod variants;
mod weight;
mod window;

pub use budget::{Budget, BudgetBreach, Definition, Unit};
pub use case::{Case, Retry};
pub use case_id::{CaseId, CaseIdFields};
pub use case_record::{CaseRecord, Standing, StateChange};
pub use cause::{Cause, Origin};
#[cfg(feature = "bench")]
pub use counted::counted;
pub use cron::Cron;
pub use metric::{MetricKind, Sample};
pub use outcome::Outcome;
pub use pattern::Pattern;
pub use phases::Phases;
pub use report::{Attempt, Report};
pub use schedule::Schedule;
pub use step::{LogLevel, LogSource, Step, StepKind};
pub use trigger::{SkipReason, Trigger};
pub use usage::Usage;
pub use window::Window;

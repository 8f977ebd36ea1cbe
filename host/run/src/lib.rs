//! Runs cases: [`registry`] loads components from a directory, [`scheduler`] decides which case is due, [`dispatcher`]
//! starts the run, and [`runner`] turns it into one report.
//!
//! Changes and runs are emitted as [`event`]s. May depend on: the model, configuration, policy, guests, the client, the
//! waiter. Must not depend on: sinks (metrics, history, pages).

pub mod component;
pub mod dispatcher;
pub mod event;
pub mod order;
pub mod pausing;
pub mod registry;
pub mod runner;
pub mod scheduler;
mod terms;

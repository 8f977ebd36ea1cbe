//! The host of orbital: runs end-to-end tests, written as WebAssembly components, for ever.
//!
//! The way of the data: [`registry`] loads components from a directory, [`scheduler`] says which case is due,
//! [`runner`] runs it in a [`guest`] whose calls go to a [`target`] and whose answers come in by the
//! [`webhook`] and the [`waiter`], and [`report`] tells the outside. [`service`] alone knows all rooms.

pub mod admin;
mod amounts;
pub mod cli;
pub mod component;
pub mod descriptors;
pub mod dev;
pub mod dispatcher;
pub mod event;
pub mod foundation;
#[cfg(fuzzing)]
pub mod fuzzing;
pub mod guest;
pub mod heartbeat;
pub mod history;
pub mod listener;
pub mod order;
pub mod output;
pub mod pausing;
pub mod registry;
pub mod reload;
pub mod report;
mod run_ids;
pub mod runner;
pub mod scheduler;
pub mod service;
mod session_cookie;
pub mod settings;
mod sparing;
pub mod target;
pub mod waiter;
pub mod webhook;

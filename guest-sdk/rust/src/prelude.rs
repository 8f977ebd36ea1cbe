//! Everything that a test needs: `use orbital_sdk::prelude::*`.

pub use std::time::Duration;

pub use serde_json::{Value, json};

pub use crate::{
    BodyError, Case, Context, Delivery, Event, ExpectError, Failure, Header, Level, MetricError, Receipt,
    Reply, Request, Result, RunContext, Schedule, SendError, StatusError, Test, WaitError, bail, case, check,
    check_eq, check_ne, manifest, suite,
};

//! The functions of the contract: those of the host in a component, and those of the fake in a unit test.

#[cfg(not(target_family = "wasm"))]
pub(crate) use crate::fake::calls::{clock, config, context, deliveries, events, log, metrics, verdict};

#[cfg(target_family = "wasm")]
pub(crate) use crate::bindings::orbital::test::{
    clock, config, context, deliveries, events, log, metrics, verdict,
};

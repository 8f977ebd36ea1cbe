//! The host, as a case sees it: functions of the contract. Where there is no WebAssembly there is no host, and a unit
//! test plays it.

#[cfg(not(target_family = "wasm"))]
pub(crate) use crate::fake::calls::{clock, config, context, deliveries, events, log, metrics, verdict};

#[cfg(target_family = "wasm")]
pub(crate) use crate::bindings::orbital::test::{
    clock, config, context, deliveries, events, log, metrics, verdict,
};

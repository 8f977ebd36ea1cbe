//! Projects of tests: `orbital new` and `orbital build`, with the SDKs and templates that they embed.
//!
//! May depend on: the model, files, configuration, policy (for manifests). Must not depend on: tokio, wasmtime's runtime, any
//! other crate of the host.

pub mod build;
pub mod language;
pub mod scaffold;
pub mod sdk;

//! Access and limits of components: the operator's grants and limits, the manifests by which components ask for them,
//! and the targets that they may reach.
//!
//! May depend on: the model, configuration. Must not depend on: tokio, wasmtime, any other crate of the host.

pub mod grants;
pub mod limits;
pub mod rules;
pub mod run_settings;
pub mod targets;

//! From bytes to a suite.

use wasmtime::component::Component;

use super::bindings::TestPre;
use super::contract::{ContractError, inspect};
use super::engine::GuestEngine;
use super::suite::Suite;

/// Why there is no suite.
#[derive(Debug, thiserror::Error)]
pub enum CompileError {
    /// It is not for this host.
    #[error(transparent)]
    Contract(#[from] ContractError),
    /// It is not valid, or cannot be compiled.
    #[error("cannot be compiled: {0}")]
    Invalid(String),
    /// It imports what no test can have.
    #[error(
        "cannot be linked: {0}; a test can have the interfaces of orbital:test@0.1.0 and WASI 0.2 without \
         directories, environment and sockets"
    )]
    Link(String),
}

/// Checks, compiles and links a component. It takes up to seconds and all cores: call it where blocking is
/// allowed. Code that was compiled before comes from the engine's cache.
///
/// # Errors
/// The first thing that keeps it from being a test.
pub fn compile(engine: &GuestEngine, bytes: &[u8]) -> Result<Suite, CompileError> {
    let metadata = inspect(bytes)?;
    let component =
        Component::new(&engine.engine, bytes).map_err(|error| CompileError::Invalid(format!("{error:#}")))?;
    let link = |error: wasmtime::Error| CompileError::Link(format!("{error:#}"));
    let linked = engine.linker.instantiate_pre(&component).map_err(link)?;
    Ok(Suite::new(TestPre::new(linked).map_err(link)?, metadata))
}

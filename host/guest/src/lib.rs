//! Runs guests: the only crate that depends on wasmtime.
//!
//! A [`Suite`] is a component that was checked, compiled and linked. Each run gets a fresh instance of
//! it with its own [`Session`]: everything that the run may access. The session's [`Recorder`] records
//! every call across that boundary.
//!
//! May depend on: the model, files, policy, the client, the waiter. Must not depend on: the scheduler, sinks.

mod bindings;
mod budget;
mod clock;
mod code_cache;
mod code_key;
mod compile;
mod confinement;
mod contract;
mod dimensions;
mod engine;
mod host;
mod http;
mod lines;
mod meter;
mod recorder;
mod run_parts;
mod series;
mod session;
mod share;
mod sight;
mod stdio;
mod suite;
mod ticker;
mod trap;

pub use bindings::exports::orbital::test::suite as declared;
pub use clock::RunClock;
pub use code_cache::{CodeCache, CodeCacheError};
pub use compile::{COMMAND as COMPILE_COMMAND, CodeOrigin, CompileError, Compiled, Compiler, Pace, Source};
pub use confinement::{CompileLimits, Confinement};
pub use contract::{ContractError, Metadata, VERSION, check_dimensions, check_magic, inspect};
pub use dimensions::TooLarge;
pub use engine::{Code, EngineError, GuestEngine, compile};
pub use meter::Meter;
pub use recorder::{Activity, Recorder, Recording};
pub use run_parts::{RunContext, RunParts};
pub use series::SeriesBook;
pub use session::Session;
pub use share::{Share, Shares};
pub use sight::Sight;
pub use suite::{Entered, Suite};
pub use ticker::Begun;
pub use trap::{Breakdown, write_frames};

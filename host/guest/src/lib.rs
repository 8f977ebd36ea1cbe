//! Runs guests: the only crate that depends on wasmtime.
//!
//! A [`Suite`] is a component that was checked, compiled and linked. Each run gets a fresh instance of
//! it with its own [`GuestState`]: everything that the run may access. The state's [`Recorder`] records
//! every call across that boundary.
//!
//! May depend on: the model, files, policy, the client, the waiter. Must not depend on: the scheduler, sinks.

mod activity;
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
mod guest_state;
mod host;
mod http;
mod in_use;
mod lines;
mod meter;
mod placement;
mod quota;
mod recorder;
mod run_parts;
mod series;
mod stack_sample;
mod stdio;
mod suite;
mod ticker;
mod trap;

pub use activity::Activity;
pub use bindings::exports::orbital::test::suite as declared;
pub use clock::RunClock;
pub use code_cache::{CodeCache, CodeCacheError};
pub use compile::{
    COMMAND as COMPILE_COMMAND, CodeOrigin, CompileError, CompileMode, Compiled, Compiler, Source,
};
pub use confinement::{CompileLimits, Confinement};
pub use contract::{ContractError, Metadata, VERSION, check_dimensions, check_magic, inspect};
pub use dimensions::TooLarge;
pub use engine::{Code, EngineError, GuestEngine, compile};
pub use guest_state::GuestState;
pub use meter::Meter;
pub use placement::Placement;
pub use quota::{ComponentQuota, ComponentQuotas};
pub use recorder::{Recorder, Recording};
pub use run_parts::{RunContext, RunParts};
pub use series::SeriesBook;
pub use stack_sample::StackSample;
pub use suite::{Entered, Place, Prepared, Suite};
pub use ticker::EpochWaker;
pub use trap::{GuestError, write_frames};

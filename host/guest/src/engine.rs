//! The WebAssembly engines, and the clock that makes busy guests yield.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;

use orbital_model::text::beginning;
use tokio::sync::Semaphore;
use wasmtime::component::{Component, HasSelf, Linker};
use wasmtime::{
    Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, Strategy,
    WasmBacktraceDetails,
};

use crate::bindings::TestPre;
use crate::bindings::orbital::test as contract;
use crate::dimensions::{MEMORIES, TABLES};
use crate::guest_state::GuestState;
use crate::suite::Linked;
use crate::ticker::{EpochWaker, tick};

/// The address space of one linear memory, in bytes. A guest cannot have more, whatever its budget is.
const MEMORY_RESERVATION: u64 = 1 << 30;

/// The address space of all linear memories of one engine, in bytes. A process has 128 TiB, in two parts, the smaller
/// of which has about 42 TiB; each engine needs one contiguous piece. From 6000 runs in flight on, there is room for
/// at least three memories of each run, but not for all that each run may have.
const ADDRESS_SPACE: u64 = 32 << 40;

/// The size of the guard region after a memory, in bytes. An access slightly beyond the end
/// of the memory is detected.
const MEMORY_GUARD: u64 = 32 << 20;

/// The size of a guest's stack, in bytes. Python recurses deeply; only the part that is used takes memory.
const WASM_STACK: usize = 2 << 20;

/// The size of the additional stack that the host needs when a guest calls it, in bytes.
const HOST_STACK: usize = 512 << 10;

/// The pages of a memory that stay resident when a run has ended, in bytes.
const KEEP_RESIDENT: usize = 512 << 10;

/// How many unused memories stay prepared for the component that used them last: at most one of each of so many
/// components. To prepare another one costs several system calls, which interrupt all threads.
const WARM_SLOTS: u32 = 1000;

/// How the machine code of a guest is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Code {
    /// By Cranelift: fast code that takes long to compile.
    Optimised,
    /// By Winch, in a fraction of the time, for a component whose first run should not wait.
    Quick,
}

/// How many runs of quick code may be in flight at once; further ones wait. Each place for one takes two of the mappings
/// that the system allows a process, 65,530 by default, even if it is not used.
const QUICK_RUNS: usize = 1000;

/// The places for `cases()` of components that are loaded while runs are in flight: the registry loads up to 17 at once.
const LOADS: usize = 24;

/// The most core instances of one component.
const CORE_INSTANCES: u32 = 100;

/// The most bytes that the host keeps for one core instance, such as for its globals. No budget counts them, so the
/// total must be small.
const CORE_INSTANCE: usize = 512 << 10;

/// The engines that create instances of guests.
#[derive(Clone)]
pub struct GuestEngine {
    optimised: Tier,
    quick: Tier,
    epoch_waker: EpochWaker,
}

#[derive(Clone)]
struct Tier {
    engine: Engine,
    linker: Arc<Linker<GuestState>>,
    /// A permit for each instance that there is room for.
    places: Arc<Semaphore>,
}

/// Why the engines could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// wasmtime rejected the configuration.
    #[error("cannot set up the WebAssembly engine: {0}")]
    Engine(String),
    /// The system denied a thread.
    #[error("cannot start the thread that makes guests yield")]
    Thread(#[source] std::io::Error),
}

/// Why machine code cannot become a suite.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// The code was compiled by another engine, or is broken.
    #[error("its machine code cannot be loaded: {0}")]
    Code(String),
    /// The component has more instances, memories or tables than one component may have.
    #[error("too large to be run: {0}; make it smaller, such as by dividing it into several components")]
    TooLarge(String),
    /// The component imports something that no test can have.
    #[error(
        "cannot be linked: {0}; a test can have the interfaces of orbital:test@0.1.0, `wasi:http`, and WASI 0.2 without \
         directories, environment and sockets"
    )]
    Imports(String),
}

impl GuestEngine {
    /// Sets up the engines for `max_runs` runs in flight at once, and a thread that ends when the last clone of the
    /// engines is dropped.
    ///
    /// # Errors
    /// The system denies the address space for `max_runs`, or a thread.
    pub fn new(max_runs: usize) -> Result<Self, EngineError> {
        // Quick code has its own pool, although few instances of it are ever created: without a pool, the limits of a
        // pool would not apply to it.
        let tier = |code: Code| {
            let max_runs = match code {
                Code::Optimised => max_runs,
                Code::Quick => max_runs.min(QUICK_RUNS),
            };
            let slots = max_runs.saturating_add(LOADS);
            let mut config = config(code);
            config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool(slots)));
            Tier::new(&config, slots)
        };
        let engine = Self {
            optimised: tier(Code::Optimised)?,
            quick: tier(Code::Quick)?,
            epoch_waker: EpochWaker::default(),
        };
        let engines = [&engine.optimised, &engine.quick].map(|tier| tier.engine.weak());
        tick(engines, engine.epoch_waker.clone()).map_err(EngineError::Thread)?;
        Ok(engine)
    }

    /// Returns the counter to increment when busy components begin to compute.
    pub fn epoch_waker(&self) -> EpochWaker {
        self.epoch_waker.clone()
    }

    /// Returns a hash that distinguishes machine code that this engine can run from all other code.
    pub(super) fn fingerprint(&self, kind: Code) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.tier(kind).engine.precompile_compatibility_hash().hash(&mut hasher);
        hasher.finish()
    }

    fn tier(&self, kind: Code) -> &Tier {
        match kind {
            Code::Optimised => &self.optimised,
            Code::Quick => &self.quick,
        }
    }

    /// Loads and links machine code.
    #[allow(unsafe_code, reason = "only so is compiled code loaded without compiling it again")]
    pub fn link(&self, code: &[u8], kind: Code) -> Result<Linked, LinkError> {
        let tier = self.tier(kind);
        // SAFETY: a child process of this host compiled these bytes and returned them through a pipe, or the
        // cache has verified that this host compiled them (`CodeCache::find`). They are copied to memory that
        // belongs to this process alone, so the code that runs is the code that was verified. wasmtime
        // rejects code of another version.
        let component = unsafe { Component::deserialize(&tier.engine, code) };
        let component = component.map_err(|error| {
            let reason = beginning(&format!("{error:#}")).into_owned();
            // The engine counts instances, and there may be several instances of what the component contains once.
            // wasmtime has no error type for this.
            match reason.split_once(" in the pooling allocator") {
                Some((reason, _)) => LinkError::TooLarge(reason.to_owned()),
                None => LinkError::Code(reason),
            }
        })?;
        let imports =
            |error: wasmtime::Error| LinkError::Imports(beginning(&format!("{error:#}")).into_owned());
        let linked = tier.linker.instantiate_pre(&component).map_err(imports)?;
        Ok(Linked::new(TestPre::new(linked).map_err(imports)?, tier.places.clone()))
    }
}

/// Compiles a component to machine code for [`GuestEngine::link`]. This takes up to several
/// seconds and uses all cores.
///
/// # Errors
/// The component is invalid, or the compiler does not support it.
pub fn compile(bytes: &[u8], code: Code) -> Result<Vec<u8>, String> {
    let compiled = Engine::new(&config(code)).and_then(|engine| engine.precompile_component(bytes));
    compiled.map_err(|error| beginning(&format!("{error:#}")).into_owned())
}

/// Returns the configuration that code and the engine that runs it must have in common.
fn config(code: Code) -> Config {
    let mut config = Config::new();
    config.strategy(match code {
        Code::Optimised => Strategy::Cranelift,
        Code::Quick => Strategy::Winch,
    });
    config.epoch_interruption(true);
    // When wasmtime reads debug information, it recurses for each level of inlined functions. `lines.rs` reads only
    // the line tables. By default, an environment variable decides, which the compiling process does not have.
    config.wasm_backtrace_details(WasmBacktraceDetails::Disable);
    config.memory_reservation(MEMORY_RESERVATION);
    config.memory_guard_size(MEMORY_GUARD);
    config.max_wasm_stack(WASM_STACK);
    config.async_stack_size(WASM_STACK + HOST_STACK);
    config
}

/// Returns the pool: slots for instances, which are prepared once, so that the start of a run costs no system call
/// for its memory. The limits per component are those that the largest known guests (Python's) need, and the pool has
/// that much for each run: a component that declares all that it may have takes nothing that another one needs.
fn pool(slots: usize) -> PoolingAllocationConfig {
    let slots = u32::try_from(slots).unwrap_or(u32::MAX);
    let most_memories =
        u32::try_from(ADDRESS_SPACE / (MEMORY_RESERVATION + MEMORY_GUARD)).unwrap_or(u32::MAX);
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(slots)
        .total_core_instances(slots.saturating_mul(CORE_INSTANCES))
        .total_memories(slots.saturating_mul(MEMORIES).min(most_memories))
        .total_tables(slots.saturating_mul(TABLES))
        .total_stacks(slots)
        .max_core_instances_per_component(CORE_INSTANCES)
        .max_memories_per_component(MEMORIES)
        .max_memories_per_module(MEMORIES)
        .max_tables_per_component(TABLES)
        .max_tables_per_module(TABLES)
        .table_elements(100_000)
        .max_component_instance_size(1 << 20)
        .max_core_instance_size(CORE_INSTANCE)
        .max_memory_size(MEMORY_RESERVATION as usize)
        // Pages that most runs use anyway stay resident between runs, and are reset one by one: to release them costs
        // several system calls, and to touch them again, page faults. More of them would add up in idle slots.
        .max_unused_warm_slots(WARM_SLOTS)
        .pagemap_scan(Enabled::Auto)
        .linear_memory_keep_resident(KEEP_RESIDENT)
        .table_keep_resident(16 << 10);
    pool
}

impl Tier {
    fn new(config: &Config, slots: usize) -> Result<Self, EngineError> {
        let failed = |error: wasmtime::Error| EngineError::Engine(format!("{error:#}"));
        let engine = Engine::new(config).map_err(failed)?;
        let linker = Arc::new(link(&engine).map_err(failed)?);
        let places = Arc::new(Semaphore::new(slots.min(Semaphore::MAX_PERMITS)));
        Ok(Self { engine, linker, places })
    }
}

/// Links everything that a guest can import. A guest cannot have anything else, such as its own sockets: those of
/// wasmtime-wasi are linked, but denied by the session's context.
fn link(engine: &Engine) -> wasmtime::Result<Linker<GuestState>> {
    let mut linker = Linker::new(engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker)?;
    type Own = HasSelf<GuestState>;
    contract::log::add_to_linker::<_, Own>(&mut linker, |session| session)?;
    contract::verdict::add_to_linker::<_, Own>(&mut linker, |session| session)?;
    contract::context::add_to_linker::<_, Own>(&mut linker, |session| session)?;
    contract::config::add_to_linker::<_, Own>(&mut linker, |session| session)?;
    contract::clock::add_to_linker::<_, Own>(&mut linker, |session| session)?;
    contract::deliveries::add_to_linker::<_, Own>(&mut linker, |session| session)?;
    contract::events::add_to_linker::<_, Own>(&mut linker, |session| session)?;
    contract::metrics::add_to_linker::<_, Own>(&mut linker, |session| session)?;
    Ok(linker)
}

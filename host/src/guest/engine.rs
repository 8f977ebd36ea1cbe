//! The WebAssembly engine, and the clock that makes busy guests yield.

use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use wasmtime::component::{HasSelf, Linker};
use wasmtime::{Cache, CacheConfig, Config, Engine, InstanceAllocationStrategy, PoolingAllocationConfig};

use super::bindings::orbital::test as contract;
use super::session::Session;

/// How long a guest may compute before it lets others go on.
const EPOCH: Duration = Duration::from_millis(10);

/// Address space for one linear memory; a guest cannot have more, whatever its budget says.
const MEMORY_RESERVATION: u64 = 1 << 30;

/// How the engine is set up.
#[derive(Debug, Clone)]
pub struct EngineSettings {
    /// Where compiled code is kept between starts; none keeps nothing.
    pub cache: Option<PathBuf>,
    /// How many runs may be in flight at once.
    pub max_runs: usize,
}

/// Compiles guests and makes instances of them.
#[derive(Clone)]
pub struct GuestEngine {
    pub(super) engine: Engine,
    pub(super) linker: Arc<Linker<Session>>,
}

/// The engine could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The cache's directory cannot be used.
    #[error("cannot keep compiled code in `{path}`: {reason}")]
    Cache {
        /// The directory.
        path: PathBuf,
        /// What the library said.
        reason: String,
    },
    /// wasmtime refused the configuration.
    #[error("cannot set up the WebAssembly engine: {0}")]
    Engine(String),
    /// The system gives us no thread.
    #[error("cannot start the thread that makes guests yield")]
    Thread(#[source] std::io::Error),
}

impl GuestEngine {
    /// Sets up the engine, and a thread that ends when its last clone is gone.
    ///
    /// # Errors
    /// The cache's directory is unusable, or the system denies the address space for `max_runs`.
    pub fn new(settings: &EngineSettings) -> Result<Self, EngineError> {
        let mut config = Config::new();
        config.epoch_interruption(true);
        config.memory_reservation(MEMORY_RESERVATION);
        config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool(settings.max_runs)));
        if let Some(path) = &settings.cache {
            config.cache(Some(open_cache(path)?));
        }
        let failed = |error: wasmtime::Error| EngineError::Engine(format!("{error:#}"));
        let engine = Engine::new(&config).map_err(failed)?;
        let linker = Arc::new(link(&engine).map_err(failed)?);
        tick(&engine).map_err(EngineError::Thread)?;
        Ok(Self { engine, linker })
    }
}

fn open_cache(path: &Path) -> Result<Cache, EngineError> {
    let failed = |reason: String| EngineError::Cache { path: path.to_owned(), reason };
    // Whoever can write here can have the host run any machine code: nobody else may.
    let private = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path);
    private.map_err(|error| failed(error.to_string()))?;
    // The library wants an absolute path.
    let directory = path.canonicalize().map_err(|error| failed(error.to_string()))?;
    let mut config = CacheConfig::new();
    config.with_directory(directory);
    Cache::new(config).map_err(|error| failed(format!("{error:#}")))
}

/// Slots for instances, made ready once: a run's start then costs no system call for its memory. The limits
/// per component are those that the largest known guests (Python's) need.
fn pool(max_runs: usize) -> PoolingAllocationConfig {
    // One more than runs, for `cases()` of components being loaded beside them.
    let slots = u32::try_from(max_runs).unwrap_or(u32::MAX).saturating_add(8);
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(slots)
        .total_core_instances(slots.saturating_mul(50))
        .total_memories(slots.saturating_mul(2))
        .total_tables(slots.saturating_mul(4))
        .total_stacks(slots)
        .max_core_instances_per_component(100)
        .max_memories_per_component(4)
        .max_tables_per_component(40)
        .max_tables_per_module(20)
        .table_elements(100_000)
        .max_component_instance_size(4 << 20)
        .max_core_instance_size(4 << 20)
        .max_memory_size(MEMORY_RESERVATION as usize)
        // Pages that most runs touch anyway stay in place between runs; more would add up in idle slots.
        .linear_memory_keep_resident(64 << 10)
        .table_keep_resident(16 << 10);
    pool
}

/// Everything that a guest can import. What is not here, such as sockets of its own, no guest can have:
/// wasmtime-wasi's are linked, and denied by the session's context.
fn link(engine: &Engine) -> wasmtime::Result<Linker<Session>> {
    let mut linker = Linker::new(engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker)?;
    type Own = HasSelf<Session>;
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

/// Moves the engine's epoch on. The thread holds the engine weakly and ends with it. Without it a busy guest
/// would never yield, so a host that cannot start it does not start.
fn tick(engine: &Engine) -> std::io::Result<()> {
    let engine = engine.weak();
    let thread = std::thread::Builder::new().name("epoch".to_owned());
    thread.spawn(move || {
        while let Some(engine) = engine.upgrade() {
            engine.increment_epoch();
            drop(engine);
            std::thread::sleep(EPOCH);
        }
    })?;
    Ok(())
}

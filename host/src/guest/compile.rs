//! From bytes to a suite.
//!
//! The compiler runs in a child process of the same binary, with little priority: one that takes too long is ended,
//! one that breaks breaks nothing else, and tests that run beside it go on as before. What it made is kept on disk.
//! A large component runs with quickly made code first, and with optimised code once that is ready.

use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tempfile::NamedTempFile;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::Command;
use tokio::sync::Semaphore;

use super::code_cache::CodeCache;
use super::contract::{ContractError, Metadata, inspect};
use super::engine::{Code, GuestEngine, LinkError};
use super::suite::Suite;
use crate::error::chain;

/// The command of this binary that compiles; see `cli/compile.rs`.
pub const COMMAND: &str = "compile-component";

/// From this size on, in bytes, optimised code takes so long that quick code comes first.
const LARGE: usize = 1 << 20;

/// How long one compilation may take.
const TIMEOUT: Duration = Duration::from_secs(300);

/// How much of what the child says is read.
const MOST_WORDS: u64 = 64 << 10;

/// Makes suites.
#[derive(Clone)]
pub struct Compiler {
    engine: GuestEngine,
    /// None keeps nothing.
    cache: Option<CodeCache>,
    /// Optimising what runs already is done one at a time.
    optimising: Arc<Semaphore>,
}

/// A component's file, whole.
#[derive(Clone)]
pub struct Source {
    /// Its content.
    pub bytes: Bytes,
    /// SHA-256 of it, in hexadecimal.
    pub digest: String,
}

/// What came of a component.
pub struct Compiled {
    /// What runs.
    pub suite: Suite,
    /// What it says of itself.
    pub metadata: Metadata,
    /// How it came by its code.
    pub code: CodeOrigin,
}

/// How a component came by its machine code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeOrigin {
    /// It was compiled now.
    Compiled(Code),
    /// It was compiled before, and kept.
    Kept,
}

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
    #[error("{0}")]
    Link(String),
    /// The compiler did not do its work.
    #[error("the compiler broke: {0}")]
    Broke(String),
}

impl Compiler {
    /// For this engine.
    pub fn new(engine: GuestEngine, cache: Option<CodeCache>) -> Self {
        Self { engine, cache, optimising: Arc::new(Semaphore::new(1)) }
    }

    /// Checks, compiles and links a component; quickly, if it is large and there is a hurry. Code that was compiled
    /// before comes from the cache.
    ///
    /// # Errors
    /// The first thing that keeps it from being a test.
    pub async fn compile(&self, source: &Source, in_a_hurry: bool) -> Result<Compiled, CompileError> {
        let bytes = source.bytes.clone();
        let metadata = blocking(move || inspect(&bytes)).await??;
        if let Some(suite) = self.cached(source).await? {
            return Ok(Compiled { suite, metadata, code: CodeOrigin::Kept });
        }
        if in_a_hurry && source.bytes.len() >= LARGE {
            // Winch does not know all of WebAssembly; then there is no hurry.
            if let Ok(suite) = self.make(source, Code::Quick).await {
                return Ok(Compiled { suite, metadata, code: CodeOrigin::Compiled(Code::Quick) });
            }
        }
        let suite = self.make(source, Code::Optimised).await?;
        Ok(Compiled { suite, metadata, code: CodeOrigin::Compiled(Code::Optimised) })
    }

    /// The same component with optimised code. Waits until nothing else is being optimised.
    ///
    /// # Errors
    /// The compiler did not do its work.
    pub async fn optimise(&self, source: &Source) -> Result<Suite, CompileError> {
        // Nobody closes it.
        let _turn = self.optimising.acquire().await;
        self.make(source, Code::Optimised).await
    }

    /// Code of another version of the host, and what a full disk made of code, is made again.
    async fn cached(&self, source: &Source) -> Result<Option<Suite>, CompileError> {
        let Some(cache) = self.cache.clone() else { return Ok(None) };
        let (engine, key) = (self.engine.clone(), self.key(source));
        let find = move || {
            let path = cache.find(&key)?;
            match engine.link(&path, Code::Optimised) {
                Err(LinkError::Code(reason)) => {
                    tracing::warn!(path = %path.display(), "compiled code is of no use: {reason}");
                    cache.forget(&key);
                    None
                }
                linked => Some(linked),
            }
        };
        Ok(blocking(find).await?.transpose()?)
    }

    async fn make(&self, source: &Source, code: Code) -> Result<Suite, CompileError> {
        let cache = self.cache.clone();
        let scratch = blocking(move || cache.map_or_else(NamedTempFile::new, |cache| cache.scratch()));
        let file =
            scratch.await?.map_err(|error| CompileError::Broke(format!("no room for its code: {error}")))?;
        in_a_child(&source.bytes, code, file.path().to_owned()).await?;
        let (engine, cache, key) = (self.engine.clone(), self.cache.clone(), self.key(source));
        let link = move || {
            let suite = engine.link(file.path(), code)?;
            if let Some(cache) = cache.filter(|_| code == Code::Optimised)
                && let Err(error) = cache.keep(&key, file)
            {
                tracing::warn!(%error, "cannot keep compiled code; it is compiled again at the next start");
            }
            Ok::<_, LinkError>(suite)
        };
        Ok(blocking(link).await??)
    }

    fn key(&self, source: &Source) -> String {
        format!("{}-{:016x}", source.digest, self.engine.fingerprint())
    }
}

/// Has a child of this process compile into a file.
async fn in_a_child(bytes: &Bytes, code: Code, output: PathBuf) -> Result<(), CompileError> {
    let broke = |error: std::io::Error| CompileError::Broke(error.to_string());
    let mut command = Command::new(own_program().map_err(broke)?);
    command.arg(COMMAND).arg(output);
    if code == Code::Quick {
        command.arg("--quick");
    }
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn().map_err(broke)?;
    let (stdin, stderr) = (child.stdin.take(), child.stderr.take());
    let work = async {
        if let Some(mut stdin) = stdin {
            // A child that takes no more says why.
            let _ = stdin.write_all(bytes).await;
        }
        let mut words = Vec::new();
        if let Some(stderr) = stderr {
            let _ = stderr.take(MOST_WORDS).read_to_end(&mut words).await;
        }
        let status = child.wait().await?;
        Ok::<_, std::io::Error>((status, String::from_utf8_lossy(&words).trim().to_owned()))
    };
    match tokio::time::timeout(TIMEOUT, work).await {
        Ok(Ok((status, _))) if status.success() => Ok(()),
        Ok(Ok((status, words))) if status.code() == Some(1) => {
            let reason = if words.is_empty() { "it does not say why".to_owned() } else { words };
            Err(CompileError::Invalid(reason))
        }
        Ok(Ok((status, words))) => Err(CompileError::Broke(format!("{status}: {words}"))),
        Ok(Err(error)) => Err(broke(error)),
        Err(_) => {
            Err(CompileError::Broke(format!("it took longer than {}", humantime::format_duration(TIMEOUT))))
        }
    }
}

/// This very binary, even if its file was replaced by another version since.
fn own_program() -> std::io::Result<PathBuf> {
    if cfg!(target_os = "linux") { Ok("/proc/self/exe".into()) } else { std::env::current_exe() }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, CompileError> {
    tokio::task::spawn_blocking(work).await.map_err(|error| CompileError::Broke(chain(&error)))
}

impl From<LinkError> for CompileError {
    fn from(error: LinkError) -> Self {
        Self::Link(error.to_string())
    }
}

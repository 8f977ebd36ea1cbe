//! Compiles components to suites.
//!
//! The compiler runs in a child process of the same binary, with low priority, within limits, and with access
//! to nothing of the host except the component. A child that takes too long or needs too much is killed, a
//! crash of the compiler affects nothing else, and tests that run at the same time continue as before. The
//! compiled code is stored on disk. A large component first runs with code that was compiled quickly, and with
//! optimised code once that is ready.

use std::os::unix::process::ExitStatusExt as _;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use orbital_files::program;
use orbital_model::error::chain;
use rustix::process::Signal;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::Command;
use tokio::sync::Semaphore;

use crate::code_cache::{CodeCache, Label};
use crate::confinement::{CompileLimits, Confinement};
use crate::contract::{ContractError, Metadata, check_dimensions, inspect};
use crate::engine::{Code, GuestEngine, LinkError};
use crate::in_use::InUse;
use crate::lines::Lines;
use crate::suite::{Linked, Suite};

/// The command of this binary that compiles a component; see `cli/compile.rs`.
pub const COMMAND: &str = "compile-component";

/// The smallest size in bytes of a component that takes so long to optimise that it gets quick code first.
const LARGE: usize = 1 << 20;

/// A compilation that takes longer than this waits for its turn, so that others go first. The largest components that
/// real toolchains produce get quick code in a fifth of this time.
const BRIEF: Duration = Duration::from_secs(10);

/// The number of components that are compiled in a hurry at once. Compiling one uses all cores already; a second one
/// is allowed so that a large component does not delay small ones.
const CONCURRENT: usize = 2;

/// The most bytes that are read of the child's messages.
const MOST_WORDS: u64 = 64 << 10;

/// Compiles components to suites.
#[derive(Clone)]
pub struct Compiler {
    engine: GuestEngine,
    /// The cache of compiled code; `None` if code is not stored.
    cache: Option<CodeCache>,
    in_use: InUse,
    limits: CompileLimits,
    /// The permits to compile in a hurry.
    compiling: Arc<Semaphore>,
    /// The permit to optimise a component that already runs. This is done for one component at a time.
    optimising: Arc<Semaphore>,
}

/// How urgently a component is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CompileMode {
    /// A large component gets quick code first.
    Soon,
    /// A large component gets quick code first, and a compilation that takes long is given up for now.
    Briefly,
    /// Every component gets quick code: a person waits for its first run, and will soon build another version.
    AtOnce,
}

/// The complete file of a component.
#[derive(Clone)]
pub struct Source {
    /// The content of the file.
    pub bytes: Bytes,
    /// The SHA-256 digest of the content, in hexadecimal.
    pub digest: String,
}

/// A component whose code was compiled or found in the cache.
pub struct Compiled {
    /// The suite, ready to run.
    pub suite: Suite,
    /// The component's description of itself.
    pub metadata: Metadata,
    /// Where the component's code comes from.
    pub code: CodeOrigin,
}

/// Where the machine code of a component comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeOrigin {
    /// The code was compiled now.
    Compiled(Code),
    /// The code was compiled earlier: it comes from the cache, or another component with the same file uses it.
    Kept(Code),
}

impl CodeOrigin {
    /// Returns how the code was compiled.
    pub fn code(self) -> Code {
        match self {
            Self::Compiled(code) | Self::Kept(code) => code,
        }
    }
}

/// Why a component cannot become a suite.
#[derive(Debug, thiserror::Error)]
pub enum CompileError {
    /// The file is not a test for this host.
    #[error(transparent)]
    Contract(#[from] ContractError),
    /// The component is invalid, or cannot be compiled.
    #[error("cannot be compiled: {0}")]
    Invalid(String),
    /// The compiled component cannot be linked, for example because it imports something that no test can have.
    #[error("{0}")]
    Link(String),
    /// Compiling takes so long that other components should go first.
    #[error("compiling takes longer than {}", humantime::format_duration(BRIEF))]
    Slow,
    /// Compiling took longer than `components.compile_timeout`.
    #[error(
        "compiling took longer than `components.compile_timeout` allows, {}; make the component simpler, such as by \
         dividing its largest functions, or raise that", humantime::format_duration(*.0)
    )]
    TooLong(Duration),
    /// The compiler needed more memory than `components.compile_memory`.
    #[error(
        "the compiler needed more memory than `components.compile_memory` allows, {}; make the component simpler, such \
         as by dividing its largest functions, or raise that", bytesize::ByteSize(*.0)
    )]
    TooMuchMemory(u64),
    /// The compiler could not do its work.
    #[error("the compiler crashed: {0}")]
    Broke(String),
}

impl Compiler {
    /// Returns a compiler for this engine.
    pub fn new(engine: GuestEngine, cache: Option<CodeCache>, limits: CompileLimits) -> Self {
        let (compiling, optimising) = (Semaphore::new(CONCURRENT), Semaphore::new(1));
        Self {
            engine,
            cache,
            in_use: InUse::default(),
            limits,
            compiling: Arc::new(compiling),
            optimising: Arc::new(optimising),
        }
    }

    /// Checks, compiles and links a component. Code that was compiled before comes from the cache.
    ///
    /// # Errors
    /// The first reason why the component cannot become a suite. After [`CompileError::Slow`], the component has to
    /// be compiled again in another mode.
    pub async fn compile(&self, source: &Source, mode: CompileMode) -> Result<Compiled, CompileError> {
        let bytes = source.bytes.clone();
        let metadata = blocking(move || inspect(&bytes)).await??;
        for kind in [Code::Optimised, Code::Quick] {
            if let Some(suite) = self.known(source, kind).await? {
                return Ok(Compiled { suite, metadata, code: CodeOrigin::Kept(kind) });
            }
        }
        let bytes = source.bytes.clone();
        blocking(move || check_dimensions(&bytes)).await??;
        let in_a_hurry = match mode {
            CompileMode::Soon | CompileMode::Briefly => source.bytes.len() >= LARGE,
            CompileMode::AtOnce => true,
        };
        let _turn = match mode {
            // The semaphore is never closed.
            CompileMode::Briefly => self.compiling.acquire().await.ok(),
            // These are compiled one at a time anyway.
            CompileMode::Soon | CompileMode::AtOnce => None,
        };
        let (suite, code) = if mode == CompileMode::Briefly && BRIEF < self.limits.timeout {
            let made = tokio::time::timeout(BRIEF, self.make_first(source, in_a_hurry, true)).await;
            made.unwrap_or(Err(CompileError::Slow))?
        } else {
            // If every save produces another version, storing each of them is not worth the writes.
            self.make_first(source, in_a_hurry, mode != CompileMode::AtOnce).await?
        };
        Ok(Compiled { suite, metadata, code: CodeOrigin::Compiled(code) })
    }

    /// Compiles a component to optimised code. Waits until no other component is being optimised.
    ///
    /// # Errors
    /// The compiler could not do its work.
    pub async fn optimise(&self, source: &Source) -> Result<Suite, CompileError> {
        // The semaphore is never closed.
        let _turn = self.optimising.acquire().await;
        // A component with the same file may have been optimised meanwhile.
        match self.in_use.find(&source.digest, Code::Optimised) {
            Some(suite) => Ok(suite),
            None => self.make(source, Code::Optimised, true).await,
        }
    }

    /// Returns the suite that is in use, or the one from the cache. Returns `None` if the code must be compiled (again):
    /// it is missing, was compiled by another version of the host, was damaged by a full disk, or was changed by a
    /// stranger.
    async fn known(&self, source: &Source, kind: Code) -> Result<Option<Suite>, CompileError> {
        if let Some(suite) = self.in_use.find(&source.digest, kind) {
            return Ok(Some(suite));
        }
        let Some(cache) = self.cache.clone() else { return Ok(None) };
        let (engine, digest, bytes) = (self.engine.clone(), source.digest.clone(), source.bytes.clone());
        let in_use = self.in_use.clone();
        let find = move || {
            let label = Label { digest: &digest, engine: engine.fingerprint(kind), code: kind };
            let linked = match cache.find(&label) {
                Ok(code) => engine.link(&code?, kind),
                Err(error) => Err(LinkError::Code(error.to_string())),
            };
            match linked {
                Err(LinkError::Code(reason)) => {
                    let path = cache.path(&label);
                    tracing::warn!(path = %path.display(), "compiled code is of no use: {reason}");
                    cache.forget(&label);
                    None
                }
                linked => {
                    let shared =
                        |suite: Linked| in_use.share(&digest, kind, suite.with_lines(Lines::find(&bytes)));
                    Some(linked.map(shared))
                }
            }
        };
        Ok(blocking(find).await?.transpose()?)
    }

    async fn make_first(
        &self,
        source: &Source,
        in_a_hurry: bool,
        is_kept: bool,
    ) -> Result<(Suite, Code), CompileError> {
        if in_a_hurry {
            // Winch does not support all of WebAssembly. What it cannot compile is compiled without hurry.
            if let Ok(suite) = self.make(source, Code::Quick, is_kept).await {
                return Ok((suite, Code::Quick));
            }
        }
        Ok((self.make(source, Code::Optimised, true).await?, Code::Optimised))
    }

    async fn make(&self, source: &Source, kind: Code, is_kept: bool) -> Result<Suite, CompileError> {
        let code = in_a_child(&source.bytes, kind, self.limits).await?;
        let (engine, cache, digest) = (self.engine.clone(), self.cache.clone(), source.digest.clone());
        let (bytes, in_use) = (source.bytes.clone(), self.in_use.clone());
        let link = move || {
            let suite = engine.link(&code, kind)?;
            let label = |kind| Label { digest: &digest, engine: engine.fingerprint(kind), code: kind };
            if let Some(cache) = cache.filter(|_| is_kept) {
                match cache.keep(&label(kind), &code) {
                    // Optimised code replaces the quick code, which is not needed any more.
                    Ok(()) if kind == Code::Optimised => cache.forget(&label(Code::Quick)),
                    Ok(()) => {}
                    Err(error) => {
                        tracing::warn!(%error, "cannot keep compiled code; it is compiled again at the next start");
                    }
                }
            }
            Ok::<_, LinkError>(in_use.share(&digest, kind, suite.with_lines(Lines::find(&bytes))))
        };
        Ok(blocking(link).await??)
    }
}

/// Compiles in a child of this process. The code is returned through a pipe, so nobody else can change it on the way.
async fn in_a_child(bytes: &Bytes, kind: Code, limits: CompileLimits) -> Result<Vec<u8>, CompileError> {
    let broke = |error: std::io::Error| CompileError::Broke(error.to_string());
    let mut command = Command::new(program::own().map_err(broke)?);
    let confinement = Confinement::of(limits);
    command.arg(COMMAND).args(confinement.arguments());
    if kind == Code::Quick {
        command.arg("--quick");
    }
    // The child does not get the host's directory either.
    command.env_clear().envs(confinement.environment()).current_dir("/");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn().map_err(broke)?;
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let work = async {
        let write = async {
            if let Some(mut stdin) = stdin {
                // A child that stops reading reports the reason.
                let _ = stdin.write_all(bytes).await;
            }
        };
        let ((), code, words) = tokio::join!(write, read(stdout, limits.memory), read(stderr, MOST_WORDS));
        Ok::<_, std::io::Error>((child.wait().await?, code?, words?))
    };
    match tokio::time::timeout(limits.timeout, work).await {
        Ok(Ok((status, code, _))) if status.success() => Ok(code),
        Ok(Ok((status, _, words))) => Err(failure(status, String::from_utf8_lossy(&words).trim(), limits)),
        Ok(Err(error)) => Err(broke(error)),
        Err(_) => Err(CompileError::TooLong(limits.timeout)),
    }
}

async fn read(stream: Option<impl AsyncRead + Unpin>, most: u64) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if let Some(stream) = stream {
        stream.take(most).read_to_end(&mut bytes).await?;
    }
    Ok(bytes)
}

/// Returns why a child ended without code.
fn failure(status: ExitStatus, words: &str, limits: CompileLimits) -> CompileError {
    // The first text is from Rust's allocator, the second one from the system.
    let lacks_memory = words.contains("memory allocation of ") || words.contains("Cannot allocate memory");
    match status.code() {
        _ if lacks_memory => CompileError::TooMuchMemory(limits.memory),
        Some(1) if words.is_empty() => CompileError::Invalid("it does not say why".to_owned()),
        Some(1) => CompileError::Invalid(words.to_owned()),
        _ if status.signal() == Some(Signal::KILL.as_raw()) => {
            CompileError::Broke("it was killed, perhaps by the system for want of memory".to_owned())
        }
        _ => CompileError::Broke(format!("{status}: {words}")),
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, CompileError> {
    tokio::task::spawn_blocking(work).await.map_err(|error| CompileError::Broke(chain(&error)))
}

impl From<LinkError> for CompileError {
    fn from(error: LinkError) -> Self {
        Self::Link(error.to_string())
    }
}

//! From bytes to a suite.
//!
//! The compiler runs in a child process of the same binary, with little priority, within limits, and with nothing of
//! the host's but the component: one that takes too long or too much is ended, one that breaks breaks nothing else,
//! and tests that run beside it go on as before. What it made is kept on disk. A large component runs with quickly
//! made code first, and with optimised code once that is ready.

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
use crate::lines::Lines;
use crate::suite::Suite;

/// The command of this binary that compiles; see `cli/compile.rs`.
pub const COMMAND: &str = "compile-component";

/// From this size on, in bytes, optimised code takes so long that quick code comes first.
const LARGE: usize = 1 << 20;

/// What takes longer than this waits for its turn, and lets others go first. The largest components that real
/// toolchains make get quick code in a fifth of it.
const BRIEF: Duration = Duration::from_secs(10);

/// How many are compiled in a hurry at once. Compiling one uses all cores already; the second is there so that a large one
/// does not hold up the small ones.
const CONCURRENT: usize = 2;

/// How much of what the child says is read.
const MOST_WORDS: u64 = 64 << 10;

/// Makes suites.
#[derive(Clone)]
pub struct Compiler {
    engine: GuestEngine,
    /// None keeps nothing.
    cache: Option<CodeCache>,
    limits: CompileLimits,
    /// The right to compile in a hurry.
    compiling: Arc<Semaphore>,
    /// Optimising what runs already is done one at a time.
    optimising: Arc<Semaphore>,
}

/// How much of a hurry there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// A large component gets quick code first.
    Soon,
    /// The same, and what takes long is given up for now.
    Briefly,
    /// Every component gets quick code: somebody waits for its first run, and will have another one built soon.
    AtOnce,
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
    Kept(Code),
}

impl CodeOrigin {
    /// How the code was made.
    pub fn code(self) -> Code {
        match self {
            Self::Compiled(code) | Self::Kept(code) => code,
        }
    }
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
    /// It takes so long that others should go first.
    #[error("compiling takes longer than {}", humantime::format_duration(BRIEF))]
    Slow,
    /// It takes too long.
    #[error(
        "compiling took longer than `components.compile_timeout` allows, {}; make the component simpler, such as by \
         dividing its largest functions, or raise that", humantime::format_duration(*.0)
    )]
    TooLong(Duration),
    /// It takes too much.
    #[error(
        "the compiler needed more memory than `components.compile_memory` allows, {}; make the component simpler, such \
         as by dividing its largest functions, or raise that", bytesize::ByteSize(*.0)
    )]
    TooMuchMemory(u64),
    /// The compiler did not do its work.
    #[error("the compiler broke: {0}")]
    Broke(String),
}

impl Compiler {
    /// For this engine.
    pub fn new(engine: GuestEngine, cache: Option<CodeCache>, limits: CompileLimits) -> Self {
        let (compiling, optimising) = (Semaphore::new(CONCURRENT), Semaphore::new(1));
        Self { engine, cache, limits, compiling: Arc::new(compiling), optimising: Arc::new(optimising) }
    }

    /// Checks, compiles and links a component. Code that was compiled before comes from the cache.
    ///
    /// # Errors
    /// The first thing that keeps it from being a test; of [`CompileError::Slow`], that it is to be tried again at
    /// another pace.
    pub async fn compile(&self, source: &Source, pace: Pace) -> Result<Compiled, CompileError> {
        let bytes = source.bytes.clone();
        let metadata = blocking(move || inspect(&bytes)).await??;
        for kind in [Code::Optimised, Code::Quick] {
            if let Some(suite) = self.cached(source, kind).await? {
                return Ok(Compiled { suite, metadata, code: CodeOrigin::Kept(kind) });
            }
        }
        let bytes = source.bytes.clone();
        blocking(move || check_dimensions(&bytes)).await??;
        let in_a_hurry = match pace {
            Pace::Soon | Pace::Briefly => source.bytes.len() >= LARGE,
            Pace::AtOnce => true,
        };
        let _turn = match pace {
            // Nobody closes it.
            Pace::Briefly => self.compiling.acquire().await.ok(),
            // One at a time anyway.
            Pace::Soon | Pace::AtOnce => None,
        };
        let (suite, code) = if pace == Pace::Briefly && BRIEF < self.limits.timeout {
            let made = tokio::time::timeout(BRIEF, self.make_first(source, in_a_hurry, true)).await;
            made.unwrap_or(Err(CompileError::Slow))?
        } else {
            // Where there is another version at every save, keeping each of them is not worth the writing.
            self.make_first(source, in_a_hurry, pace != Pace::AtOnce).await?
        };
        Ok(Compiled { suite, metadata, code: CodeOrigin::Compiled(code) })
    }

    /// The same component with optimised code. Waits until nothing else is being optimised.
    ///
    /// # Errors
    /// The compiler did not do its work.
    pub async fn optimise(&self, source: &Source) -> Result<Suite, CompileError> {
        // Nobody closes it.
        let _turn = self.optimising.acquire().await;
        self.make(source, Code::Optimised, true).await
    }

    /// Code of another version of the host, and what a full disk or a stranger made of code, is made again.
    async fn cached(&self, source: &Source, kind: Code) -> Result<Option<Suite>, CompileError> {
        let Some(cache) = self.cache.clone() else { return Ok(None) };
        let (engine, digest, bytes) = (self.engine.clone(), source.digest.clone(), source.bytes.clone());
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
                linked => Some(linked.map(|suite| suite.with_lines(Lines::find(&bytes)))),
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
            // Winch does not know all of WebAssembly; then there is no hurry.
            if let Ok(suite) = self.make(source, Code::Quick, is_kept).await {
                return Ok((suite, Code::Quick));
            }
        }
        Ok((self.make(source, Code::Optimised, true).await?, Code::Optimised))
    }

    async fn make(&self, source: &Source, kind: Code, is_kept: bool) -> Result<Suite, CompileError> {
        let code = in_a_child(&source.bytes, kind, self.limits).await?;
        let (engine, cache, digest) = (self.engine.clone(), self.cache.clone(), source.digest.clone());
        let bytes = source.bytes.clone();
        let link = move || {
            let suite = engine.link(&code, kind)?;
            let label = |kind| Label { digest: &digest, engine: engine.fingerprint(kind), code: kind };
            if let Some(cache) = cache.filter(|_| is_kept) {
                match cache.keep(&label(kind), &code) {
                    // In place of the quick code, which nobody asks for any more.
                    Ok(()) if kind == Code::Optimised => cache.forget(&label(Code::Quick)),
                    Ok(()) => {}
                    Err(error) => {
                        tracing::warn!(%error, "cannot keep compiled code; it is compiled again at the next start");
                    }
                }
            }
            Ok::<_, LinkError>(suite.with_lines(Lines::find(&bytes)))
        };
        Ok(blocking(link).await??)
    }
}

/// Has a child of this process compile. Nobody else can touch the code on its way back: it comes through a pipe.
async fn in_a_child(bytes: &Bytes, kind: Code, limits: CompileLimits) -> Result<Vec<u8>, CompileError> {
    let broke = |error: std::io::Error| CompileError::Broke(error.to_string());
    let mut command = Command::new(program::own().map_err(broke)?);
    let confinement = Confinement::of(limits);
    command.arg(COMMAND).args(confinement.arguments());
    if kind == Code::Quick {
        command.arg("--quick");
    }
    // Its directory is not the host's either.
    command.env_clear().envs(confinement.environment()).current_dir("/");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn().map_err(broke)?;
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let work = async {
        let write = async {
            if let Some(mut stdin) = stdin {
                // A child that takes no more says why.
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

/// Why a child ended without code.
fn failure(status: ExitStatus, words: &str, limits: CompileLimits) -> CompileError {
    // Of Rust's allocator, and of the system.
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

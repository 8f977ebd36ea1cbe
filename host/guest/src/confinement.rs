//! What a process that compiles may use: it says so to the system itself, before it reads anything.

use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, nice, setrlimit};

/// How much less priority compiling has than what runs: half way to the least.
const NICENESS: i32 = 10;

/// More than the standard streams, and what the allocator and the threads look up.
const MAX_OPEN_FILES: u64 = 32;

/// Beyond this many threads a compilation takes more memory, and hardly less time.
const MAX_THREADS: usize = 8;

/// How much one compilation may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CompileLimits {
    /// Bytes of memory.
    pub memory: u64,
    /// How long it may take.
    pub timeout: Duration,
    /// Whether somebody waits for it, and nothing runs that it could hold up: it has priority and threads as anything else.
    pub is_awaited: bool,
}

/// The same for the child process, which sets it for itself.
#[derive(Debug, Clone, Copy)]
pub struct Confinement {
    /// Bytes of memory.
    pub memory: u64,
    /// Seconds of processor time, of all threads.
    pub processor_time: u64,
    /// Whether it keeps its priority.
    pub is_awaited: bool,
}

impl Confinement {
    /// What it takes to keep within these limits. The host ends what takes too long itself; the processor time
    /// is for a child whose host is gone.
    pub(super) fn of(limits: CompileLimits) -> Self {
        let CompileLimits { memory, timeout, is_awaited } = limits;
        let processor_time = (timeout.as_secs() + 1).saturating_mul(threads(is_awaited) as u64);
        Self { memory, processor_time, is_awaited }
    }

    /// The arguments of the child.
    pub(super) fn arguments(self) -> impl Iterator<Item = String> {
        let limits =
            [format!("--memory={}", self.memory), format!("--processor-time={}", self.processor_time)];
        limits.into_iter().chain(self.is_awaited.then(|| "--awaited".to_owned()))
    }

    /// The environment of the child, which has nothing else: the host's holds secrets.
    pub(super) fn environment(self) -> [(&'static str, String); 1] {
        [("RAYON_NUM_THREADS", threads(self.is_awaited).to_string())]
    }

    /// Confines this process, for ever.
    ///
    /// # Errors
    /// The system denies a limit.
    pub fn enter(self) -> std::io::Result<()> {
        // Where the system denies these two, compiling is as important as all else, and nothing worse.
        if !self.is_awaited {
            let _ = nice(NICENESS);
        }
        let _ = std::fs::write("/proc/self/oom_score_adj", "1000");
        let limits = [
            (Resource::Data, self.memory),
            (Resource::Cpu, self.processor_time),
            // Code goes to standard output, which is a pipe: no file is written.
            (Resource::Fsize, 0),
            (Resource::Core, 0),
            (Resource::Nofile, MAX_OPEN_FILES),
        ];
        for (resource, limit) in limits {
            // Nobody can raise what the system allows already.
            let limit = getrlimit(resource).maximum.map_or(limit, |most| most.min(limit));
            setrlimit(resource, Rlimit { current: Some(limit), maximum: Some(limit) })?;
        }
        Ok(())
    }
}

/// One core is left to the tests that run, if there are any.
fn threads(is_awaited: bool) -> usize {
    let left = usize::from(!is_awaited);
    std::thread::available_parallelism().map_or(1, |cores| (cores.get() - left).clamp(1, MAX_THREADS))
}

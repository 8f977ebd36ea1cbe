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
}

/// The same for the child process, which sets it for itself.
#[derive(Debug, Clone, Copy)]
pub struct Confinement {
    /// Bytes of memory.
    pub memory: u64,
    /// Seconds of processor time, of all threads.
    pub processor_time: u64,
}

impl Confinement {
    /// What it takes to keep within these limits. The host ends what takes too long itself; the processor time
    /// is for a child whose host is gone.
    pub(super) fn of(limits: CompileLimits) -> Self {
        let processor_time = (limits.timeout.as_secs() + 1).saturating_mul(threads() as u64);
        Self { memory: limits.memory, processor_time }
    }

    /// The arguments of the child.
    pub(super) fn arguments(self) -> [String; 2] {
        [format!("--memory={}", self.memory), format!("--processor-time={}", self.processor_time)]
    }

    /// The environment of the child, which has nothing else: the host's holds secrets.
    pub(super) fn environment() -> [(&'static str, String); 1] {
        [("RAYON_NUM_THREADS", threads().to_string())]
    }

    /// Confines this process, for ever.
    ///
    /// # Errors
    /// The system denies a limit.
    pub fn enter(self) -> std::io::Result<()> {
        // Where the system denies these two, compiling is as important as all else, and nothing worse.
        let _ = nice(NICENESS);
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

/// One core is left to the tests that run.
fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, |cores| (cores.get() - 1).clamp(1, MAX_THREADS))
}

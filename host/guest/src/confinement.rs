//! The limits of a process that compiles. The process sets them itself, before it reads anything.

use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, nice, setrlimit};

/// How much lower the priority of compiling is than that of running tests: half way to the lowest.
const NICENESS: i32 = 10;

/// The most open files: more than the standard streams and the files that the allocator and the threads read.
const MAX_OPEN_FILES: u64 = 32;

/// The most threads of a compilation. Beyond this number, it takes more memory, and hardly less time.
const MAX_THREADS: usize = 8;

/// The limits of one compilation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CompileLimits {
    /// The most memory, in bytes.
    pub memory: u64,
    /// The timeout.
    pub timeout: Duration,
    /// Whether a person waits for the result, and nothing runs that could be delayed. The compilation then has the
    /// same priority and threads as anything else.
    pub is_awaited: bool,
}

/// The limits that the child process sets for itself.
#[derive(Debug, Clone, Copy)]
pub struct Confinement {
    /// The most memory, in bytes.
    pub memory: u64,
    /// The most processor time of all threads together, in seconds.
    pub processor_time: u64,
    /// Whether the process keeps its priority.
    pub is_awaited: bool,
}

impl Confinement {
    /// Returns what the child has to set to stay within these limits. The host enforces the timeout itself; the limit
    /// of processor time is for a child whose host has ended.
    pub(super) fn of(limits: CompileLimits) -> Self {
        let CompileLimits { memory, timeout, is_awaited } = limits;
        let processor_time = (timeout.as_secs() + 1).saturating_mul(threads(is_awaited) as u64);
        Self { memory, processor_time, is_awaited }
    }

    /// Returns the command-line arguments of the child.
    pub(super) fn arguments(self) -> impl Iterator<Item = String> {
        let limits =
            [format!("--memory={}", self.memory), format!("--processor-time={}", self.processor_time)];
        limits.into_iter().chain(self.is_awaited.then(|| "--awaited".to_owned()))
    }

    /// Returns the complete environment of the child. The child does not inherit the host's, which contains secrets.
    pub(super) fn environment(self) -> [(&'static str, String); 1] {
        [("RAYON_NUM_THREADS", threads(self.is_awaited).to_string())]
    }

    /// Confines this process, permanently.
    ///
    /// # Errors
    /// The system denies a limit.
    pub fn enter(self) -> std::io::Result<()> {
        // If the system denies these two, compiling has the same priority as everything
        // else, and nothing worse happens.
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
            // A limit that the system has already set cannot be raised.
            let limit = getrlimit(resource).maximum.map_or(limit, |most| most.min(limit));
            setrlimit(resource, Rlimit { current: Some(limit), maximum: Some(limit) })?;
        }
        Ok(())
    }
}

/// Returns the number of threads. One core is left to the tests that run, if there are any.
fn threads(is_awaited: bool) -> usize {
    let left = usize::from(!is_awaited);
    std::thread::available_parallelism().map_or(1, |cores| (cores.get() - left).clamp(1, MAX_THREADS))
}

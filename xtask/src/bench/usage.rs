//! CPU time and memory of processes, and what other programs take from the machine meanwhile, read from `/proc`.

use std::{collections::HashMap, fs, process, time::Instant};

use anyhow::{Context as _, bail};

/// The unit of CPU time in `/proc`, on all machines that the host runs on.
const TICK_SECONDS: f64 = 0.01;

/// How much the two counters of a process's CPU time may differ because one of them has a resolution of a tick, for user
/// and system time each.
const SLACK_SECONDS: f64 = 2.0 * TICK_SECONDS;

/// A span of time in which processes are watched.
pub(crate) struct Window {
    began: Instant,
    busy: f64,
    this: Cpu,
    children: f64,
    watched: Vec<(u32, Cpu)>,
}

/// The result of a window.
pub(crate) struct Usage {
    pub(crate) seconds: f64,
    /// The CPU time of each process, in seconds.
    pub(crate) cpu: Vec<f64>,
    /// How many cores other programs used.
    pub(crate) foreign: f64,
}

impl Window {
    /// Begins to watch these processes. Programs that this one runs and waits for meanwhile are not foreign either.
    pub(crate) fn open(processes: &[u32]) -> anyhow::Result<Self> {
        let watched = processes.iter().map(|process| Ok((*process, Cpu::of(*process)?)));
        Ok(Self {
            began: Instant::now(),
            busy: busy()?,
            this: Cpu::of(process::id())?,
            children: ended_children()?,
            watched: watched.collect::<anyhow::Result<_>>()?,
        })
    }

    /// Ends the window.
    pub(crate) fn close(self) -> anyhow::Result<Usage> {
        let spent = |(process, before): &(u32, Cpu)| Ok(Cpu::of(*process)?.since(before));
        let cpu = self.watched.iter().map(spent).collect::<anyhow::Result<Vec<f64>>>()?;
        let seconds = self.began.elapsed().as_secs_f64();
        let this = Cpu::of(process::id())?.since(&self.this) + ended_children()? - self.children;
        let own = cpu.iter().sum::<f64>() + this;
        let foreign = ((busy()? - self.busy - own) / seconds).max(0.0);
        Ok(Usage { seconds, cpu, foreign })
    }
}

/// The CPU time of a process so far.
struct Cpu {
    /// Of all threads, including those that have ended; in ticks.
    coarse: f64,
    /// Of each thread that has not ended; in nanoseconds.
    threads: HashMap<String, u64>,
}

impl Cpu {
    fn of(process: u32) -> anyhow::Result<Self> {
        let text = read(&format!("/proc/{process}/stat"))?;
        let [user, system, ..] = times(&text)?;
        let tasks = format!("/proc/{process}/task");
        let mut threads = HashMap::new();
        for thread in fs::read_dir(&tasks).with_context(|| format!("cannot read `{tasks}`"))? {
            let thread = thread?;
            // A thread may end meanwhile; and kernels can be built without this file.
            let Ok(text) = fs::read_to_string(thread.path().join("schedstat")) else { continue };
            let time = text.split_whitespace().next().and_then(|time| time.parse().ok());
            threads.extend(time.map(|time| (thread.file_name().to_string_lossy().into_owned(), time)));
        }
        Ok(Self { coarse: user + system, threads })
    }

    /// Returns the time since then, in seconds: by threads, which is exact, unless one of them has ended.
    fn since(&self, before: &Self) -> f64 {
        let coarse = self.coarse - before.coarse;
        let of_thread = |(thread, time): (&String, &u64)| {
            time.saturating_sub(before.threads.get(thread).copied().unwrap_or(0))
        };
        let exact = self.threads.iter().map(of_thread).sum::<u64>() as f64 * 1e-9;
        if exact + SLACK_SECONDS < coarse { coarse } else { exact }
    }
}

/// Returns the CPU time of all programs that this one has run and waited for, in seconds.
fn ended_children() -> anyhow::Result<f64> {
    let [.., user, system] = times(&read("/proc/self/stat")?)?;
    Ok(user + system)
}

/// Returns times in a `/proc/PID/stat`, in seconds: user and system time, and those of children that have ended.
fn times(stat: &str) -> anyhow::Result<[f64; 4]> {
    // The name before it may contain anything, even parentheses.
    let (_, fields) = stat.rsplit_once(')').context("a `stat` has no name")?;
    let fields: Vec<&str> = fields.split_whitespace().skip(11).take(4).collect();
    let [user, system, children_user, children_system] = fields[..] else {
        bail!("a `stat` has too few fields");
    };
    let seconds = |field: &str| anyhow::Ok(field.parse::<u64>()? as f64 * TICK_SECONDS);
    Ok([seconds(user)?, seconds(system)?, seconds(children_user)?, seconds(children_system)?])
}

/// Returns how long all processors together were busy, in seconds. Time that another virtual machine took counts too.
fn busy() -> anyhow::Result<f64> {
    let text = read("/proc/stat")?;
    let line = text.lines().next().unwrap_or_default();
    let ticks: Vec<u64> = line.split_whitespace().skip(1).map_while(|field| field.parse().ok()).collect();
    // User, nice, system, idle, waiting for a disk, two kinds of interrupts, stolen.
    let [user, nice, system, _, _, interrupts, soft_interrupts, stolen, ..] = ticks[..] else {
        bail!("`/proc/stat` is malformed");
    };
    Ok((user + nice + system + interrupts + soft_interrupts + stolen) as f64 * TICK_SECONDS)
}

/// Returns the resident memory of a process in MiB.
pub(crate) fn resident(process: u32) -> anyhow::Result<f64> {
    mebibytes(&format!("/proc/{process}/status"), "VmRSS:")
}

/// Returns the resident memory of a process in MiB. A page that is mapped several times counts once.
pub(crate) fn resident_once(process: u32) -> anyhow::Result<f64> {
    mebibytes(&format!("/proc/{process}/smaps_rollup"), "Pss:")
}

fn mebibytes(path: &str, name: &str) -> anyhow::Result<f64> {
    let text = read(path)?;
    let field = text.lines().find_map(|line| line.strip_prefix(name));
    let kibibytes = field.and_then(|field| field.trim().strip_suffix(" kB")?.parse::<f64>().ok());
    Ok(kibibytes.with_context(|| format!("`{path}` has no `{name}`"))? / 1024.0)
}

fn read(path: &str) -> anyhow::Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read `{path}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cpu(coarse: f64, threads: &[(&str, u64)]) -> Cpu {
        Cpu { coarse, threads: threads.iter().map(|(thread, time)| ((*thread).to_owned(), *time)).collect() }
    }

    #[test]
    fn a_name_with_parentheses_does_not_move_the_fields() {
        let stat = "7 (a) b) S 1 7 7 0 -1 4194304 100 0 0 0 100 200 300 400 20 0 1 0 5 6 7";
        assert_eq!(times(stat).unwrap(), [1.0, 2.0, 3.0, 4.0]);
        assert!(times("7 (a) S 1").is_err());
    }

    #[test]
    fn the_time_of_threads_counts_unless_one_has_ended() {
        let before = cpu(1.0, &[("1", 500_000_000), ("2", 500_000_000)]);
        let exact = cpu(1.1, &[("1", 600_000_000), ("2", 500_000_000), ("3", 5_000_000)]).since(&before);
        assert!((exact - 0.105).abs() < 1e-9, "{exact}");
        let coarse = cpu(2.0, &[("1", 600_000_000)]).since(&before);
        assert!((coarse - 1.0).abs() < 1e-9, "{coarse}");
    }

    #[test]
    fn this_process_has_used_some_time_and_memory() {
        let window = Window::open(&[process::id()]).unwrap();
        let usage = window.close().unwrap();
        assert!(usage.seconds > 0.0 && usage.cpu[0] >= 0.0);
        let (all, once) = (resident(process::id()).unwrap(), resident_once(process::id()).unwrap());
        assert!(0.0 < once && once <= all, "{once} {all}");
    }
}

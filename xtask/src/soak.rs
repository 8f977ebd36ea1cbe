//! `cargo xtask soak`: hostile tests beside two hundred good ones, for as long as one likes.
//!
//! It fails if the host ends, if a good test does anything but pass, or if the host takes more and more of anything. Runs
//! that did not pass while the machine itself stalled are excused, within a bound.

use std::{
    fmt, thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};

use crate::{
    crowd, guests,
    stage::{Addresses, Signals, Stage, samples},
    workspace,
};

/// Copies of the example suite in Rust, each with nine cases that run once a second.
const GOOD: usize = 23;

/// How often the host is looked at, over the whole time.
const LOOKS: u32 = 20;

/// How often the soak looks whether it is told to stop.
const GLANCE: Duration = Duration::from_millis(50);

/// How much more of anything there may be at the end than in the middle, beside the part for noise.
const MORE: f64 = 1.2;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// How long to run, such as `60s` or `30m`
    #[arg(long = "for", value_name = "DURATION", value_parser = humantime::parse_duration, default_value = "60s")]
    pub(crate) duration: Duration,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let folder = workspace::path("target/soak");
    let (good, hostile) = (crowd::build(&folder, GOOD)?, guests::build_hostile()?);
    let addresses = Addresses::choose()?;
    let signals = Signals::catch()?;
    let mut stage = Stage::set(&folder.join("stage"), &good, addresses, SETTINGS)?;
    crowd::wait_until_loaded(&mut stage, &signals, GOOD)?;
    for component in &hostile {
        guests::deploy(component, &stage.components)?;
    }

    let started = Instant::now();
    let mut looks = vec![Look::at(&stage, started)?];
    println!("\n{}\n{}", Look::HEAD, looks[0]);
    for number in 1..=LOOKS {
        let next = arguments.duration * number / LOOKS;
        while started.elapsed() < next && !signals.told_to_stop() {
            stage.expect_running()?;
            thread::sleep(GLANCE);
        }
        if signals.told_to_stop() {
            break;
        }
        let look = Look::at(&stage, started)?;
        println!("{look}");
        looks.push(look);
    }
    let judged = stage.judge(crowd::NAME);
    stage.stop()?;
    judged?;
    verdict(&looks)
}

/// With these limits, bounded structures are full soon, and runs that use all their budget are small compared to a leak.
const SETTINGS: &str = "
[limits]
memory = \"16MiB\"
component_memory = \"128MiB\"

[journal]
max_bytes = \"8MiB\"

# A busy machine takes longer than the cases allow.
[[override]]
cases = \"good-*/*\"
timeout = \"1m\"
";

/// The host at one moment.
#[derive(Default)]
struct Look {
    at: Duration,
    rss: f64,
    files: f64,
    threads: f64,
    tasks: f64,
    cpu: f64,
    passed: f64,
    not_passed: f64,
    skipped: f64,
    hostile: f64,
}

impl Look {
    const HEAD: &'static str =
        "      time  RSS MiB  files  threads  tasks   CPU s | good: passed  other  skipped | hostile ended";

    fn at(stage: &Stage, started: Instant) -> anyhow::Result<Self> {
        let page = stage.metrics()?;
        let mut look = Self { at: started.elapsed(), ..Self::default() };
        for sample in samples(&page) {
            let good = sample.label("component").starts_with(crowd::NAME);
            let counted = match (sample.name, sample.label("outcome")) {
                ("process_resident_memory_bytes", _) => &mut look.rss,
                ("process_open_fds", _) => &mut look.files,
                ("process_threads", _) => &mut look.threads,
                ("process_cpu_seconds_total", _) => &mut look.cpu,
                ("orbital_tasks", _) => &mut look.tasks,
                ("orbital_runs_total", "pass") if good => &mut look.passed,
                ("orbital_runs_total", _) if good => &mut look.not_passed,
                ("orbital_runs_total", _) => &mut look.hostile,
                ("orbital_runs_skipped_total", _) if good => &mut look.skipped,
                _ => continue,
            };
            *counted += sample.value;
        }
        Ok(look)
    }
}

impl fmt::Display for Look {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { at, rss, files, threads, tasks, cpu, passed, not_passed, skipped, hostile } = self;
        let (seconds, mebibytes) = (at.as_secs_f64(), rss / f64::from(1 << 20));
        write!(
            formatter,
            "{seconds:9.1}s {mebibytes:8.1} {files:6} {threads:8} {tasks:6} {cpu:7.1} | {passed:12} {not_passed:6} {skipped:8} | {hostile:13}"
        )
    }
}

/// One figure of a look.
type Of = fn(&Look) -> f64;

/// The first third is for warming up; the last one is compared with the second.
fn verdict(looks: &[Look]) -> anyhow::Result<()> {
    let last = looks.last().context("it was never looked at")?;
    ensure!(last.passed > 0.0, "no good test ever passed");
    ensure!(last.hostile > 0.0, "no hostile test ever ran");
    let third = looks.len() / 3;
    let (middle, end) = (&looks[third..2 * third], &looks[2 * third..]);
    let most = |looks: &[Look], of: Of| looks.iter().map(of).fold(0.0, f64::max);
    let measures: [(&str, Of, f64); 4] = [
        ("bytes of memory", |look| look.rss, 128.0 * f64::from(1 << 20)),
        ("open files", |look| look.files, 32.0),
        ("threads", |look| look.threads, 8.0),
        ("tasks", |look| look.tasks, 200.0),
    ];
    for (what, of, noise) in measures {
        let (before, after) = (most(middle, of), most(end, of));
        ensure!(
            after <= before * MORE + noise,
            "{what}: {before} at most in the middle, and {after} at the end"
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(rss: f64) -> Look {
        Look { rss, passed: 1.0, hostile: 1.0, ..Look::default() }
    }

    #[test]
    fn a_host_that_grows_is_found_out() {
        let gigabytes = |numbers: [f64; 6]| verdict(&numbers.map(|number| look(number * 1e9)));
        assert!(gigabytes([0.1, 1.0, 1.0, 1.0, 1.0, 1.1]).is_ok());
        let error = gigabytes([0.1, 1.0, 1.0, 1.0, 1.0, 1.6]).unwrap_err();
        assert!(error.to_string().starts_with("bytes of memory"), "{error}");
    }
}

//! `cargo xtask fairness`: how much good tests feel of a component that takes all it gets.
//!
//! One host after another, each with the same good tests: alone, then beside a component that spins, fills memory,
//! floods the log, or sends, in forty runs at once; alone again at the end, which tells how noisy the machine is. What
//! counts is the ratio between figures of one call; the figures themselves are the machine's.

use std::{
    fmt,
    path::Path,
    thread,
    time::{Duration, Instant, SystemTime},
};

use anyhow::{Context as _, ensure};
use serde_json::Value;

use crate::{
    crowd, guests,
    stage::{Addresses, Signals, Stage},
    workspace,
};

/// What the greedy component has cases of.
const GREEDY: [&str; 4] = ["spins", "fills-memory", "floods-log", "sends"];

/// Copies of the example suite.
const GOOD: usize = 10;

/// How long a host runs before it is looked at.
const WARM_UP: Duration = Duration::from_secs(4);

/// How often the command looks whether it is told to stop.
const GLANCE: Duration = Duration::from_millis(50);

/// How many runs a page of the API lists.
const PAGE: usize = 500;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// How long to look at each host, such as `20s`
    #[arg(long = "for", value_name = "DURATION", value_parser = humantime::parse_duration, default_value = "20s")]
    duration: Duration,
    /// What to run beside the good tests; without it, one after another
    #[arg(value_parser = GREEDY)]
    beside: Vec<String>,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let folder = workspace::path("target/fairness");
    let good = crowd::build(&folder, GOOD)?;
    let hostile = guests::build_hostile()?;
    let greedy = hostile.iter().find(|path| path.file_stem().is_some_and(|name| name == "greedy"));
    let greedy = greedy.context("the greedy component was not built")?;

    let signals = Signals::catch()?;
    let mut rows = Vec::new();
    let is_wanted =
        |case: &&str| arguments.beside.is_empty() || arguments.beside.iter().any(|wanted| wanted == case);
    let cases = GREEDY.into_iter().filter(is_wanted).map(Some);
    for case in [None].into_iter().chain(cases).chain([None]) {
        if signals.told_to_stop() {
            break;
        }
        let mut stage = Stage::set(&folder.join("stage"), &good, Addresses::choose()?, &settings(case))?;
        crowd::wait_until_loaded(&mut stage, &signals, GOOD)?;
        let row = look(&mut stage, &signals, case, greedy, arguments.duration)?;
        stage.stop()?;
        rows.push(row);
    }
    let idle = |of: fn(&Row) -> &Times| {
        let alone = rows.iter().filter(|row| row.beside.is_none()).map(|row| of(row).at(0.99));
        alone.fold((0.0, 0.0), |(sum, number), time| (sum + time, number + 1.0))
    };
    let mean = |(sum, number): (f64, f64)| sum / number;
    let (start, latency) = (mean(idle(|row| &row.start)), mean(idle(|row| &row.latency)));
    println!("\n{}", Row::HEAD);
    for row in &rows {
        println!("{row}  {:4.1} x / {:4.1} x", row.start.at(0.99) / start, row.latency.at(0.99) / latency);
    }
    let not_passed = rows.iter().map(|row| row.not_passed).sum::<usize>();
    ensure!(not_passed == 0, "good runs did not pass {not_passed} times");
    Ok(())
}

/// Good runs to look at, fifty a second; and one greedy case, which is due as often.
fn settings(greedy: Option<&str>) -> String {
    let mut settings = String::from(
        "
[journal]
runs_per_case = 10000
max_bytes = \"4GiB\"

[[override]]
cases = \"good-*/smoke\"
every = \"200ms\"

[[override]]
cases = \"greedy/*\"
manual = true
",
    );
    if let Some(case) = greedy {
        settings += &format!("\n[[override]]\ncases = \"greedy/{case}\"\nevery = \"20ms\"\n");
    }
    settings
}

fn look(
    stage: &mut Stage,
    signals: &Signals,
    beside: Option<&'static str>,
    greedy: &Path,
    duration: Duration,
) -> anyhow::Result<Row> {
    if beside.is_some() {
        guests::deploy(greedy, &stage.components)?;
    }
    pass(stage, signals, WARM_UP)?;
    let began = SystemTime::now();
    pass(stage, signals, duration)?;
    let mut row = Row { beside, ..Row::default() };
    let mut before = String::new();
    loop {
        let page = stage.api(&format!("runs?cases=good-*/smoke&limit={PAGE}{before}"))?;
        for run in page["runs"].as_array().context("the list has no runs")? {
            let id = run["run"].as_str().context("a run has no id")?;
            if started(id)? < began {
                return Ok(row);
            }
            row.count(&stage.api(&format!("runs/{id}"))?);
        }
        match page["next"].as_str() {
            Some(next) => before = format!("&before={next}"),
            None => return Ok(row),
        }
    }
}

fn pass(stage: &mut Stage, signals: &Signals, duration: Duration) -> anyhow::Result<()> {
    let end = Instant::now() + duration;
    while Instant::now() < end && !signals.told_to_stop() {
        stage.expect_running()?;
        thread::sleep(GLANCE);
    }
    Ok(())
}

/// The first 48 bits of a run's id, a UUID of version 7, are the time in milliseconds.
fn started(run: &str) -> anyhow::Result<SystemTime> {
    let digits: String = run.chars().filter(|character| *character != '-').take(12).collect();
    let milliseconds = u64::from_str_radix(&digits, 16).with_context(|| format!("`{run}` is no run's id"))?;
    Ok(SystemTime::UNIX_EPOCH + Duration::from_millis(milliseconds))
}

/// One host.
#[derive(Default)]
struct Row {
    beside: Option<&'static str>,
    not_passed: usize,
    start: Times,
    latency: Times,
}

impl Row {
    const HEAD: &'static str = "beside         runs  not passed | start delay p50 / p99 / max, ms | delivery latency p50 / p99 / max, ms | p99, beside idle";

    fn count(&mut self, report: &Value) {
        if report["outcome"] != "pass" {
            self.not_passed += 1;
        }
        self.start.0.extend(report["start_delay"].as_f64());
        let attempts = report["attempts"].as_array().into_iter().flatten();
        let steps = attempts.filter_map(|attempt| attempt["timeline"].as_array()).flatten();
        let deliveries = steps.filter(|step| step["step"] == "delivery");
        self.latency.0.extend(deliveries.filter_map(|step| step["latency"].as_f64()));
    }
}

impl fmt::Display for Row {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (beside, runs) = (self.beside.unwrap_or("nothing"), self.start.0.len());
        write!(formatter, "{beside:12} {runs:6} {:11} |", self.not_passed)?;
        for (times, width) in [(&self.start, 7), (&self.latency, 9)] {
            for quantile in [0.5, 0.99, 1.0] {
                write!(formatter, " {:width$.1}", times.at(quantile) * 1e3)?;
            }
            write!(formatter, " |")?;
        }
        Ok(())
    }
}

/// In seconds.
#[derive(Default)]
struct Times(Vec<f64>);

impl Times {
    /// The smallest that at least this part of them does not exceed.
    fn at(&self, quantile: f64) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        let rank = (sorted.len() as f64 * quantile).ceil() as usize;
        sorted.get(rank.saturating_sub(1)).copied().unwrap_or(f64::NAN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_times_that_were_measured() {
        let times = Times((1..=100).rev().map(f64::from).collect());
        assert_eq!([0.5, 0.99, 1.0].map(|quantile| times.at(quantile)), [50.0, 99.0, 100.0]);
        assert!(Times::default().at(0.5).is_nan());
    }

    #[test]
    fn a_run_says_when_it_was_started() {
        let started = started("01a2077f-465d-74ee-bc1a-f3eef012754e").unwrap();
        assert_eq!(started.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_millis(), 0x01a2_077f_465d);
    }
}

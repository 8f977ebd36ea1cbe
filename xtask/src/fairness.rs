//! `cargo xtask fairness`: how much good tests feel of a component that takes all it gets.
//!
//! One host after another, each with the same good tests: alone, then beside a component that spins, fills memory,
//! floods the log, or sends, in forty runs at once; alone again at the end, which tells how noisy the machine is. What
//! counts is the ratio between figures of one call; the figures themselves are the machine's.

use std::time::Duration;

use anyhow::Context as _;

use crate::{
    crowd,
    felt::{self, Felt, Times},
    guests,
    stage::{Addresses, Signals, Stage},
    workspace,
};

/// The cases of the greedy component.
const GREEDY: [&str; 4] = ["spins", "fills-memory", "floods-log", "sends"];

/// Copies of the example suite.
const GOOD: usize = 10;

/// How long a host runs before it is looked at.
const WARM_UP: Duration = Duration::from_secs(4);

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// How long to measure each host, such as `20s`
    #[arg(long = "for", value_name = "DURATION", value_parser = humantime::parse_duration, default_value = "20s")]
    pub(crate) duration: Duration,
    /// The greedy case to run together with the good tests; default: all, one after another
    #[arg(value_parser = GREEDY)]
    pub(crate) beside: Vec<String>,
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
        if case.is_some() {
            guests::deploy(greedy, &stage.components)?;
        }
        felt::pass(&mut stage, &signals, WARM_UP)?;
        let felt = Felt::during(&mut stage, &signals, arguments.duration)?;
        stage.judge(crowd::NAME)?;
        stage.stop()?;
        rows.push(Row { beside: case, felt });
    }
    let idle = |of: fn(&Felt) -> &Times| {
        let alone = rows.iter().filter(|row| row.beside.is_none()).map(|row| of(&row.felt).at(0.99));
        alone.fold((0.0, 0.0), |(sum, number), time| (sum + time, number + 1.0))
    };
    let mean = |(sum, number): (f64, f64)| sum / number;
    let (start, latency) = (mean(idle(|felt| &felt.start)), mean(idle(|felt| &felt.latency)));
    println!("\nbeside       {} | p99, beside idle", Felt::HEAD);
    for Row { beside, felt } in &rows {
        let (start, latency) = (felt.start.at(0.99) / start, felt.latency.at(0.99) / latency);
        println!("{:12} {felt} |  {start:4.1} x / {latency:4.1} x", beside.unwrap_or("nothing"));
    }
    Ok(())
}

/// Good runs to look at; and one greedy case, which is due fifty times a second.
fn settings(greedy: Option<&str>) -> String {
    let mut settings = format!("{}\n[[override]]\ncases = \"greedy/*\"\nmanual = true\n", felt::SETTINGS);
    if let Some(case) = greedy {
        settings += &format!("\n[[override]]\ncases = \"greedy/{case}\"\nevery = \"20ms\"\n");
    }
    settings
}

/// One host.
struct Row {
    beside: Option<&'static str>,
    felt: Felt,
}

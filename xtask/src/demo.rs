//! `cargo xtask demo`: the example tests, run by the real host against the real pipeline, until told to stop.
//!
//! Host and pipeline start as soon as they and the first suite are built. The suites in the other languages are built
//! meanwhile, and each is deployed when it is ready.
//!
//! The pipeline must know the webhook's address and the host must know the pipeline's, so neither can pick its own: the
//! demo picks all addresses before it starts either (see [`addresses`]).

use std::{
    path::Path,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};

use self::builds::{Builds, Built, Outcome};
use crate::{
    guests::{self, LANGUAGES, Language},
    stage::{Addresses, Signals, Stage, Tally},
    workspace,
};

mod builds;

/// The cases that every suite has, and that must pass for the demo to succeed.
const EXPECTED: [&str; 8] = [
    "cleans-up",
    "configured",
    "counters",
    "exactly-once",
    "fan-out",
    "retries-delivery",
    "server-made-id",
    "smoke",
];

/// Further cases of some suites, which send with client libraries of their language, or as these do.
const EXPECTED_OF_ONE: [(Language, &str); 6] = [
    (Language::Rust, "http-client"),
    (Language::C, "segment-batch"),
    (Language::Zig, "segment-batch"),
    (Language::Go, "analytics-go"),
    (Language::Python, "segment-batch"),
    (Language::TypeScript, "analytics-node"),
];

/// How much longer than wanted a demo may take until every expected case has passed, on a busy machine.
const LATEST: Duration = Duration::from_secs(300);

/// Time is no reason to fail where no one watches: a busy machine takes more of it than the cases allow.
const PATIENT: &str = "\n[[override]]\ncases = \"*/*\"\ntimeout = \"1m\"\n";

/// How often the demo checks whether it is over.
const GLANCE: Duration = Duration::from_millis(50);

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// How long to run once all suites are deployed, such as `30s` or `2m`; default: until Ctrl-C
    #[arg(long = "for", value_name = "DURATION", value_parser = humantime::parse_duration)]
    duration: Option<Duration>,

    /// Run only the example tests in these languages, such as `rust,go`; default: all. The first one is built before the
    /// host starts
    #[arg(long = "lang", value_name = "LANGUAGES", value_delimiter = ',')]
    languages: Vec<Language>,
}

/// Succeeds if every suite was built, every expected case passed and no run did anything else.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let languages = if arguments.languages.is_empty() { &LANGUAGES[..] } else { &arguments.languages };
    let (&first, others) = languages.split_first().context("there is no language")?;
    let component = guests::build_example(first)?;

    let signals = Signals::catch()?;
    let folder = workspace::path("target/demo");
    let more = if arguments.duration.is_some() { PATIENT } else { "" };
    let mut stage = Stage::set(&folder, &[component], Addresses::choose()?, more)?;
    introduce(&folder, &stage.addresses, first, others);

    let mut suites =
        Suites { builds: Builds::of(others, &folder), deployed: vec![first], failed: Vec::new() };
    let mut complete = None;
    while !signals.told_to_stop() {
        stage.expect_running()?;
        if suites.advance(&stage)? {
            let since: &Instant = complete.get_or_insert_with(Instant::now);
            if is_over(&stage, since.elapsed(), arguments.duration, &suites.expected())? {
                break;
            }
        }
        thread::sleep(GLANCE);
    }
    suites.builds.stop();

    let judged = stage.judge("");
    // Read before the host stops: its numbers go with it.
    let tally = Tally::read(&stage.metrics()?);
    print!("\n{tally}");
    let stopped = stage.stop();
    judged?;
    ensure!(suites.failed.is_empty(), "these suites could not be built: {}", suites.failed.join(", "));
    let expected = suites.expected();
    let never = tally.never_passed(&expected);
    ensure!(never.is_empty(), "`{}` never passed", never.join("`, `"));
    stopped
}

/// The suites of the demo.
struct Suites {
    builds: Builds,
    deployed: Vec<Language>,
    failed: Vec<&'static str>,
}

impl Suites {
    /// Deploys the suite that was built since the last call, if there is one. Returns whether that was the last one.
    fn advance(&mut self, stage: &Stage) -> anyhow::Result<bool> {
        if let Some(Built { language, took, result }) = self.builds.poll()? {
            let name = language.component();
            match result {
                Outcome::Component(component) => {
                    println!("+++ DEPLOY: {name} ({language}), built in {:.1}s", took.as_secs_f64());
                    guests::deploy(&component, &stage.components)?;
                    self.deployed.push(language);
                }
                Outcome::Skipped(why) => println!("{why}"),
                Outcome::Failed(why) => {
                    eprintln!("error: the build of {name} ({language}) failed: {why}");
                    self.failed.push(name);
                }
            }
        }
        Ok(self.builds.are_done())
    }

    /// The ids of the cases that must pass: those of the suites that are deployed.
    fn expected(&self) -> Vec<String> {
        let of = |&language: &Language| {
            let more =
                EXPECTED_OF_ONE.into_iter().filter(move |(of, _)| *of == language).map(|(_, case)| case);
            EXPECTED.into_iter().chain(more).map(move |case| format!("{}/{case}", language.component()))
        };
        self.deployed.iter().flat_map(of).collect()
    }
}

/// Whether the demo has run for so long, and every expected case has passed or had all the time that it can need.
fn is_over(
    stage: &Stage,
    elapsed: Duration,
    duration: Option<Duration>,
    expected: &[String],
) -> anyhow::Result<bool> {
    let Some(duration) = duration else { return Ok(false) };
    Ok(elapsed >= duration
        && (elapsed >= duration + LATEST || Tally::read(&stage.metrics()?).never_passed(expected).is_empty()))
}

fn introduce(
    folder: &Path,
    Addresses { pipeline, webhook, admin, .. }: &Addresses,
    first: Language,
    others: &[Language],
) {
    let suite = first.component();
    println!(
        "
pipeline   http://{pipeline}
webhook    http://{webhook}
pages      http://{admin}/
metrics    http://{admin}/metrics

break it   curl -X PUT http://{pipeline}/faults -d '{{\"drop\":true}}'
heal it    curl -X PUT http://{pipeline}/faults -d '{{}}'
run it     curl -X POST 'http://{admin}/api/v1/cases/{suite}/smoke/runs?wait=true'
deploy     copy a component to {}
",
        folder.join("components").display()
    );
    println!("deployed   {suite} ({first})");
    if !others.is_empty() {
        let names: Vec<_> = others.iter().map(|language| language.component()).collect();
        println!("to follow  {}, each when it is built", names.join(", "));
    }
    println!();
}

//! `cargo xtask demo`: the example tests, run by the real host against the real pipeline, until told to stop.
//!
//! The pipeline must know the webhook's address and the host must know the pipeline's, so neither can pick its own: the
//! demo picks all addresses before it starts either (see [`addresses`]).

use std::{
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use anyhow::ensure;

use crate::{
    guests::{self, Language},
    stage::{Addresses, Signals, Stage, Tally},
    workspace,
};

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

/// The cases that some suites have besides: they send with client libraries of their language, or as these do.
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

/// How often the demo looks whether it is over.
const GLANCE: Duration = Duration::from_millis(50);

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// How long to run, such as `30s` or `2m`; without it, until Ctrl-C
    #[arg(long = "for", value_name = "DURATION", value_parser = humantime::parse_duration)]
    duration: Option<Duration>,
}

/// Succeeds if every expected case passed and no run did anything else.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let components = guests::build_examples()?;

    let addresses = Addresses::choose()?;
    let folder = workspace::path("target/demo");
    let files: Vec<_> = components.iter().map(|(_, component)| component.clone()).collect();

    let signals = Signals::catch()?;
    let more = if arguments.duration.is_some() { PATIENT } else { "" };
    let mut stage = Stage::set(&folder, &files, addresses, more)?;
    introduce(&folder, &stage.addresses, &components);
    let expected = expected(&components);
    let began = Instant::now();
    while !signals.told_to_stop() && !is_over(&stage, began, arguments.duration, &expected)? {
        stage.expect_running()?;
        thread::sleep(GLANCE);
    }

    let judged = stage.judge("");
    // Read before the host stops: its numbers go with it.
    let tally = Tally::read(&stage.metrics()?);
    print!("\n{tally}");
    let stopped = stage.stop();
    judged?;
    let never = tally.never_passed(&expected);
    ensure!(never.is_empty(), "`{}` never passed", never.join("`, `"));
    stopped
}

/// Whether the demo has run for so long, and every expected case has passed or had all the time that it can need.
fn is_over(
    stage: &Stage,
    began: Instant,
    duration: Option<Duration>,
    expected: &[String],
) -> anyhow::Result<bool> {
    let Some(duration) = duration else { return Ok(false) };
    let elapsed = began.elapsed();
    Ok(elapsed >= duration
        && (elapsed >= duration + LATEST || Tally::read(&stage.metrics()?).never_passed(expected).is_empty()))
}

/// The ids of the cases that must pass: a suite whose toolchain is not there was told of, and is not expected.
fn expected(components: &[(Language, PathBuf)]) -> Vec<String> {
    let of = |&(language, _): &(Language, PathBuf)| {
        let more = EXPECTED_OF_ONE.into_iter().filter(move |(of, _)| *of == language).map(|(_, case)| case);
        EXPECTED.into_iter().chain(more).map(move |case| format!("{}/{case}", language.component()))
    };
    components.iter().flat_map(of).collect()
}

fn introduce(
    folder: &Path,
    Addresses { pipeline, webhook, admin, .. }: &Addresses,
    components: &[(Language, PathBuf)],
) {
    println!();
    for (language, _) in components {
        println!("{:10} {language}", language.component());
    }
    println!(
        "
pipeline   http://{pipeline}
webhook    http://{webhook}
pages      http://{admin}/
metrics    http://{admin}/metrics

break it   curl -X PUT http://{pipeline}/faults -d '{{\"drop\":true}}'
heal it    curl -X PUT http://{pipeline}/faults -d '{{}}'
run it     curl -X POST 'http://{admin}/api/v1/cases/rust/smoke/runs?wait=true'
deploy     copy a component to {}
",
        folder.join("components").display()
    );
}

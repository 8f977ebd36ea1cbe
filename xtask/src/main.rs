//! `cargo xtask …`: commands for developers.
//!
//! This is compiled before anything else on a fresh machine, so it does without an async runtime and an HTTP client.
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a panic is how a test fails"))]

use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod bench;
mod contract;
mod crowd;
mod demo;
mod dist;
mod fairness;
mod felt;
mod fuzz;
mod guests;
mod guides;
mod instructions;
mod lock;
mod micro;
mod nightly;
mod pages;
mod screenshots;
mod soak;
mod stage;
#[cfg(test)]
mod structure;
mod test;
mod workspace;

/// Commands for developers.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Measure the costs of runs and webhook requests, next to programs that do the same without a sandbox
    Bench(bench::Arguments),
    /// Build the guests: the example tests into `target/components`, and the components for the tests
    Guests(guests::Arguments),
    /// Regenerate the copies of the contract in `wit/` and the bindings that the SDKs contain
    Contract(contract::Arguments),
    /// Run the example tests against the example pipeline
    Demo(demo::Arguments),
    /// Build the host as it is installed, `target/dist/orbital`: small, and optimised for what it does most
    Dist,
    /// Measure how a greedy component affects other tests
    Fairness(fairness::Arguments),
    /// Run the fuzz targets
    Fuzz(fuzz::Arguments),
    /// Run the commands of the guides, each in an empty folder
    Guides(guides::Arguments),
    /// Count the instructions of hot paths, and compare them with `bench/instructions.toml`
    Instructions(instructions::Arguments),
    /// Run everything that takes too long for each change: fuzzing, a long soak, fairness, mutations
    Nightly(nightly::Arguments),
    /// Measure how long pages take with many stored runs, and how their readers affect tests
    Pages(pages::Arguments),
    /// Take the screenshots for the documents
    Screenshots,
    /// Run hostile tests together with two hundred good ones for a long time, and look for leaks
    Soak(soak::Arguments),
    /// Build everything and run all tests
    Test(test::Arguments),
}

fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Bench(arguments) => bench::run(&arguments, dist::build),
        Command::Guests(arguments) => guests::run(&arguments),
        Command::Contract(arguments) => contract::run(&arguments),
        Command::Demo(arguments) => demo::run(&arguments),
        Command::Dist => dist::run(),
        Command::Fairness(arguments) => fairness::run(&arguments),
        Command::Fuzz(arguments) => fuzz::run(&arguments),
        Command::Guides(arguments) => guides::run(&arguments),
        Command::Instructions(arguments) => instructions::run(&arguments),
        Command::Nightly(arguments) => nightly::run(&arguments),
        Command::Pages(arguments) => pages::run(&arguments),
        Command::Screenshots => screenshots::run(),
        Command::Soak(arguments) => soak::run(&arguments),
        Command::Test(arguments) => test::run(&arguments),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

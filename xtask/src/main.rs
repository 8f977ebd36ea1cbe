//! `cargo xtask …`: the developer's commands.
//!
//! This is compiled before anything else on a fresh machine, so it does without an async runtime and an HTTP client.
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a panic is how a test fails"))]

use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod crowd;
mod demo;
mod fairness;
mod felt;
mod fuzz;
mod guests;
mod guides;
mod nightly;
mod pages;
mod screenshots;
mod soak;
mod stage;
mod test;
mod workspace;

/// The developer's commands.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build the guests: the example tests, into `target/components`, and those that the tests need
    Guests(guests::Arguments),
    /// Run the example tests against the example pipeline, here and now
    Demo(demo::Arguments),
    /// Measure how much good tests feel of a component that takes all it gets
    Fairness(fairness::Arguments),
    /// Run the fuzzers, each for a while
    Fuzz(fuzz::Arguments),
    /// Do what the guides say, each in an empty folder
    Guides(guides::Arguments),
    /// Run everything that takes too long for each change: fuzzers, a long soak, fairness, mutations
    Nightly(nightly::Arguments),
    /// Measure how long pages take among many stored runs, and how much good tests feel of who opens them
    Pages(pages::Arguments),
    /// Take the pictures of the pages that the documents show
    Screenshots,
    /// Run hostile tests beside two hundred good ones for a long time, and look for leaks
    Soak(soak::Arguments),
    /// Build everything and run all tests
    Test(test::Arguments),
}

fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Guests(arguments) => guests::run(&arguments),
        Command::Demo(arguments) => demo::run(&arguments),
        Command::Fairness(arguments) => fairness::run(&arguments),
        Command::Fuzz(arguments) => fuzz::run(&arguments),
        Command::Guides(arguments) => guides::run(&arguments),
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

//! The command line: one file per command. Parsing and printing only.

mod build;
mod check;
mod compare;
mod compile;
mod config;
mod dev;
mod exit;
mod log_fields;
mod new;
mod reach;
mod run;
mod serve;
mod signals;

use std::backtrace::{Backtrace, BacktraceStatus};
use std::io::Write as _;

use anyhow::Context as _;
use clap::{Parser, Subcommand};
use tokio::runtime::{Builder, Runtime};

use crate::secrets::Masker;
pub use exit::Exit;
use signals::Signals;

use crate::report::message;

/// Runs end-to-end tests, written as WebAssembly components, for ever: each sends events to the system under
/// test and waits for the deliveries that must come back to a webhook.
#[derive(Parser)]
#[command(
    name = "orbital",
    version,
    after_help = "A first look:\n  \
        orbital new shop --lang typescript           a project to begin from: rust, typescript, javascript, python, go\n  \
        orbital dev shop                             build and run it at every save; --pipeline brings a system to test\n  \
        orbital build shop                           make a component of a project\n  \
        orbital check shop.wasm                      what is in it, and whether this host can run it\n  \
        orbital run shop.wasm --config orbital.toml  run all its cases once, now\n  \
        orbital serve --config orbital.toml          run what is in the directory, for ever\n  \
        orbital compare staging production           what differs between two hosts by more than noise\n\n\
        Exit codes: 0 all is well; 1 a case did not pass or differs, or a component is wrong; 2 usage,\n\
        configuration, or nothing matched; 3 the host could not do its job."
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    New(new::New),
    Serve(serve::Serve),
    Run(run::Run),
    Check(check::Check),
    Compare(compare::Compare),
    Build(build::Build),
    Dev(dev::Dev),
    Config(config::Config),
    #[command(name = crate::guest::COMPILE_COMMAND, hide = true)]
    Compile(compile::Compile),
}

/// Does what the command line asks for. Errors are printed.
pub fn main() -> Exit {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version come this way too.
            let _ = error.print();
            return if error.use_stderr() { Exit::Usage } else { Exit::Ok };
        }
    };
    // The provider is chosen once for the process; a second choice would be an error of ours.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let result = match arguments.command {
        Command::New(new) => new.execute(),
        Command::Serve(serve) => serve.execute(),
        Command::Run(run) => run.execute(),
        Command::Check(check) => check.execute(),
        Command::Compare(compare) => compare.execute(),
        Command::Build(build) => build.execute(),
        Command::Dev(dev) => dev.execute(),
        Command::Config(config) => config.execute(),
        Command::Compile(compile) => compile.execute(),
    };
    match result {
        Ok(exit) => exit,
        Err(error) => {
            // It may tell what a component says of itself.
            eprintln!("orbital: {}", message(&format_args!("{error:#}")));
            exit::of(&error)
        }
    }
}

/// Two runtimes: what a guest computes must not hold up sockets and timers of the host.
struct Runtimes {
    host: Runtime,
    guests: Runtime,
}

impl Runtimes {
    fn new() -> std::io::Result<Self> {
        let host = Builder::new_multi_thread().enable_all().thread_name("host").build()?;
        let guests = Builder::new_multi_thread()
            .enable_all()
            .thread_name("guest")
            // A guest may compute for a whole epoch at a time; the timers of the others are looked at after
            // each, not after 61 as is tokio's default.
            .event_interval(1)
            .build()?;
        Ok(Self { host, guests })
    }

    /// Leaves nothing to wait for: what still runs was told to stop long ago.
    fn end(self) {
        self.guests.shutdown_background();
        self.host.shutdown_background();
    }
}

/// How the host's own log is written.
#[derive(Clone, Copy, clap::ValueEnum)]
enum LogFormat {
    /// Lines for people.
    Human,
    /// An object of JSON per line.
    Json,
}

/// Our own log, on standard error. `RUST_LOG` sets what is shown, but for secrets that the masker knows: whatever a
/// library says, they are hidden.
fn start_log(default: &str, format: LogFormat) -> Masker {
    let masker = Masker::default();
    let (of_log, of_panics) = (masker.clone(), masker.clone());
    let filter = tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| default.into());
    let colours = std::io::IsTerminal::is_terminal(&std::io::stderr());
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(colours)
        .with_writer(move || Masked(of_log.clone()));
    // Set already only if somebody uses the library in a way of their own.
    let _ = match format {
        LogFormat::Human => log.fmt_fields(log_fields::LogFields).try_init(),
        LogFormat::Json => log.json().flatten_event(true).try_init(),
    };
    std::panic::set_hook(Box::new(move |panic| {
        let trace = Backtrace::capture();
        let trace =
            if trace.status() == BacktraceStatus::Captured { trace.to_string() } else { String::new() };
        let thread = std::thread::current();
        let text = format!("thread `{}` {panic}\n{trace}\n", thread.name().unwrap_or("without a name"));
        // Nobody is left to tell if this fails.
        let _ = Masked(of_panics.clone()).write_all(text.as_bytes());
    }));
    masker
}

/// Standard error with secrets hidden. What is written comes whole, in one piece.
struct Masked(Masker);

impl std::io::Write for Masked {
    fn write(&mut self, text: &[u8]) -> std::io::Result<usize> {
        let hidden = self.0.bytes(text);
        std::io::stderr().write_all(hidden.as_deref().unwrap_or(text)).map(|()| text.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        std::io::stderr().flush()
    }
}

/// Prints at once. A reader that went away is an error, not a panic as with `println!`.
fn print(text: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).context("cannot print")
}

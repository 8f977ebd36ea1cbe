//! The command line, with one file per command. It only parses and prints.

mod build;
mod check;
mod compare;
mod compile;
mod config;
mod dev;
mod exit;
mod log_fields;
mod new;
mod progress;
mod reach;
mod run;
mod serve;
mod signals;

use std::backtrace::{Backtrace, BacktraceStatus};
use std::fmt::Display;
use std::fs::File;
use std::io::Write as _;
use std::num::NonZero;
use std::os::fd::AsFd;
use std::sync::OnceLock;
use std::time::Duration;

use anyhow::Context as _;
use clap::{Parser, Subcommand};
use orbital_config::secrets::Masker;
use orbital_model::text::message;
use orbital_model::timestamp::rfc3339;
use tokio::runtime::{Builder, Runtime};

pub use exit::Exit;
use orbital_report::output::Output;
use signals::Signals;

/// The timeout for writing the last texts of each output stream at the end of the process.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(2);

/// Standard error, set when the log is started.
static STDERR: OnceLock<Output> = OnceLock::new();

/// Runs end-to-end tests, written as WebAssembly components, continuously: each sends events to the system under
/// test and waits for the deliveries that must come back to a webhook.
#[derive(Parser)]
#[command(
    name = "orbital",
    version,
    after_help = "A first look:\n  \
        orbital new shop --lang typescript           create a project; `orbital new --help` lists the languages\n  \
        orbital dev shop                             build and run it at every save; --pipeline starts a system to test\n  \
        orbital build shop                           build a component from a project\n  \
        orbital check shop.wasm                      show its contents, and whether this host can run it\n  \
        orbital run shop.wasm --config orbital.toml  run all its cases once, now\n  \
        orbital serve --config orbital.toml          run the components in a directory continuously\n  \
        orbital compare staging production           show significant differences between two hosts\n\n\
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
    #[command(name = orbital_guest::COMPILE_COMMAND, hide = true)]
    Compile(compile::Compile),
}

/// Executes the command line. Errors are printed.
pub fn main() -> Exit {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version are errors of the parser, too.
            let _ = error.print();
            return if error.use_stderr() { Exit::Usage } else { Exit::Ok };
        }
    };
    // The provider is set once for the process; setting it a second time would be a mistake in this code.
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
    let exit = result.unwrap_or_else(|error| {
        complain(format_args!("{error:#}"));
        exit::of(&error)
    });
    if let Some(stderr) = STDERR.get() {
        stderr.flush(FLUSH_TIMEOUT);
    }
    exit
}

/// Writes a message of a command to standard error. It may quote paths, keys of a file and a component.
fn complain(text: impl Display) {
    let text = format!("orbital: {}\n", message(&text)).into_bytes();
    match STDERR.get() {
        Some(stderr) => {
            stderr.push(&text);
            // Keeps the order of the messages that the command prints.
            stderr.flush(FLUSH_TIMEOUT);
        }
        // Without a log, there is no other place to report a failure.
        None => drop(std::io::stderr().write_all(&text)),
    }
}

/// Two runtimes, so that computing guests do not delay the sockets and timers of the host.
struct Runtimes {
    host: Runtime,
    guests: Runtime,
}

impl Runtimes {
    fn new() -> std::io::Result<Self> {
        let host = Builder::new_multi_thread()
            .enable_all()
            .thread_name("host")
            // Fewer threads than processors: when threads pass tasks to each other, waking up costs more than they gain,
            // and guests that compute for long need processors, too.
            .worker_threads(processors().div_ceil(2))
            .build()?;
        let guests = Builder::new_multi_thread()
            .enable_all()
            .thread_name("guest")
            // A guest may compute for a whole epoch at a time. The timers of the others are checked after each such
            // time, instead of after 61 as by tokio's default.
            .event_interval(1)
            .build()?;
        Ok(Self { host, guests })
    }

    /// Shuts down without waiting: tasks that still run were asked to stop long ago.
    fn end(self) {
        self.guests.shutdown_background();
        self.host.shutdown_background();
    }
}

/// Returns the number of processors that the process may use.
fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, NonZero::get)
}

/// How the host's own log is written.
#[derive(Clone, Copy, clap::ValueEnum)]
enum LogFormat {
    /// Lines for people.
    Human,
    /// An object of JSON per line.
    Json,
}

/// Starts the log of the host, on standard error. `RUST_LOG` selects the messages; secrets that the masker knows are
/// hidden, also in messages of libraries.
fn start_log(default: &str, format: LogFormat) -> anyhow::Result<Log> {
    let masker = Masker::default();
    let stderr = Output::start("stderr", Duration::ZERO, stream(std::io::stderr())?, move |dropped| {
        format.notice(dropped)
    });
    // Already set only if the library was used before in this process.
    let stderr = STDERR.get_or_init({
        let stderr = stderr.context("cannot start a thread")?;
        move || stderr
    });
    let filter = tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| default.into());
    let colours = std::io::IsTerminal::is_terminal(&std::io::stderr());
    let masked = Masked { masker: masker.clone(), output: stderr.clone() };
    let of_panics = masked.clone();
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(colours)
        .with_writer(move || masked.clone());
    // Fails only if the library was used before in this process.
    let _ = match format {
        LogFormat::Human => log.fmt_fields(log_fields::LogFields).try_init(),
        LogFormat::Json => log.json().flatten_event(true).try_init(),
    };
    std::panic::set_hook(Box::new(move |panic| {
        let trace = Backtrace::capture();
        let trace =
            if trace.status() == BacktraceStatus::Captured { trace.to_string() } else { String::new() };
        let thread = std::thread::current();
        let name = thread.name();
        of_panics
            .push(format!("thread `{}` {panic}\n{trace}\n", name.unwrap_or("without a name")).as_bytes());
        // After this panic, the process ends without the rest of `main`.
        if name == Some("main") {
            of_panics.output.flush(FLUSH_TIMEOUT);
        }
    }));
    Ok(Log { masker, output: stderr.clone() })
}

/// The log of the host.
struct Log {
    /// Hides secrets in the log.
    masker: Masker,
    output: Output,
}

/// Returns a stream without a buffer of its own: a text that could not be written must not be written again later.
fn stream(standard: impl AsFd) -> anyhow::Result<File> {
    Ok(standard.as_fd().try_clone_to_owned().context("cannot use the output streams")?.into())
}

impl LogFormat {
    /// Returns the line of the log that reports how many lines were dropped.
    fn notice(self, dropped: u64) -> String {
        let (now, target) = (rfc3339(std::time::SystemTime::now()), module_path!());
        let message =
            "log lines were dropped: standard error could not be written, or its reader was too slow";
        match self {
            Self::Human => format!("{now}  WARN {target}: {message} dropped={dropped}\n"),
            Self::Json => {
                let line = serde_json::json!({
                    "timestamp": now, "level": "WARN", "target": target, "message": message, "dropped": dropped,
                });
                format!("{line}\n")
            }
        }
    }
}

/// Writes to standard error with secrets hidden. Each text arrives as a whole, in one call.
#[derive(Clone)]
struct Masked {
    masker: Masker,
    output: Output,
}

impl Masked {
    fn push(&self, text: &[u8]) {
        match self.masker.bytes(text) {
            Some(masked) => self.output.push(&masked),
            None => self.output.push(text),
        }
    }
}

impl std::io::Write for Masked {
    fn write(&mut self, text: &[u8]) -> std::io::Result<usize> {
        self.push(text);
        Ok(text.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Writes to standard output at once. It is no error if the reader has closed the stream: the command does its work,
/// and its exit code reports the result.
fn print(text: &str) -> anyhow::Result<()> {
    match write_out(text) {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        written => written.context("cannot print"),
    }
}

fn write_out(text: &str) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush())
}

//! `pipeline`: the example system under test, as a process.

use std::{
    future::Future,
    io::{self, IsTerminal as _, Write as _},
    net::SocketAddr,
    process::ExitCode,
    time::Duration,
};

use anyhow::Context as _;
use clap::{Parser, value_parser};
use pipeline::{Attempts, Pipeline, Route, Routes, server};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};
use tracing_subscriber::EnvFilter;

/// Takes events over HTTP and delivers them to webhooks.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// The address to listen on; port 0 chooses a free port
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:4000")]
    listen: SocketAddr,

    /// Deliver events of a type to a URL, whose last path segment is the destination's name; repeat it to fan out
    #[arg(long = "route", value_name = "TYPE=URL", required = true)]
    routes: Vec<Route>,

    /// Time limit of one delivery attempt, such as `1s` or `250ms`
    #[arg(long, value_name = "DURATION", default_value = "1s", value_parser = duration)]
    attempt_timeout: Duration,

    /// Maximum number of attempts per delivery, up to 10
    #[arg(long, value_name = "NUMBER", default_value_t = 5, value_parser = value_parser!(u32).range(1..=10))]
    attempts: u32,
}

#[tokio::main]
async fn main() -> ExitCode {
    // Logs go to stderr: stdout is for the one line that says where the pipeline listens.
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .with_env_filter(filter)
        .init();
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(Arguments { listen, routes, attempt_timeout, attempts }: Arguments) -> anyhow::Result<()> {
    let attempts = Attempts { number: attempts, timeout: attempt_timeout };
    let pipeline = Pipeline::new(Routes::new(routes)?, attempts)?;
    let stop = stop_signal().context("cannot listen for signals")?;
    let listener = TcpListener::bind(listen).await.with_context(|| {
        format!("cannot listen on `{listen}`; is it taken? choose another with `--listen`")
    })?;
    let address = listener.local_addr().context("cannot tell the listening address")?;
    let mut stdout = io::stdout();
    writeln!(stdout, "pipeline listening on http://{address}").context("cannot print")?;
    stdout.flush().context("cannot print")?;
    server::serve(listener, pipeline, stop).await.context("the server broke")
}

/// Reads a duration that is not zero.
fn duration(text: &str) -> Result<Duration, &'static str> {
    let (number, milliseconds) = match text.strip_suffix("ms") {
        Some(number) => (number, 1),
        None => (text.strip_suffix('s').unwrap_or_default(), 1000),
    };
    match number.parse::<u32>() {
        Ok(number @ 1..) => Ok(Duration::from_millis(u64::from(number) * milliseconds)),
        _ => Err("it must be a whole number of `s` or `ms` above zero, such as `1s` or `250ms`"),
    }
}

/// Completes at the first SIGINT or SIGTERM. Both are caught from the call on, before the future is polled.
fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_has_a_unit_and_is_not_zero() {
        assert_eq!(duration("1s"), Ok(Duration::from_secs(1)));
        assert_eq!(duration("250ms"), Ok(Duration::from_millis(250)));
        for text in ["", "1", "s", "ms", "0s", "-1s", "1.5s", "1m", "1 s"] {
            assert!(duration(text).is_err(), "`{text}` passed");
        }
    }
}

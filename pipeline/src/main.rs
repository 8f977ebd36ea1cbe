//! `pipeline`: the example system under test, as a process.

use std::{
    future::Future,
    io::{self, IsTerminal as _, Write as _},
    net::SocketAddr,
    process::ExitCode,
};

use anyhow::Context as _;
use clap::Parser;
use pipeline::{Pipeline, Route, Routes, server};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};
use tracing_subscriber::EnvFilter;

/// Takes events over HTTP and delivers them to webhooks.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Where to listen; port 0 takes any free port
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:4000")]
    listen: SocketAddr,

    /// Deliver events of a type to a URL, whose last path segment names the destination; several of one type fan out
    #[arg(long = "route", value_name = "TYPE=URL", required = true)]
    routes: Vec<Route>,
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

async fn run(Arguments { listen, routes }: Arguments) -> anyhow::Result<()> {
    let pipeline = Pipeline::new(Routes::new(routes)?)?;
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

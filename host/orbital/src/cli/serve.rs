//! `orbital serve`

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use orbital_files::watch::Stamps;
use orbital_model::describe::counted;
use orbital_report::output::{Output, Outputs};

use super::{Exit, FLUSH_TIMEOUT, Log, LogFormat, Runtimes, Signals, start_log, stream};
use crate::descriptors;
use crate::service::Service;
use crate::settings::Settings;

/// How long lines about runs are collected after a write, and then written together: no reader notices, and no run has
/// to wake the thread that writes.
const PAUSE: Duration = Duration::from_millis(20);

/// Run the components in a directory continuously.
///
/// Copy a component into the directory and it runs; replace it and the new version runs; remove it and it is
/// gone. Every run is a line on standard output; the host's own log is on standard error.
///
/// By default the webhook listens on 127.0.0.1:8710, and health, readiness and metrics are on
/// 127.0.0.1:8711. SIGTERM or Ctrl-C lets runs in flight finish; a second one quits at once. SIGHUP reads the
/// configuration again; SIGUSR1, SIGUSR2, SIGALRM, SIGIO and SIGPIPE are ignored.
#[derive(clap::Args)]
pub(super) struct Serve {
    /// The configuration file.
    #[arg(long, value_name = "FILE", default_value = "orbital.toml")]
    config: PathBuf,
    /// Print only runs that did not pass, or not at once.
    #[arg(long)]
    quiet: bool,
    /// How the host's own log is written.
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = LogFormat::Human)]
    log_format: LogFormat,
}

impl Serve {
    pub(super) fn execute(self) -> anyhow::Result<Exit> {
        let Log { masker, output: stderr } = start_log("info", self.log_format)?;
        let notice = |dropped| {
            format!(
                "({} not shown: the output was read too slowly, or not at all)\n",
                counted(dropped, "run")
            )
        };
        let stdout = Output::start("stdout", PAUSE, stream(std::io::stdout())?, notice);
        let outputs = Outputs { stdout: stdout.context("cannot start a thread")?, stderr };
        let seen = Stamps::of(&self.config);
        let settings = Settings::load(&self.config)?;
        descriptors::raise();
        let runtimes = Runtimes::new().context("cannot start threads")?;
        let guests = runtimes.guests.handle().clone();
        let result = runtimes.host.block_on(async {
            // Signals are handled before anything runs, so that none arrives in between.
            let mut signals = Signals::listen()?;
            Signals::ignore_others()?;
            let directory = settings.fixed.registry.directory.display().to_string();
            let service =
                Service::start((self.config, seen), settings, guests, outputs.clone(), self.quiet, masker)
                    .await?;
            let addresses = format!(
                "components in {directory}\nwebhook on {}\nAPI, health, readiness and metrics on {}\n",
                service.webhook_url, service.admin_url
            );
            outputs.stdout.push(addresses.as_bytes());
            signals.next().await;
            tokio::select! {
                () = service.stop() => Ok(Exit::Ok),
                () = signals.next() => Ok(Exit::Host),
            }
        });
        runtimes.end();
        outputs.stdout.flush(FLUSH_TIMEOUT);
        result
    }
}

//! `orbital serve`

use std::path::PathBuf;

use anyhow::Context as _;

use super::{Exit, LogFormat, Runtimes, Signals, print, start_log};
use crate::reload::Seen;
use crate::service::Service;
use crate::settings::Settings;

/// Run what is in the directory of components, for ever.
///
/// Copy a component into the directory and it runs; replace it and the new version runs; remove it and it is
/// gone. Every run is a line on standard output; the host's own log is on standard error.
///
/// By default the webhook listens on 127.0.0.1:8710, and health, readiness and metrics are on
/// 127.0.0.1:8711. SIGTERM or Ctrl-C lets runs in flight finish; a second one quits at once.
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
        let masker = start_log("info", self.log_format);
        let seen = Seen::file(&self.config);
        let settings = Settings::load(&self.config)?;
        let runtimes = Runtimes::new().context("cannot start threads")?;
        let guests = runtimes.guests.handle().clone();
        let result = runtimes.host.block_on(async {
            // Before anything runs, so that no signal falls in between.
            let mut signals = Signals::listen()?;
            let directory = settings.registry.directory.display().to_string();
            let service = Service::start((self.config, seen), settings, guests, self.quiet, masker).await?;
            print(&format!(
                "components in {directory}\nwebhook on {}\nAPI, health, readiness and metrics on {}\n",
                service.webhook_url, service.admin_url
            ))?;
            signals.next().await;
            tokio::select! {
                () = service.stop() => Ok(Exit::Ok),
                () = signals.next() => Ok(Exit::Host),
            }
        });
        runtimes.end();
        result
    }
}

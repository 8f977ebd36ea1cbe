//! `orbital config`

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Subcommand;

use super::{Exit, LogFormat, print, start_log};
use crate::descriptors::Places;
use crate::live::LiveParts;
use crate::settings::Settings;

/// Check the configuration, or show what holds.
///
/// Nothing listens and nothing runs.
#[derive(clap::Args)]
pub(super) struct Config {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Say whether a host would start with this file: its mistakes, all of them, and secrets that are missing.
    Check(File),
    /// Show what is set, and defaults, each with where it comes from. What looks like a secret is not shown.
    Show(File),
}

#[derive(clap::Args)]
struct File {
    /// The configuration file.
    #[arg(long, value_name = "FILE", default_value = "orbital.toml")]
    config: PathBuf,
}

impl Config {
    pub(super) fn execute(self) -> anyhow::Result<Exit> {
        let masker = start_log("warn", LogFormat::Human)?.masker;
        match self.action {
            Action::Check(File { config }) => {
                let settings = Settings::load(&config)?;
                // The client needs a runtime, even one that never runs.
                let runtime =
                    tokio::runtime::Builder::new_current_thread().build().context("cannot start")?;
                let _inside = runtime.enter();
                LiveParts::new(&settings, &masker)?;
                print(&format!("{}: good\n", config.display()))?;
                if let Some(shortage) = Places::raised(&settings).shortage() {
                    print(&format!("here, {shortage}\n"))?;
                }
            }
            Action::Show(File { config }) => {
                let (settings, sources) = Settings::load_with_sources(&config)?;
                let lines: String = sources.iter().map(|setting| format!("{setting}\n")).collect();
                // Hides secret values that are also in the file, in the wrong place.
                masker.learn(&settings.live.secrets.fetch_some())?;
                print(&masker.text(&lines))?;
            }
        }
        Ok(Exit::Ok)
    }
}

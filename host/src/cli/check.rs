//! `orbital check`

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::{Exit, LogFormat, Runtimes, print, start_log};
use crate::foundation::workshop;
use crate::registry::{Case, Component};
use crate::settings::Settings;

/// Say what is in a component, and whether this host can run it.
///
/// Loads and links each file, asks it for its cases, and lists these and its imports, or says what is wrong.
/// No case runs.
#[derive(clap::Args)]
pub(super) struct Check {
    /// Components: `.wasm` files.
    #[arg(required = true, value_name = "COMPONENT")]
    components: Vec<PathBuf>,
    /// The configuration file, for its limits.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

impl Check {
    pub(super) fn execute(self) -> anyhow::Result<Exit> {
        start_log("warn", LogFormat::Human);
        let settings = Settings::load_or_default(self.config.as_deref())?;
        let runtimes = Runtimes::new().context("cannot start threads")?;
        let workshop = workshop(&settings, runtimes.guests.handle().clone(), 1)?;
        let mut exit = Exit::Ok;
        for path in &self.components {
            let mut text = String::new();
            match runtimes.host.block_on(workshop.load(path, false)) {
                Ok((component, _)) => describe(&mut text, path, &component)?,
                Err(error) => {
                    exit = Exit::NotPassed;
                    writeln!(text, "{}: {error}", path.display())?;
                }
            }
            print(&text)?;
        }
        runtimes.end();
        Ok(exit)
    }
}

fn describe(text: &mut String, path: &Path, component: &Component) -> std::fmt::Result {
    let metadata = &component.metadata;
    let about = |name: &str, value: &str| match value {
        "" => String::new(),
        value => format!(", {name} {value}"),
    };
    let (version, language) = (about("version", &metadata.version), about("language", &metadata.language));
    writeln!(text, "{}: component `{}`{version}{language}", path.display(), component.name)?;
    writeln!(text, "  sha256 {}", component.digest)?;
    writeln!(text, "  cases:")?;
    for case in &component.cases {
        let timeout = humantime::format_duration(case.timeout);
        let tags: String = case.tags.iter().map(|(name, value)| format!(", {name}={value}")).collect();
        let Case { name, schedule, max_in_flight, .. } = &**case;
        writeln!(text, "    {name}: {schedule}, timeout {timeout}, {max_in_flight} in flight{tags}")?;
    }
    writeln!(text, "  imports:")?;
    metadata.imports.iter().try_for_each(|import| writeln!(text, "    {import}"))
}

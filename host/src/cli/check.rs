//! `orbital check`

use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::{Exit, Runtimes, start_log};
use crate::foundation::workshop;
use crate::registry::Component;
use crate::settings::Settings;

/// Say what is in a component, and whether this host can run it.
///
/// Loads and links each file and lists its cases and imports, or says what is wrong. Nothing runs.
#[derive(clap::Args)]
pub(super) struct Check {
    /// Components: `.wasm` files.
    #[arg(required = true, value_name = "COMPONENT")]
    components: Vec<PathBuf>,
}

impl Check {
    pub(super) fn execute(self) -> anyhow::Result<Exit> {
        start_log("warn");
        let settings = Settings::without_file(Path::new("."));
        let runtimes = Runtimes::new().context("cannot start threads")?;
        let workshop = workshop(&settings, runtimes.guests.handle().clone())?;
        let mut exit = Exit::Ok;
        for path in &self.components {
            match runtimes.host.block_on(workshop.load(path)) {
                Ok(component) => print(path, &component),
                Err(error) => {
                    exit = Exit::NotPassed;
                    println!("{}: {error}", path.display());
                }
            }
        }
        runtimes.end();
        Ok(exit)
    }
}

fn print(path: &Path, component: &Component) {
    let metadata = component.suite.metadata();
    let about = |name: &str, value: &str| match value {
        "" => String::new(),
        value => format!(", {name} {value}"),
    };
    println!(
        "{}: component `{}`{}{}, sha256 {}",
        path.display(),
        component.name,
        about("version", &metadata.version),
        about("language", &metadata.language),
        component.digest
    );
    println!("  cases:");
    for case in &component.cases {
        let timeout = humantime::format_duration(case.timeout);
        let tags: String = case.tags.iter().map(|(name, value)| format!(", {name}={value}")).collect();
        println!(
            "    {}: {}, timeout {timeout}, {} in flight{tags}",
            case.name, case.schedule, case.max_in_flight
        );
    }
    println!("  imports:");
    for import in &metadata.imports {
        println!("    {import}");
    }
}

//! `orbital check`

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use orbital_guest::{Code, CodeOrigin, CompileMode, VERSION};
use orbital_model::Case;
use orbital_model::describe::short;
use orbital_model::text::{Printable, message};
use orbital_run::component::Component;

use super::{Exit, LogFormat, Runtimes, print, progress, reach, start_log};
use crate::foundation::{component_loader, policy};
use crate::settings::Settings;

/// Say what is in a component, and whether this host can run it.
///
/// Loads and links each file, asks it for its cases, and lists these, its imports, and what it asks for, or says what is
/// wrong. With a configuration, it must be granted what its manifest asks for. No case runs.
#[derive(clap::Args)]
pub(super) struct Check {
    /// Components: `.wasm` files.
    #[arg(required = true, value_name = "COMPONENT")]
    components: Vec<PathBuf>,
    /// The configuration file, for its limits and grants.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

impl Check {
    pub(super) fn execute(self) -> anyhow::Result<Exit> {
        start_log("warn", LogFormat::Human)?;
        let settings = Settings::load_or_default(self.config.as_deref())?;
        check(&settings, self.config.is_some(), &self.components)
    }
}

/// Loads components, and prints their contents and, if a configuration is set, their grants.
pub(super) fn check(settings: &Settings, is_set: bool, components: &[PathBuf]) -> anyhow::Result<Exit> {
    let runtimes = Runtimes::new().context("cannot start threads")?;
    let component_loader =
        component_loader(settings, &policy(settings), runtimes.guests.handle().clone(), 1)?;
    let mut exit = Exit::Ok;
    for path in components {
        let shown = Printable(&path.display().to_string()).to_string();
        let mut text = String::new();
        let started = Instant::now();
        let opening = component_loader.open(path, CompileMode::Soon);
        let loading = format!("loading `{shown}`");
        match runtimes.host.block_on(progress::shown(&loading, opening)) {
            Ok((component, _)) => {
                describe(&mut text, &shown, &component, started.elapsed())?;
                let policy = is_set.then(|| component_loader.policy());
                reach::describe(&mut text, &component, policy.as_deref())?;
                if let Some(shortage) = policy.and_then(|policy| policy.shortage(&component)) {
                    exit = Exit::NotPassed;
                    writeln!(text, "{shown}: {}", message(&shortage))?;
                }
            }
            Err(error) => {
                exit = Exit::NotPassed;
                writeln!(text, "{shown}: {}", message(&error))?;
            }
        }
        print(&text)?;
    }
    runtimes.end();
    Ok(exit)
}

fn describe(text: &mut String, path: &str, component: &Component, took: Duration) -> std::fmt::Result {
    let metadata = &component.metadata;
    let about = |name: &str, value: &str| match value {
        "" => String::new(),
        value => format!(", {name} {}", Printable(value)),
    };
    let (version, language) = (about("version", &metadata.version), about("language", &metadata.language));
    let sdk = about("SDK", &metadata.sdk);
    writeln!(text, "{path}: component `{}`{version}{language}{sdk}", component.name)?;
    writeln!(text, "  contract orbital:test@{VERSION}")?;
    let took = short(took);
    let cost = match component.code {
        CodeOrigin::Compiled(Code::Optimised) => format!("compiled and loaded in {took}"),
        CodeOrigin::Compiled(Code::Quick) => format!("compiled quickly and loaded in {took}"),
        CodeOrigin::Kept(Code::Optimised) => format!("compiled before, loaded in {took}"),
        CodeOrigin::Kept(Code::Quick) => format!("compiled quickly before, loaded in {took}"),
    };
    writeln!(text, "  size {}, {cost}", bytesize::ByteSize(component.size as u64))?;
    writeln!(text, "  sha256 {}", component.digest)?;
    if !component.signed_by.is_empty() {
        writeln!(text, "  signed by {}", component.signed_by)?;
    }
    writeln!(text, "  cases:")?;
    for case in &component.cases {
        let timeout = humantime::format_duration(case.timeout);
        let tags: String =
            case.tags.iter().map(|(name, value)| format!(", {name}={}", Printable(value))).collect();
        let Case { id, schedule, max_in_flight, .. } = &**case;
        writeln!(text, "    {}: {schedule}, timeout {timeout}, {max_in_flight} in flight{tags}", id.case())?;
    }
    writeln!(text, "  imports:")?;
    metadata.imports.iter().try_for_each(|import| writeln!(text, "    {}", Printable(import)))
}

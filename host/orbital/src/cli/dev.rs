//! `orbital dev`

use std::convert::Infallible;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use anyhow::Context as _;
use futures_util::{StreamExt as _, stream};
use orbital_config::secrets::Masker;
use orbital_guest::CompileMode;
use orbital_model::describe::{describe, describe_fully, short};
use orbital_model::text::Printable;
use orbital_model::{CaseId, Outcome, Pattern};
use orbital_project::build::{Profile, Project};
use orbital_project::language::Language;
use orbital_run::component::Component;
use orbital_run::order::Order;
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

use super::run::{run_one, select};
use super::{Exit, LogFormat, Runtimes, Signals, complain, start_log, write_out};
use crate::descriptors;
use crate::dev::{Builder, DevEnvironment, EnvironmentSettings, SourceChange, Sources};

/// The number of cases that run at once.
const AT_ONCE: usize = 8;

/// The maximum number of changed files that are named.
const NAMED: usize = 3;

/// Build and run a project's tests at every save, until Ctrl-C.
///
/// Each save builds the project, loads it and runs its cases at once, whatever their schedules are. Mistakes are shown, and
/// the next save starts again. A save during a build or a run aborts it, and starts a new one.
///
/// `orbital.toml` of the project says what its targets and grants are, and where the webhook listens. Without it, or with
/// `--pipeline`, the example pipeline is started as the system under test: the targets `api`, `pipeline` and `segment`.
#[derive(clap::Args)]
pub(super) struct Dev {
    /// The project.
    #[arg(value_name = "DIR", default_value = ".")]
    directory: PathBuf,
    /// Only cases whose name, or `component/name`, matches, such as `smoke` or `shop/*`.
    #[arg(long, value_name = "GLOB", value_parser = Pattern::parse)]
    case: Option<Pattern>,
    /// Start the example pipeline as the system under test, in place of the configuration's.
    #[arg(long)]
    pipeline: bool,
    /// Show the timeline of each run, also of one that passed.
    #[arg(long)]
    timeline: bool,
    /// The configuration file, instead of the project's `orbital.toml`.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Where the webhook listens, instead of the configuration's `webhook.listen`.
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// The language, if the directory has several manifests.
    #[arg(long, value_enum)]
    lang: Option<Language>,
}

impl Dev {
    pub(super) fn execute(self) -> anyhow::Result<Exit> {
        let masker = start_log("warn", LogFormat::Human)?.masker;
        let project = match Project::find(&self.directory, self.lang) {
            Ok(project) => project,
            Err(error) => {
                complain(orbital_model::error::chain(&error));
                return Ok(Exit::NotPassed);
            }
        };
        descriptors::raise();
        let runtimes = Runtimes::new().context("cannot start threads")?;
        let guests = runtimes.guests.handle().clone();
        let result = runtimes.host.block_on(self.go_on(project, guests, masker));
        runtimes.end();
        match result {
            Err(error) if is_reader_gone(&error) => Ok(Exit::Ok),
            result => result,
        }
    }

    /// Builds and runs at every change until a signal ends it.
    async fn go_on(self, project: Project, guests: Handle, masker: Masker) -> anyhow::Result<Exit> {
        let mut signals = Signals::listen()?;
        let default = project.directory.join("orbital.toml");
        let place = EnvironmentSettings {
            is_named: self.config.is_some(),
            config: std::path::absolute(self.config.unwrap_or(default))
                .context("cannot tell where this is")?,
            pipeline: self.pipeline,
            listen: self.listen,
            // Runs of an abandoned round may still be being cleared away while those of the next round start.
            runs: 2 * AT_ONCE,
        };
        let mut sources =
            Sources::watch(&project.directory, &place.config).context("cannot watch the project")?;
        let rounds = Rounds {
            builder: Builder::new(project).context("cannot make a directory for the component")?,
            guests,
            cases: self.case,
            timeline: self.timeline,
        };
        let mut environment = Some(rounds.lay(&place, &masker).await?);
        let mut change = None;
        loop {
            // A round that has finished waits for the next change; a change ends a round that has not.
            let round = async {
                if let Some(environment) = &environment {
                    rounds.one(environment, change.as_ref()).await?;
                }
                std::future::pending::<anyhow::Result<Infallible>>().await
            };
            let next = tokio::select! {
                () = signals.next() => return Ok(Exit::Ok),
                next = sources.changed() => next,
                Err(error) = round => return Err(error),
            };
            print(&named(&next))?;
            change = Some(next);
            environment = match environment {
                Some(environment) if environment.is_current().await => Some(environment),
                old => {
                    if let Some(old) = old {
                        old.close().await;
                    }
                    let laid = rounds.lay(&place, &masker).await;
                    laid.inspect_err(|error| complain(format_args!("{error:#}"))).ok()
                }
            };
        }
    }
}

/// Settings and tools shared by all rounds.
struct Rounds {
    builder: Builder,
    guests: Handle,
    cases: Option<Pattern>,
    timeline: bool,
}

impl Rounds {
    /// Sets up an environment, and prints its addresses and files.
    async fn lay(&self, place: &EnvironmentSettings, masker: &Masker) -> anyhow::Result<DevEnvironment> {
        let environment = DevEnvironment::lay(place, &self.guests, masker).await?;
        print(&introduction(self.builder.project(), &environment))?;
        Ok(environment)
    }

    /// Builds, loads and runs the cases, and prints the results. Mistakes are printed; an error means that the loop
    /// cannot continue, such as when nothing can be printed. Dropping the future ends all that it has started.
    async fn one(&self, environment: &DevEnvironment, change: Option<&SourceChange>) -> anyhow::Result<()> {
        let Some(made) = self.make(environment, Profile::Dev).await? else { return Ok(()) };
        let orders = select(made.component.clone(), self.cases.as_ref(), &environment.overrides);
        if let (true, Some(pattern)) = (orders.is_empty(), &self.cases) {
            let names: Vec<_> =
                made.component.cases.iter().map(|case| format!("`{}`", case.id.case())).collect();
            complain(format_args!("no case matches `{}`; there are {}", pattern, names.join(", ")));
        }
        let broken = self.run(environment, &made, &orders, change).await?;
        if broken.is_empty() || self.builder.project().has_lines_in_dev() {
            return Ok(());
        }
        print("once more, for the lines where it broke\n")?;
        let Some(made) = self.make(environment, Profile::Release).await? else { return Ok(()) };
        let mut orders = select(made.component.clone(), None, &environment.overrides);
        orders.retain(|order| broken.contains(&order.case.id));
        self.run(environment, &made, &orders, None).await.map(drop)
    }

    /// Builds and loads the component. Returns `None` if a mistake was printed.
    async fn make(&self, environment: &DevEnvironment, profile: Profile) -> anyhow::Result<Option<Made>> {
        let started = Instant::now();
        let is_built =
            self.builder.build(profile).await.context("cannot run this program again, to build")?;
        let built = short(started.elapsed());
        if !is_built {
            print(&format!("not built, after {built}; the next save tries again\n"))?;
            return Ok(None);
        }
        let started = Instant::now();
        match environment.component_loader.load(&self.builder.component(), CompileMode::AtOnce).await {
            Ok((component, _)) => {
                let took = format!("built in {built}, loaded in {}", short(started.elapsed()));
                Ok(Some(Made { component: Arc::new(component), took }))
            }
            Err(error) => {
                complain(format_args!("`{}`: {}", self.builder.project().name(), error));
                print(&format!("built in {built}, and not loaded; the next save tries again\n"))?;
                Ok(None)
            }
        }
    }

    /// Runs the cases and prints the results. Returns the cases that crashed.
    async fn run(
        &self,
        environment: &DevEnvironment,
        made: &Made,
        orders: &[Order],
        change: Option<&SourceChange>,
    ) -> anyhow::Result<Vec<CaseId>> {
        let started = Instant::now();
        let stop = CancellationToken::new();
        let _ends_with_this = stop.clone().drop_guard();
        let (mut passed, mut broken) = (0, Vec::new());
        let runs = orders.iter().map(|order| run_one(&environment.runner, &self.guests, order, &stop));
        let mut reports = stream::iter(runs).buffer_unordered(AT_ONCE);
        while let Some(report) = reports.next().await {
            print(&if self.timeline { describe_fully(&report) } else { describe(&report) })?;
            passed += usize::from(report.outcome == Outcome::Pass);
            if report.attempts.last().is_some_and(|attempt| attempt.has_trace) {
                broken.push(report.case);
            }
        }
        let ran = short(started.elapsed());
        let since = change.map(|change| format!(", {} after the save", short(change.at.elapsed())));
        let (took, cases, since) = (&made.took, orders.len(), since.unwrap_or_default());
        print(&format!("{took}, ran in {ran}: {passed} of {cases} passed{since}\n"))?;
        Ok(broken)
    }
}

/// A component that was built and loaded.
struct Made {
    component: Arc<Component>,
    /// The times of building and loading, as text.
    took: String,
}

/// Prints at once.
///
/// # Errors
/// The text cannot be written, even if only because the reader has closed the stream: then there is no reason to
/// continue.
fn print(text: &str) -> anyhow::Result<()> {
    write_out(text).context("cannot print")
}

fn is_reader_gone(error: &anyhow::Error) -> bool {
    let cause = error.downcast_ref::<std::io::Error>();
    cause.is_some_and(|cause| cause.kind() == std::io::ErrorKind::BrokenPipe)
}

/// Returns an overview of the project, the configuration and the addresses.
fn introduction(project: &Project, environment: &DevEnvironment) -> String {
    let shown = |path: &Path| Printable(&path.display().to_string()).to_string();
    let mut text = format!("{} in {}: {}\n", project.name(), project.language, shown(&project.directory));
    let config = environment.config.as_deref().map(shown);
    let _ = writeln!(text, "configuration {}", config.as_deref().unwrap_or("none; everything is granted"));
    let _ = writeln!(text, "webhook on {}", environment.webhook);
    if let Some(url) = &environment.pipeline {
        let _ = writeln!(
            text,
            "pipeline on {url}: targets `api`, `pipeline` and `segment`\n  \
             break it: curl -X PUT {url}/faults -d '{{\"drop\":true}}'\n  \
             heal it:  curl -X PUT {url}/faults -d '{{}}'"
        );
    }
    text
}

/// Returns a line that names the changed files.
fn named(change: &SourceChange) -> String {
    let names =
        change.files.iter().take(NAMED).map(|file| Printable(&file.display().to_string()).to_string());
    let names = names.collect::<Vec<_>>().join(", ");
    match change.files.len().saturating_sub(NAMED) {
        0 => format!("\n{names} changed\n"),
        more => format!("\n{names} and {more} more changed\n"),
    }
}

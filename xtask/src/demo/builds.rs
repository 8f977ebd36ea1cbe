//! Builds the suites one after the other while the demo runs.

use std::{
    collections::VecDeque,
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use anyhow::Context as _;

use crate::{
    guests::{self, Language},
    stage::Process,
    workspace,
};

/// How many of the last lines of a failed build are shown.
const SHOWN: usize = 20;

/// How much a build yields to the host and its tests.
const NICENESS: &str = "10";

/// The builds that are still to be done, and the one in progress.
pub(super) struct Builds {
    folder: PathBuf,
    waiting: VecDeque<Language>,
    current: Option<Build>,
}

/// A suite whose build has ended.
pub(super) struct Built {
    pub(super) language: Language,
    pub(super) took: Duration,
    pub(super) result: Outcome,
}

/// How a build ended.
pub(super) enum Outcome {
    /// There is a component.
    Component(PathBuf),
    /// Its toolchain is missing, as this line says.
    Skipped(String),
    /// With its last lines, and where the others are.
    Failed(String),
}

/// A build in progress. To drop it is to stop it.
struct Build {
    language: Language,
    process: Process,
    log: PathBuf,
    began: Instant,
}

impl Builds {
    /// Builds these suites in this order. What a build prints goes to a file in the folder.
    pub(super) fn of(languages: &[Language], folder: &Path) -> Self {
        Self { folder: folder.to_owned(), waiting: languages.iter().copied().collect(), current: None }
    }

    /// Stops the build in progress, and starts no other.
    pub(super) fn stop(&mut self) {
        self.waiting.clear();
        self.current = None;
    }

    pub(super) fn are_done(&self) -> bool {
        self.waiting.is_empty() && self.current.is_none()
    }

    /// Starts the next build if none is in progress. Returns the one that has ended, if one has.
    pub(super) fn poll(&mut self) -> anyhow::Result<Option<Built>> {
        if let Some(build) = &mut self.current {
            let Some(status) = build.process.ended()? else { return Ok(None) };
            let built = build.finish(status)?;
            self.current = None;
            return Ok(Some(built));
        }
        if let Some(language) = self.waiting.pop_front() {
            self.current = Some(Build::start(language, &self.folder)?);
        }
        Ok(None)
    }
}

impl Build {
    fn start(language: Language, folder: &Path) -> anyhow::Result<Self> {
        let name = language.component();
        let log = folder.join(format!("build-{name}.log"));
        let file = File::create(&log).with_context(|| format!("cannot write `{}`", log.display()))?;
        // Not the file that runs: cargo may have replaced it since.
        let this = workspace::binaries()?.join("xtask");
        let mut command = Command::new("nice");
        command.args(["-n", NICENESS]).arg(this).args(["guests", "--example", name]);
        command.stdout(Stdio::from(file.try_clone()?)).stderr(Stdio::from(file));
        let process = Process::start("nice", &mut command)?;
        Ok(Self { language, process, log, began: Instant::now() })
    }

    fn finish(&self, status: ExitStatus) -> anyhow::Result<Built> {
        let component = guests::example(self.language);
        let result = if status.success() && component.exists() {
            Outcome::Component(component)
        } else {
            let log = fs::read(&self.log).with_context(|| format!("cannot read `{}`", self.log.display()))?;
            let log = String::from_utf8_lossy(&log);
            match log.lines().find(|line| status.success() && line.starts_with(guests::SKIPPED)) {
                Some(line) => Outcome::Skipped(line.to_owned()),
                None => Outcome::Failed(self.failure(&log, status)),
            }
        };
        Ok(Built { language: self.language, took: self.began.elapsed(), result })
    }

    fn failure(&self, log: &str, status: ExitStatus) -> String {
        let lines: Vec<&str> = log.lines().collect();
        let last = &lines[lines.len().saturating_sub(SHOWN)..];
        format!(
            "{status}; all of its output is in `{}`, and it ends with\n    {}",
            self.log.display(),
            last.join("\n    ")
        )
    }
}

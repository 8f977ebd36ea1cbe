//! Builds in a process that can be ended at any time, with all processes that it has started.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use clap::ValueEnum as _;
use orbital_files::program;
use orbital_project::build::{Profile, Project};
use rustix::process::{Pid, Signal, kill_process_group};
use tempfile::TempDir;
use tokio::process::Command;

/// Builds one project repeatedly.
pub struct Builder {
    project: Project,
    /// A directory for the component, and for files that tools leave behind when they are ended. It is deleted with
    /// this.
    scratch: TempDir,
}

impl Builder {
    /// Returns a builder for this project.
    ///
    /// # Errors
    /// The directory for temporary files cannot be created.
    pub fn new(project: Project) -> std::io::Result<Self> {
        Ok(Self { project, scratch: tempfile::Builder::new().prefix("orbital-dev-").tempdir()? })
    }

    /// Returns the project.
    pub fn project(&self) -> &Project {
        &self.project
    }

    /// Returns the path of the component. It is never in the project, where it would look like a change.
    pub fn component(&self) -> PathBuf {
        self.scratch.path().join(format!("{}.wasm", self.project.name()))
    }

    /// Builds the component, and returns whether it was built. The tools write to standard error. Dropping the future
    /// ends all processes that it has started.
    ///
    /// # Errors
    /// The child process cannot be started.
    pub async fn build(&self, profile: Profile) -> std::io::Result<bool> {
        let litter = self.scratch.path().join("tmp");
        remove(&litter)?;
        std::fs::create_dir(&litter)?;
        let language = self.project.language.to_possible_value();
        let language = language.as_ref().map_or_else(Default::default, |language| language.get_name());
        let mut command = Command::new(program::own()?);
        command.arg("build").arg(&self.project.directory).args(["--lang", language, "--output"]);
        command.arg(self.component()).arg("--unchecked").env("TMPDIR", &litter);
        if profile == Profile::Dev {
            command.arg("--dev");
        }
        command.stdin(Stdio::null()).stdout(Stdio::null()).kill_on_drop(true);
        // A process group for the child and all tools: Ctrl-C in the terminal does not reach it, so it must be passed
        // on.
        let mut child = command.process_group(0).spawn()?;
        let mut group = Group(child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?)));
        let status = child.wait().await;
        // The process was waited for, so its number may soon belong to another process.
        group.0 = None;
        Ok(status?.success())
    }
}

/// A process group that is killed when this is dropped.
struct Group(Option<Pid>);

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(leader) = self.0 {
            // Fails if the processes have already ended.
            let _ = kill_process_group(leader, Signal::KILL);
        }
    }
}

fn remove(folder: &Path) -> std::io::Result<()> {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

//! Building in a process that can be ended at any time, with all that it has started.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use clap::ValueEnum as _;
use orbital_files::program;
use orbital_project::build::{Profile, Project};
use rustix::process::{Pid, Signal, kill_process_group};
use tempfile::TempDir;
use tokio::process::Command;

/// Builds one project, again and again.
pub struct Builder {
    project: Project,
    /// Has the component, and what tools leave behind when they are ended. It goes with this.
    scratch: TempDir,
}

impl Builder {
    /// For this project.
    ///
    /// # Errors
    /// There is no place for temporary files.
    pub fn new(project: Project) -> std::io::Result<Self> {
        Ok(Self { project, scratch: tempfile::Builder::new().prefix("orbital-dev-").tempdir()? })
    }

    /// The project.
    pub fn project(&self) -> &Project {
        &self.project
    }

    /// Where the component goes: never into the project, where it would look like a change.
    pub fn component(&self) -> PathBuf {
        self.scratch.path().join(format!("{}.wasm", self.project.name()))
    }

    /// Builds the component, and says whether it is there. What tools say is on standard error. Dropped, this ends all that
    /// it has started.
    ///
    /// # Errors
    /// There is no child process to be had.
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
        // A group of its own, which all tools are in: Ctrl-C in the terminal does not reach it, and is ours to pass on.
        let mut child = command.process_group(0).spawn()?;
        let mut group = Group(child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?)));
        let status = child.wait().await;
        // It was waited for, so its number may be another one's soon.
        group.0 = None;
        Ok(status?.success())
    }
}

/// Processes that end when this is dropped.
struct Group(Option<Pid>);

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(leader) = self.0 {
            // What has ended by itself needs no end.
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

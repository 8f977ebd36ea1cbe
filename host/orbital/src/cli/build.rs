//! `orbital build`

use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use orbital_project::build::{Profile, Project};
use orbital_project::language::Language;

use super::check::check;
use super::{Exit, LogFormat, complain, start_log};
use crate::settings::Settings;

/// Make a component of a project, and check it.
///
/// The language is told by the project's manifest: `Cargo.toml`, `package.json`, `pyproject.toml`, `go.mod`,
/// `compile_flags.txt` or `build.zig.zon`. Its own tools do the work, and say what is wrong with the code; what they need
/// is put into the project.
#[derive(clap::Args)]
pub(super) struct Build {
    /// The project.
    #[arg(value_name = "DIR", default_value = ".")]
    directory: PathBuf,
    /// Where the component goes; `NAME.wasm` by default, with the name of the project's directory.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// The language, if the directory has several manifests.
    #[arg(long, value_enum)]
    lang: Option<Language>,
    /// Builds as fast as possible: `orbital dev` starts a child process with this.
    #[arg(long, hide = true)]
    dev: bool,
    /// Without a look at the component: `orbital dev` loads it anyway.
    #[arg(long, hide = true)]
    unchecked: bool,
}

impl Build {
    pub(super) fn execute(self) -> anyhow::Result<Exit> {
        start_log("warn", LogFormat::Human)?;
        let project = match Project::find(&self.directory, self.lang) {
            Ok(project) => project,
            Err(error) => return fails(&error),
        };
        let output = self.output.unwrap_or_else(|| PathBuf::from(format!("{}.wasm", project.name())));
        let profile = if self.dev { Profile::Dev } else { Profile::Release };
        match project.build(profile) {
            Ok(component) => {
                write(&output, &component).with_context(|| format!("cannot write `{}`", output.display()))?;
                if self.unchecked {
                    return Ok(Exit::Ok);
                }
                check(&Settings::load_or_default(None)?, false, &[output])
            }
            Err(error) => fails(&error),
        }
    }
}

fn fails(error: &dyn std::error::Error) -> anyhow::Result<Exit> {
    complain(orbital_model::error::chain(error));
    Ok(Exit::NotPassed)
}

/// Writes the file as a whole or not at all: it may be in a directory that a host watches.
fn write(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file =
        tempfile::Builder::new().prefix(".orbital-").permissions(readable()).tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// Returns the permissions of ordinary files, instead of those of temporary ones.
fn readable() -> std::fs::Permissions {
    std::os::unix::fs::PermissionsExt::from_mode(0o644)
}

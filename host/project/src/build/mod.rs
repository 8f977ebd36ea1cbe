//! Builds components from projects in any supported language: runs the language's own tools, and reports missing ones.
//!
//! The output of the tools (such as a compiler's errors) is passed to standard error unchanged. Dependencies are
//! installed in the project or the user's cache; nothing is installed globally.

mod c;
mod contract;
mod go;
mod go_calls;
mod go_lines;
mod javascript;
mod lines;
mod python;
mod rust;
mod zig;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use orbital_config::Mistake;
use orbital_files::links::LinkError;
use orbital_files::{FileError, file};
use orbital_policy::grants::Manifest;
use wasm_encoder::{ComponentSection as _, CustomSection};
use wasm_metadata::{AddMetadata, AddMetadataField};

use crate::language::Language;
use crate::sdk;
use crate::sdk::SdkError;

/// The maximum size of a project's file, and of a component that its tools produce, in bytes: the maximum that a host
/// can load.
const MAX_READ: usize = 1 << 30;

/// A project to be built.
pub struct Project {
    /// The absolute path of the directory that contains the project's manifest.
    pub directory: PathBuf,
    /// The language of the project.
    pub language: Language,
}

/// The aim of a build.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// A small and fast component.
    Release,
    /// A short build time.
    Dev,
}

/// The result of a toolchain.
struct Artifact {
    /// The component.
    bytes: Vec<u8>,
    /// The project's version, if it has one.
    version: Option<String>,
    /// The SDK's version, if it can be determined.
    sdk: Option<String>,
}

/// Why a component could not be built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The directory does not exist.
    #[error("cannot read `{path}`")]
    Directory {
        /// The requested path.
        path: PathBuf,
        /// The error of the system.
        source: std::io::Error,
    },
    /// The directory has no manifest of a project.
    #[error(
        "`{0}` has none of `Cargo.toml`, `package.json`, `pyproject.toml`, `go.mod`, `compile_flags.txt` and `build.zig.zon`, so it is no \
         project"
    )]
    NoProject(PathBuf),
    /// The directory has several manifests.
    #[error("`{path}` has {}; say which counts with `--lang`", manifests(.found))]
    Ambiguous {
        /// The project.
        path: PathBuf,
        /// The languages of the manifests.
        found: Vec<Language>,
    },
    /// A tool is missing or too old.
    #[error("{tool} is needed, and {problem}; {remedy}")]
    Tool {
        /// The name of the tool.
        tool: &'static str,
        /// The problem with the tool.
        problem: String,
        /// The remedy, as a command if there is one.
        remedy: String,
    },
    /// A tool reported a failure. Its output is on standard error.
    #[error("`{command}` failed{}", exit_code(*.code))]
    Failed {
        /// The command that was run.
        command: String,
        /// The exit code of the command, if it was not killed.
        code: Option<i32>,
    },
    /// The project's SDK cannot be provided.
    #[error(transparent)]
    Sdk(#[from] SdkError),
    /// A link would lead out of the project.
    #[error(transparent)]
    Link(#[from] LinkError),
    /// The component's manifest is invalid.
    #[error("`{path}` is wrong:{}", mistakes.iter().map(|mistake| format!("\n  {mistake}")).collect::<String>())]
    Manifest {
        /// The file.
        path: PathBuf,
        /// All mistakes in the manifest.
        mistakes: Vec<Mistake>,
    },
    /// The output of the tools is not a component.
    #[error("{0}")]
    Output(String),
    /// A file cannot be read.
    #[error("cannot read `{path}`")]
    Read {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: FileError,
    },
    /// A folder cannot be read, or a file cannot be created.
    #[error("cannot {what} `{path}`")]
    File {
        /// The action that failed.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// The error of the system.
        source: std::io::Error,
    },
}

fn manifests(found: &[Language]) -> String {
    let names: Vec<_> = found.iter().map(|language| format!("`{}`", manifest(*language))).collect();
    names.join(" and ")
}

fn exit_code(code: Option<i32>) -> String {
    code.map(|code| format!(" with exit code {code}")).unwrap_or_default()
}

/// Returns the file that identifies projects in a language.
fn manifest(language: Language) -> &'static str {
    match language {
        Language::Rust => "Cargo.toml",
        Language::TypeScript | Language::JavaScript => "package.json",
        Language::Python => "pyproject.toml",
        Language::Go => "go.mod",
        Language::C => c::FLAGS,
        Language::Zig => zig::PACKAGE,
    }
}

impl Project {
    /// Returns the project in a directory, in the given language or in that of its manifest.
    ///
    /// # Errors
    /// If there is no manifest, or several.
    pub fn find(directory: &Path, language: Option<Language>) -> Result<Self, BuildError> {
        let failed = |source| BuildError::Directory { path: directory.to_owned(), source };
        let directory = directory.canonicalize().map_err(failed)?;
        if let Some(language) = language {
            return Ok(Self { directory, language });
        }
        let script = javascript::language(&directory);
        let languages = [Language::Rust, script, Language::Python, Language::Go, Language::C, Language::Zig];
        let found: Vec<_> =
            languages.into_iter().filter(|one| directory.join(manifest(*one)).is_file()).collect();
        match found[..] {
            [] => Err(BuildError::NoProject(directory)),
            [language] => Ok(Self { directory, language }),
            _ => Err(BuildError::Ambiguous { path: directory, found }),
        }
    }

    /// Returns the default name of the component: that of the directory.
    pub fn name(&self) -> String {
        self.directory.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// Returns whether a component of the profile [`Dev`](Profile::Dev) has line numbers.
    pub fn has_lines_in_dev(&self) -> bool {
        self.language != Language::Zig
    }

    /// Builds the component, with its metadata (name, version, language, SDK) and its manifest, if there is one.
    ///
    /// # Errors
    /// If a tool is missing, or the project is invalid.
    pub fn build(&self, profile: Profile) -> Result<Vec<u8>, BuildError> {
        // Checked before the tools are run, because they take a long time.
        let manifest = self.manifest()?;
        // A fresh clone of a project does not have the SDK: it is written when it is needed.
        if self.refers_to_carried_sdk()? {
            sdk::provide(self.language, &self.directory)?;
        }
        let artifact = match self.language {
            Language::Rust => rust::build(&self.directory, profile),
            Language::TypeScript | Language::JavaScript => javascript::build(&self.directory, profile),
            Language::Python => python::build(&self.directory),
            Language::Go => go::build(&self.directory),
            Language::C => c::build(&self.directory),
            Language::Zig => zig::build(&self.directory, profile),
        }?;
        let mut metadata = AddMetadata::default();
        metadata.name = AddMetadataField::Set(self.name());
        metadata.language = vec![(self.language.name().to_owned(), String::new())];
        metadata.sdk = artifact.sdk.map(|version| ("orbital-sdk".to_owned(), version)).into_iter().collect();
        if let Some(version) = artifact.version {
            metadata.version = AddMetadataField::Set(wasm_metadata::Version::new(version));
        }
        let none = |error: String| BuildError::Output(format!("the tools made no component: {error}"));
        let kept = lines::keep(&self.directory, &artifact.bytes).map_err(|error| none(error.to_string()))?;
        let mut component = metadata.to_wasm(&kept).map_err(|error| none(format!("{error:#}")))?;
        if let Some(manifest) = manifest {
            let section = CustomSection { name: Manifest::SECTION.into(), data: manifest.into() };
            section.append_to_component(&mut component);
        }
        Ok(component)
    }

    /// Returns the text of the manifest, if the project has one and it has no mistakes.
    fn manifest(&self) -> Result<Option<Vec<u8>>, BuildError> {
        let path = self.directory.join(Manifest::FILE);
        if !path.exists() {
            return Ok(None);
        }
        let text = read(&path)?;
        match Manifest::parse(&text) {
            Ok(_) => Ok(Some(text)),
            Err(mistakes) => Err(BuildError::Manifest { path, mistakes }),
        }
    }

    /// Returns whether the project uses the SDK that this binary contains; see [`sdk`].
    fn refers_to_carried_sdk(&self) -> Result<bool, BuildError> {
        let path = self.directory.join(match self.language {
            Language::Python => python::REQUIREMENTS,
            language => manifest(language),
        });
        if self.language == Language::Python && !path.is_file() {
            return Ok(false);
        }
        let text = read(&path)?;
        Ok(text.windows(sdk::FOLDER.len()).any(|part| part == sdk::FOLDER.as_bytes()))
    }
}

/// Runs a tool to its end. Both of its output streams are passed to standard error.
fn run(command: &mut Command, tool: &'static str, remedy: &str) -> Result<(), BuildError> {
    let text = shown(command);
    let status = command.stdout(std::io::stderr()).status().map_err(|error| missing(tool, &error, remedy))?;
    match status.success() {
        true => Ok(()),
        false => Err(BuildError::Failed { command: text, code: status.code() }),
    }
}

/// Runs a tool to its end, and returns its standard output.
fn ask(command: &mut Command, tool: &'static str, remedy: &str) -> Result<String, BuildError> {
    let text = shown(command);
    let output = command.stderr(std::process::Stdio::inherit()).output();
    let output = output.map_err(|error| missing(tool, &error, remedy))?;
    match output.status.success() {
        true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
        false => Err(BuildError::Failed { command: text, code: output.status.code() }),
    }
}

/// Checks that a tool is new enough; its version is the first one in its output.
fn require(
    tool: &'static str,
    command: &mut Command,
    least: (u32, u32),
    remedy: &str,
) -> Result<(), BuildError> {
    let said = ask(command, tool, remedy)?;
    let start = said.find(|character: char| character.is_ascii_digit()).unwrap_or(said.len());
    let mut numbers = said[start..].split(|character: char| !character.is_ascii_digit()).map(str::parse);
    let found = numbers.next().and_then(Result::ok).zip(numbers.next().and_then(Result::ok));
    match found {
        Some(found) if found >= least => Ok(()),
        _ => {
            let problem = format!("the one on the PATH says `{}`", said.trim());
            Err(BuildError::Tool { tool, problem, remedy: remedy.to_owned() })
        }
    }
}

fn missing(tool: &'static str, error: &std::io::Error, remedy: &str) -> BuildError {
    let problem = match error.kind() {
        std::io::ErrorKind::NotFound => "it is not on the PATH".to_owned(),
        _ => format!("it cannot be run: {error}"),
    };
    BuildError::Tool { tool, problem, remedy: remedy.to_owned() }
}

/// The maximum number of words of a command that are shown, because a command of the C compiler would fill a screen.
const SHOWN: usize = 12;

fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or_default();
    let words = std::iter::once(program).chain(command.get_args());
    let mut words: Vec<_> = words.map(OsStr::to_string_lossy).collect();
    if words.len() > SHOWN {
        words.truncate(SHOWN);
        words.push("…".into());
    }
    words.join(" ")
}

fn read(path: &Path) -> Result<Vec<u8>, BuildError> {
    let unreadable = |source| BuildError::Read { path: path.to_owned(), source };
    file::read(path, MAX_READ).map_err(unreadable)
}

/// Creates a temporary file for a tool's output, which is deleted when it is dropped.
fn scratch(suffix: &str) -> Result<tempfile::TempPath, BuildError> {
    let made = tempfile::Builder::new().prefix("orbital-").suffix(suffix).tempfile();
    let failed = |source| BuildError::File { what: "make a file in", path: std::env::temp_dir(), source };
    Ok(made.map_err(failed)?.into_temp_path())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_project_is_told_by_its_manifest() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(Project::find(folder.path(), None), Err(BuildError::NoProject(_))));
        std::fs::write(folder.path().join("go.mod"), "").unwrap();
        assert_eq!(Project::find(folder.path(), None).unwrap().language, Language::Go);
        std::fs::write(folder.path().join("package.json"), "").unwrap();
        let error = Project::find(folder.path(), None).err().unwrap().to_string();
        assert!(error.contains("`package.json` and `go.mod`") && error.contains("--lang"), "{error}");
        let go = Project::find(folder.path(), Some(Language::Go)).unwrap();
        assert_eq!(go.language, Language::Go);
        assert!(Project::find(Path::new("/nowhere"), None).is_err());
    }
}

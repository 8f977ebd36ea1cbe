//! The SDKs that this binary contains: no registry has them yet, and so a project's SDK always has a contract that this
//! host supports.

use std::borrow::Cow;
use std::fs::Permissions;
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use orbital_files::links::LinkError;
use orbital_files::{file, links};
use rust_embed::RustEmbed;
use sha2::{Digest as _, Sha256};

use crate::language::Language;

/// The folder of SDKs in a project. It is written again whenever it is needed, so it is never committed.
pub const FOLDER: &str = ".orbital/sdk";

/// The file that excludes the folder from version control.
const IGNORE: &str = ".orbital/.gitignore";

/// The file in an SDK's folder that identifies the written version.
const STAMP: &str = ".digest";

/// Why an SDK could not be provided.
#[derive(Debug, thiserror::Error)]
pub enum SdkError {
    /// A file or folder cannot be written or read.
    #[error("the SDK cannot be written: `{}`", path.display())]
    Write {
        /// The path of the file or folder.
        path: PathBuf,
        /// The error of the system.
        source: io::Error,
    },
    /// A link would lead out of the project.
    #[error(transparent)]
    Link(#[from] LinkError),
    /// This binary was built where the SDK's sources were missing.
    #[error("this `orbital` was built without the SDK for {0}")]
    Missing(Language),
}

// Files are listed explicitly, so that files from builds or editors are not included.

#[derive(RustEmbed)]
#[folder = "../../guest-sdk/rust"]
#[include = "Cargo.toml"]
#[include = "src/*.rs"]
#[include = "macros/Cargo.toml"]
#[include = "macros/src/*.rs"]
#[include = "wit/*.wit"]
struct Rust;

#[derive(RustEmbed)]
#[folder = "../../guest-sdk/js"]
#[include = "package.json"]
#[include = "tsconfig.json"]
#[include = "contract.d.ts"]
#[include = "quickjs.d.ts"]
#[include = "README.md"]
#[include = "scripts/prepare.js"]
#[include = "src/*"]
#[allow_missing = true]
struct Js;

#[derive(RustEmbed)]
#[folder = "../../guest-sdk/python"]
#[include = "pyproject.toml"]
#[include = "requirements.lock"]
#[include = "README.md"]
#[include = "src/*.py"]
#[include = "src/*.wit"]
#[include = "src/*/py.typed"]
struct Python;

#[derive(RustEmbed)]
#[folder = "../../guest-sdk/go"]
#[include = "go.mod"]
#[include = "README.md"]
#[include = "*.go"]
#[include = "*.s"]
#[exclude = "*_test.go"]
struct Go;

#[derive(RustEmbed)]
#[folder = "../../guest-sdk/c"]
#[include = "README.md"]
#[include = "include/*.h"]
#[include = "src/*"]
#[include = "bindings/*.c"]
#[include = "bindings/*.h"]
struct C;

#[derive(RustEmbed)]
#[folder = "../../guest-sdk/zig"]
#[include = "README.md"]
#[include = "build.zig"]
#[include = "build.zig.zon"]
#[include = "src/*.zig"]
struct Zig;

/// The contract, for the SDK that has no copy of it in the repository.
#[derive(RustEmbed)]
#[folder = "../../wit"]
#[include = "*.wit"]
struct Wit;

const LICENSE: &[u8] = include_bytes!("../../../LICENSE");

/// Writes the SDK for a language into a project, `PROJECT/.orbital/sdk/…`, unless this version of it exists there.
/// Returns the path of the folder that the project's manifest refers to.
///
/// # Errors
///
/// If the SDK cannot be written, or this binary does not contain it.
pub fn provide(language: Language, project: &Path) -> Result<PathBuf, SdkError> {
    let files = files(language);
    // The licence alone is not an SDK.
    if files.len() < 2 {
        return Err(SdkError::Missing(language));
    }
    let folder = folder(language, project);
    for path in [folder.strip_prefix(project).unwrap_or(&folder), Path::new(IGNORE)] {
        links::refuse(project, path)?;
    }
    let digest = digest(&files);
    if is_current(&folder, &digest) {
        return Ok(folder);
    }
    let at = |path: &Path| {
        let path = path.to_owned();
        move |source| SdkError::Write { path, source }
    };
    let sdks = project.join(FOLDER);
    std::fs::create_dir_all(&sdks).map_err(at(&sdks))?;
    // Written even if the project's own `.gitignore` does not exclude the folder.
    let ignore = project.join(IGNORE);
    replace_file(&ignore, b"*\n").map_err(at(&ignore))?;

    // Written to a temporary folder next to it, then renamed: an interrupted build leaves no incomplete SDK.
    let draft = tempfile::Builder::new()
        .prefix(".new-")
        // The permissions of any other folder, instead of only this user's.
        .permissions(Permissions::from_mode(0o777))
        .tempdir_in(&sdks)
        .map_err(at(&sdks))?;
    for (name, content) in &files {
        write(&draft.path().join(name), content)?;
    }
    write(&draft.path().join(STAMP), digest.as_bytes())?;
    if let Err(source) = replace(draft.path(), &folder) {
        // Another build may have written the same version first.
        if !is_current(&folder, &digest) {
            return Err(SdkError::Write { path: folder, source });
        }
    }
    Ok(folder)
}

/// Returns the folder of the SDK for a language in a project.
pub fn folder(language: Language, project: &Path) -> PathBuf {
    project.join(FOLDER).join(match language {
        Language::Rust => "rust",
        Language::TypeScript | Language::JavaScript => "js",
        Language::Python => "python",
        Language::Go => "go",
        Language::C => "c",
        Language::Zig => "zig",
    })
}

type File = (String, Cow<'static, [u8]>);

/// Returns all files of an SDK, sorted by name.
fn files(language: Language) -> Vec<File> {
    let mut files = match language {
        Language::Rust => of::<Rust>(""),
        Language::TypeScript | Language::JavaScript => {
            let mut files = of::<Js>("");
            if !files.is_empty() {
                files.extend(of::<Wit>("wit/"));
                files.iter_mut().filter(|(name, _)| name == "package.json").for_each(|(_, content)| {
                    *content = without_development(content).into();
                });
            }
            files
        }
        Language::Python => of::<Python>(""),
        Language::Go => of::<Go>(""),
        Language::C => of::<C>(""),
        Language::Zig => {
            let mut files = of::<Zig>("");
            files.extend(of::<C>("c/"));
            files
        }
    };
    files.push(("LICENSE".to_owned(), LICENSE.into()));
    files.sort();
    files
}

/// Returns a `package.json` without the dependencies for the development of the package itself: npm would install all
/// of them, for every engine, into each project.
fn without_development(manifest: &[u8]) -> Vec<u8> {
    let Ok(mut parsed) = serde_json::from_slice::<serde_json::Value>(manifest) else {
        return manifest.to_vec();
    };
    if let Some(fields) = parsed.as_object_mut() {
        fields.remove("devDependencies");
    }
    format!("{parsed:#}\n").into_bytes()
}

fn of<E: RustEmbed>(prefix: &str) -> Vec<File> {
    E::iter().filter_map(|name| Some((format!("{prefix}{name}"), E::get(&name)?.data))).collect()
}

fn digest(files: &[File]) -> String {
    let mut hash = Sha256::new();
    for (name, content) in files {
        // The length before each part ensures that no two lists of files have the same input.
        for part in [name.as_bytes(), content] {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn is_current(folder: &Path, digest: &str) -> bool {
    file::read(&folder.join(STAMP), file::MAX_SMALL).is_ok_and(|stamp| stamp == digest.as_bytes())
}

fn write(path: &Path, content: &[u8]) -> Result<(), SdkError> {
    let written = match path.parent() {
        Some(parent) => std::fs::create_dir_all(parent),
        None => Ok(()),
    };
    written
        .and_then(|()| std::fs::write(path, content))
        .map_err(|source| SdkError::Write { path: path.to_owned(), source })
}

/// Replaces a file without opening the existing one, which may be a hard link to a file elsewhere.
fn replace_file(path: &Path, content: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(path);
    let mut builder = tempfile::Builder::new();
    let mut file = builder.prefix(".new-").permissions(Permissions::from_mode(0o666)).tempfile_in(folder)?;
    file.write_all(content)?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

fn replace(draft: &Path, folder: &Path) -> io::Result<()> {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    std::fs::rename(draft, folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_sdk_is_written_once_and_anew_when_it_is_another_one() {
        let project = tempfile::tempdir().unwrap();
        let folder = provide(Language::Rust, project.path()).unwrap();
        assert_eq!(folder, project.path().join(".orbital/sdk/rust"));
        let own = folder.join("own");
        std::fs::write(&own, "").unwrap();
        provide(Language::Rust, project.path()).unwrap();
        assert!(own.exists(), "it was written twice");

        std::fs::write(folder.join(STAMP), "of another version").unwrap();
        provide(Language::Rust, project.path()).unwrap();
        assert!(!own.exists(), "what the other version had is still there");
        // No temporary folder is left.
        assert_eq!(std::fs::read_dir(project.path().join(FOLDER)).unwrap().count(), 1);
    }

    #[test]
    fn an_sdk_has_what_its_build_needs_and_nothing_besides() {
        let names = |language| -> Vec<String> { files(language).into_iter().map(|(name, _)| name).collect() };
        let has = |language, wanted: &str| {
            let names = names(language);
            assert!(names.iter().any(|name| name == wanted), "{language} has no `{wanted}`: {names:?}");
        };
        has(Language::Rust, "macros/src/lib.rs");
        // This is a link in the repository.
        has(Language::Rust, "wit/suite.wit");
        has(Language::Python, "src/orbital_sdk/_wit/test/suite.wit");
        has(Language::Python, "src/orbital_sdk/py.typed");
        has(Language::Go, "internal/bindings/wit_exports/wit_exports.go");
        has(Language::Go, "orbitaltest/host.go");
        has(Language::C, "include/orbital.h");
        has(Language::C, "bindings/test.c");
        has(Language::Zig, "src/orbital.zig");
        // This is a link in the repository.
        has(Language::Zig, "c/bindings/test.c");
        for language in [Language::Rust, Language::Python, Language::Go, Language::C, Language::Zig] {
            let strange = ["target/", "__pycache__", "_test.go", "tests/", "node_modules"];
            let names = names(language);
            let found = names.iter().find(|name| strange.iter().any(|part| name.contains(part)));
            assert_eq!(found, None, "{language}");
        }
    }

    #[test]
    fn a_package_is_carried_without_what_its_own_development_needs() {
        let manifest = br#"{"name": "a", "devDependencies": {"b": "1"}, "dependencies": {"c": "1"}}"#;
        let text = String::from_utf8(without_development(manifest)).unwrap();
        assert!(text.contains("\"dependencies\"") && !text.contains("devDependencies"), "{text}");
    }

    #[test]
    fn the_rust_sdk_can_be_built_outside_of_this_workspace() {
        for (name, content) in files(Language::Rust) {
            let text = String::from_utf8(content.into_owned()).unwrap();
            assert!(!name.ends_with(".toml") || !text.contains("workspace = true"), "{name}");
        }
    }
}

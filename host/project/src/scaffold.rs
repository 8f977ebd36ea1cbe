//! Creates new projects: a suite that builds and passes immediately, from the templates in `host/project/templates`.

mod engine;

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use orbital_model::name::check_name;
use rust_embed::RustEmbed;

use crate::language::Language;
use crate::sdk;
use crate::sdk::SdkError;
pub use engine::Engine;

/// Why a project could not be created.
#[derive(Debug, thiserror::Error)]
pub enum ScaffoldError {
    /// The path has no last part.
    #[error("`{}` names no new directory; name one such as `shop`", .0.display())]
    Nameless(PathBuf),
    /// The name is not valid for a component.
    #[error("`{name}` cannot be the name of a component: it {reason}")]
    Name {
        /// The name.
        name: String,
        /// The reason why the name is invalid.
        reason: String,
    },
    /// The path exists already.
    #[error("`{}` exists, and is not an empty directory; choose another name, or remove it", .0.display())]
    Taken(PathBuf),
    /// An engine was given for a language that has none.
    #[error("a test in {0} has no engine to choose; leave out `--engine`")]
    NoEngine(Language),
    /// A file or folder cannot be written or read.
    #[error("cannot write `{}`", path.display())]
    Write {
        /// The path of the file or folder.
        path: PathBuf,
        /// The error of the system.
        source: io::Error,
    },
    /// The SDK cannot be provided.
    #[error(transparent)]
    Sdk(#[from] SdkError),
}

impl ScaffoldError {
    /// Returns whether the usage is the mistake, rather than the system.
    pub fn is_mistake(&self) -> bool {
        match self {
            Self::Nameless(_) | Self::Name { .. } | Self::Taken(_) | Self::NoEngine(_) => true,
            Self::Write { .. } | Self::Sdk(_) => false,
        }
    }
}

/// The prefix of a path segment that becomes a hidden file or folder: without it, the file would take effect in this
/// repository.
const HIDDEN: &str = "dot-";

/// The suffix of a file with placeholders; it also prevents tools from using the file as a manifest.
const WITH_PLACEHOLDERS: &str = ".in";

#[derive(RustEmbed)]
#[folder = "templates"]
struct Templates;

/// The toolchain that the Rust SDK is built with, and its target.
const RUST_TOOLCHAIN: &str = include_str!("../../../rust-toolchain.toml");

/// Creates a project in this directory, which is created too. The component has the directory's name, which is
/// returned.
///
/// # Errors
///
/// If the directory is not empty, has a name that is not valid for a component, or cannot be written.
pub fn create(directory: &Path, language: Language, engine: Option<Engine>) -> Result<String, ScaffoldError> {
    let name = name(directory)?;
    let has_engine = matches!(language, Language::TypeScript | Language::JavaScript);
    if engine.is_some() && !has_engine {
        return Err(ScaffoldError::NoEngine(language));
    }
    if !is_free(directory)? {
        return Err(ScaffoldError::Taken(directory.to_owned()));
    }
    let engine = engine.unwrap_or_default();
    let placeholders = [
        ("{{name}}", name.clone()),
        ("{{package}}", package(&name)),
        ("{{engine}}", engine.name().to_owned()),
        ("{{toolchain}}", engine.packages().to_owned()),
        ("{{lib}}", engine.libraries().to_owned()),
        ("{{types}}", engine.types().to_owned()),
    ];
    for template in Templates::iter() {
        let Some(file) = Templates::get(&template) else { continue };
        let Some((folder, path)) = template.split_once('/') else { continue };
        if folder != "common" && folder != self::folder(language) {
            continue;
        }
        let path = directory.join(path_of(path));
        match template.ends_with(WITH_PLACEHOLDERS) {
            true => write(&path, fill(&String::from_utf8_lossy(&file.data), &placeholders).as_bytes())?,
            false => write(&path, &file.data)?,
        }
    }
    if language == Language::Rust {
        write(&directory.join("rust-toolchain.toml"), RUST_TOOLCHAIN.as_bytes())?;
    }
    sdk::provide(language, directory)?;
    Ok(name)
}

fn name(directory: &Path) -> Result<String, ScaffoldError> {
    let name = directory.file_name().ok_or_else(|| ScaffoldError::Nameless(directory.to_owned()))?;
    let name = name.to_string_lossy().into_owned();
    match check_name(&name) {
        Ok(()) => Ok(name),
        Err(reason) => Err(ScaffoldError::Name { name, reason }),
    }
}

/// Returns whether there is nothing that could be overwritten.
fn is_free(directory: &Path) -> Result<bool, ScaffoldError> {
    match std::fs::read_dir(directory) {
        Ok(mut entries) => Ok(entries.next().is_none()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => Ok(false),
        Err(source) => Err(ScaffoldError::Write { path: directory.to_owned(), source }),
    }
}

/// Returns a name for Cargo, npm, Python and Go: they require lower case, and a letter at the beginning. Its suffix
/// ensures that it is not a keyword, or the name of a package that the project itself depends on.
fn package(name: &str) -> String {
    let mut package = name.to_ascii_lowercase().replace('.', "-");
    if !package.starts_with(|first: char| first.is_ascii_alphabetic()) {
        package.insert_str(0, "e2e-");
    }
    // Python requires a letter or a digit at the end, which the suffix ensures.
    if !package.ends_with("-tests") {
        package.push_str("-tests");
    }
    package
}

fn folder(language: Language) -> &'static str {
    match language {
        Language::Rust => "rust",
        Language::TypeScript => "typescript",
        Language::JavaScript => "javascript",
        Language::Python => "python",
        Language::Go => "go",
        Language::C => "c",
        Language::Zig => "zig",
    }
}

/// Returns the path of a template's file in the project.
fn path_of(template: &str) -> PathBuf {
    let path = template.strip_suffix(WITH_PLACEHOLDERS).unwrap_or(template);
    path.split('/')
        .map(|part| match part.strip_prefix(HIDDEN) {
            Some(hidden) => format!(".{hidden}"),
            None => part.to_owned(),
        })
        .collect()
}

fn fill(template: &str, placeholders: &[(&str, String)]) -> String {
    placeholders
        .iter()
        .fold(template.to_owned(), |text, (placeholder, value)| text.replace(placeholder, value))
}

fn write(path: &Path, content: &[u8]) -> Result<(), ScaffoldError> {
    let folder = path.parent().unwrap_or(path);
    std::fs::create_dir_all(folder)
        .and_then(|()| std::fs::File::create_new(path)?.write_all(content))
        .map_err(|source| ScaffoldError::Write { path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum as _;

    use super::*;

    #[test]
    fn every_placeholder_is_filled_and_no_file_is_hidden_by_its_template() {
        for language in Language::value_variants() {
            let place = tempfile::tempdir().unwrap();
            let directory = place.path().join("shop");
            assert_eq!(create(&directory, *language, None).unwrap_or_default(), "shop", "{language}");
            for name in
                ["README.md", ".gitignore", ".vscode/settings.json", "orbital.toml", "orbital-manifest.toml"]
            {
                let text = std::fs::read_to_string(directory.join(name)).unwrap();
                assert!(!text.contains("{{"), "{language}: {name}: {text}");
            }
        }
    }

    #[test]
    fn a_package_has_a_name_that_every_tool_takes() {
        assert_eq!(package("shop"), "shop-tests");
        assert_eq!(package("Shop.v2"), "shop-v2-tests");
        assert_eq!(package("7up"), "e2e-7up-tests");
        assert_eq!(package("checkout-tests"), "checkout-tests");
        assert_eq!(package("_"), "e2e-_-tests");
    }

    #[test]
    fn a_templates_path_is_the_files() {
        assert_eq!(path_of("dot-vscode/settings.json"), Path::new(".vscode/settings.json"));
        assert_eq!(path_of("Cargo.toml.in"), Path::new("Cargo.toml"));
        assert_eq!(path_of("cases/__init__.py"), Path::new("cases/__init__.py"));
    }
}

//! A suite of tests in one of the languages.

use std::{fmt, fs, path::PathBuf, process::Stdio};

use anyhow::Context as _;

use super::{
    digest::Digest,
    go, javascript, python,
    tool::{Missing, Tool, answer},
    zig,
};
use crate::workspace;

/// All languages, the first ones being the quickest to build.
pub(crate) const LANGUAGES: [Language; 7] = [
    Language::Rust,
    Language::C,
    Language::Zig,
    Language::Go,
    Language::Python,
    Language::TypeScript,
    Language::QuickJs,
];

/// A language, and for JavaScript its engine: the name of a folder, and of the component that is built from it.
#[derive(Clone, Copy, PartialEq, clap::ValueEnum)]
#[value(rename_all = "lowercase")]
pub(crate) enum Language {
    Rust,
    C,
    Zig,
    Go,
    Python,
    TypeScript,
    QuickJs,
}

/// The purpose of a suite.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    /// An example that users copy.
    Example,
    /// The behaviour that all languages have in common.
    Conformance,
}

/// One of the suites.
pub(crate) struct Suite {
    pub(crate) kind: Kind,
    pub(crate) language: Language,
}

impl Language {
    /// The component's name.
    pub(crate) fn component(self) -> &'static str {
        match self {
            Self::Rust => "rust",
            Self::C => "c",
            Self::Zig => "zig",
            Self::Go => "go",
            Self::Python => "python",
            Self::TypeScript => "typescript",
            Self::QuickJs => "quickjs",
        }
    }

    /// The folder of its SDK.
    fn sdk(self) -> &'static str {
        match self {
            Self::Rust => "guest-sdk/rust",
            Self::C => "guest-sdk/c",
            Self::Zig => "guest-sdk/zig",
            Self::Go => "guest-sdk/go",
            Self::Python => "guest-sdk/python",
            Self::TypeScript | Self::QuickJs => "guest-sdk/js",
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Rust => "Rust",
            Self::C => "C",
            Self::Zig => "Zig",
            Self::Go => "Go",
            Self::Python => "Python",
            Self::TypeScript => "TypeScript on StarlingMonkey",
            Self::QuickJs => "TypeScript on QuickJS",
        })
    }
}

impl Suite {
    /// Where it is.
    pub(crate) fn folder(&self) -> PathBuf {
        let suites = match self.kind {
            Kind::Example => "example-tests",
            Kind::Conformance => "tests/conformance",
        };
        workspace::path(suites).join(self.language.component())
    }

    /// Where its component is built to.
    pub(crate) fn component(&self) -> PathBuf {
        let folder = match self.kind {
            Kind::Example => "target/components",
            Kind::Conformance => "target/conformance",
        };
        workspace::path(folder).join(format!("{}.wasm", self.language.component()))
    }

    /// Builds it, if it is not up to date; answers where the component is, or which tool is missing.
    pub(crate) fn build(&self) -> anyhow::Result<Result<PathBuf, Missing>> {
        let component = self.component();
        let folder = component.with_file_name("");
        fs::create_dir_all(&folder).with_context(|| format!("cannot create `{}`", folder.display()))?;
        let tool = match self.language {
            // Cargo runs this.
            Language::Rust => answer(&self.folder(), "rustc", &["--version"])
                .map(|version| Ok(Tool { version, environment: Vec::new() }))
                .context("cannot run `rustc`; install Rust from https://rustup.rs"),
            Language::C | Language::Zig => zig::prepare(),
            Language::Go => go::prepare(&self.folder()),
            Language::Python => python::prepare(),
            _ => javascript::prepare(&self.folder()),
        }?;
        let tool = match tool {
            Ok(tool) => tool,
            Err(missing) => return Ok(Err(missing)),
        };

        let digest = self.digest(&tool.version)?;
        let stamp = folder.join(format!(".{}.stamp", self.language.component()));
        if component.exists() && fs::read_to_string(&stamp).is_ok_and(|of| of == digest) {
            return Ok(Ok(component));
        }
        // `orbital` writes beside the place, and puts the file there in one step.
        let mut build = workspace::orbital_build()?;
        build.arg(self.folder()).arg("-o").arg(&component).envs(tool.environment);
        // What it says of the component is for who writes one; mistakes go to standard error.
        build.stdout(Stdio::null());
        workspace::run(&mut build)?;
        fs::write(&stamp, digest).with_context(|| format!("cannot write `{}`", stamp.display()))?;
        Ok(Ok(component))
    }

    /// Of all that the component is made of.
    fn digest(&self, version: &str) -> anyhow::Result<String> {
        let mut digest = Digest::default();
        digest.text(version);
        digest.folder(&self.folder())?;
        if self.language == Language::QuickJs {
            // The cases are those of the other engine.
            digest.folder(&self.folder().with_file_name(Language::TypeScript.component()))?;
        }
        for shared in [self.language.sdk(), "wit", "host/project/src/build"] {
            digest.folder(&workspace::path(shared))?;
        }
        Ok(digest.finish())
    }
}

//! `cargo xtask guests`: builds what is compiled to WebAssembly.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, ensure};

use self::suite::{Kind, Suite};
use crate::workspace;

mod digest;
mod go;
mod javascript;
mod parallel;
mod python;
mod suite;
mod tool;
mod zig;

pub(crate) use self::{
    javascript::version as node_version,
    python::environment as python_environment,
    suite::{LANGUAGES, Language},
    tool::{Missing, answer},
};

const TARGET: &str = "wasm32-wasip2";

/// The start of a line that says which suite is skipped, and why.
pub(crate) const SKIPPED: &str = "skipped:";

/// The variable by which `.ci/run` requires that nothing is skipped.
const CI: &str = "ORBITAL_CI";

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Build only the example tests in these languages, such as `rust,go`
    #[arg(long = "example", value_name = "LANGUAGES", value_delimiter = ',')]
    examples: Vec<Language>,
}

pub(crate) fn run(Arguments { examples }: &Arguments) -> anyhow::Result<()> {
    if examples.is_empty() {
        return build_all();
    }
    print(build(&[Kind::Example], examples)?);
    Ok(())
}

/// Builds all guests: the example suites, the conformance suites, and the components that the tests need.
pub(crate) fn build_all() -> anyhow::Result<()> {
    print(build(&[Kind::Example, Kind::Conformance], &LANGUAGES)?);
    build_fixtures()
}

fn print(built: Vec<(Language, PathBuf)>) {
    for (_, component) in built {
        println!("{}", component.display());
    }
}

/// The components that the tests need.
fn build_fixtures() -> anyhow::Result<()> {
    for (folder, what) in
        [("tests/guests", &["--examples", "--bins"][..]), ("tests/hostile", &["--examples"])]
    {
        let mut cargo = workspace::guest_cargo(&workspace::path(folder));
        workspace::run(cargo.args(["build", "--release", "--target", TARGET]).args(what))?;
    }
    Ok(())
}

/// Builds the hostile tests, and returns their paths.
pub(crate) fn build_hostile() -> anyhow::Result<Vec<PathBuf>> {
    build_fixtures()?;
    let built = |folder: &str| workspace::path(folder).join("target").join(TARGET).join("release/examples");
    let folder = built("tests/hostile");
    let files = fs::read_dir(&folder).with_context(|| format!("cannot read `{}`", folder.display()))?;
    let files = files.collect::<Result<Vec<_>, _>>()?.into_iter().map(|file| file.path());
    let is_hostile = |path: &PathBuf| {
        path.extension().is_some_and(|extension| extension == "wasm")
            // Cargo's own copies have a hash in their names, behind a dash.
            && path.file_stem().is_some_and(|name| name != "bystander" && !name.as_encoded_bytes().contains(&b'-'))
    };
    let mut hostile: Vec<_> = files.filter(is_hostile).collect();
    hostile.push(built("tests/guests").join("greedy.wasm"));
    Ok(hostile)
}

/// Builds the components for `cargo xtask bench`, and returns their folder.
pub(crate) fn build_bench() -> anyhow::Result<PathBuf> {
    ensure_target()?;
    let folder = workspace::path("bench/guest");
    let mut cargo = workspace::guest_cargo(&folder);
    workspace::run(cargo.args(["build", "--release", "--examples", "--target", TARGET]))?;
    Ok(folder.join("target").join(TARGET).join("release/examples"))
}

/// Builds the example suites into `target/components`, and returns them with their paths.
///
/// A suite whose toolchain is missing is skipped, with a line that says so.
pub(crate) fn build_examples() -> anyhow::Result<Vec<(Language, PathBuf)>> {
    build(&[Kind::Example], &LANGUAGES)
}

/// Builds the example suite in a language, and returns its path.
pub(crate) fn build_example(language: Language) -> anyhow::Result<PathBuf> {
    ensure_target()?;
    workspace::build_binaries()?;
    let suite = Suite { kind: Kind::Example, language };
    suite.build()?.map_err(|missing| anyhow::anyhow!("{missing}"))
}

/// Returns the path of the built example suite in a language.
pub(crate) fn example(language: Language) -> PathBuf {
    Suite { kind: Kind::Example, language }.component()
}

/// Copies a component into a watched directory: first under a name that is ignored, then renames it, so that the
/// change is atomic.
pub(crate) fn deploy(component: &Path, folder: &Path) -> anyhow::Result<PathBuf> {
    let name = component.file_name().context("a component needs a file name")?;
    let (temporary, destination) = (folder.join(format!(".{}", name.display())), folder.join(name));
    fs::copy(component, &temporary)
        .and_then(|_| fs::rename(&temporary, &destination))
        .with_context(|| format!("cannot copy `{}` to `{}`", component.display(), destination.display()))?;
    Ok(destination)
}

fn build(kinds: &[Kind], languages: &[Language]) -> anyhow::Result<Vec<(Language, PathBuf)>> {
    ensure_target()?;
    // `orbital build` makes the components.
    workspace::build_binaries()?;
    let of_kind = |&kind| languages.iter().map(move |&language| Suite { kind, language });
    let built = parallel::build(kinds.iter().flat_map(of_kind).collect())?;
    let mut components = Vec::new();
    for (suite, built) in built {
        match built {
            Ok(component) => components.push((suite.language, component)),
            Err(missing) => skip(&suite, &missing)?,
        }
    }
    Ok(components)
}

/// Reports that a suite is skipped, or fails if nothing may be skipped.
fn skip(suite: &Suite, missing: &tool::Missing) -> anyhow::Result<()> {
    let folder = suite.folder();
    let folder = folder.strip_prefix(workspace::path("")).unwrap_or(&folder).display();
    ensure!(env::var_os(CI).is_none(), "`{folder}` cannot be built, and `{CI}` is set: {missing}");
    eprintln!("{SKIPPED} {folder}: {missing}");
    // What an earlier build has left would be tested as if it were of today.
    let component = suite.component();
    if component.exists() {
        fs::remove_file(&component).with_context(|| format!("cannot remove `{}`", component.display()))?;
    }
    Ok(())
}

/// Installs the compilation target with rustup if it is missing.
fn ensure_target() -> anyhow::Result<()> {
    let mut rustc = Command::new("rustc");
    rustc.current_dir(workspace::path("")).args(["--print", "target-libdir", "--target", TARGET]);
    let output = rustc.output().context("cannot run `rustc`; install Rust from https://rustup.rs")?;
    // A rustc that does not know the target prints no folder at all.
    let folder = String::from_utf8_lossy(&output.stdout);
    if output.status.success() && Path::new(folder.trim()).is_dir() {
        return Ok(());
    }
    eprintln!("the target `{TARGET}` is missing, so rustup adds it");
    let mut rustup = Command::new("rustup");
    rustup.current_dir(workspace::path("")).args(["target", "add", TARGET]);
    workspace::run(&mut rustup).context(
        "cannot add the target that guests are compiled for; install rustup from https://rustup.rs, or the target with \
         whatever installed Rust",
    )
}

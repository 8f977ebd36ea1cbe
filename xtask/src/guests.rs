//! `cargo xtask guests`: builds what is compiled to WebAssembly.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Context as _;

use crate::workspace;

const TARGET: &str = "wasm32-wasip2";

/// The folders of the example tests. Each builds the component of its own name.
const EXAMPLES: [&str; 1] = ["rust"];

/// Builds all guests.
pub(crate) fn run() -> anyhow::Result<()> {
    for component in build_examples()? {
        println!("{}", component.display());
    }
    let tests = workspace::path("tests/guests");
    workspace::run(workspace::guest_cargo(&tests).args([
        "build",
        "--release",
        "--examples",
        "--bins",
        "--target",
        TARGET,
    ]))
}

/// Builds the example tests and copies their components to `target/components`; answers where they are.
pub(crate) fn build_examples() -> anyhow::Result<Vec<PathBuf>> {
    ensure_target()?;
    let components = workspace::path("target/components");
    fs::create_dir_all(&components).with_context(|| format!("cannot create `{}`", components.display()))?;
    EXAMPLES.iter().map(|name| build_example(name, &components)).collect()
}

/// Copies a component in the way that a watched directory likes best: first under a name that nobody looks at, then in
/// one step under its own.
pub(crate) fn deploy(component: &Path, folder: &Path) -> anyhow::Result<PathBuf> {
    let name = component.file_name().context("a component needs a file name")?;
    let (temporary, destination) = (folder.join(format!(".{}", name.display())), folder.join(name));
    fs::copy(component, &temporary)
        .and_then(|_| fs::rename(&temporary, &destination))
        .with_context(|| format!("cannot copy `{}` to `{}`", component.display(), destination.display()))?;
    Ok(destination)
}

fn build_example(name: &str, components: &Path) -> anyhow::Result<PathBuf> {
    let folder = workspace::path("example-tests").join(name);
    workspace::run(workspace::guest_cargo(&folder).args(["build", "--release", "--target", TARGET]))?;
    deploy(&folder.join(format!("target/{TARGET}/release/{name}.wasm")), components)
}

/// Adds the compilation target where it is missing, which rustup can do on its own.
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

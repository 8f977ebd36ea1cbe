//! `cargo xtask guides`: runs the commands of the guides, each in an empty folder, as a reader would.

use std::{env, fs, path::Path, process::Command};

use anyhow::{Context as _, ensure};
use clap::Args;

use crate::workspace;

/// The first and the last line of a block of commands.
const BLOCK: (&str, &str) = ("```sh\n", "```");

/// Readers wait a second until the pipeline is up; here it may take longer, and is waited for. Whatever the guide has started
/// ends with it, even if it fails halfway.
const PRELUDE: &str = r#"
sleep() {
    for _ in {1..600}; do
        (: > /dev/tcp/127.0.0.1/4001) 2> /dev/null && return
        command sleep 0.1
    done
}
trap 'kill $(jobs -p) 2> /dev/null || true' EXIT
"#;

/// Arguments of `cargo xtask guides`.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The guides to run, such as `python`; default: all
    names: Vec<String>,
}

/// Runs the guides one after the other, because they use the same ports.
pub(crate) fn run(Arguments { names }: &Arguments) -> anyhow::Result<()> {
    workspace::build_binaries()?;
    let folder = workspace::path("docs/guides");
    let mut guides = Vec::new();
    for entry in fs::read_dir(&folder).with_context(|| format!("cannot read `{}`", folder.display()))? {
        let path = entry?.path();
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if names.is_empty() || names.contains(&name) {
            guides.push(path);
        }
    }
    guides.sort();
    ensure!(!guides.is_empty(), "there is no such guide in `{}`", folder.display());
    guides.iter().try_for_each(|guide| follow(guide))
}

fn follow(guide: &Path) -> anyhow::Result<()> {
    let text = fs::read_to_string(guide).with_context(|| format!("cannot read `{}`", guide.display()))?;
    let commands = commands(&text);
    ensure!(!commands.is_empty(), "`{}` has no commands", guide.display());
    println!("==> {}", guide.display());
    // Outside of this repository, whose manifests and settings are not the reader's.
    let folder = env::temp_dir().join(format!("orbital-guide-{}", std::process::id()));
    fs::create_dir_all(&folder).with_context(|| format!("cannot create `{}`", folder.display()))?;
    let path = format!("{}:{}", workspace::binaries()?.display(), env::var("PATH").unwrap_or_default());
    let mut shell = Command::new("bash");
    for variable in
        ["CARGO", "CARGO_TARGET_DIR", "RUSTC_WORKSPACE_WRAPPER", "RUSTUP_TOOLCHAIN", "VIRTUAL_ENV"]
    {
        shell.env_remove(variable);
    }
    // Minutes' work of Zig's own, which need not be done for each.
    shell.env("ZIG_GLOBAL_CACHE_DIR", workspace::path("target/zig-cache"));
    // Where the contract is, for a language without an SDK.
    shell.env("ORBITAL", workspace::path(""));
    // With job control, so that `kill %1` is what it is in a terminal.
    shell
        .args(["-e", "-u", "-m", "-x", "-c", &(PRELUDE.to_owned() + &commands)])
        .current_dir(&folder)
        .env("PATH", path);
    let status = shell.status().context("cannot run `bash`")?;
    // What is left of a guide that failed may tell why.
    ensure!(
        status.success(),
        "`{}` does not work as it is written; see `{}`",
        guide.display(),
        folder.display()
    );
    fs::remove_dir_all(&folder).with_context(|| format!("cannot remove `{}`", folder.display()))
}

/// The commands of a guide, in order.
fn commands(guide: &str) -> String {
    let blocks = guide.split(BLOCK.0).skip(1);
    blocks.filter_map(|block| block.split(BLOCK.1).next()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_blocks_of_commands_are_run() {
        let guide = "# A\n```sh\nfirst\n```\ntext\n```toml\nx = 1\n```\n```sh\nsecond\n```\n";
        assert_eq!(commands(guide), "first\nsecond\n");
    }
}

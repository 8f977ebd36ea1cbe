//! `cargo xtask test`: builds everything and runs all tests.

use crate::{guests, workspace};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// What `cargo test --workspace` gets besides, such as `a_test_name` or `-- --nocapture`
    #[arg(last = true)]
    cargo_arguments: Vec<String>,
}

/// The black-box tests start binaries and deploy guests, which cargo does not know; so both are built first: the
/// guests need the binaries, too.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    guests::build_all()?;
    workspace::run(workspace::cargo().args(["test", "--workspace"]).args(&arguments.cargo_arguments))
}

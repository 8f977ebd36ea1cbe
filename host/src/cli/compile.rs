//! `orbital compile-component`: what the host has a child process of its own do; see `guest/compile.rs`.

use std::io::Read as _;
use std::path::PathBuf;

use anyhow::Context as _;

use super::Exit;
use crate::guest::{Code, compile};

/// How much less priority compiling has than what runs: half way to the least.
const NICENESS: i32 = 10;

/// Compile a component from standard input into a file of machine code.
#[derive(clap::Args)]
pub(super) struct Compile {
    /// Where the code goes.
    output: PathBuf,
    /// Quickly, not well.
    #[arg(long)]
    quick: bool,
}

impl Compile {
    pub(super) fn execute(self) -> anyhow::Result<Exit> {
        // Where the system denies it, compiling is as important as all else.
        let _ = rustix::process::nice(NICENESS);
        let mut bytes = Vec::new();
        std::io::stdin().read_to_end(&mut bytes).context("cannot read the component")?;
        let code = if self.quick { Code::Quick } else { Code::Optimised };
        match compile(&bytes, code) {
            Ok(code) => {
                std::fs::write(&self.output, code)
                    .with_context(|| format!("cannot write `{}`", self.output.display()))?;
                Ok(Exit::Ok)
            }
            Err(reason) => {
                eprintln!("{reason}");
                Ok(Exit::NotPassed)
            }
        }
    }
}

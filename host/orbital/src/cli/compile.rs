//! `orbital compile-component`, which the host runs in a child process; see `host/guest/src/compile.rs`.

use std::io::{Read as _, Write as _};

use anyhow::Context as _;
use orbital_guest::{Code, Confinement, compile};

use super::Exit;

/// Compile a component from standard input to machine code on standard output.
#[derive(clap::Args)]
pub(super) struct Compile {
    /// How many bytes of memory it may use.
    #[arg(long)]
    memory: u64,
    /// How many seconds of processor time, over all its threads.
    #[arg(long)]
    processor_time: u64,
    /// With the priority of what runs.
    #[arg(long)]
    awaited: bool,
    /// Quickly, not well.
    #[arg(long)]
    quick: bool,
}

impl Compile {
    pub(super) fn execute(self) -> anyhow::Result<Exit> {
        let Self { memory, processor_time, awaited: is_awaited, .. } = self;
        let confinement = Confinement { memory, processor_time, is_awaited };
        confinement.enter().context("cannot limit what this process may use")?;
        let mut bytes = Vec::new();
        std::io::stdin().read_to_end(&mut bytes).context("cannot read the component")?;
        let code = if self.quick { Code::Quick } else { Code::Optimised };
        match compile(&bytes, code) {
            Ok(code) => {
                std::io::stdout().write_all(&code).context("cannot write the code")?;
                Ok(Exit::Ok)
            }
            Err(reason) => {
                // If the parent has ended, there is no other reader.
                let _ = writeln!(std::io::stderr(), "{reason}");
                Ok(Exit::NotPassed)
            }
        }
    }
}

//! `cargo xtask contract`: regenerates everything that is derived from the contract in `wit/`.

use std::path::Path;

use anyhow::bail;

use self::{files::Files, wit_bindgen::Bindings};
use crate::workspace;

mod digest;
mod files;
mod javascript;
mod python;
mod wit_bindgen;

/// The folder of the contract, in the repository.
const CONTRACT: &str = "wit";

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Change nothing, and fail with a list of the files that are out of date
    #[arg(long)]
    check: bool,
}

pub(crate) fn run(Arguments { check }: &Arguments) -> anyhow::Result<()> {
    let contract = Files::read(&workspace::path(CONTRACT))?;
    let scratch = workspace::path("target/contract");
    let mut problems = Vec::new();
    for bindings in &wit_bindgen::ALL {
        problems.extend(if *check {
            bindings.stale(&contract)?
        } else {
            update_bindings(bindings, &contract)?
        });
    }
    for (path, expected) in [
        (python::COPY, Ok(contract.clone())),
        (python::TYPINGS, python::typings(&scratch)?),
        (javascript::DECLARATIONS, javascript::declarations()?),
    ] {
        match expected {
            Ok(expected) if *check => problems.extend(stale(path, &expected)?),
            Ok(expected) => write(path, &expected)?,
            Err(missing) => problems.push(format!("{path}: {missing}")),
        }
    }
    if problems.is_empty() {
        return Ok(());
    }
    let list = problems.join("\n  ");
    if *check {
        bail!("these files are out of date with `{CONTRACT}/`; run `cargo xtask contract`:\n  {list}");
    }
    bail!("these files could not be regenerated because a tool is missing:\n  {list}");
}

/// Regenerates bindings. Without the generator, bindings that are up to date are left as they are. Returns the bindings
/// that are out of date and cannot be regenerated, with the missing tool.
fn update_bindings(bindings: &Bindings, contract: &Files) -> anyhow::Result<Vec<String>> {
    match bindings.generate(contract)? {
        Ok(generated) => write(bindings.folder, &generated)?,
        Err(missing) if !bindings.stale(contract)?.is_empty() => {
            return Ok(vec![format!("{}: {missing}", bindings.folder)]);
        }
        Err(_) => {}
    }
    Ok(Vec::new())
}

/// Returns the paths, in the repository, of the files that differ from what is expected.
fn stale(path: &str, expected: &Files) -> anyhow::Result<Vec<String>> {
    Ok(expected
        .differing(&Files::read(&workspace::path(path))?)
        .iter()
        .map(|name| shown(path, name))
        .collect())
}

/// Writes what has changed, and removes what is no longer generated.
fn write(path: &str, expected: &Files) -> anyhow::Result<()> {
    for name in expected.write(&workspace::path(path))? {
        println!("updated {}", shown(path, &name));
    }
    Ok(())
}

fn shown(path: &str, name: &str) -> String {
    Path::new(path).join(name).display().to_string().trim_end_matches('/').to_owned()
}

//! Builds Rust projects: Cargo produces a component itself.

use std::path::{Path, PathBuf};
use std::process::Command;

use orbital_files::file;
use serde_json::Value;

use crate::build::{Artifact, BuildError, Profile, ask, read};

const TARGET: &str = "wasm32-wasip2";

const REMEDY: &str = "install Rust from https://rustup.rs";

pub(super) fn build(directory: &Path, profile: Profile) -> Result<Artifact, BuildError> {
    // The check takes a considerable part of the time after a small change, so in the profile `dev` it is done only if
    // something is wrong.
    if profile == Profile::Release {
        check_target(directory)?;
    }
    let mut command = Command::new("cargo");
    command.current_dir(directory).args(["build", "--target", TARGET]);
    // The profile `dev` compiles only what has changed.
    let name = match profile {
        Profile::Release => "release",
        Profile::Dev => "dev",
    };
    command.args(["--profile", name, "--config"]);
    // Only the line tables, which the host reads after a crash; `strip` would remove them too.
    command.arg(format!(r#"profile.{name}.debug = "line-tables-only""#));
    command.arg("--message-format=json-render-diagnostics");
    let messages = ask(&mut command, "Cargo", REMEDY);
    let messages = messages.or_else(|error| check_target(directory).and(Err(error)))?;
    let made = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    // Dependencies come first, and the package itself last.
    let Some((path, version)) = made.filter_map(|message| component(&message)).next_back() else {
        return Err(BuildError::Output(
            "Cargo made no component: `Cargo.toml` needs `[lib]` with `crate-type = [\"cdylib\"]`".to_owned(),
        ));
    };
    Ok(Artifact { bytes: read(&path)?, version: Some(version), sdk: sdk(directory) })
}

/// Checks that the standard library for the target is installed.
fn check_target(directory: &Path) -> Result<(), BuildError> {
    let libraries = ask(
        Command::new("rustc").current_dir(directory).args(["--print", "target-libdir", "--target", TARGET]),
        "Rust",
        REMEDY,
    )?;
    match Path::new(libraries.trim()).is_dir() {
        true => Ok(()),
        false => Err(BuildError::Tool {
            tool: "Rust's standard library for WebAssembly",
            problem: "it is not there".to_owned(),
            remedy: format!("run `rustup target add {TARGET}`"),
        }),
    }
}

/// Returns the file of an artifact, and its package's version.
fn component(message: &Value) -> Option<(PathBuf, String)> {
    let of_library = |kinds: &Value| kinds.as_array().is_some_and(|kinds| kinds.contains(&"cdylib".into()));
    if message["reason"] != "compiler-artifact" || !of_library(&message["target"]["kind"]) {
        return None;
    }
    let files = message["filenames"].as_array()?;
    let path = files.iter().filter_map(Value::as_str).find(|path| path.ends_with(".wasm"))?;
    // `path+file:///…#name@0.1.0`, or without the name if it is that of the directory.
    let id = message["package_id"].as_str()?;
    let version = id.rsplit(['@', '#']).next()?;
    Some((path.into(), version.to_owned()))
}

/// Returns the SDK's version from Cargo's lock file.
fn sdk(directory: &Path) -> Option<String> {
    let lock: toml::Table =
        file::read_text(&directory.join("Cargo.lock"), file::MAX_SMALL).ok()?.parse().ok()?;
    let packages = lock.get("package")?.as_array()?;
    let sdk = packages
        .iter()
        .find(|package| package.get("name").and_then(toml::Value::as_str) == Some("orbital-sdk"))?;
    Some(sdk.get("version")?.as_str()?.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_component_is_found_among_what_cargo_made() {
        let artifact = |kind: &str, id: &str| {
            json!({
                "reason": "compiler-artifact", "target": { "kind": [kind] }, "package_id": id,
                "filenames": ["/t/x.d", "/t/x.wasm"],
            })
        };
        let found = component(&artifact("cdylib", "path+file:///x/checkout-tests#0.3.0")).unwrap();
        assert_eq!(found, ("/t/x.wasm".into(), "0.3.0".to_owned()));
        let found = component(&artifact("cdylib", "path+file:///x/y#checkout@1.0.0")).unwrap();
        assert_eq!(found.1, "1.0.0");
        assert_eq!(component(&artifact("lib", "path+file:///x#0.1.0")), None);
        assert_eq!(component(&json!({ "reason": "build-finished" })), None);
    }
}

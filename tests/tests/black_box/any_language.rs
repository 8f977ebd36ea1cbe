//! Languages that nobody here prepared: what `docs/guides/any-language.md` makes of `wit/` and public tools, deployed.

use std::path::Path;
use std::process::Stdio;

use orbital_tests::{Host, Pipeline, binary, blocks, last_attempt, program};
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::Command;

const GUIDE: &str = "docs/guides/any-language.md";

/// The components that the guide builds, each with its failure against a pipeline that corrupts its deliveries.
const COMPONENTS: [(&str, &str); 2] = [
    ("text", "the delivery does not say that the event was processed"),
    ("assemblyscript", "the event was delivered, but not processed: {"),
];

/// Does what the guide says, as a reader would, as far as a component is built; gives the folder, if the tools are there.
async fn build() -> Option<TempDir> {
    program("wasm-tools", "`cargo install wasm-tools --locked`")?;
    program("npm", "Debian: `npm`")?;
    let commands = blocks(GUIDE).into_iter().filter(|block| block.language == "sh").map(|block| block.text);
    let commands: String = commands.take_while(|text| !text.contains("orbital.toml")).collect();
    let folder = TempDir::new().unwrap();
    let binaries = binary("orbital").parent().unwrap().to_owned();
    let path = std::env::var("PATH").unwrap();
    let finished = Command::new("bash")
        .args(["-e", "-u", "-c", &commands])
        .current_dir(&folder)
        .env("PATH", format!("{}:{path}", binaries.display()))
        .env("ORBITAL", Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap())
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let finished = finished.await.unwrap();
    assert!(finished.status.success(), "{}", String::from_utf8_lossy(&finished.stderr));
    Some(folder)
}

async fn smoke(host: &Host, component: &str) -> Value {
    host.ask(Method::POST, &format!("/cases/{component}/smoke/runs?wait=true"), None).await.1
}

#[tokio::test]
async fn what_the_guide_builds_passes_and_fails_with_the_pipeline() {
    let Some(folder) = build().await else { return };
    let pipeline = Pipeline::start().await;
    let host = Host::builder().sections(&pipeline.targets()).start().await;
    let pipeline = pipeline.deliver_to(&host);
    for (component, _) in COMPONENTS {
        let file = folder.path().join(component).with_extension("wasm");
        let mark = host.write(component, &std::fs::read(file).unwrap());
        host.lines.wait(mark, &[&format!("--- PASS: {component}/smoke (")]).await;
    }

    pipeline.faults(&json!({ "corrupt": true })).await;
    for (component, reason) in COMPONENTS {
        let report = smoke(&host, component).await;
        assert_eq!(report["outcome"], "fail", "{report}");
        let messages = last_attempt(&report)["messages"].as_array().unwrap();
        assert_eq!(messages.len(), 1, "{report}");
        assert!(messages[0].as_str().unwrap().starts_with(reason), "{report}");
    }

    // What the language itself refuses has its place in the source.
    pipeline.faults(&json!({ "status": 503 })).await;
    let report = smoke(&host, "assemblyscript").await;
    assert_eq!(report["outcome"], "fail", "{report}");
    let message = &last_attempt(&report)["messages"][0];
    assert_eq!(message, "the event was not accepted (suite.ts:17)", "{report}");
}

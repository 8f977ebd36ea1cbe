//! Mistakes of the operator: the system under test is not blamed for them.

use std::path::Path;

use axum::Router;
use axum::http::StatusCode;
use orbital_tests::{Host, config, guest, last_attempt, orbital, serve};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

const MISTAKE: &str = "a mistake in the configuration, not in the system under test: ";

/// Cases of `relies`, each of which needs something else of the configuration.
const CASES: [&str; 5] = ["target", "library", "secret", "value", "metric"];

/// A system under test that answers each request with this status.
async fn system(status: StatusCode) -> String {
    serve(Router::new().fallback(async move || status)).await
}

/// A configuration that has everything that `relies` needs.
fn sections(url: &str) -> String {
    format!(
        "[secrets.token]\nenv = \"TOKEN\"\n[targets.api]\nurl = {url:?}\nsecrets = [\"token\"]\n\
         [config.relies]\nplan = \"gold\"\n"
    )
}

async fn host() -> Host {
    let url = system(StatusCode::OK).await;
    let host =
        Host::builder().sections(&sections(&url)).env("TOKEN", "hush-hush").with("relies").start().await;
    for case in CASES {
        host.lines.wait(0, &[&format!("--- PASS: relies/{case} (")]).await;
    }
    host
}

/// Changes the configuration and waits until the change takes effect; returns the mark after that.
async fn change(host: &Host, change: impl FnOnce(&str) -> String) -> usize {
    let mark = host.lines.mark();
    let before = std::fs::read_to_string(host.config()).unwrap();
    let new = host.config().with_extension("new");
    std::fs::write(&new, change(&before)).unwrap();
    std::fs::rename(&new, host.config()).unwrap();
    kill_process(Pid::from_raw(host.id()).unwrap(), Signal::HUP).unwrap();
    host.lines.wait(mark, &["the configuration was read again"]).await;
    host.lines.mark()
}

/// Waits until the case ends as `error`, with this reason.
async fn blames(host: &Host, mark: usize, case: &str, reason: &str) {
    host.lines.wait(mark, &[&format!("--- ERROR: relies/{case} (")]).await;
    host.lines.wait(mark, &[MISTAKE, reason]).await;
}

/// Asserts that no run blamed the system under test.
async fn assert_system_is_not_blamed(host: &Host) {
    let metrics = host.metrics().await;
    for case in CASES {
        for outcome in ["fail", "timeout"] {
            let labels = [("component", "relies"), ("case", case), ("outcome", outcome)];
            let runs = metrics.get("orbital_runs_total", &labels);
            assert_eq!(runs, Some(0.0), "{case}: {outcome}\n{}", host.lines.text());
        }
    }
}

#[tokio::test]
async fn an_empty_configuration_is_not_blamed_on_the_system() {
    let host = host().await;
    let mark = change(&host, |_| String::new()).await;
    for (case, reason) in [
        ("target", "no target `api` is configured; there are none"),
        ("library", "`http://api` is no target's"),
        ("secret", "no target `api` is configured; there are none"),
        ("value", "no value `plan`; add it to the section `[config.\"relies\"]`"),
        ("metric", "add `metrics = true`"),
    ] {
        blames(&host, mark, case, reason).await;
    }
    assert_system_is_not_blamed(&host).await;
}

#[tokio::test]
async fn a_target_that_is_removed_is_not_blamed_on_the_system() {
    let host = host().await;
    let mark = change(&host, |text| text.replace("[targets.api]", "[targets.other]")).await;
    for case in ["target", "secret"] {
        blames(&host, mark, case, "no target `api` is configured; those are: `other`").await;
    }
    blames(&host, mark, "library", "no target's").await;
    for case in ["value", "metric"] {
        host.lines.wait(mark, &[&format!("--- PASS: relies/{case} (")]).await;
    }
    assert_system_is_not_blamed(&host).await;
}

#[tokio::test]
async fn grants_and_secrets_that_are_revoked_are_not_blamed_on_the_system() {
    let host = host().await;
    let revoke = |text: &str| text.replace("targets = [\"*\"]", "").replace("secrets = [\"token\"]", "");
    let mark = change(&host, revoke).await;
    for case in ["target", "library"] {
        blames(&host, mark, case, "`relies` may not send to the target `api`").await;
    }
    blames(&host, mark, "secret", "is not granted the secret `token`").await;
    assert_system_is_not_blamed(&host).await;
}

/// The report of one run of a component, which is granted targets, those of its manifest, and nothing else.
async fn report(component: &str, case: &str, sections: &str) -> Value {
    let grants =
        "[components.\"*\"]\ntargets = [\"*\"]\n[components.asks]\nhosts = [\"http://*.localhost:*\"]";
    let config = config(&format!("[webhook]\nlisten = \"127.0.0.1:0\"\n{grants}\n{sections}"));
    let component = guest(component);
    let arguments = ["run", "--json", "--case", case, "--config"].map(Path::new);
    let finished = orbital(arguments.into_iter().chain([config.path(), &component])).await;
    serde_json::from_str(&finished.stdout).unwrap_or_else(|error| panic!("{error}: {finished:?}"))
}

#[tokio::test]
async fn a_test_that_tolerates_a_mistake_still_reports_a_broken_system() {
    let sections = format!("[targets.api]\nurl = {:?}", system(StatusCode::BAD_GATEWAY).await);
    let report = report("relies", "tolerates", &sections).await;
    assert_eq!(report["outcome"], "fail", "{report}");
    assert!(!last_attempt(&report)["messages"].to_string().contains(MISTAKE), "{report}");
}

#[tokio::test]
async fn a_target_that_the_manifest_asks_for_is_the_operators_to_add_over_wasi_http_too() {
    for url in ["http://api/v1/items", "http://former.example/v1/items"] {
        // The last line is none that the test can carry out, so it fails.
        let script = format!("[config.asks]\nscript = \"fetch {url}\\nfail\"");
        let report = report("asks", "acts", &script).await;
        assert_eq!(report["outcome"], "error", "{report}");
        let message = last_attempt(&report)["messages"][0].as_str().unwrap();
        let asks = "no target's: over `wasi:http`";
        assert!(message.starts_with(MISTAKE) && message.contains(asks), "{message}");
        assert!(message.ends_with("the component's manifest asks for the target `api`"), "{message}");
    }
    let sections =
        "[targets.api]\nurl = \"http://127.0.0.1:9\"\n[config.asks]\nscript = \"fetch http://crm/\\nfail\"";
    let message = last_attempt(&report("asks", "acts", sections).await)["messages"][0].to_string();
    assert!(message.contains("a mistake in the component's manifest"), "{message}");
}

//! The effects of each outcome on the state of its case, and the ends of runs that have no verdict.

use axum::Router;
use orbital_tests::{Host, eventually, serve};
use reqwest::Method;
use serde_json::Value;

/// Starts a run and waits for its report.
async fn run(host: &Host, case: &str) -> Value {
    host.ask(Method::POST, &format!("/cases/{case}/runs?wait=true"), None).await.1
}

#[tokio::test]
async fn a_run_that_did_not_pass_leaves_the_time_of_the_last_pass() {
    let url = serve(Router::new().fallback(async || "fine")).await;
    let sections = format!("[targets.api]\nurl = {url:?}\n[[override]]\ncases = \"relies/*\"\nmanual = true");
    let host = Host::builder().sections(&sections).with("relies").with("fails").start().await;
    host.lines.wait(0, &["ready", "components="]).await;
    let last_pass = async |component: &str, case: &str| {
        let labels = [("component", component), ("case", case)];
        let metric = host.metrics().await.get("orbital_case_last_pass_timestamp_seconds", &labels);
        (metric, host.api(&format!("/cases/{component}/{case}")).await["last_pass"].clone())
    };
    assert_eq!(run(&host, "fails/error").await["outcome"], "fail");
    assert_eq!(last_pass("fails", "error").await, (None, Value::Null));

    assert_eq!(run(&host, "relies/target").await["outcome"], "pass");
    let before = last_pass("relies", "target").await;
    assert!(before.0.is_some() && before.1.is_string(), "{before:?}");
    // With another configuration, this case does not pass.
    let config = std::fs::read_to_string(host.config()).unwrap().replace("[targets.api]", "[targets.other]");
    std::fs::write(host.config(), config).unwrap();
    host.lines.wait(0, &["the configuration was read again"]).await;
    assert_eq!(run(&host, "relies/target").await["outcome"], "error");
    assert_eq!(last_pass("relies", "target").await, before);
}

#[tokio::test]
async fn a_cancelled_run_has_no_further_attempt() {
    let sections = "[[override]]\ncases = \"slow/*\"\nretries = 3\nretry_delay = \"1ms\"";
    let host = Host::builder().sections(sections).components("grace = \"100ms\"").with("slow").start().await;
    host.lines.wait(0, &["ready", "components="]).await;
    let removing = async {
        eventually("the run is in flight", async || {
            (host.metrics().await.get("orbital_runs_in_flight", &[]) == Some(1.0)).then_some(())
        })
        .await;
        std::fs::remove_file(host.file("slow")).unwrap();
    };
    let (report, ()) = tokio::join!(run(&host, "slow/sleeps"), removing);
    assert_eq!(report["outcome"], "cancelled", "{report}");
    assert_eq!(report["attempts"].as_array().unwrap().len(), 1, "{report}");
}

#[tokio::test]
async fn an_instance_that_is_never_made_ends_in_the_timeout_of_its_case() {
    let host = Host::builder().start().await;
    let loaded = async || {
        let mark = host.deploy("stuck_at_start");
        let line = host.lines.wait_until(mark, 1, |line| {
            line.contains("component=stuck_at_start")
                && (line.contains("loaded") || line.contains("did not load"))
        });
        line.await;
        host.lines.find(mark, &["loaded", "component=stuck_at_start"]).len() == 1
    };
    // One instance is made to load it.
    while !loaded().await {
        std::fs::remove_file(host.file("stuck_at_start")).unwrap();
        host.lines.wait(0, &["removed", "component=stuck_at_start"]).await;
    }
    host.lines.wait(0, &["--- TIMEOUT: stuck_at_start/starts ("]).await;
    // Others are made as before.
    host.lines.wait_n(host.lines.mark(), 2, &["--- PASS: stuck_at_start/starts ("]).await;
}

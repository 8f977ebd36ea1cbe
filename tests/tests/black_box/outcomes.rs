//! The effects of each outcome on the state of its case, and the ends of runs that have no verdict.

use axum::Router;
use orbital_tests::{Host, attack, eventually, serve};
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
    let sections = "[[override]]\ncases = \"starts/attack\"\ntimeout = \"500ms\"\n[limits]\ncpu = \"5s\"";
    let host = Host::builder().sections(sections).start().await;
    let component = attack("start_loops_sometimes");
    let loads = async || {
        let mark = host.write("starts", &component);
        let ended = host.lines.wait_until(mark, 1, |line| {
            line.contains("component=starts ") && (line.contains(" loaded ") || line.contains("did not load"))
        });
        ended.await;
        host.lines.find(mark, &["did not load", "component=starts "]).is_empty()
    };
    // One instance is made to load it.
    while !loads().await {
        std::fs::remove_file(host.file("starts")).unwrap();
        eventually("it is forgotten", async || {
            (!host.get("/readyz").await.1.contains("starts")).then_some(())
        })
        .await;
    }
    let mut outcomes = Vec::new();
    // Instances are made as before after one that is not.
    while !outcomes.ends_with(&["timeout".to_owned(), "pass".to_owned()]) {
        let report = run(&host, "starts/attack").await;
        let outcome = report["outcome"].as_str().unwrap();
        assert!(["pass", "timeout"].contains(&outcome), "{report}");
        outcomes.push(outcome.to_owned());
    }
}

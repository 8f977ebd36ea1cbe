//! The metrics page: a valid page at every moment, with the names that are promised, and of nothing that is gone.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Json;
use axum::http::StatusCode;
use orbital_tests::{Api, Host, PATIENCE, blocks, client, program};
use serde_json::json;
use tokio::io::AsyncWriteExt as _;

use crate::exposition::Exposition;

/// The names that the design promises; `orbital_runs_flaky_total` has a test of its own.
const NAMES: [&str; 20] = [
    "orbital_budget_breaches_total",
    "orbital_run_cpu_seconds_total",
    "orbital_run_memory_peak_bytes",
    "orbital_tasks",
    "process_resident_memory_bytes",
    "orbital_runs_total",
    "orbital_run_duration_seconds",
    "orbital_case_up",
    "orbital_case_last_pass_timestamp_seconds",
    "orbital_case_info",
    "orbital_delivery_latency_seconds",
    "orbital_event_send_duration_seconds",
    "orbital_deliveries_total",
    "orbital_runs_in_flight",
    "orbital_expectations",
    "orbital_run_start_delay_seconds",
    "orbital_runs_skipped_total",
    "orbital_component_loads_total",
    "orbital_component_info",
    "orbital_build_info",
];

async fn page(host: &Host) -> Exposition {
    Exposition::parse(host.metrics().await.text())
}

/// A host on which `relays` has passed once.
async fn with_traffic() -> (Host, Api) {
    let mut api = Api::start().await;
    let target = format!("[targets.api]\nurl = {:?}\ntimeout = \"50s\"", api.url);
    let host = Host::builder().sections(&target).with("relays").start().await;
    let event = api.next_to("/events").await;
    event.answer(Json(json!({})));
    let key = event.json()["id"].as_str().unwrap().to_owned();
    client().post(&host.webhook).header("orbital-key", key).send().await.unwrap();
    api.next_to("/reports").await.answer(());
    host.lines.wait(0, &["--- PASS: relays/relays"]).await;
    (host, api)
}

#[tokio::test]
async fn every_promised_name_is_there_once_there_is_traffic_and_each_has_its_help() {
    let (host, _api) = with_traffic().await;
    let page = page(&host).await;
    let names: BTreeSet<&str> = page.families.keys().map(String::as_str).collect();
    let missing: Vec<&str> = NAMES.into_iter().filter(|name| !names.contains(name)).collect();
    assert!(missing.is_empty(), "{missing:?} are missing of {names:?}");
    let helpless: Vec<&String> =
        page.families.iter().filter(|(_, family)| family.help.is_none()).map(|(name, _)| name).collect();
    assert!(helpless.is_empty(), "{helpless:?} have no HELP");
    let documented = include_str!("../../../docs/metrics.md");
    for (name, family) in &page.families {
        if !name.starts_with("orbital_test_") {
            assert_ne!(family.help.as_deref(), Some("Recorded by tests."), "{name} has no HELP of its own");
            let is_documented = name.starts_with("process_") || documented.contains(&format!("`{name}`"));
            assert!(is_documented, "docs/metrics.md does not mention {name}");
        }
        assert!(name.starts_with("orbital_") || name.starts_with("process_"), "{name}");
        assert_eq!(name.ends_with("_total"), family.kind == "counter", "{name} is a {}", family.kind);
    }
}

#[tokio::test]
async fn the_counter_of_flaky_runs_starts_at_zero() {
    let host = Host::builder().with("passes").start().await;
    host.lines.wait(0, &["--- PASS: passes/passes"]).await;
    let flaky = [("component", "passes"), ("case", "passes")];
    assert_eq!(host.metrics().await.get("orbital_runs_flaky_total", &flaky), Some(0.0));
}

#[tokio::test]
async fn the_labels_are_those_that_are_promised() {
    let (host, _api) = with_traffic().await;
    let page = page(&host).await;
    let labels = |name: &str| -> BTreeSet<&str> {
        let samples = &page.families[name].samples;
        samples
            .iter()
            .flat_map(|sample| sample.labels.keys())
            .map(String::as_str)
            .filter(|name| *name != "le")
            .collect()
    };
    let of_case = BTreeSet::from(["case", "component"]);
    for name in ["orbital_run_duration_seconds", "orbital_case_up", "orbital_delivery_latency_seconds"] {
        assert_eq!(labels(name), of_case, "{name}");
    }
    assert_eq!(labels("orbital_runs_total"), BTreeSet::from(["case", "component", "outcome"]));
    assert_eq!(labels("orbital_runs_skipped_total"), BTreeSet::from(["case", "component", "reason"]));
    assert_eq!(labels("orbital_deliveries_total"), BTreeSet::from(["result"]));
    assert_eq!(
        labels("orbital_event_send_duration_seconds"),
        BTreeSet::from(["component", "status_class", "target"])
    );
    assert_eq!(
        labels("orbital_component_info"),
        BTreeSet::from(["component", "digest", "language", "signed_by", "version"])
    );
    assert_eq!(labels("orbital_build_info"), BTreeSet::from(["version"]));
}

#[tokio::test]
async fn the_page_tells_what_happened() {
    let (host, mut api) = with_traffic().await;
    // The second run fails.
    let mark = host.lines.mark();
    api.next_to("/events").await.answer((StatusCode::FORBIDDEN, "no"));
    host.lines.wait(mark, &["--- FAIL: relays/relays"]).await;
    // And the third one waits.
    let third = api.next_to("/events").await;
    let metrics = host.metrics().await;
    let case = [("component", "relays"), ("case", "relays")];
    let runs = |outcome| metrics.get("orbital_runs_total", &[case[0], case[1], ("outcome", outcome)]);
    assert_eq!(
        ["pass", "fail", "timeout", "error", "cancelled"].map(runs),
        [1.0, 1.0, 0.0, 0.0, 0.0].map(Some)
    );
    assert_eq!(metrics.get("orbital_run_duration_seconds_count", &case), Some(2.0));
    assert_eq!(metrics.get("orbital_case_up", &case), Some(0.0));
    assert_eq!(metrics.get("orbital_delivery_latency_seconds_count", &case), Some(1.0));
    let sent = |class| {
        let labels = [("component", "relays"), ("target", "api"), ("status_class", class)];
        metrics.get("orbital_event_send_duration_seconds_count", &labels)
    };
    assert_eq!((sent("2xx"), sent("4xx")), (Some(2.0), Some(1.0)));
    assert_eq!(metrics.get("orbital_runs_in_flight", &[]), Some(1.0));
    assert_eq!(metrics.get("orbital_expectations", &[]), Some(1.0));
    assert_eq!(metrics.get("orbital_run_start_delay_seconds_count", &[]), Some(2.0));
    drop(third);
}

/// Returns the configuration of the test that records its own metrics, under each of its names.
fn measures() -> String {
    let script = "counter orders_total 1 kind=new\ngauge stock_items 2\nhistogram checkout_seconds 0.5";
    (0..3).map(|round| format!("[config.round-{round}-measures]\nfirst = {script:?}\n")).collect()
}

/// Deploys components, one that does not load and one that makes metrics of its own among them, replaces one, and removes
/// them all: three times.
async fn components_come_and_go(host: &Host) {
    for round in 0..3 {
        let mark_of_round = host.lines.mark();
        for name in ["passes", "manual", "measures"] {
            let file = format!("round-{round}-{name}");
            let mark = host.deploy_as(name, &file);
            host.lines.wait(mark, &["loaded", &format!("component={file}")]).await;
        }
        host.lines.wait(mark_of_round, &[&format!("--- PASS: round-{round}-measures/first")]).await;
        // Another version in the place of the first, and something that does not load.
        let mark = host.deploy_as("passes", &format!("round-{round}-manual"));
        host.write(&format!("round-{round}-broken"), b"nonsense");
        host.lines.wait(mark, &[&format!("--- PASS: round-{round}-manual/passes")]).await;
        host.lines.wait(mark, &["did not load", &format!("round-{round}-broken")]).await;
        for name in ["passes", "manual", "measures", "broken"] {
            std::fs::remove_file(host.file(&format!("round-{round}-{name}"))).unwrap();
        }
        host.lines.wait_n(mark, 4, &["removed", &format!("component=round-{round}-")]).await;
    }
}

#[tokio::test]
async fn the_page_is_valid_at_every_moment_while_components_come_and_go() {
    let host = Arc::new(Host::builder().sections(&measures()).with("passes").start().await);
    let done = Arc::new(AtomicBool::new(false));
    let looking = {
        let (host, done) = (host.clone(), done.clone());
        tokio::spawn(async move {
            while !done.load(Ordering::Relaxed) {
                page(&host).await;
            }
        })
    };
    components_come_and_go(&host).await;
    done.store(true, Ordering::Relaxed);
    looking.await.unwrap();
    assert!(!host.metrics().await.text().contains("round-"), "{}", host.metrics().await.text());
}

#[tokio::test]
async fn all_series_of_a_component_go_when_it_goes() {
    let (host, mut api) = with_traffic().await;
    // It goes while a run is in flight, whose end must not bring anything back.
    let event = api.next_to("/events").await;
    let mark = host.lines.mark();
    assert!(host.metrics().await.text().contains("relays"));
    std::fs::remove_file(host.file("relays")).unwrap();
    host.lines.wait(mark, &["removed", "component=relays"]).await;
    assert!(!host.metrics().await.text().contains("relays"), "{}", host.metrics().await.text());
    event.answer((StatusCode::FORBIDDEN, "no"));
    host.lines.wait(mark, &["--- FAIL: relays/relays"]).await;
    assert!(!host.metrics().await.text().contains("relays"), "{}", host.metrics().await.text());
    page(&host).await;
}

#[tokio::test]
async fn a_new_version_takes_the_place_of_the_old_one_on_the_page() {
    let host = Host::builder().with("passes").start().await;
    host.lines.wait(0, &["--- PASS: passes/passes"]).await;
    let mark = host.deploy_as("manual", "passes");
    host.lines.wait(mark, &["loaded", "component=passes"]).await;
    let metrics = host.metrics().await;
    let component = [("component", "passes")];
    assert_eq!(metrics.get("orbital_component_info", &component), Some(1.0), "one version");
    assert_eq!(metrics.get("orbital_case_info", &component), Some(1.0), "one case");
    let case = [("component", "passes"), ("case", "passes")];
    assert_eq!(metrics.sum("orbital_runs_total", &case), 0.0, "the old version's case is gone");
    let loads = [("component", "passes"), ("result", "loaded")];
    assert_eq!(metrics.get("orbital_component_loads_total", &loads), Some(2.0));
}

#[tokio::test]
async fn a_file_whose_name_has_quotes_and_backslashes_leaves_the_page_valid() {
    let host = Host::builder().start().await;
    let name = r#"a "quoted" \ name"#;
    let mark = host.deploy_as("passes", name);
    host.lines.wait(mark, &["did not load", "rename the file"]).await;
    let page = page(&host).await;
    let loads = &page.families["orbital_component_loads_total"].samples;
    assert!(loads.iter().all(|sample| sample.labels["component"] == name), "{loads:?}");
}

/// Has Prometheus' own checker look at a page.
async fn assert_promtool_is_silent(promtool: &Path, page: &str) {
    let mut promtool = tokio::process::Command::new(promtool);
    promtool.args(["check", "metrics"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut promtool = promtool.kill_on_drop(true).spawn().unwrap();
    promtool.stdin.take().unwrap().write_all(page.as_bytes()).await.unwrap();
    let output = tokio::time::timeout(PATIENCE, promtool.wait_with_output()).await.unwrap().unwrap();
    assert!(output.status.success(), "{output:?}\n{page}");
    assert!(output.stdout.is_empty() && output.stderr.is_empty(), "{output:?}");
}

#[tokio::test]
async fn promtool_has_nothing_to_say() {
    let Some(promtool) = program("promtool", "Debian: `prometheus`") else { return };
    let (host, _api) = with_traffic().await;
    assert_promtool_is_silent(&promtool, host.metrics().await.text()).await;
}

#[tokio::test]
async fn promtool_has_nothing_to_say_while_components_come_and_go() {
    let Some(promtool) = program("promtool", "Debian: `prometheus`") else { return };
    let host = Arc::new(Host::builder().sections(&measures()).with("passes").start().await);
    let done = Arc::new(AtomicBool::new(false));
    let looking = {
        let (host, done) = (host.clone(), done.clone());
        tokio::spawn(async move {
            while !done.load(Ordering::Relaxed) {
                assert_promtool_is_silent(&promtool, host.metrics().await.text()).await;
            }
        })
    };
    components_come_and_go(&host).await;
    done.store(true, Ordering::Relaxed);
    looking.await.unwrap();
}

/// The expressions of a document: a line that is indented continues the one before.
fn expressions(document: &str) -> Vec<String> {
    let mut expressions: Vec<String> = Vec::new();
    for block in blocks(document).iter().filter(|block| block.language == "promql") {
        for (index, line) in block.text.lines().enumerate() {
            match expressions.last_mut().filter(|_| index > 0 && line.starts_with(' ')) {
                Some(expression) => expression.push_str(line),
                None => expressions.push(line.to_owned()),
            }
        }
    }
    expressions
}

#[tokio::test]
async fn alerts_of_the_documents_are_expressions_of_metrics_that_exist() {
    const DOCUMENT: &str = "docs/metrics.md";
    let Some(promtool) = program("promtool", "Debian: `prometheus`") else { return };
    let expressions = expressions(DOCUMENT);
    let rule = |(index, expression): (usize, &String)| json!({ "alert": format!("documented_{index}"), "expr": expression });
    let rules: Vec<_> = expressions.iter().enumerate().map(rule).collect();
    let groups = json!({ "groups": [{ "name": "documented", "rules": rules }] });
    let directory = tempfile::TempDir::new().unwrap();
    // JSON is YAML, too.
    let file = directory.path().join("rules.yml");
    std::fs::write(&file, groups.to_string()).unwrap();
    let output =
        tokio::process::Command::new(promtool).args(["check", "rules"]).arg(&file).output().await.unwrap();
    assert!(output.status.success(), "{output:?}");
    let found = format!("SUCCESS: {} rules found", expressions.len());
    assert!(String::from_utf8_lossy(&output.stdout).contains(&found), "{output:?}");

    let document =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/metrics.md")).unwrap();
    let words = expressions
        .iter()
        .flat_map(|one| one.split(|char: char| !char.is_ascii_alphanumeric() && char != '_'));
    let used: BTreeSet<&str> = words.filter(|word| word.starts_with("orbital_")).collect();
    for name in &used {
        let name = name.strip_suffix("_bucket").unwrap_or(name);
        assert!(document.contains(&format!("| `{name}` |")), "`{name}` is not in the tables of {DOCUMENT}");
    }
    // Without them, nobody notices that the host itself keeps cases from being judged.
    for name in ["orbital_host_troubles_total", "orbital_case_stale", "orbital_case_up"] {
        assert!(used.contains(name), "no alert uses `{name}`");
    }
}

//! The example suite against the example system under test, healthy and broken on purpose.

use orbital_tests::{DeliveringPipeline, Host, Pipeline, eventually};
use serde_json::{Value, json};

const CASES: [&str; 6] =
    ["smoke", "fan-out", "exactly-once", "counters", "server-made-id", "retries-delivery"];

/// A host with the suite `rust` deployed, and the pipeline that it tests.
struct System {
    host: Host,
    pipeline: DeliveringPipeline,
}

impl System {
    async fn start() -> Self {
        let pipeline = Pipeline::start().await;
        let host = Host::builder().sections(&pipeline.targets()).start().await;
        let pipeline = pipeline.deliver_to(&host);
        host.deploy("rust");
        Self { host, pipeline }
    }

    /// Switches faults; gives the mark before it.
    async fn faults(&self, faults: Value) -> usize {
        let mark = self.host.lines.mark();
        self.pipeline.faults(&faults).await;
        mark
    }

    /// Waits until each of these cases has passed after the mark.
    async fn pass(&self, mark: usize, cases: &[&str]) {
        for case in cases {
            self.host.lines.wait(mark, &[&format!("--- PASS: rust/{case} (")]).await;
        }
    }

    /// Waits for a run that ended so after the mark; gives its reasons.
    async fn reasons(&self, mark: usize, verdict: &str) -> String {
        let start = format!("--- {verdict} (");
        eventually(&start, async || {
            let text = self.host.lines.text();
            let mut lines = text.lines().skip(mark).skip_while(|line| !line.starts_with(&start)).skip(1);
            let mut reasons = String::new();
            // They are complete when what comes below them is there.
            loop {
                let line = lines.next()?;
                if line.contains("timeline of run") {
                    return Some(reasons);
                }
                reasons.push_str(line);
                reasons.push('\n');
            }
        })
        .await
    }

    /// The lines after the mark about runs of these cases that did not pass.
    fn not_passed(&self, mark: usize, cases: &[&str]) -> Vec<String> {
        let of = |case: &&str| self.host.lines.find(mark, &["--- ", &format!(": rust/{case} (")]);
        let all = cases.iter().flat_map(of);
        all.filter(|line| !line.starts_with("--- PASS")).collect()
    }
}

fn says(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "no `{part}` in:\n{text}");
    }
}

#[tokio::test]
async fn all_cases_pass_against_a_healthy_pipeline() {
    let system = System::start().await;
    system.pass(0, &CASES).await;
    let metrics = system.host.metrics().await;
    for case in CASES {
        assert_eq!(
            metrics.get("orbital_case_up", &[("component", "rust"), ("case", case)]),
            Some(1.0),
            "{case}"
        );
        let latency = [("component", "rust"), ("case", case)];
        assert!(metrics.get("orbital_delivery_latency_seconds_count", &latency).unwrap() >= 1.0, "{case}");
    }
    assert_eq!(system.not_passed(0, &CASES), Vec::<String>::new());
}

#[tokio::test]
async fn when_nothing_is_delivered_every_case_times_out_and_says_why_and_passes_again_when_it_is() {
    let system = System::start().await;
    system.pass(0, &CASES).await;
    let mark = system.faults(json!({ "drop": true })).await;

    let smoke = system.reasons(mark, "TIMEOUT: rust/smoke").await;
    says(
        &smoke,
        &[
            "timed out after 3.00s waiting for a delivery with key `",
            "it waited since ",
            " after the start, for ",
        ],
    );
    says(&smoke, &["the event was sent ", " to `api`: it was answered with 202", "in that time"]);
    let server_made = system.reasons(mark, "TIMEOUT: rust/server-made-id").await;
    says(&server_made, &["waiting for a delivery with key `evt_", "answered with 202"]);
    let fan_out = system.reasons(mark, "TIMEOUT: rust/fan-out").await;
    says(&fan_out, &["timed out after 5.00s waiting for 3 deliveries with key `", "answered with 202"]);
    for case in ["exactly-once", "counters"] {
        says(&system.reasons(mark, &format!("TIMEOUT: rust/{case}")).await, &["waiting for a delivery"]);
    }
    // By now nothing has come for longer than a run takes.
    let later = system.host.lines.mark();
    let smoke = system.reasons(later, "TIMEOUT: rust/smoke").await;
    says(&smoke, &["`: the webhook received no requests in that time"]);
    assert_eq!(
        system.host.metrics().await.get("orbital_case_up", &[("component", "rust"), ("case", "smoke")]),
        Some(0.0)
    );

    let mark = system.faults(json!({})).await;
    system.pass(mark, &CASES).await;
    assert_eq!(
        system.host.metrics().await.get("orbital_case_up", &[("component", "rust"), ("case", "smoke")]),
        Some(1.0)
    );
}

#[tokio::test]
async fn when_one_type_is_dropped_only_its_case_times_out_and_says_what_came_instead() {
    let system = System::start().await;
    system.pass(0, &CASES).await;
    let mark = system.faults(json!({ "drop": true, "types": ["order"] })).await;
    let reasons = system.reasons(mark, "TIMEOUT: rust/fan-out").await;
    says(&reasons, &["waiting for 3 deliveries with key `", "answered with 202"]);
    says(&reasons, &["in that time the webhook received: ", " for other runs"]);
    let others = ["smoke", "exactly-once", "counters", "server-made-id"];
    system.pass(system.host.lines.mark(), &others).await;
    assert_eq!(system.not_passed(mark, &others), Vec::<String>::new());
}

#[tokio::test]
async fn when_all_is_delivered_twice_the_case_that_looks_fails_and_the_one_that_does_not_passes() {
    let system = System::start().await;
    system.pass(0, &CASES).await;
    let mark = system.faults(json!({ "duplicate": true })).await;
    let reasons = system.reasons(mark, "FAIL: rust/exactly-once").await;
    says(&reasons, &["expected no delivery with the key `", "but received: POST /hooks/crm"]);
    system.pass(system.host.lines.mark(), &["smoke"]).await;
    assert_eq!(system.not_passed(mark, &["smoke"]), Vec::<String>::new());
}

#[tokio::test]
async fn when_deliveries_take_longer_than_a_test_may_it_times_out_and_they_are_counted_as_late() {
    let system = System::start().await;
    system.pass(0, &["smoke"]).await;
    let mark = system.faults(json!({ "delay_ms": 4000 })).await;
    let reasons = system.reasons(mark, "TIMEOUT: rust/smoke").await;
    says(&reasons, &["timed out after 3.00s waiting for a delivery with key `", "answered with 202"]);
    eventually("a delivery is late", async || {
        let late = system.host.metrics().await.get("orbital_deliveries_total", &[("result", "late")]);
        (late? >= 1.0).then_some(())
    })
    .await;
}

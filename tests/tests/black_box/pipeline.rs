//! The example suite against the example system under test, healthy and broken on purpose.

use std::process::Stdio;

use orbital_tests::{Host, Lines, binary, client, eventually};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};

/// What the pipeline delivers where.
const ROUTES: [&str; 5] =
    ["signup=crm", "order=billing", "order=shipping", "order=analytics", "invoice=ledger"];

const CASES: [&str; 6] =
    ["smoke", "fan-out", "exactly-once", "counters", "server-made-id", "retries-delivery"];

/// A host with the suite `rust` deployed, and the pipeline that it tests.
struct System {
    host: Host,
    pipeline: String,
    _process: Child,
}

impl System {
    async fn start() -> Self {
        // Each needs the other's port. The pipeline gets this one, which leads to the webhook once there is one.
        let front = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let hooks = front.local_addr().unwrap();
        let routes = ROUTES.map(|route| {
            let (kind, name) = route.split_once('=').unwrap();
            format!("--route={kind}=http://{hooks}/hooks/{name}")
        });
        let mut process = Command::new(binary("pipeline"))
            .arg("--listen=127.0.0.1:0")
            .args(routes)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let lines = Lines::default();
        lines.read(process.stdout.take().unwrap());
        let line = lines.wait(0, &["pipeline listening on http://"]).await;
        let pipeline = line.rsplit(' ').next().unwrap().to_owned();
        let targets =
            format!("[targets.api]\nurl = \"{pipeline}/events\"\n[targets.pipeline]\nurl = \"{pipeline}\"\n");
        let host = Host::builder().sections(&targets).start().await;
        forward(front, host.webhook.strip_prefix("http://").unwrap().to_owned());
        host.deploy("rust");
        Self { host, pipeline, _process: process }
    }

    /// Switches faults; gives the mark before it.
    async fn faults(&self, faults: Value) -> usize {
        let mark = self.host.lines.mark();
        let request = client().put(format!("{}/faults", self.pipeline)).body(faults.to_string());
        assert_eq!(request.send().await.unwrap().status(), 200);
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

/// Leads each connection on to this address.
fn forward(front: TcpListener, to: String) {
    tokio::spawn(async move {
        loop {
            let (mut from, _) = front.accept().await.unwrap();
            let mut to = TcpStream::connect(&to).await.unwrap();
            tokio::spawn(async move { tokio::io::copy_bidirectional(&mut from, &mut to).await });
        }
    });
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
            "its time of 3.00s ran out while it waited for a delivery with key `",
            "`: since ",
            " after the start, for ",
        ],
    );
    says(&smoke, &["the event was sent ", " to `api`: it was answered 202", "in that time "]);
    let server_made = system.reasons(mark, "TIMEOUT: rust/server-made-id").await;
    says(&server_made, &["while it waited for a delivery with key `evt_", "answered 202"]);
    let fan_out = system.reasons(mark, "TIMEOUT: rust/fan-out").await;
    says(
        &fan_out,
        &["its time of 5.00s ran out while it waited for 3 deliveries with key `", "answered 202"],
    );
    for case in ["exactly-once", "counters"] {
        says(
            &system.reasons(mark, &format!("TIMEOUT: rust/{case}")).await,
            &["while it waited for a delivery"],
        );
    }
    // By now nothing has come for longer than a run takes.
    let later = system.host.lines.mark();
    let smoke = system.reasons(later, "TIMEOUT: rust/smoke").await;
    says(&smoke, &["in that time nothing came to the webhook at all"]);
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
    says(&reasons, &["while it waited for 3 deliveries with key `", "answered 202"]);
    says(&reasons, &["in that time the webhook received instead: ", " for other runs"]);
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
    says(&reasons, &["nothing more was to be delivered with the key `", "but this was: POST /hooks/crm"]);
    system.pass(system.host.lines.mark(), &["smoke"]).await;
    assert_eq!(system.not_passed(mark, &["smoke"]), Vec::<String>::new());
}

#[tokio::test]
async fn when_deliveries_take_longer_than_a_test_may_it_times_out_and_they_are_counted_as_late() {
    let system = System::start().await;
    system.pass(0, &["smoke"]).await;
    let mark = system.faults(json!({ "delay_ms": 4000 })).await;
    let reasons = system.reasons(mark, "TIMEOUT: rust/smoke").await;
    says(&reasons, &["its time of 3.00s ran out while it waited for a delivery with key `", "answered 202"]);
    eventually("a delivery is late", async || {
        let late = system.host.metrics().await.get("orbital_deliveries_total", &[("result", "late")]);
        (late? >= 1.0).then_some(())
    })
    .await;
}

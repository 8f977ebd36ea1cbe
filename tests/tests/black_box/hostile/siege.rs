//! A host under attack, with a healthy test in it.

use std::fs;

use orbital_tests::{
    DeliveringPipeline, GRANTS, Host, Pipeline, attack, bad_outcomes, eventually, guest, last_attempt,
};
use reqwest::Method;
use serde_json::Value;

/// An attack, and its expected outcome.
pub(super) struct Attack {
    /// A file of `tests/hostile`, without its ending; `hostile/NAME` is one in Rust.
    pub(super) component: &'static str,
    pub(super) case: &'static str,
    pub(super) outcome: &'static str,
    /// Parts of the messages.
    pub(super) parts: &'static [&'static str],
}

/// How often each attack is made at least: once before the host's weight is taken, and then again.
const ROUNDS: usize = 2;

/// How often each attack is made at most. The allocator spreads what attacks take over its arenas, and keeps some of it:
/// memory grows with each of the first rounds, by less and less. With a leak it grows by as much each time.
const MOST_ROUNDS: usize = 12;

/// How many events the bystander takes through the system before anything is believed of it.
const ROUND_TRIPS: usize = 2;

/// By how many bytes a host may exceed its largest size so far after a round, if it is not to be called larger. What a
/// run may have at once is more than that.
const MORE_MEMORY: u64 = 16 << 20;

/// How many more files and sockets. Connections stay open for a while, as many as there ever were at once.
const MORE_FILES: usize = 100;

/// How many more threads. The runtimes have some for blocking work.
const MORE_THREADS: usize = 20;

pub(super) struct Siege<'a> {
    pub(super) host: Host,
    attacks: &'a [Attack],
    _pipeline: DeliveringPipeline,
}

/// Resources of a process.
#[derive(Debug)]
struct Weight {
    memory: u64,
    files: usize,
    threads: usize,
}

impl<'a> Siege<'a> {
    /// Starts a host with these sections, where the bystander runs and all attacks are deployed.
    pub(super) async fn lay(sections: &str, attacks: &'a [Attack]) -> Self {
        Self::lay_granting(sections, GRANTS, attacks).await
    }

    /// Starts a host with these attacks, and with these grants instead of all.
    pub(super) async fn lay_granting(sections: &str, grants: &str, attacks: &'a [Attack]) -> Self {
        let pipeline = Pipeline::start().await;
        let host = Host::builder().sections(&pipeline.targets()).sections(sections).grants(grants);
        // What ends an attack is a budget, however slowly a busy machine gets there.
        let host = host.components("default_timeout = \"10m\"");
        let host = host.with_as("hostile/bystander", "bystander").start().await;
        let siege = Self { _pipeline: pipeline.deliver_to(&host), host, attacks };
        siege.host.lines.wait(0, &["--- PASS: bystander/round"]).await;
        let mut components: Vec<&str> = attacks.iter().map(|attack| attack.component).collect();
        components.dedup();
        for component in components {
            siege.deploy(component).await;
        }
        siege
    }

    /// Copies an attack into the directory; gives the component's name.
    pub(super) fn write(&self, component: &str) -> String {
        let name = name(component);
        match component == name {
            true => self.host.write(name, &attack(component)),
            false => self.host.write(name, &fs::read(guest(component)).unwrap()),
        };
        name.to_owned()
    }

    /// Deploys a component, and waits until it is loaded.
    pub(super) async fn deploy(&self, component: &str) {
        let mark = self.host.lines.mark();
        let name = self.write(component);
        let line = self.host.lines.wait(mark, &[&format!("component={name}")]).await;
        assert!(line.contains(" loaded "), "{line}");
    }

    /// Makes all attacks, at the same time, and looks at what became of them, of the bystander and of the host.
    pub(super) async fn run(&self) {
        let mark = self.host.lines.mark();
        self.round().await;
        let before = self.weight().await;
        let mut memory = vec![before.memory];
        let after = loop {
            self.round().await;
            let after = self.weight().await;
            let grows = memory.iter().all(|&peak| after.memory > peak + MORE_MEMORY);
            memory.push(after.memory);
            if memory.len() > ROUNDS && !grows {
                break after;
            }
            assert!(memory.len() < MOST_ROUNDS, "memory grows with each round: {memory:?}");
        };
        assert!(after.files <= before.files + MORE_FILES, "{before:?}, and then {after:?}");
        assert!(after.threads <= before.threads + MORE_THREADS, "{before:?}, and then {after:?}");
        self.assert_bystander(mark).await;
        self.assert_unharmed().await;
    }

    async fn round(&self) {
        let mark = self.host.lines.mark();
        let reports = self.attacks.iter().map(|attack| async move { (attack, self.make(attack).await) });
        let mut wrong = Vec::new();
        for (attack, report) in futures_util::future::join_all(reports).await {
            let id = format!("{}/{}", name(attack.component), attack.case);
            let messages = last_attempt(&report)["messages"].as_array().unwrap();
            let text: Vec<&str> = messages.iter().map(|message| message.as_str().unwrap()).collect();
            let text = text.join("\n");
            println!("{id}: {}: {}", attack.outcome, text.lines().next().unwrap_or_default());
            if report["outcome"] != attack.outcome || !attack.parts.iter().all(|part| text.contains(part)) {
                let beginning: String = text.chars().take(500).collect();
                wrong.push(format!("{id} ended as {}: {beginning}", report["outcome"]));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        self.assert_bystander(mark).await;
    }

    async fn make(&self, attack: &Attack) -> Value {
        let path = format!("/cases/{}/{}/runs?wait=true", name(attack.component), attack.case);
        let (status, report) = self.host.ask(Method::POST, &path, None).await;
        assert_eq!(status, 200, "{path}: {report}");
        report
    }

    /// Whatever went on since `mark`: the bystander passed, and goes on passing; nothing else became of it, and it was
    /// never skipped.
    pub(super) async fn assert_bystander(&self, mark: usize) {
        let host = &self.host;
        host.lines.wait_n(mark, ROUND_TRIPS, &["--- PASS: bystander/round"]).await;
        host.lines.wait_n(host.lines.mark(), ROUND_TRIPS, &["--- PASS: bystander/round"]).await;
        let metrics = host.metrics().await;
        for outcome in bad_outcomes() {
            let labels = [("component", "bystander"), ("outcome", *outcome)];
            let lines = host.lines.find(0, &["bystander/round"]);
            assert_eq!(metrics.get("orbital_runs_total", &labels), Some(0.0), "{outcome}: {lines:#?}");
        }
        for reason in ["overlap", "capacity", "component_capacity", "paused"] {
            let labels = [("component", "bystander"), ("reason", reason)];
            assert_eq!(metrics.sum("orbital_runs_skipped_total", &labels), 0.0, "{reason}");
        }
    }

    /// The host lives, has nothing left over, and none of its own code panicked.
    pub(super) async fn assert_unharmed(&self) {
        assert_eq!(self.host.get("/healthz").await.0, 200);
        for sign in ["panicked", "the host failed while"] {
            let lines = self.host.lines.find(0, &[sign]);
            assert!(lines.is_empty(), "{lines:#?}");
        }
    }

    /// Taken when nothing but the bystander is in flight.
    async fn weight(&self) -> Weight {
        let idle = async || {
            let runs = self.host.api("/runs?limit=1").await;
            let in_flight = runs["in_flight"].as_array().unwrap();
            in_flight.iter().all(|run| run["component"] == "bystander").then_some(())
        };
        eventually("all attacks are over", idle).await;
        let process = format!("/proc/{}", self.host.id());
        let count = |folder: &str| fs::read_dir(format!("{process}/{folder}")).unwrap().count();
        let status = fs::read_to_string(format!("{process}/status")).unwrap();
        let memory = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        let memory: u64 = memory.trim().trim_end_matches(" kB").parse().unwrap();
        Weight { memory: memory << 10, files: count("fd"), threads: count("task") }
    }
}

/// Starts a run, and does not wait for its end.
pub(super) async fn start(host: &Host, component: &str, case: &str) {
    let path = format!("/cases/{component}/{case}/runs");
    let (status, answer) = host.ask(Method::POST, &path, None).await;
    assert_eq!(status, 202, "{path}: {answer}");
}

/// The name of an attack's component.
fn name(component: &str) -> &str {
    component.trim_start_matches("hostile/")
}

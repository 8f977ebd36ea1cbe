//! A host, a system under test, and the verdicts of the one on the other.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use orbital_tests::{Host, Lines, PATIENCE, System, client};
use rustix::process::{Pid, Signal, kill_process};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::task::JoinSet;

use super::trouble::{Course, Trouble};
use crate::saturation::{connection, connection_to, from, limit_files, try_busy};

/// The cases of `awaits`.
const CASES: [&str; 3] = ["awaits", "briefly", "within"];

/// Verdicts that take a case down.
const DOWN: [&str; 3] = ["FAIL", "TIMEOUT", "ERROR"];

/// All verdicts, as the console writes them.
const ALL: [&str; 5] = ["PASS", "FAIL", "TIMEOUT", "ERROR", "CANCELLED"];

/// The address of strangers.
pub(super) const STRANGER: &str = "127.0.0.9";

/// How often trouble strikes next to a healthy system.
const STRIKES: usize = 5;

/// A host that tests a system.
pub(super) struct Scene {
    /// None while it is being restarted.
    host: Option<Host>,
    system: System,
    /// The output of the hosts that were killed.
    killed: Vec<Lines>,
    configuration: String,
    /// Connections of strangers to the webhook.
    strangers: Vec<TcpStream>,
    /// Strangers who come again and again.
    flood: JoinSet<()>,
}

/// Has the trouble while the system is healthy.
pub(super) async fn next_to_a_healthy_system(trouble: Trouble) {
    let mut scene = Scene::set(&trouble).await;
    match &trouble.course {
        Course::Repeated(strike) => {
            for _ in 0..STRIKES {
                strike(&mut scene).await;
            }
        }
        Course::Lasting { begin, end } => {
            begin(&mut scene).await;
            scene.until_each_case_has(&ALL, 2).await;
            end(&mut scene).await;
        }
    }
    scene.until_each_case_has(&["PASS"], 2).await;
    for verdict in ["FAIL", "TIMEOUT"] {
        let blamed = scene.verdicts(&format!("--- {verdict}: awaits/"));
        assert!(blamed.is_empty(), "the system is healthy: {blamed:#?}\n{}", scene.output());
    }
}

/// Has the trouble while the system is broken.
pub(super) async fn next_to_a_broken_system(trouble: Trouble) {
    let mut scene = Scene::set(&trouble).await;
    scene.system.break_down();
    let mark = scene.host().lines.mark();
    match &trouble.course {
        Course::Repeated(strike) => {
            let striking = async {
                while !scene.has_noticed(mark) {
                    strike(&mut scene).await;
                }
            };
            let noticed = tokio::time::timeout(2 * PATIENCE, striking).await;
            assert!(noticed.is_ok(), "the host notices nothing:\n{}", scene.output());
        }
        Course::Lasting { begin, end } => {
            begin(&mut scene).await;
            scene.until_each_case_has(&DOWN, 1).await;
            end(&mut scene).await;
        }
    }
    // The system is still broken.
    scene.until_each_case_has(&DOWN, 1).await;
    let passed = scene.passed().await;
    let wrong: Vec<_> = scene.system.broken_runs().intersection(&passed).cloned().collect();
    assert!(wrong.is_empty(), "the system is broken: {wrong:?}\n{}", scene.output());
    let metrics = scene.host().metrics().await;
    for case in CASES {
        let up = metrics.get("orbital_case_up", &[("component", "awaits"), ("case", case)]);
        assert_eq!(up, Some(0.0), "{case}\n{}", scene.output());
    }
}

impl Scene {
    /// Starts both, and waits until all cases have passed.
    async fn set(trouble: &Trouble) -> Self {
        let (system, host) = trouble.prepare(Host::builder().with("awaits")).await;
        let host = host.start().await;
        let configuration = std::fs::read_to_string(host.config()).unwrap();
        let (killed, strangers) = (Vec::new(), Vec::new());
        let scene =
            Self { host: Some(host), system, killed, configuration, strangers, flood: JoinSet::new() };
        scene.until_each_case_has(&["PASS"], 1).await;
        scene
    }

    pub(super) fn host(&self) -> &Host {
        self.host.as_ref().unwrap()
    }

    pub(super) fn system(&self) -> &System {
        &self.system
    }

    /// Waits until each case has ended in one of these ways, so often from now on.
    async fn until_each_case_has(&self, verdicts: &[&str], times: usize) {
        let lines = &self.host().lines;
        let mark = lines.mark();
        for case in CASES {
            let one_of = |line: &str| {
                verdicts.iter().any(|verdict| line.contains(&format!("--- {verdict}: awaits/{case} (")))
            };
            lines.wait_until(mark, times, one_of).await;
        }
    }

    /// Whether each case has gone down or become stale, since this mark of the first host.
    fn has_noticed(&self, mark: usize) -> bool {
        let says = |texts: &[&str]| {
            let mut hosts = self.hosts().enumerate();
            hosts.any(|(index, lines)| !lines.find(if index == 0 { mark } else { 0 }, texts).is_empty())
        };
        CASES.iter().all(|case| {
            let is_down = DOWN.iter().any(|verdict| says(&[&format!("--- {verdict}: awaits/{case} (")]));
            is_down || says(&["STALE: ", &format!("case=awaits/{case}")])
        })
    }

    /// The output of each host, the first one first.
    fn hosts(&self) -> impl Iterator<Item = &Lines> {
        self.killed.iter().chain([&self.host().lines])
    }

    /// The lines of all hosts that have this text.
    fn verdicts(&self, text: &str) -> Vec<String> {
        self.hosts().flat_map(|lines| lines.find(0, &[text])).collect()
    }

    fn output(&self) -> String {
        self.hosts().map(Lines::text).collect::<Vec<_>>().join("\n--- killed ---\n")
    }

    /// The ids of all runs that passed.
    async fn passed(&self) -> BTreeSet<String> {
        let runs = self.host().api("/runs?outcome=pass&limit=500").await;
        let ids = runs["runs"].as_array().unwrap().iter().map(|run| run["run"].as_str().unwrap());
        ids.map(str::to_owned).collect()
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_raw(self.host().id()).unwrap(), signal).unwrap();
    }

    /// Stops the host for a time while a run is in flight.
    pub(super) async fn suspend(&mut self, time: Duration) {
        self.system.next_event().await;
        self.stop_for(time).await;
    }

    /// Lets the host run for a tenth of the time, while several runs begin.
    pub(super) async fn starve(&mut self) {
        self.system.next_event().await;
        for _ in 0..10 {
            self.stop_for(Duration::from_millis(45)).await;
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Time is what a standstill is made of.
    async fn stop_for(&self, time: Duration) {
        self.signal(Signal::STOP);
        tokio::time::sleep(time).await;
        self.signal(Signal::CONT);
    }

    /// Ends the host while a run is in flight, and starts it again for long enough to judge.
    pub(super) async fn kill_and_restart(&mut self) {
        self.system.next_event().await;
        let host = self.host.take().unwrap();
        self.killed.push(host.lines.clone());
        self.host = Some(host.killed_and_restarted().await);
        self.until_each_case_has(&ALL, 1).await;
    }

    /// Changes the configuration, and waits until that takes effect.
    pub(super) async fn configure(&mut self, change: impl Fn(&str) -> String) {
        self.rewrite(&change(&self.configuration), "the configuration was read again").await;
    }

    /// Makes the configuration one that cannot take effect.
    pub(super) async fn break_configuration(&mut self) {
        let text = self.configuration.replace("[targets.api]", "[targets.api");
        self.rewrite(&text, "the configuration on disk").await;
    }

    /// Restores the configuration that the host was started with.
    pub(super) async fn restore_configuration(&mut self) {
        self.rewrite(&self.configuration, "the configuration was read again").await;
    }

    /// Renames the directory of components, and waits until that is noticed.
    pub(super) async fn take_components_away(&mut self) {
        let (host, mark) = (self.host(), self.host().lines.mark());
        std::fs::rename(&host.components, host.components.with_extension("away")).unwrap();
        host.lines.wait(mark, &["the directory of components is unavailable"]).await;
    }

    /// Renames the directory of components back.
    pub(super) async fn bring_components_back(&mut self) {
        let (host, mark) = (self.host(), self.host().lines.mark());
        std::fs::rename(host.components.with_extension("away"), &host.components).unwrap();
        host.lines.wait(mark, &["is available again"]).await;
    }

    /// Waits until the host drops lines of its log.
    pub(super) async fn until_the_log_is_dropped(&mut self) {
        let stream = [("stream", "stderr")];
        let dropping = async {
            while self.host().metrics().await.get("orbital_output_dropped_total", &stream) <= Some(0.0) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(PATIENCE, dropping).await.expect("no line is dropped");
    }

    /// Sets how many files the host may open. It keeps those that it has.
    pub(super) fn limit_files(&self, most: u64) {
        limit_files(self.host(), most);
    }

    /// Takes connections of the webhook, with a request in progress on each.
    pub(super) async fn take_connections(&mut self, count: usize, from: &str) {
        let host = self.host.as_ref().unwrap();
        let taking = async {
            // A delivery may have the place at that moment.
            while self.strangers.len() < count {
                self.strangers.extend(try_busy(host, from).await);
            }
        };
        tokio::time::timeout(PATIENCE, taking).await.expect("the connections cannot be taken");
    }

    /// Sends most of a body that takes all the room for bodies, and waits until no other body has room.
    pub(super) async fn take_room_for_bodies(&mut self, size: usize) {
        let host = self.host.as_ref().unwrap();
        let head = format!("POST / HTTP/1.1\r\nHost: any\r\nContent-Length: {size}\r\n\r\n");
        let body = vec![b'x'; size - 1];
        self.strangers.push(connection(host, STRANGER, &[head.into_bytes(), body].concat()).await);
        let taking = async {
            while client().post(&host.webhook).body("{}").send().await.unwrap().status() != 503 {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(PATIENCE, taking).await.expect("there is room");
    }

    /// Opens connections to the webhook over which nothing is sent, one after the other.
    pub(super) fn flood_with_connections(&mut self, pause: Duration) {
        let url = self.host().webhook.clone();
        let flood = async move {
            let mut open = VecDeque::new();
            loop {
                open.push_back(connection_to(&url, STRANGER, b"").await);
                // They are closed by then.
                if open.len() > 100 {
                    open.pop_front();
                }
                tokio::time::sleep(pause).await;
            }
        };
        self.flood.spawn(flood);
    }

    /// Sends requests to the webhook without a pause, and waits until some are answered with 429.
    pub(super) async fn flood_with_requests(&mut self) {
        let (url, refused) = (self.host().webhook.clone(), Arc::new(Notify::new()));
        let (noted, stranger) = (refused.clone(), from(STRANGER));
        let flood = async move {
            loop {
                let answer = stranger.post(&url).body("{}").send().await;
                if answer.is_ok_and(|answer| answer.status() == 429) {
                    noted.notify_one();
                }
            }
        };
        self.flood.spawn(flood);
        tokio::time::timeout(PATIENCE, refused.notified()).await.expect("all requests are admitted");
    }

    /// Opens connections to the webhook that begin a request and never end it.
    pub(super) async fn send_half_requests(&mut self, count: usize) {
        let host = self.host.as_ref().unwrap();
        for _ in 0..count {
            let head = b"POST / HTTP/1.1\r\nHost: any\r\nX-And-So";
            self.strangers.push(connection(host, STRANGER, head).await);
        }
    }

    /// Ends all connections of strangers, and has no more come.
    pub(super) fn end_strangers(&mut self) {
        self.strangers.clear();
        self.flood.abort_all();
    }

    async fn rewrite(&self, text: &str, answer: &str) {
        let (mark, file) = (self.host().lines.mark(), self.host().config());
        let new = file.with_extension("new");
        std::fs::write(&new, text).unwrap();
        std::fs::rename(&new, file).unwrap();
        self.signal(Signal::HUP);
        self.host().lines.wait(mark, &[answer]).await;
    }
}

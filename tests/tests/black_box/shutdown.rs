//! Signals: what becomes of runs in flight, and of the process.
//!
//! A run of `relays` is in flight from its event until the test delivers.

use axum::Json;
use orbital_tests::{Api, Host, HostBuilder, PATIENCE, client, command, granting, guest};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use tempfile::TempDir;

async fn start(builder: HostBuilder) -> (Host, Api) {
    let api = Api::start().await;
    let target = format!("[targets.api]\nurl = {:?}\ntimeout = \"50s\"", api.url);
    (builder.sections(&target).with("relays").start().await, api)
}

/// Lets the next run wait for its delivery; gives its key.
async fn run_waits(api: &mut Api) -> String {
    let event = api.next_to("/events").await;
    event.answer(Json(json!({})));
    event.json()["id"].as_str().unwrap().to_owned()
}

/// Sends what the run waits for, and takes its report.
async fn finish_run(host: &Host, api: &mut Api, key: &str) {
    let response = client().post(&host.webhook).header("orbital-key", key).send().await.unwrap();
    assert_eq!(response.status(), 200);
    api.next_to("/reports").await.answer(());
}

fn signal(host: &Host, signal: Signal) {
    kill_process(Pid::from_raw(host.id()).unwrap(), signal).unwrap();
}

#[tokio::test]
async fn a_host_with_nothing_in_flight_stops_with_exit_code_0_at_either_signal() {
    for stop in [Signal::TERM, Signal::INT] {
        let host = Host::builder().start().await;
        signal(&host, stop);
        let (status, said) = host.ended().await;
        assert_eq!(status.code(), Some(0), "{said}");
    }
}

#[tokio::test]
async fn runs_in_flight_may_finish_within_the_grace_time_and_pass() {
    let (host, mut api) = start(Host::builder().sections("[scheduler]\nshutdown_grace = \"50s\"")).await;
    let key = run_waits(&mut api).await;
    let mark = host.lines.mark();
    signal(&host, Signal::TERM);
    host.lines.wait(mark, &["stopping: letting runs in flight finish", "in_flight=1"]).await;
    // The webhook still takes what the run waits for.
    finish_run(&host, &mut api, &key).await;
    let (status, said) = host.ended().await;
    assert_eq!(status.code(), Some(0), "{said}");
    let since: Vec<&str> = said.lines().skip(mark).filter(|line| line.starts_with("--- ")).collect();
    let [line] = since[..] else { panic!("one run was in flight: {said}") };
    assert!(line.starts_with("--- PASS: relays/relays"), "{said}");
    assert!(api.waiting().is_empty(), "no run starts any more");
}

#[tokio::test]
async fn runs_that_outlast_the_grace_time_are_cancelled_and_the_stop_is_clean() {
    let (host, mut api) = start(Host::builder().sections("[scheduler]\nshutdown_grace = \"300ms\"")).await;
    run_waits(&mut api).await;
    let mark = host.lines.mark();
    signal(&host, Signal::TERM);
    let (status, said) = host.ended().await;
    assert_eq!(status.code(), Some(0), "{said}");
    let since: Vec<&str> = said.lines().skip(mark).filter(|line| line.starts_with("--- ")).collect();
    let [line] = since[..] else { panic!("one run was in flight: {said}") };
    assert!(line.starts_with("--- CANCELLED: relays/relays"), "{said}");
    assert!(said.contains("the host was stopped, and the grace time for runs in flight ran out"), "{said}");
}

#[tokio::test]
async fn each_run_in_flight_is_counted_once_when_the_host_stops() {
    let (host, mut api) = start(Host::builder().sections("[scheduler]\nshutdown_grace = \"300ms\"")).await;
    for name in ["b", "c", "d"] {
        host.deploy_as("relays", name);
    }
    let mut waiting = Vec::new();
    for _ in 0..4 {
        waiting.push(api.next_to("/events").await);
    }
    signal(&host, Signal::TERM);
    let (status, said) = host.ended().await;
    assert_eq!(status.code(), Some(0), "{said}");
    let mut cancelled: Vec<&str> = said
        .lines()
        .filter_map(|line| line.strip_prefix("--- CANCELLED: ")?.split_once('/'))
        .map(|(component, _)| component)
        .collect();
    cancelled.sort_unstable();
    assert_eq!(cancelled, ["b", "c", "d", "relays"], "{said}");
}

#[tokio::test]
async fn a_run_that_computes_for_ever_does_not_stop_the_stop() {
    let host =
        Host::builder().sections("[scheduler]\nshutdown_grace = \"10ms\"").with("spins_every").start().await;
    host.lines.wait(0, &["--- TIMEOUT: spins_every/spins"]).await;
    signal(&host, Signal::TERM);
    let (status, said) = host.ended().await;
    assert_eq!(status.code(), Some(0), "{said}");
}

#[tokio::test]
async fn a_second_signal_ends_the_host_though_runs_are_in_flight() {
    for second in [Signal::TERM, Signal::INT] {
        let (host, mut api) = start(Host::builder().sections("[scheduler]\nshutdown_grace = \"1h\"")).await;
        run_waits(&mut api).await;
        let mark = host.lines.mark();
        signal(&host, Signal::TERM);
        host.lines.wait(mark, &["stopping: letting runs in flight finish"]).await;
        signal(&host, second);
        let (status, said) = host.ended().await;
        assert_eq!(status.code(), Some(3), "it is not a clean stop: {said}");
        assert!(!said.lines().skip(mark).any(|line| line.starts_with("--- ")), "{said}");
    }
}

#[tokio::test]
async fn a_host_that_was_killed_starts_again_on_the_same_directory() {
    // With nothing compiled yet, so that it is killed while it compiles and writes that down.
    let cache = TempDir::new().unwrap();
    let cache = cache.path().to_str().unwrap();
    let (host, mut api) = start(Host::builder().env("XDG_CACHE_HOME", cache)).await;
    run_waits(&mut api).await;
    host.deploy("webhook");
    let host = host.killed_and_restarted().await;
    host.lines.wait(0, &["loaded", "component=webhook"]).await;
    let key = run_waits(&mut api).await;
    finish_run(&host, &mut api, &key).await;
    host.lines.wait(0, &["--- PASS: relays/relays"]).await;
}

#[tokio::test]
async fn an_interrupted_run_of_a_component_is_cancelled_and_so_are_those_to_come() {
    let mut api = Api::start().await;
    let config = granting(&format!(
        "[webhook]\nlisten = \"127.0.0.1:0\"\n[targets.api]\nurl = {:?}\ntimeout = \"50s\"\n",
        api.url
    ));
    let component = guest("relays");
    let arguments =
        ["run".as_ref(), component.as_path(), "--times=3".as_ref(), "--config".as_ref(), config.path()];
    let running = command(arguments).spawn().unwrap();
    run_waits(&mut api).await;
    let id = i32::try_from(running.id().unwrap()).unwrap();
    kill_process(Pid::from_raw(id).unwrap(), Signal::INT).unwrap();
    let output = tokio::time::timeout(PATIENCE, running.wait_with_output()).await;
    let output = output.expect("it does not end").unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    let verdicts: Vec<&str> = said.lines().filter(|line| line.starts_with("--- ")).collect();
    assert_eq!(verdicts.len(), 3, "{said}");
    assert!(verdicts.iter().all(|line| line.starts_with("--- CANCELLED: relays/relays")), "{said}");
}

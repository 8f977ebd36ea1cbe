//! The wall clock: it jumps, and cron expressions go by it.

use std::time::SystemTime;

use axum::Json;
use orbital_tests::{Api, Call, Host, Metrics, WallClock, client, eventually};
use reqwest::Method;
use serde_json::{Value, json};

const HOUR: f64 = 3600.0;

fn skipped(metrics: &Metrics, component: &str, reason: &str) -> f64 {
    metrics.sum("orbital_runs_skipped_total", &[("component", component), ("reason", reason)])
}

fn runs(metrics: &Metrics, component: &str) -> f64 {
    metrics.sum("orbital_runs_total", &[("component", component)])
}

/// Lets a run of `relays` begin, sets the clock while it waits, and lets it end.
async fn set_during_a_run(host: &Host, api: &mut Api, clock: &WallClock, ahead: f64) {
    let mark = host.lines.mark();
    let event: Call = api.next_to("/events").await;
    clock.set(ahead);
    event.answer(Json(json!({})));
    let key = event.json()["id"].as_str().unwrap().to_owned();
    // The host has read the time since then, in the run of another case.
    host.lines.wait_n(host.lines.mark(), 2, &["--- PASS: passes/passes"]).await;
    client().post(&host.webhook).header("orbital-key", key).send().await.unwrap();
    api.next_to("/reports").await.answer(());
    host.lines.wait(mark, &["--- PASS: relays/relays"]).await;
}

#[tokio::test]
async fn a_clock_that_jumps_an_hour_makes_no_burst_silences_nobody_and_gets_no_case_blamed() {
    let Some(clock) = WallClock::new() else { return };
    let mut api = Api::start().await;
    let sections = format!(
        "[targets.api]\nurl = {:?}\ntimeout = \"50s\"\n[[override]]\ncases = \"relays/*\"\ntimeout = \"50s\"",
        api.url
    );
    let host = Host::builder().sections(&sections).clock(&clock).with("passes").with("relays").start().await;
    host.lines.wait(0, &["--- PASS: passes/passes"]).await;

    // Forward: of 200 ms each, 18000 ticks lie in between, which no standstill of the host has missed.
    set_during_a_run(&host, &mut api, &clock, HOUR).await;
    host.lines.wait(0, &["WARN", "the wall clock was set ahead by "]).await;
    host.lines.wait_n(host.lines.mark(), 3, &["--- PASS: passes/passes"]).await;
    let (metrics, between) = (host.metrics().await, HOUR / 0.2);
    assert!(runs(&metrics, "passes") < between / 10.0, "a burst: {}", metrics.text());
    for reason in ["overlap", "missed"] {
        assert!(skipped(&metrics, "passes", reason) < between / 10.0, "{reason}: {}", metrics.text());
    }

    // And back, to where it was and further.
    for ahead in [0.0, -HOUR] {
        set_during_a_run(&host, &mut api, &clock, ahead).await;
        host.lines.wait_n(host.lines.mark(), 3, &["--- PASS: passes/passes"]).await;
    }

    let metrics = host.metrics().await;
    for outcome in ["fail", "timeout", "error", "cancelled"] {
        let blamed = metrics.sum("orbital_runs_total", &[("outcome", outcome)]);
        assert_eq!(blamed, 0.0, "{outcome}: {}", host.lines.text());
    }
    // None of them knows anything of hours.
    for name in [
        "orbital_run_duration_seconds",
        "orbital_run_start_delay_seconds",
        "orbital_delivery_latency_seconds",
        "orbital_event_send_duration_seconds",
    ] {
        assert!(metrics.sum(&format!("{name}_count"), &[]) >= 3.0, "{}", metrics.text());
        assert!(metrics.sum(&format!("{name}_sum"), &[]) < HOUR / 2.0, "{name}: {}", metrics.text());
    }
    assert!(host.get("/readyz").await.1.starts_with("ready: 2 components"));
}

#[tokio::test]
async fn a_run_that_is_tried_again_after_a_jump_took_as_long_as_it_took() {
    let Some(clock) = WallClock::new() else { return };
    let mut api = Api::start().await;
    let sections = format!(
        "[targets.api]\nurl = {:?}\ntimeout = \"50s\"\n[[override]]\ncases = \"*\"\nretry_delay = \"10ms\"",
        api.url
    );
    let host = Host::builder().sections(&sections).clock(&clock).start().await;
    let mark = host.deploy("tries_later");
    for ahead in [HOUR, 0.0] {
        let event = api.next().await;
        clock.set(ahead);
        event.answer(());
    }
    host.lines.wait(mark, &["--- FAIL: tries_later/later"]).await;
    let metrics = host.metrics().await;
    assert_eq!(metrics.sum("orbital_run_duration_seconds_count", &[]), 1.0);
    assert!(metrics.sum("orbital_run_duration_seconds_sum", &[]) < HOUR / 2.0, "{}", host.lines.text());
}

#[tokio::test]
async fn a_case_of_a_cron_expression_runs_at_the_minute_and_once() {
    let Some(clock) = WallClock::new() else { return };
    // Far from a minute's end, so that all is there when it comes.
    clock.set_to_second(5.0);
    let host = Host::builder()
        .sections("[[override]]\ncases = \"minutely/*\"\ncron = \"* * * * *\"")
        .clock(&clock)
        .with("passes")
        .with_as("rarely", "minutely")
        .start()
        .await;
    host.lines.wait_n(0, 3, &["--- PASS: passes/passes"]).await;
    assert_eq!(runs(&host.metrics().await, "minutely"), 0.0, "it waits for its time");

    let minute = clock.set_to_second(57.0) + 3.0;
    host.lines.wait(0, &["--- PASS: minutely/rarely"]).await;
    host.lines.wait_n(host.lines.mark(), 3, &["--- PASS: passes/passes"]).await;
    let metrics = host.metrics().await;
    assert_eq!(runs(&metrics, "minutely"), 1.0, "{}", host.lines.text());
    assert_eq!(skipped(&metrics, "minutely", "missed"), 0.0, "{}", metrics.text());
    let passed =
        metrics.get("orbital_case_last_pass_timestamp_seconds", &[("component", "minutely")]).unwrap();
    assert!(passed >= minute - 0.01, "{passed} is before {minute}");
    assert!(passed < minute + 30.0, "{passed} has nothing to do with {minute}");
}

#[tokio::test]
async fn runs_of_a_clock_that_was_ahead_are_not_the_newest_once_it_is_right() {
    let Some(clock) = WallClock::new() else { return };
    let manual = "[[override]]\ncases = \"*\"\nmanual = true\n[history]\nbatch_interval = \"10ms\"";
    let host = Host::builder().sections(manual).clock(&clock).with("passes").start().await;
    host.lines.wait(0, &["ready", "components="]).await;
    let mut runs = Vec::new();
    for ahead in [0.0, 40.0 * 24.0 * HOUR, 0.0] {
        clock.set(ahead);
        runs.push(run_of_passes(&host).await);
    }
    eventually("all are written", async || {
        let written = host.metrics().await.get("orbital_history_runs_written_total", &[]);
        (written == Some(3.0)).then_some(())
    })
    .await;
    let host = host.stopped_and_restarted(|_| ()).await;
    host.lines.wait(0, &["ready", "components="]).await;
    runs.push(run_of_passes(&host).await);
    runs.reverse();
    // Page by page, so that the cursors are right, too.
    let (mut listed, mut before) = (Vec::new(), String::new());
    loop {
        let page = host.api(&format!("/runs?limit=1{before}")).await;
        listed.extend(page["runs"].as_array().unwrap().iter().map(|run| run["run"].clone()));
        let Some(next) = page["next"].as_str() else { break };
        before = format!("&before={next}");
        assert!(listed.len() <= runs.len(), "pages do not end: {listed:?}");
    }
    assert_eq!(listed, runs);
}

#[tokio::test]
async fn a_pass_in_the_future_is_corrected_when_the_clock_is() {
    let Some(clock) = WallClock::new() else { return };
    let manual = "[[override]]\ncases = \"passes/*\"\nmanual = true";
    let host = Host::builder().sections(manual).clock(&clock).with("passes").start().await;
    host.lines.wait(0, &["ready", "components="]).await;
    let last_pass = async || {
        let labels = [("component", "passes")];
        host.metrics().await.get("orbital_case_last_pass_timestamp_seconds", &labels).unwrap()
    };
    let now = || SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs_f64();
    let before = now();
    clock.set(40.0 * 24.0 * HOUR);
    host.lines.wait(0, &["the wall clock was set ahead by "]).await;
    run_of_passes(&host).await;
    assert!(last_pass().await > before + 30.0 * 24.0 * HOUR);
    clock.set(0.0);
    host.lines.wait(0, &["the wall clock was set back by "]).await;
    let corrected = last_pass().await;
    // The clock of the test, which writes whole milliseconds, may be ahead by one.
    assert!(before - 2.0 < corrected && corrected < now() + 2.0, "{corrected}");
}

/// Runs `passes/passes` now, and returns the run's id.
async fn run_of_passes(host: &Host) -> Value {
    let (status, report) = host.ask(Method::POST, "/cases/passes/passes/runs?wait=true", None).await;
    assert_eq!(status, 200, "{report}");
    report["run"].clone()
}

//! Cases that allow retries: one run of several attempts.

use std::collections::HashMap;

use axum::Json;
use orbital_tests::{Api, Host, eventually, guest, orbital};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

/// Runs cases of `tries` once each; gives the reports by case.
async fn run(cases: &str) -> HashMap<String, Value> {
    let component = guest("tries");
    let arguments = ["run", "--json", "--listen", "127.0.0.1:0", "--case", cases].map(AsRef::as_ref);
    let finished = orbital(arguments.into_iter().chain([component.as_os_str()])).await;
    let reports = finished.stdout.lines().map(|line| {
        let report: Value = serde_json::from_str(line).unwrap();
        (report["case"].as_str().unwrap().to_owned(), report)
    });
    let reports: HashMap<String, Value> = reports.collect();
    assert!(!reports.is_empty(), "{finished:?}");
    reports
}

fn attempts(report: &Value) -> &Vec<Value> {
    report["attempts"].as_array().unwrap()
}

/// The outcomes of all attempts.
fn outcomes(report: &Value) -> Vec<&str> {
    attempts(report).iter().map(|attempt| attempt["outcome"].as_str().unwrap()).collect()
}

/// Returns the log lines of an attempt.
fn logged(attempt: &Value) -> Vec<&str> {
    let steps = attempt["timeline"].as_array().unwrap().iter().filter(|step| step["step"] == "log");
    steps.map(|step| step["message"].as_str().unwrap()).collect()
}

/// Reasons of an attempt, in one text.
fn reasons(attempt: &Value) -> String {
    let messages = attempt["messages"].as_array().unwrap().iter();
    messages.map(|message| message.as_str().unwrap()).collect::<Vec<_>>().join("\n")
}

/// Returns the number of runs of a case of `tries` by outcome, from the metrics.
async fn runs(host: &Host, case: &str) -> Vec<(&'static str, f64)> {
    let metrics = host.metrics().await;
    let count = |outcome| {
        let labels = [("component", "tries"), ("case", case), ("outcome", outcome)];
        (outcome, metrics.get("orbital_runs_total", &labels).unwrap())
    };
    let outcomes = ["pass", "fail", "timeout", "error", "cancelled"];
    outcomes.map(count).into_iter().filter(|(_, count)| *count > 0.0).collect()
}

#[tokio::test]
async fn a_run_that_passes_when_tried_again_is_a_flaky_pass_that_shows_its_first_attempt() {
    let host = Host::builder().start().await;
    let mark = host.deploy("tries");
    let line = host.lines.wait(mark, &["--- PASS: tries/second ("]).await;
    assert!(line.contains("flaky: attempt 2 passed"), "{line}");
    host.lines.wait(mark, &["    attempt 1: fail ("]).await;
    host.lines.wait(mark, &["    the first attempt says no"]).await;
    host.lines.wait(mark, &["info: attempt 1, call 1 of its instance, in run"]).await;
    assert_eq!(host.lines.find(mark, &["--- ", "tries/second"]).len(), 1, "one run: {}", host.lines.text());

    assert_eq!(runs(&host, "second").await, [("pass", 1.0)]);
    let metrics = host.metrics().await;
    let case = [("component", "tries"), ("case", "second")];
    assert_eq!(metrics.get("orbital_runs_flaky_total", &case), Some(1.0));
    assert_eq!(metrics.get("orbital_case_up", &case), Some(1.0));
    assert!(metrics.get("orbital_case_last_pass_timestamp_seconds", &case).unwrap() > 1.7e9);
    assert_eq!(metrics.get("orbital_run_duration_seconds_count", &case), Some(1.0));
}

#[tokio::test]
async fn the_attempt_that_passed_after_all_is_not_shown_as_one_that_did_not() {
    let host = Host::builder().start().await;
    let mark = host.deploy("tries");
    host.lines.wait(mark, &["--- PASS: tries/second ("]).await;
    host.lines.wait(mark, &["--- FAIL: tries/never ("]).await;
    host.lines.wait(mark, &["    attempt 3: fail ("]).await;
    // `second` shows its first attempt, and `never` its three.
    assert_eq!(host.lines.find(mark, &["    attempt 1: "]).len(), 2, "{}", host.lines.text());
    assert_eq!(host.lines.find(mark, &["    attempt 2: "]).len(), 1, "{}", host.lines.text());
}

#[tokio::test]
async fn a_run_whose_attempts_all_fail_is_one_failure_that_shows_them_all() {
    let host = Host::builder().start().await;
    let mark = host.deploy("tries");
    let line = host.lines.wait(mark, &["--- FAIL: tries/never ("]).await;
    assert!(!line.contains("flaky"), "{line}");
    for attempt in 1..=3 {
        host.lines.wait(mark, &[&format!("    attempt {attempt} says no")]).await;
    }
    assert_eq!(host.lines.find(mark, &["--- ", "tries/never"]).len(), 1, "{}", host.lines.text());
    assert_eq!(runs(&host, "never").await, [("fail", 1.0)]);
    let metrics = host.metrics().await;
    let case = [("component", "tries"), ("case", "never")];
    assert_eq!(metrics.get("orbital_runs_flaky_total", &case), Some(0.0));
    assert_eq!(metrics.get("orbital_case_up", &case), Some(0.0));
}

#[tokio::test]
async fn a_line_of_json_has_each_attempt_with_its_outcome_reasons_and_timeline() {
    let reports = run("{never,second}").await;
    let never = &reports["never"];
    assert_eq!((&never["outcome"], &never["flaky"]), (&json!("fail"), &json!(false)), "{never}");
    assert_eq!(outcomes(never), ["fail", "fail", "fail"]);
    for (attempt, number) in attempts(never).iter().zip(1..) {
        assert!(reasons(attempt).contains(&format!("attempt {number} says no")), "{attempt}");
        assert!(logged(attempt)[0].starts_with(&format!("attempt {number},")), "{attempt}");
        assert!(attempt["started"].as_str().unwrap() >= never["started"].as_str().unwrap(), "{attempt}");
        assert!(attempt["duration"].as_f64().unwrap() <= never["duration"].as_f64().unwrap(), "{attempt}");
    }
    let second = &reports["second"];
    assert_eq!((&second["outcome"], &second["flaky"]), (&json!("pass"), &json!(true)), "{second}");
    assert_eq!(outcomes(second), ["fail", "pass"]);
    assert_eq!(attempts(second)[1]["messages"], json!([]));
}

#[tokio::test]
async fn each_attempt_has_an_instance_of_its_own_and_its_number_and_all_have_one_run() {
    let report = &run("never").await["never"];
    let id = report["run"].as_str().unwrap();
    let said: Vec<&str> = attempts(report).iter().flat_map(logged).collect();
    let expected: Vec<String> =
        (1..=3).map(|number| format!("attempt {number}, call 1 of its instance, in run {id}")).collect();
    assert_eq!(said, expected);
}

#[tokio::test]
async fn marks_traps_timeouts_and_breaches_are_tried_again_like_any_failure() {
    let reports = run("*-first").await;
    for (case, outcome, reason) in [
        ("marks-first", "fail", "marked"),
        ("traps-first", "error", "unreachable"),
        ("sleeps-first", "timeout", "while sleeping"),
        ("floods-first", "error", "`limits.log_lines`"),
    ] {
        let report = &reports[case];
        assert_eq!((&report["outcome"], &report["flaky"]), (&json!("pass"), &json!(true)), "{report}");
        assert_eq!(outcomes(report), [outcome, "pass"], "{case}");
        let reasons = reasons(&attempts(report)[0]);
        assert!(reasons.contains(reason), "{case}: {reasons}");
    }
}

#[tokio::test]
async fn a_pass_is_not_tried_again() {
    let report = &run("at-once").await["at-once"];
    assert_eq!((&report["outcome"], &report["flaky"]), (&json!("pass"), &json!(false)), "{report}");
    assert_eq!(outcomes(report), ["pass"]);
}

#[tokio::test]
async fn the_keys_of_an_attempt_are_free_for_the_next_one() {
    let report = &run("same-key").await["same-key"];
    assert_eq!(outcomes(report), ["fail", "pass"], "{report}");
}

#[tokio::test]
async fn a_host_that_stops_between_two_attempts_cancels_the_run() {
    let mut api = Api::start().await;
    let sections = format!("[targets.api]\nurl = {:?}\n[scheduler]\nshutdown_grace = \"300ms\"", api.url);
    let host = Host::builder().sections(&sections).start().await;
    let mark = host.deploy("tries_later");
    let event = api.next().await;
    assert_eq!(host.metrics().await.get("orbital_expectations", &[]), Some(1.0));
    event.answer(Json(json!({})));
    // The first attempt is over when its key is free.
    eventually("the first attempt is over", async || {
        (host.metrics().await.get("orbital_expectations", &[]) == Some(0.0)).then_some(())
    })
    .await;
    kill_process(Pid::from_raw(host.id()).unwrap(), Signal::TERM).unwrap();
    let (status, said) = host.ended().await;
    assert_eq!(status.code(), Some(0), "{said}");
    let since: Vec<&str> = said.lines().skip(mark).filter(|line| line.starts_with("--- ")).collect();
    let [line] = since[..] else { panic!("one run was in flight: {said}") };
    assert!(line.starts_with("--- CANCELLED: tries_later/later"), "{said}");
    assert!(said.contains("    attempt 1: fail (") && said.contains("not yet"), "{said}");
    assert!(said.contains("    attempt 2: cancelled (") && said.contains("the host was stopped"), "{said}");
    assert!(api.waiting().is_empty(), "no second attempt began");
}

#[tokio::test]
async fn a_run_between_two_attempts_is_in_flight() {
    let mut api = Api::start().await;
    let sections = format!("[targets.api]\nurl = {:?}\n[scheduler]\nshutdown_grace = \"300ms\"", api.url);
    let host = Host::builder().sections(&sections).start().await;
    host.deploy("tries_later");
    api.next().await.answer(Json(json!({})));
    eventually("the first attempt is over", async || {
        (host.metrics().await.get("orbital_expectations", &[]) == Some(0.0)).then_some(())
    })
    .await;
    let metrics = host.metrics().await;
    let case = [("component", "tries_later"), ("case", "later")];
    assert_eq!(metrics.get("orbital_runs_in_flight", &[]), Some(1.0));
    assert_eq!(metrics.sum("orbital_runs_total", &case), 0.0, "it has not ended");
}

//! A host that stands still for a while: stopped, suspended, or starved.

use std::time::Duration;

use orbital_tests::{Host, eventually};
use rustix::process::{Pid, Signal, kill_process};

#[tokio::test]
async fn ticks_that_were_missed_are_counted_and_no_case_is_blamed() {
    let host = Host::builder().with("passes").with("naps").start().await;
    for case in ["passes/passes", "naps/naps"] {
        host.lines.wait(0, &[&format!("--- PASS: {case} (")]).await;
    }
    eventually("a run is in flight", async || {
        let in_flight = host.metrics().await.get("orbital_runs_in_flight", &[]).unwrap_or_default();
        (in_flight > 0.0).then_some(())
    })
    .await;

    let process = Pid::from_raw(host.id()).unwrap();
    kill_process(process, Signal::STOP).unwrap();
    // The time that passes is what this is about: several periods, and more than any case may take.
    tokio::time::sleep(Duration::from_secs(3)).await;
    let mark = host.lines.mark();
    kill_process(process, Signal::CONT).unwrap();

    for case in ["passes/passes", "naps/naps"] {
        host.lines.wait(mark, &[&format!("--- PASS: {case} (")]).await;
    }
    let metrics = host.metrics().await;
    for name in ["passes", "naps"] {
        let of =
            |label, value| metrics.get("orbital_runs_total", &[("component", name), (label, value)]).unwrap();
        for outcome in ["fail", "timeout", "error"] {
            assert_eq!(of("outcome", outcome), 0.0, "{name}: {outcome}\n{}", host.lines.text());
        }
        let missed = [("component", name), ("reason", "missed")];
        // Of 3 seconds, at least 2 in which nobody ticked.
        let least = if name == "passes" { 10.0 } else { 5.0 };
        assert!(metrics.get("orbital_runs_skipped_total", &missed).unwrap() >= least, "{}", metrics.text());
    }
    assert!(host.get("/readyz").await.1.contains("ready"));
}

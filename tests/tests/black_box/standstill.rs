//! A host that stands still for a while: stopped, suspended, or starved.

use std::time::Duration;

use orbital_tests::{Api, Host, PATIENCE, System, bad_outcomes, client, eventually};
use reqwest::Method;
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

/// The cases of `awaits`.
const CASES: [&str; 3] = ["awaits", "briefly", "within"];

/// Stops the host for this long.
async fn suspend(host: &Host, time: Duration) {
    let process = Pid::from_raw(host.id()).unwrap();
    kill_process(process, Signal::STOP).unwrap();
    // The time that passes is what this is about.
    tokio::time::sleep(time).await;
    kill_process(process, Signal::CONT).unwrap();
}

async fn awaiting() -> (Host, System) {
    let system = System::start().await;
    let host = Host::builder().sections(&system.target()).with("awaits").start().await;
    for case in CASES {
        host.lines.wait(0, &[&format!("--- PASS: awaits/{case} (")]).await;
    }
    (host, system)
}

#[tokio::test]
async fn time_in_which_the_host_did_not_run_is_not_taken_from_a_short_timeout() {
    let (host, system) = awaiting().await;
    for _ in 0..6 {
        let mark = host.lines.mark();
        system.next_event().await;
        // Longer than the timeouts, and shorter than what is an excuse.
        suspend(&host, Duration::from_millis(800)).await;
        for case in CASES {
            host.lines.wait(mark, &[&format!("--- PASS: awaits/{case} (")]).await;
        }
    }
    let metrics = host.metrics().await;
    for case in CASES {
        for outcome in bad_outcomes() {
            let labels = [("component", "awaits"), ("case", case), ("outcome", outcome)];
            let runs = metrics.get("orbital_runs_total", &labels);
            assert_eq!(runs, Some(0.0), "{case}: {outcome}\n{}", host.lines.text());
        }
    }
}

/// Each is shorter than the usual time between two looks at the clock, and all of them together are longer than the
/// timeout.
#[tokio::test]
async fn many_short_standstills_are_not_taken_from_a_short_timeout() {
    let mut api = Api::start().await;
    let host =
        Host::builder().sections(&format!("[targets.api]\nurl = {:?}", api.url)).with("waits").start().await;
    host.lines.wait(0, &["ready", "components="]).await;
    let playing = async {
        let event = api.next_to("/events").await;
        for _ in 0..12 {
            suspend(&host, Duration::from_millis(95)).await;
            // The host runs for a moment.
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let key = event.json()["id"].as_str().unwrap().to_owned();
        let delivering = client().post(&host.webhook).header("orbital-key", key).send();
        assert_eq!(delivering.await.unwrap().status(), 200);
        event.answer(());
    };
    let running = host.ask(Method::POST, "/cases/waits/one/runs?wait=true", None);
    let ((_, report), ()) = tokio::join!(running, playing);
    assert_eq!(report["outcome"], "pass", "{report}");
}

#[tokio::test]
async fn a_broken_system_is_noticed_by_a_host_that_is_suspended_all_the_time() {
    let (host, system) = awaiting().await;
    system.break_down();
    let down = async {
        for case in ["awaits", "briefly"] {
            host.lines.wait(0, &["DOWN: ", &format!("case=awaits/{case} "), "outcome=\"timeout\""]).await;
        }
    };
    let suspending = async {
        loop {
            system.next_event().await;
            suspend(&host, Duration::from_millis(500)).await;
        }
    };
    tokio::select! {
        () = down => {}
        () = suspending => {}
    }
    host.lines.wait(0, &["the timeout was extended by that time"]).await;
}

#[tokio::test]
async fn a_host_that_cannot_judge_says_so() {
    let (host, system) = awaiting().await;
    system.break_down();
    let stale = async |case: &str| {
        host.metrics().await.get("orbital_case_stale", &[("component", "awaits"), ("case", case)])
    };
    assert_eq!(stale("awaits").await, Some(0.0));
    let says_so = async || {
        let case = host.api("/cases/awaits/awaits").await;
        stale("awaits").await == Some(1.0)
            && case["stale"] == true
            && host.get("/readyz").await.1.contains("case `awaits/awaits` is stale")
            && host.get("/").await.1.contains("cases are stale")
            && !host.lines.find(0, &["STALE: ", "case=awaits/awaits"]).is_empty()
    };
    // Each of its runs meets a standstill that is long enough for its peers to give up.
    let suspending = async {
        while !says_so().await {
            system.next_event().await;
            suspend(&host, Duration::from_millis(1200)).await;
        }
    };
    tokio::time::timeout(2 * PATIENCE, suspending).await.expect("the host does not say that it cannot judge");
    assert_eq!(host.get("/readyz").await.0, 200);

    // Once it can judge again, it does.
    host.lines.wait(0, &["DOWN: ", "case=awaits/awaits "]).await;
    host.lines.wait(0, &["has a verdict again", "case=awaits/awaits"]).await;
    assert_eq!(stale("awaits").await, Some(0.0));
    assert_eq!(host.api("/cases/awaits/awaits").await["stale"], false);
}

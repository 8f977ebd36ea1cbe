//! State that survives a restart, and a clock that is wrong for a while.

use std::path::Path;

use orbital_tests::{Host, WallClock, eventually};
use reqwest::Method;
use rusqlite::Connection;
use serde_json::json;

/// Where the history is, from the host's directory.
const FILE: &str = "state/history.db";

const DAY: f64 = 24.0 * 3600.0;

/// Has `passes` run often, and its runs written soon.
const OFTEN: &str =
    "[[override]]\ncases = \"passes/*\"\nevery = \"100ms\"\n[history]\nbatch_interval = \"50ms\"\n";

/// The ids of the oldest runs in the file.
struct Oldest(Vec<Vec<u8>>);

impl Oldest {
    fn of(host: &Host) -> Self {
        let database = Connection::open(host.directory().join(FILE)).unwrap();
        let mut ids = database.prepare("SELECT id FROM runs ORDER BY id LIMIT 5").unwrap();
        let ids = ids.query_map([], |row| row.get(0)).unwrap();
        Self(ids.collect::<Result<_, _>>().unwrap())
    }

    fn assert_there(&self, host: &Host) {
        let database = Connection::open(host.directory().join(FILE)).unwrap();
        let mut find = database.prepare("SELECT 1 FROM runs WHERE id = ?1").unwrap();
        assert!(self.0.len() == 5 && self.0.iter().all(|id| find.exists([id]).unwrap()), "runs were deleted");
        let minutes = database
            .query_row("SELECT count(*) FROM rollups WHERE span = 60", [], |row| row.get::<_, i64>(0));
        assert!(minutes.unwrap() >= 1, "counts were deleted");
    }
}

async fn written(host: &Host) -> u64 {
    host.api("/history").await["written"].as_u64().unwrap()
}

/// Waits until so many more runs are written. What is too old is cleared away after each batch.
async fn write_more(host: &Host, runs: u64) {
    let before = written(host).await;
    eventually("more runs are written", async || (written(host).await >= before + runs).then_some(())).await;
}

#[tokio::test]
async fn a_clock_that_is_40_days_ahead_for_a_while_deletes_nothing() {
    let Some(clock) = WallClock::new() else { return };
    let host = Host::builder().sections(OFTEN).clock(&clock).with("passes").start().await;
    write_more(&host, 10).await;
    // At the latest when the host ends, the runs are counted in the rollups.
    let host = host.stopped_and_restarted(|_| {}).await;
    let oldest = Oldest::of(&host);
    clock.set(40.0 * DAY);
    write_more(&host, 10).await;
    oldest.assert_there(&host);
    clock.set(-40.0 * DAY);
    write_more(&host, 10).await;
    clock.set(0.0);
    write_more(&host, 10).await;
    oldest.assert_there(&host);

    // Nor does a host that starts with a wrong clock.
    let host = host.stopped_and_restarted(|_| clock.set(40.0 * DAY)).await;
    write_more(&host, 10).await;
    oldest.assert_there(&host);
    let host = host.killed_and_restarted().await;
    write_more(&host, 10).await;
    oldest.assert_there(&host);
}

#[tokio::test]
async fn a_pause_with_an_end_outlasts_a_clock_that_is_ahead_for_a_while() {
    let Some(clock) = WallClock::new() else { return };
    let host = Host::builder().clock(&clock).with("passes").start().await;
    let pause = |cases: &str, lasting: Option<&str>| json!({ "cases": cases, "reason": "moving", "author": "ada", "for": lasting });
    let (status, made) = host.ask(Method::POST, "/pauses", Some(pause("passes/*", Some("24h")))).await;
    assert_eq!(status, 201, "{made}");
    clock.set(40.0 * DAY);
    // A change of the pauses writes all of them.
    let (status, other) = host.ask(Method::POST, "/pauses", Some(pause("other/*", None))).await;
    assert_eq!(status, 201, "{other}");
    clock.set(0.0);
    let pauses = host.api("/pauses").await;
    assert_eq!(pauses["pauses"].as_array().unwrap().len(), 2, "{pauses}");
    let host = host.stopped_and_restarted(|_| {}).await;
    assert_eq!(host.api("/pauses").await["pauses"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn the_state_of_cases_is_in_the_metrics_from_the_start() {
    let host = Host::builder().with("fails").with("manual").start().await;
    host.lines.wait(0, &["ready", "components="]).await;
    for (case, outcome) in [("fails/check", "fail"), ("manual/manual", "pass")] {
        let (status, report) = host.ask(Method::POST, &format!("/cases/{case}/runs?wait=true"), None).await;
        assert_eq!((status, &report["outcome"]), (200, &outcome.into()), "{report}");
    }
    let state = async |host: &Host| {
        let metrics = host.metrics().await;
        let up =
            |component, case| metrics.get("orbital_case_up", &[("component", component), ("case", case)]);
        (up("fails", "check"), up("fails", "panics"), up("manual", "manual"))
    };
    let last_pass = async |host: &Host| {
        let labels = [("component", "manual")];
        host.metrics().await.get("orbital_case_last_pass_timestamp_seconds", &labels).unwrap()
    };
    let before = state(&host).await;
    assert_eq!(before, (Some(0.0), None, Some(1.0)));
    let passed = last_pass(&host).await;

    let host = host.stopped_and_restarted(|_| {}).await;
    host.lines.wait(0, &["ready", "components="]).await;
    assert_eq!(host.metrics().await.sum("orbital_runs_total", &[]), 0.0, "no case has run again");
    assert_eq!(state(&host).await, before);
    // The history has milliseconds.
    assert!((last_pass(&host).await - passed).abs() < 0.01);
}

#[tokio::test]
async fn after_a_clean_end_the_file_of_the_history_alone_is_complete() {
    let host = Host::builder().sections(OFTEN).with("passes").start().await;
    write_more(&host, 10).await;
    // Other connections than that of the writer: whoever closes the last one completes the file, too.
    host.api("/runs?limit=5").await;
    let reader = Connection::open(host.directory().join(FILE)).unwrap();
    reader.query_row("SELECT count(*) FROM runs", [], |row| row.get::<_, i64>(0)).unwrap();
    let check = |folder: &Path| {
        let log = folder.join("state/history.db-wal");
        assert!(log.metadata().map_or(0, |log| log.len()) == 0, "something is left in the log");
        let copy = folder.join("copy.db");
        std::fs::copy(folder.join(FILE), &copy).unwrap();
        let copy = Connection::open(copy).unwrap();
        let count = |sql: &str| copy.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
        assert!(count("SELECT count(*) FROM runs") >= 10);
        assert_eq!(count("SELECT count(*) FROM sessions WHERE ended IS NOT NULL"), 1);
    };
    let host = host.stopped_and_restarted(check).await;
    drop(reader);
    write_more(&host, 1).await;
}

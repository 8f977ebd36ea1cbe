//! Runs survive restarts, and the host works while they cannot be written.

use std::path::Path;
use std::process::Stdio;

use orbital_tests::{Host, HostBuilder, eventually, missing};
use reqwest::Method;
use rusqlite::Connection;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::Command;

/// Where the file is, from the host's directory.
const FILE: &str = "state/history.db";

/// Has `passes` run often, and what it does written soon.
const OFTEN: &str =
    "[[override]]\ncases = \"passes/*\"\nevery = \"100ms\"\n[history]\nbatch_interval = \"50ms\"\n";

/// Runs a case and waits for its report.
async fn run(host: &Host, case: &str) -> Value {
    let (status, report) = host.ask(Method::POST, &format!("/cases/{case}/runs?wait=true"), None).await;
    assert_eq!(status, 200, "{report}");
    report
}

/// How the history is doing, once this is so.
async fn history_when(host: &Host, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
    eventually(what, async || Some(host.api("/history").await).filter(&is_so)).await
}

/// All runs that ended, page by page.
async fn all_runs(host: &Host, filter: &str) -> Vec<Value> {
    let (mut all, mut page) = (Vec::new(), format!("/runs?limit=2{filter}"));
    loop {
        let answer = host.api(&page).await;
        all.extend(answer["runs"].as_array().unwrap().iter().cloned());
        let Some(next) = answer["next"].as_str() else { return all };
        page = format!("/runs?limit=2{filter}&before={next}");
    }
}

fn database(host: &Host) -> Connection {
    Connection::open(host.directory().join(FILE)).unwrap()
}

#[tokio::test]
async fn runs_and_how_cases_stand_survive_a_restart() {
    // Nothing is written before the end, so it is the end that writes it.
    let late = "[history]\nbatch_interval = \"1m\"\n";
    let host = Host::builder().sections(late).with("fails").with("tries").with("manual").start().await;
    let mut reports = Vec::new();
    for case in ["fails/check", "tries/traps-first", "manual/manual", "fails/error", "manual/manual"] {
        reports.push(run(&host, case).await);
    }
    let runs = all_runs(&host, "").await;
    let cases = host.api("/cases").await;
    assert_eq!(host.api("/history").await["queue_runs"], 5);

    let host = host.stopped_and_restarted(|_| {}).await;
    assert_eq!(all_runs(&host, "").await, runs);
    assert_eq!(runs.len(), 5);
    for report in &reports {
        assert_eq!(host.api(&format!("/runs/{}", report["run"].as_str().unwrap())).await, *report);
    }
    let after = host.api("/cases").await;
    let standing = |cases: &Value| {
        let cases = cases["cases"].as_array().unwrap().clone();
        cases
            .into_iter()
            .map(|case| (case["id"].clone(), case["state"].clone(), case["since"].clone()))
            .collect::<Vec<_>>()
    };
    assert_eq!(standing(&after), standing(&cases));
    let of =
        |id: &str| after["cases"].as_array().unwrap().iter().find(|case| case["id"] == id).unwrap().clone();
    assert_eq!(
        (of("fails/check")["state"].clone(), of("manual/manual")["state"].clone()),
        (json!("down"), json!("up"))
    );

    // New runs and old ones are one list.
    reports.push(run(&host, "manual/manual").await);
    let ids: Vec<Value> = reports.iter().rev().map(|report| report["run"].clone()).collect();
    let found = |runs: Vec<Value>| runs.iter().map(|run| run["run"].clone()).collect::<Vec<_>>();
    assert_eq!(found(all_runs(&host, "").await), ids);
    assert_eq!(
        found(all_runs(&host, "&cases=manual/*").await),
        [0, 1, 3].map(|index: usize| ids[index].clone()).to_vec()
    );
    assert_eq!(found(all_runs(&host, "&outcome=fail").await).len(), 2);
    assert_eq!(found(all_runs(&host, "&flaky=true").await), [ids[4].clone()]);

    let history = host.api("/history").await;
    assert_eq!((&history["state"], &history["runs"]), (&json!("up"), &json!(5)));
    assert_eq!(
        (&history["last_session"]["clean"], &history["dropped"]["queue_runs"]),
        (&json!(true), &json!(0))
    );
    assert_eq!(host.metrics().await.get("orbital_history_last_session_clean", &[]), Some(1.0));
    assert_eq!(host.metrics().await.get("orbital_history_up", &[]), Some(1.0));
}

#[tokio::test]
async fn statistics_and_series_have_what_ran() {
    let soon = "[history]\nbatch_interval = \"1ms\"\n";
    let host = Host::builder().sections(soon).with("fails").with("tries").start().await;
    for case in ["fails/check", "fails/check", "tries/traps-first"] {
        run(&host, case).await;
    }
    history_when(&host, "all is written", |history| history["runs"] == 3).await;
    let stats = host.api("/stats?window=15m&cases=fails/*").await;
    let [fails] = &stats["cases"].as_array().unwrap()[..] else { panic!("{stats}") };
    assert_eq!((&fails["id"], &fails["runs"]["fail"]), (&json!("fails/check"), &json!(2)));
    assert_eq!((&fails["pass_ratio"], &fails["latency"]), (&json!(0.0), &Value::Null));
    assert!(
        fails["duration"]["p95"].as_f64().unwrap() <= fails["duration"]["max"].as_f64().unwrap(),
        "{fails}"
    );
    let stats = host.api("/stats").await;
    assert_eq!(stats["cases"][1]["id"], "tries/traps-first", "{stats}");
    assert_eq!((&stats["cases"][1]["flaky"], &stats["cases"][1]["pass_ratio"]), (&json!(1), &json!(1.0)));

    let series = host.api("/cases/fails/check/series?window=1h&step=5m").await;
    assert_eq!(series["step_seconds"], 300);
    let points = series["points"].as_array().unwrap();
    let failed: u64 = points.iter().map(|point| point["runs"]["fail"].as_u64().unwrap()).sum();
    assert!(failed == 2 && (12..=14).contains(&points.len()), "{series}");
    // A case that has not run yet has no runs; one that there is not, no series.
    host.api("/cases/fails/panics/series").await;
    for (path, status, reason) in [
        ("/stats?window=1s", 400, "`window`: `1s` is less than a minute"),
        ("/stats?cases=[", 400, "is not a pattern"),
        ("/stats?color=red", 400, "unknown field `color`"),
        ("/cases/fails/check/series?window=30d&step=1m", 400, "`step`: a step in this window is one of `1h`"),
        ("/cases/fails/nobody/series", 404, "no case `fails/nobody`"),
    ] {
        let (got, problem) = host.ask(Method::GET, path, None).await;
        assert_eq!(got, status, "{problem}");
        assert!(problem["detail"].as_str().unwrap().contains(reason), "{problem}");
    }
}

#[tokio::test]
async fn what_a_killed_host_may_not_have_written_is_said_by_the_next() {
    let host = Host::builder().sections(OFTEN).with("passes").start().await;
    let before = history_when(&host, "some are written", |history| history["runs"].as_u64() > Some(5)).await;
    let host = host.killed_and_restarted().await;
    let told =
        host.lines.wait(0, &["WARN", "the last start did not end cleanly", "up to 500 runs or 50ms"]).await;
    assert!(told.contains("written=20"), "when it wrote for the last time: {told}");
    let after = host.api("/history").await;
    assert!(after["runs"].as_u64() >= before["runs"].as_u64(), "{before} {after}");
    let last = &after["last_session"];
    assert_eq!((&last["clean"], &last["may_miss_runs"]), (&json!(false), &json!(500)));
    assert_eq!(last["may_miss_seconds"], 0.05);
    assert_eq!(host.metrics().await.get("orbital_history_last_session_clean", &[]), Some(0.0));
    assert_eq!(host.api("/cases/passes/passes").await["state"], "up");
    let (_, page) = host.get("/").await;
    assert!(
        page.contains("The last start did not end cleanly") && page.contains("up to 500 or those of 50ms"),
        "{page}"
    );
    let checked: String = database(&host).query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(checked, "ok");
    // That one ends in good order, and the next has nothing to tell.
    let host = host.stopped_and_restarted(|_| {}).await;
    assert_eq!(host.api("/history").await["last_session"]["clean"], true);
    assert!(!host.get("/").await.1.contains("did not end cleanly"));
}

/// Asserts that a host is there, that its tests run, and that it says why they are not kept.
async fn assert_paused(host: &Host, reason: &str) {
    host.lines.wait(0, &["ERROR", "the history is stalled, tests continue", reason]).await;
    let history = host.api("/history").await;
    assert_eq!(history["state"], "paused", "{history}");
    assert!(history["reason"].as_str().unwrap().contains(reason), "{history}");
    assert!(history["since"].is_string(), "{history}");
    assert_eq!(host.metrics().await.get("orbital_history_up", &[]), Some(0.0));
    let (_, page) = host.get("/").await;
    assert!(page.contains("The history is stalled") && page.contains(reason), "{page}");
    let (status, page) = host.get("/readyz").await;
    assert!(status == 200 && page.contains("the history is stalled") && page.contains(reason), "{page}");
    host.assert_passes_is_undisturbed().await;
    // What is not written yet is shown all the same.
    let runs = host.api("/runs").await["runs"].as_array().unwrap().clone();
    let id = runs[0]["run"].as_str().unwrap();
    assert_eq!(host.api(&format!("/runs/{id}")).await["outcome"], "pass");
    // It is told once, however often it is tried.
    assert_eq!(host.lines.find(0, &["the history is stalled"]).len(), 1);
}

/// Writes a database for a host that has not started yet.
fn write_database(directory: &Path, sql: &str) {
    std::fs::create_dir(directory.join("state")).unwrap();
    Connection::open(directory.join(FILE)).unwrap().execute_batch(sql).unwrap();
}

#[tokio::test]
async fn a_file_that_cannot_be_used_pauses_the_history_and_is_left_as_it_is() {
    let newer: fn(&Path) = |directory| {
        write_database(directory, "PRAGMA application_id = 0x6f726269; PRAGMA user_version = 999");
    };
    let foreign: fn(&Path) = |directory| write_database(directory, "CREATE TABLE notes (text)");
    let garbage: fn(&Path) = |directory| {
        std::fs::create_dir(directory.join("state")).unwrap();
        std::fs::write(directory.join(FILE), [b'x'; 5000]).unwrap();
    };
    let altered: fn(&Path) = |directory| {
        let schema = ["1", "2", "3"].map(|step| {
            let file = format!("{}/../host/history/src/schema/{step}.sql", env!("CARGO_MANIFEST_DIR"));
            std::fs::read_to_string(file).unwrap()
        });
        let version = "PRAGMA application_id = 0x6f726269; PRAGMA user_version = 3;";
        let trigger = "CREATE TRIGGER spy AFTER INSERT ON runs BEGIN DELETE FROM sessions; END";
        write_database(directory, &[&schema.concat(), version, trigger].concat());
    };
    for (prepare, reason) in [
        (altered, "was changed (the trigger `spy` is not one of orbital's): undo that with `sqlite3`"),
        (newer, "was written by a newer orbital (its schema is 999"),
        (foreign, "is a database, but not one of orbital; set `history.path` to another file"),
        (garbage, "is damaged (file is not a database): move it away"),
    ] {
        let host = Host::builder().before(prepare).sections(OFTEN).with("passes").start().await;
        assert_paused(&host, reason).await;
        let (status, problem) = host.ask(Method::GET, "/stats", None).await;
        assert_eq!(status, 503, "{problem}");
        assert!(problem["detail"].as_str().unwrap().contains("history.db"), "{problem}");
        // Done as it was told, it goes on.
        let file = host.directory().join(FILE);
        std::fs::rename(&file, host.directory().join("away")).unwrap();
        host.lines.wait(0, &["the history is written again", "paused_for="]).await;
        assert_eq!(host.api("/history").await["state"], "up");
        history_when(&host, "it catches up", |history| history["runs"].as_u64() > Some(0)).await;
    }
}

#[tokio::test]
async fn a_place_where_nothing_can_be_written_pauses_the_history() {
    let sections = OFTEN.replace("[history]", "[history]\npath = \"/proc/nowhere/history.db\"");
    let host = Host::builder().sections(&sections).with("passes").start().await;
    assert_paused(&host, "cannot use `/proc/nowhere`").await;
}

#[tokio::test]
async fn a_lock_of_another_process_pauses_the_history_which_catches_up_afterwards() {
    let host = Host::builder().sections(OFTEN).with("passes").start().await;
    history_when(&host, "it writes", |history| history["runs"].as_u64() > Some(0)).await;
    let other = database(&host);
    other.execute_batch("BEGIN EXCLUSIVE").unwrap();
    assert_paused(&host, "database is locked").await;
    let newest = host.api("/runs").await["runs"][0]["run"].as_str().unwrap().to_owned();
    other.execute_batch("ROLLBACK").unwrap();
    host.lines.wait(0, &["WARN", "the history is written again", "paused_for="]).await;
    history_when(&host, "it catches up", |history| history["queue_runs"].as_u64() < Some(5)).await;
    let is_written = "SELECT count(*) FROM runs WHERE lower(hex(id)) = ?1";
    let written: i64 = other.query_row(is_written, [newest.replace('-', "")], |row| row.get(0)).unwrap();
    assert_eq!(written, 1, "what ended meanwhile is in it");
    assert_eq!(host.metrics().await.sum("orbital_history_runs_dropped_total", &[]), 0.0);
}

#[tokio::test]
async fn what_finds_no_room_while_it_is_paused_is_counted() {
    let sections =
        OFTEN.replace("[history]", "[history]\nqueue_runs = 3\npath = \"/proc/nowhere/history.db\"");
    let host = Host::builder().sections(&sections).with("passes").start().await;
    let paused = history_when(&host, "the queue is full", |history| {
        history["dropped"]["queue_runs"].as_u64() > Some(0)
    });
    assert_eq!(paused.await["queue_runs"], 3);
    let dropped = host.metrics().await.get("orbital_history_runs_dropped_total", &[("reason", "queue_runs")]);
    assert!(dropped > Some(0.0));
}

/// Has the history on a small disk of its own, with a part of it taken. What follows is the directory of the disk.
const SMALL_DISK: &str = "mount -t tmpfs -o size=600k,mode=700 tmpfs \"$HISTORY_DISK\" && \
                          head -c \"$HISTORY_FILLED\" /dev/zero > \"$HISTORY_DISK/filler\" && \
                          if [ \"$HISTORY_READ_ONLY\" ]; then mount -o remount,ro \"$HISTORY_DISK\"; fi && exec \"$0\" \"$@\"";

/// How to start a host with that, unless this machine cannot.
async fn on_a_disk(disk: &TempDir, filled: &str, read_only: &str) -> Option<HostBuilder> {
    let command = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", SMALL_DISK];
    let environment = [
        ("HISTORY_DISK", disk.path().to_str().unwrap()),
        ("HISTORY_FILLED", filled),
        ("HISTORY_READ_ONLY", read_only),
    ];
    let mut tried = Command::new(command[0]);
    tried.args(&command[1..]).arg("true").envs(environment).stderr(Stdio::null());
    if !tried.status().await.is_ok_and(|status| status.success()) {
        return missing("a disk of one's own cannot be made here (`unshare --user --map-root-user --mount`)");
    }
    let path = format!("[history]\npath = \"{}/history.db\"", disk.path().display());
    let builder =
        Host::builder().through(&command).sections(&OFTEN.replace("[history]", &path)).with("passes");
    Some(environment.iter().fold(builder, |builder, (name, value)| builder.env(name, value)))
}

#[tokio::test]
async fn a_full_disk_pauses_the_history_until_there_is_room_again() {
    let disk = TempDir::new().unwrap();
    let Some(builder) = on_a_disk(&disk, "400k", "").await else { return };
    let host = builder.start().await;
    assert_paused(&host, "is full").await;
    let before = host.api("/history").await;
    // The disk is there for the host alone.
    let filler = format!("/proc/{}/root{}/filler", host.id(), disk.path().display());
    std::fs::remove_file(filler).unwrap();
    host.lines.wait(0, &["WARN", "the history is written again", "paused_for="]).await;
    let after =
        history_when(&host, "it catches up", |history| history["queue_runs"].as_u64() < Some(5)).await;
    assert!(after["runs"].as_u64() >= before["queue_runs"].as_u64(), "{before} {after}");
    assert_eq!(after["dropped"]["queue_runs"], 0);
}

#[tokio::test]
async fn a_disk_that_is_read_only_pauses_the_history() {
    let disk = TempDir::new().unwrap();
    let Some(builder) = on_a_disk(&disk, "0", "yes").await else { return };
    assert_paused(&builder.start().await, "Read-only file system").await;
}

/// Whoever can replace the file, or the files next to it, decides what the host writes to.
#[tokio::test]
async fn a_file_that_others_could_replace_pauses_the_history_and_is_left_as_it_is() {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
    let place = TempDir::new().unwrap();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().mode() & 0o777;
    let open = place.path().join("open");
    std::fs::create_dir(&open).unwrap();
    std::fs::set_permissions(&open, std::fs::Permissions::from_mode(0o777)).unwrap();
    let victim = place.path().join("victim");
    std::fs::write(&victim, "").unwrap();
    std::fs::set_permissions(&victim, std::fs::Permissions::from_mode(0o644)).unwrap();
    symlink(&victim, place.path().join("link.db")).unwrap();
    std::fs::write(place.path().join("other.db"), "").unwrap();
    symlink(&victim, place.path().join("other.db-wal")).unwrap();
    // Whoever opens a pipe for reading waits for its other end.
    let made = std::process::Command::new("mkfifo").arg(place.path().join("pipe.db")).status();
    assert!(made.unwrap().success());
    for (path, reason) in [
        ("open/history.db", "its mode is 777"),
        ("link.db", "it is not a regular file"),
        ("other.db", "it is not a regular file"),
        ("pipe.db", "it is not a regular file"),
    ] {
        let path = place.path().join(path);
        let section = OFTEN.replace("[history]", &format!("[history]\npath = {path:?}"));
        let host = Host::builder().sections(&section).with("passes").start().await;
        assert_paused(&host, reason).await;
        assert_eq!((mode(&open), mode(&victim)), (0o777, 0o644), "{reason}");
    }
}

#[tokio::test]
async fn the_oldest_runs_go_when_there_are_more_than_are_kept() {
    let host = Host::builder().sections(OFTEN).with("passes").start().await;
    history_when(&host, "there are some", |history| history["runs"].as_u64() > Some(15)).await;
    let mark = host.lines.mark();
    let text = std::fs::read_to_string(host.config()).unwrap();
    std::fs::write(host.config(), text.replace("[history]", "[history]\nmax_runs = 4")).unwrap();
    host.lines.wait(mark, &["INFO", "the configuration was read again"]).await;
    let pruned = history_when(&host, "there are four", |history| history["runs"] == 4).await;
    let rows: i64 = database(&host).query_row("SELECT count(*) FROM reports", [], |row| row.get(0)).unwrap();
    assert!((4..500).contains(&rows) && pruned["written"].as_u64() > Some(15), "{pruned}");
    // Counts go on.
    let stats = host.api("/stats?window=1h").await;
    assert!(stats["cases"][0]["runs"]["pass"].as_u64() > Some(10), "{stats}");

    let mark = host.lines.mark();
    std::fs::write(
        host.config(),
        text.replace("[history]", "[history]\nmax_runs = 4\npath = \"other.db\"\nenabled = false"),
    )
    .unwrap();
    host.lines.wait(mark, &["need a restart: `history.enabled`, `history.path`"]).await;
}

#[tokio::test]
async fn a_component_with_long_logs_displaces_no_runs_of_others() {
    let sections = "[journal]\nmax_bytes = \"1MiB\"\nruns_per_case = 1000\n\
                    [history]\nmax_bytes = \"1MiB\"\nbatch_interval = \"1ms\"\n";
    let host = Host::builder()
        .sections(sections)
        .with("manual")
        .with_as("hostile/chatters", "chatters")
        .start()
        .await;
    let mut quiet = Vec::new();
    for _ in 0..5 {
        quiet.push(run(&host, "manual/manual").await["run"].clone());
    }
    for _ in 0..40 {
        run(&host, "chatters/noise").await;
    }
    history_when(&host, "all is written", |history| history["written"] == 45).await;
    quiet.reverse();
    let kept = all_runs(&host, "&cases=manual/*").await;
    assert_eq!(kept.iter().map(|run| run["run"].clone()).collect::<Vec<_>>(), quiet);
    for run in &quiet {
        host.api(&format!("/runs/{}", run.as_str().unwrap())).await;
    }
    let loud = all_runs(&host, "&cases=chatters/*").await.len();
    assert!((1..40).contains(&loud), "{loud}");
    let file = std::fs::metadata(host.directory().join(FILE)).unwrap().len();
    assert!(file < 8 << 20, "{file}");
}

#[tokio::test]
async fn without_history_there_is_no_file_and_the_api_says_so() {
    let off = "[history]\nenabled = false\n";
    let host = Host::builder().sections(off).with("manual").start().await;
    let report = run(&host, "manual/manual").await;
    assert_eq!(all_runs(&host, "").await[0]["run"], report["run"]);
    assert_eq!(host.api("/history").await["state"], "off");
    let (status, problem) = host.ask(Method::GET, "/stats", None).await;
    assert_eq!(
        (status, problem["detail"].as_str().unwrap().contains("`history.enabled` is false")),
        (404, true)
    );
    assert!(!host.directory().join(FILE).exists());
    assert!(!host.metrics().await.text().contains("orbital_history"));
}

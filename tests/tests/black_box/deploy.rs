//! Copying, replacing and removing files.

use std::fs::File;
use std::io::Write as _;
use std::os::unix::fs::symlink;
use std::time::{Duration, SystemTime};

use axum::http::StatusCode;
use orbital_tests::{Api, Call, Host, HostBuilder, config, eventually, guest, orbital, patched, rebuilt};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

/// The content of a fixture.
fn bytes(name: &str) -> Vec<u8> {
    std::fs::read(guest(name)).unwrap()
}

/// A host that runs `passes` and has loaded all that is there.
async fn start(builder: HostBuilder) -> Host {
    builder.with("passes").start().await
}

/// Accepts an event sent to the target `api` with 202, and returns it.
fn accept(call: Call) -> Value {
    let event = call.json();
    call.answer(StatusCode::ACCEPTED);
    event
}

/// The targets for `orbital.toml`.
fn target(api: &Api) -> String {
    format!("[targets.api]\nurl = \"{}\"", api.url)
}

/// The beginning of the digest that a line has under this name.
fn digest(line: &str, name: &str) -> String {
    let (_, rest) = line.split_once(&format!(" {name}=")).unwrap();
    rest.trim_start_matches("Some(").trim_start_matches('"').chars().take(12).collect()
}

async fn loads(host: &Host, component: &str) -> [Option<f64>; 3] {
    let metrics = host.metrics().await;
    let total = |result| {
        metrics.get("orbital_component_loads_total", &[("component", component), ("result", result)])
    };
    let failing = metrics.get("orbital_component_load_failing", &[("component", component)]);
    [total("loaded"), total("failed"), failing]
}

/// The digest of the version that the metrics page says is running, if it is one.
async fn running(host: &Host, component: &str) -> String {
    let metrics = host.metrics().await;
    let digests = metrics.text().lines().filter_map(|line| {
        let labels = line.strip_prefix("orbital_component_info{")?;
        let (_, digest) = labels.split_once("digest=\"")?;
        labels.contains(&format!("component=\"{component}\"")).then(|| digest.split('"').next().unwrap())
    });
    let digests: Vec<&str> = digests.collect();
    assert_eq!(digests.len(), 1, "{digests:?}");
    digests[0].to_owned()
}

/// What `/readyz` says of a component that did not load.
async fn failure(host: &Host, component: &str) -> Option<String> {
    let (status, text) = host.get("/readyz").await;
    assert_eq!(status, 200, "one bad file does not make the host unready: {text}");
    let (_, reason) = text.split_once(&format!("component `{component}` did not load: "))?;
    Some(reason.split("\ncomponent `").next().unwrap().to_owned())
}

#[tokio::test]
async fn a_copied_component_runs_and_its_metrics_appear() {
    let host = Host::builder().start().await;
    let mark = host.deploy("passes");
    host.lines.wait(mark, &["--- PASS: passes/passes"]).await;
    let metrics = host.metrics().await;
    let passed = [("component", "passes"), ("case", "passes"), ("outcome", "pass")];
    assert!(metrics.get("orbital_runs_total", &passed).unwrap() >= 1.0);
    let failed = [("component", "passes"), ("case", "passes"), ("outcome", "fail")];
    assert_eq!(metrics.get("orbital_runs_total", &failed), Some(0.0));
}

#[tokio::test]
async fn a_file_that_is_no_test_is_refused_with_reason_and_fix() {
    let large = vec![0; (1 << 20) + 1];
    let passes = bytes("passes");
    let newer = patched(&guest("passes"), "orbital:test/suite@0.1.0", "orbital:test/suite@0.9.0");
    let files: [(&str, &[u8], &[&str]); 8] = [
        (
            "text",
            b"#!/bin/sh\n",
            &["not WebAssembly: it does not start with", "copy the `.wasm` file that the build made"],
        ),
        ("core", b"\0asm\x01\0\0\0", &["core WebAssembly module, not a component", "`wasm32-wasip2`"]),
        ("hello", &bytes("hello"), &["not a test", "`orbital:test/suite@0.1.0`", "built with an SDK"]),
        ("newer", &newer, &["orbital:test@0.9.0", "orbital:test@0.1.0", "build it with an SDK for 0.1.0"]),
        ("truncated", &passes[..passes.len() / 2], &["broken at byte", "copy it again"]),
        ("empty", b"", &["the file is empty", "copy the `.wasm` file that the build made"]),
        ("bad name", &passes, &["the file's name", "has the character ` `", "rename the file"]),
        ("large", &large, &["1048577 bytes", "`components.max_size` allows 1048576"]),
    ];
    let host = start(Host::builder().components("max_size = \"1MiB\"")).await;
    for (name, content, parts) in files {
        let mark = host.write(name, content);
        let line = host.lines.wait(mark, &["ERROR", "did not load", &format!("component={name} ")]).await;
        let reason = eventually("the page says so", async || failure(&host, name).await).await;
        for part in parts {
            assert!(line.contains(part), "{name}: no `{part}` in the line: {line}");
            assert!(reason.contains(part), "{name}: no `{part}` in the page: {reason}");
        }
        assert!(line.contains(&format!("{name}.wasm")), "{line}");
        assert!(!line.contains("keeps running"), "there is no version before it: {line}");
        assert_eq!(loads(&host, name).await, [Some(0.0), Some(1.0), Some(1.0)], "{name}");
    }
    host.assert_passes_is_undisturbed().await;
    // Each is reported only once.
    assert_eq!(host.lines.find(0, &["did not load"]).len(), files.len(), "{}", host.lines.text());
}

#[tokio::test]
async fn a_file_that_did_not_load_runs_once_it_is_made_good_and_is_forgotten_once_it_is_removed() {
    let host = start(Host::builder()).await;
    for name in ["healed", "removed"] {
        let mark = host.write(name, b"nonsense");
        host.lines.wait(mark, &["did not load", &format!("component={name} ")]).await;
    }
    let mark = host.deploy_as("passes", "healed");
    host.lines.wait(mark, &["--- PASS: healed/passes"]).await;
    assert_eq!(loads(&host, "healed").await, [Some(1.0), Some(1.0), Some(0.0)]);
    assert_eq!(failure(&host, "healed").await, None);

    std::fs::remove_file(host.file("removed")).unwrap();
    host.lines.wait(mark, &["removed", "component=removed"]).await;
    eventually("the page forgets it", async || failure(&host, "removed").await.is_none().then_some(())).await;
    assert_eq!(loads(&host, "removed").await, [None, None, None]);
    host.assert_passes_is_undisturbed().await;
}

#[tokio::test]
async fn a_copy_is_not_loaded_before_it_is_whole_however_slow_it_is() {
    let host = start(Host::builder()).await;
    let content = bytes("passes");
    let mark = host.lines.mark();
    let mut file = File::create(host.file("slow")).unwrap();
    for part in content.chunks(content.len() / 4 + 1) {
        file.write_all(part).unwrap();
        // The time that passes is the thing: a slow copy, slower than a file takes to count as unchanged.
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    assert!(host.lines.find(mark, &["component=slow"]).is_empty(), "{}", host.lines.text());
    drop(file);
    host.lines.wait(mark, &["--- PASS: slow/passes"]).await;
    assert!(host.lines.find(mark, &["did not load"]).is_empty(), "{}", host.lines.text());

    // Runs are printed to standard output, and the log is another stream: its line may come after the run.
    host.lines.wait(mark, &[" loaded", "component=slow "]).await;

    // The same over a version that runs, which goes on meanwhile.
    let content = rebuilt("passes");
    let mark = host.lines.mark();
    let mut file = File::create(host.file("slow")).unwrap();
    for part in content.chunks(content.len() / 4 + 1) {
        file.write_all(part).unwrap();
        // As above.
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    assert!(host.lines.find(mark, &["component=slow"]).is_empty(), "{}", host.lines.text());
    host.lines.wait(mark, &["--- PASS: slow/passes"]).await;
    drop(file);
    host.lines.wait(mark, &["loaded", "component=slow ", "replaced="]).await;
    assert!(host.lines.find(mark, &["did not load"]).is_empty(), "{}", host.lines.text());
    host.assert_passes_is_undisturbed().await;
}

#[tokio::test]
async fn a_file_that_is_renamed_into_place_runs_and_its_temporary_name_is_never_looked_at() {
    let host = start(Host::builder()).await;
    for (version, content) in [("first", bytes("passes")), ("second", rebuilt("passes"))] {
        let temporary = host.components.join(".synced.wasm.x7Yz1Q");
        let mark = host.lines.mark();
        let mut file = File::create(&temporary).unwrap();
        for part in content.chunks(content.len() / 2 + 1) {
            file.write_all(part).unwrap();
            // The copy takes its time, as one over the network does: time in which it must not be touched.
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        drop(file);
        std::fs::rename(&temporary, host.file("synced")).unwrap();
        let loaded = host.lines.wait(mark, &["loaded", "component=synced "]).await;
        assert_eq!(loaded.contains("replaced="), version == "second", "{loaded}");
        host.lines.wait(mark, &["--- PASS: synced/passes"]).await;
    }
    assert!(host.lines.find(0, &["x7Yz1Q"]).is_empty(), "{}", host.lines.text());
    assert!(host.lines.find(0, &["did not load"]).is_empty(), "{}", host.lines.text());
    assert_eq!(loads(&host, "synced").await, [Some(2.0), Some(0.0), Some(0.0)]);
    host.assert_passes_is_undisturbed().await;
}

#[tokio::test]
async fn a_file_that_is_renamed_is_another_component() {
    let host = Host::builder().start().await;
    let mark = host.deploy_as("passes", "before");
    host.lines.wait(mark, &["--- PASS: before/passes"]).await;
    std::fs::rename(host.file("before"), host.file("after")).unwrap();
    host.lines.wait(mark, &["removed", "component=before"]).await;
    host.lines.wait(mark, &["--- PASS: after/passes"]).await;
    assert!(!host.metrics().await.text().contains("component=\"before\""));
}

#[tokio::test]
async fn other_files_and_directories_are_ignored() {
    let host = start(Host::builder()).await;
    let passes = bytes("passes");
    let ignored =
        [".hidden.wasm", "passes.wasm~", "noted.txt", "noted.wasm.part", "upper.WASM", "bare", ".wasm"];
    let mark = host.lines.mark();
    for name in ignored {
        std::fs::write(host.components.join(name), &passes).unwrap();
    }
    std::fs::create_dir(host.components.join("folder.wasm")).unwrap();
    std::fs::create_dir(host.components.join("nested")).unwrap();
    std::fs::write(host.components.join("nested/inner.wasm"), &passes).unwrap();
    symlink("nowhere", host.file("dangling")).unwrap();
    // Copied after them, so they have been looked at when it runs.
    host.deploy_as("passes", "last");
    host.lines.wait(mark, &["--- PASS: last/passes"]).await;
    host.assert_passes_is_undisturbed().await;
    for name in ["hidden", "noted", "upper", "bare", "folder", "nested", "inner", "dangling"] {
        assert!(host.lines.find(mark, &[name]).is_empty(), "{}", host.lines.text());
        assert!(!host.metrics().await.text().contains(name));
    }
    assert_eq!(host.get("/readyz").await.1, "ready: 2 components\n");
    assert_eq!(loads(&host, "passes").await, [Some(1.0), Some(0.0), Some(0.0)]);
}

#[tokio::test]
async fn a_broken_upload_keeps_the_old_version_running() {
    let host = start(Host::builder()).await;
    let mark = host.deploy_as("passes", "shop");
    let old = digest(&host.lines.wait(mark, &["loaded", "component=shop "]).await, "digest");
    let passes = bytes("passes");

    let mark = host.write("shop", &passes[..passes.len() / 2]);
    let line = host.lines.wait(mark, &["ERROR", "did not load", "component=shop "]).await;
    for part in ["broken at byte", "the last valid version", &old, "keeps running"] {
        assert!(line.contains(part), "no `{part}` in: {line}");
    }
    host.lines.wait_n(host.lines.mark(), 2, &["--- PASS: shop/passes"]).await;
    assert_eq!(loads(&host, "shop").await, [Some(1.0), Some(1.0), Some(1.0)]);
    assert!(running(&host, "shop").await.starts_with(&old));
    assert!(failure(&host, "shop").await.unwrap().contains("broken at byte"));
    host.assert_passes_is_undisturbed().await;

    let mark = host.write("shop", &rebuilt("passes"));
    let line = host.lines.wait(mark, &["loaded", "component=shop "]).await;
    assert_eq!(digest(&line, "replaced"), old);
    let new = digest(&line, "digest");
    eventually("the page is clean", async || failure(&host, "shop").await.is_none().then_some(())).await;
    assert_eq!(loads(&host, "shop").await, [Some(2.0), Some(1.0), Some(0.0)]);
    assert!(running(&host, "shop").await.starts_with(&new));
    host.lines.wait(mark, &["--- PASS: shop/passes"]).await;
}

#[tokio::test]
async fn the_old_version_copied_again_heals_a_broken_upload() {
    let host = start(Host::builder()).await;
    let mark = host.deploy_as("passes", "shop");
    host.lines.wait(mark, &["--- PASS: shop/passes"]).await;
    let mark = host.write("shop", b"nonsense");
    host.lines.wait(mark, &["did not load", "component=shop "]).await;
    let mark = host.deploy_as("passes", "shop");
    eventually("the page is clean", async || failure(&host, "shop").await.is_none().then_some(())).await;
    eventually("the metric is 0", async || (loads(&host, "shop").await[2] == Some(0.0)).then_some(())).await;
    host.lines.wait(mark, &["--- PASS: shop/passes"]).await;
    host.assert_passes_is_undisturbed().await;
}

#[tokio::test]
async fn a_run_in_flight_finishes_on_the_version_it_started_with() {
    let mut api = Api::start().await;
    let host = start(Host::builder().sections(&target(&api))).await;
    host.deploy_as("long_run", "shop");
    let first = accept(api.next().await);
    assert_eq!(first["version"], "version 1");

    let mark = host.deploy_as("long_run_v2", "shop");
    host.lines.wait(mark, &["loaded", "component=shop ", "replaced="]).await;
    host.assert_passes_is_undisturbed().await;
    assert!(host.lines.find(0, &["--- ", "shop/long"]).is_empty(), "it still waits:\n{}", host.lines.text());
    host.deliver(&first).await;
    host.lines.wait(mark, &["--- PASS: shop/long"]).await;

    let second = accept(api.next().await);
    assert_eq!(second["version"], "version 2");
    let mark = host.lines.mark();
    host.deliver(&second).await;
    host.lines.wait(mark, &["--- PASS: shop/long"]).await;
    host.assert_passes_is_undisturbed().await;
}

#[tokio::test]
async fn a_run_that_outlasts_the_grace_time_of_its_replaced_or_removed_version_is_cancelled() {
    let mut api = Api::start().await;
    let host =
        Host::builder().with("passes").sections(&target(&api)).components("grace = \"300ms\"").start().await;
    let mark = host.deploy_as("long_run", "shop");
    assert_eq!(accept(api.next().await)["version"], "version 1");
    host.deploy_as("long_run_v2", "shop");
    host.lines.wait(mark, &["--- CANCELLED: shop/long"]).await;
    host.lines.wait(mark, &["the component was replaced or removed", "the grace time", "ran out"]).await;

    // That it was cut short says nothing of the system under test.
    let metrics = host.metrics().await;
    let of_case = [("component", "shop"), ("case", "long")];
    assert_eq!(metrics.get("orbital_case_up", &of_case), None);
    let outcomes = |outcome| [("component", "shop"), ("case", "long"), ("outcome", outcome)];
    assert_eq!(metrics.get("orbital_runs_total", &outcomes("cancelled")), Some(1.0));
    for outcome in ["pass", "fail", "timeout", "error"] {
        assert_eq!(metrics.get("orbital_runs_total", &outcomes(outcome)), Some(0.0), "{outcome}");
    }

    // The new version runs, and is cancelled too when its file is removed.
    let event = accept(api.next().await);
    assert_eq!(event["version"], "version 2");
    let mark = host.lines.mark();
    std::fs::remove_file(host.file("shop")).unwrap();
    host.lines.wait(mark, &["--- CANCELLED: shop/long"]).await;
    // What comes for it now is late, and harms nobody.
    host.deliver(&event).await;
    assert_eq!(host.metrics().await.get("orbital_deliveries_total", &[("result", "late")]), Some(1.0));
    host.assert_passes_is_undisturbed().await;
}

#[tokio::test]
async fn a_removed_component_runs_no_more_and_its_series_vanish_for_good() {
    let mut api = Api::start().await;
    let host = start(Host::builder().sections(&target(&api))).await;
    let mark = host.deploy_as("long_run", "shop");
    let event = accept(api.next().await);
    host.deliver(&event).await;
    host.lines.wait(mark, &["--- PASS: shop/long"]).await;
    let event = accept(api.next().await);
    let metrics = host.metrics().await;
    let up = metrics.get("orbital_case_up", &[("component", "shop"), ("case", "long")]);
    assert_eq!(up, Some(1.0));
    let info = metrics.get("orbital_case_info", &[("component", "shop"), ("schedule", "every 200ms")]);
    assert_eq!(info, Some(1.0));

    let mark = host.lines.mark();
    std::fs::remove_file(host.file("shop")).unwrap();
    host.lines.wait(mark, &["removed", "component=shop"]).await;
    let metrics = host.metrics().await;
    assert!(!metrics.text().contains("component=\"shop\""), "{}", metrics.text());

    // The run in flight finishes within its grace time; that does not bring the series back.
    host.deliver(&event).await;
    host.lines.wait(mark, &["--- PASS: shop/long"]).await;
    host.assert_passes_is_undisturbed().await;
    let metrics = host.metrics().await;
    assert!(!metrics.text().contains("component=\"shop\""), "{}", metrics.text());
    assert_eq!(host.lines.find(mark, &["--- ", "shop/long"]).len(), 1, "{}", host.lines.text());

    // Copied again, it starts from zero.
    let mark = host.deploy_as("long_run_v2", "shop");
    let event = accept(api.next().await);
    assert_eq!(event["version"], "version 2", "nothing ran in between");
    let line = host.lines.wait(mark, &["loaded", "component=shop "]).await;
    assert!(!line.contains("replaced="), "{line}");
    host.deliver(&event).await;
    host.lines.wait(mark, &["--- PASS: shop/long"]).await;
    let passed = [("component", "shop"), ("case", "long"), ("outcome", "pass")];
    assert_eq!(host.metrics().await.get("orbital_runs_total", &passed), Some(1.0));
    assert_eq!(loads(&host, "shop").await, [Some(1.0), Some(0.0), Some(0.0)]);
    host.assert_passes_is_undisturbed().await;
}

#[tokio::test]
async fn a_directory_that_is_not_there_is_told_at_the_start() {
    let file = config(
        "[components]\ndirectory = \"/nowhere/components\"\n[webhook]\nlisten = \"127.0.0.1:0\"\n[admin]\nlisten = \
         \"127.0.0.1:0\"\n",
    );
    let finished = orbital(["serve".as_ref(), "--config".as_ref(), file.path().as_os_str()]).await;
    assert_eq!(finished.code, 2, "{finished:?}");
    for part in ["`/nowhere/components`", "create it", "`components.directory`"] {
        assert!(finished.stderr.contains(part), "no `{part}` in: {}", finished.stderr);
    }
}

#[tokio::test]
async fn a_directory_that_vanishes_takes_nothing_down_and_is_watched_again_when_it_is_back() {
    let host = start(Host::builder()).await;
    let mark = host.lines.mark();
    // As a mount vanishes: whole. One that is emptied first undeploys what was in it.
    std::fs::rename(&host.components, host.directory().join("elsewhere")).unwrap();
    let line = host.lines.wait(mark, &["ERROR", "the directory of components is unavailable"]).await;
    assert!(line.contains("deployed components keep running"), "{line}");
    host.assert_passes_is_undisturbed().await;

    std::fs::create_dir(&host.components).unwrap();
    host.deploy("passes");
    host.lines.wait(mark, &["is available again"]).await;
    let mark = host.deploy_as("passes", "late");
    host.lines.wait(mark, &["--- PASS: late/passes"]).await;
    host.assert_passes_is_undisturbed().await;
}

/// On most file systems, a directory that is deleted and created again at once has the inode of the old one. It must
/// still be watched again: without its events, the host does not know that a file is still open.
#[tokio::test]
async fn a_slow_copy_into_a_directory_that_was_made_anew_is_not_loaded_before_it_is_whole() {
    let host = start(Host::builder()).await;
    let mark = host.lines.mark();
    std::fs::remove_dir_all(&host.components).unwrap();
    std::fs::create_dir(&host.components).unwrap();
    // Whether it saw the old one empty depends on when it looked; it has seen the new one.
    eventually("the other directory is seen", async || {
        let seen = ["removed component=passes", "the directory of components is unavailable"];
        seen.iter().any(|seen| !host.lines.find(mark, &[seen]).is_empty()).then_some(())
    })
    .await;
    copy_slowly(&host, mark).await;
}

/// The copy begins before the host knows about the new directory, so that no event reports it.
#[tokio::test]
async fn a_slow_copy_that_began_before_the_host_saw_the_directory_is_not_loaded_before_it_is_whole() {
    let host = start(Host::builder()).await;
    let mark = host.lines.mark();
    std::fs::remove_file(host.file("passes")).unwrap();
    host.lines.wait(mark, &["removed", "component=passes"]).await;
    std::fs::remove_dir(&host.components).unwrap();
    std::fs::create_dir(&host.components).unwrap();
    copy_slowly(&host, mark).await;
}

/// Copies `passes` as `slow`, which must run, and must not be taken for broken.
async fn copy_slowly(host: &Host, mark: usize) {
    let content = bytes("passes");
    let mut file = File::create(host.file("slow")).unwrap();
    for part in content.chunks(content.len() / 4 + 1) {
        file.write_all(part).unwrap();
        // The time that passes is the thing: a slow copy, slower than the host looks at a directory by itself.
        tokio::time::sleep(Duration::from_millis(1500)).await;
    }
    drop(file);
    host.lines.wait(mark, &["--- PASS: slow/passes"]).await;
    assert!(host.lines.find(mark, &["did not load"]).is_empty(), "{}", host.lines.text());
}

#[tokio::test]
async fn the_same_content_copied_or_touched_again_is_not_another_version() {
    let host = start(Host::builder().components("external_links = true")).await;
    let mark = host.deploy_as("passes", "shop");
    host.lines.wait(mark, &["--- PASS: shop/passes"]).await;

    // The host looks at files in the order in which they were changed, and at a link without events only after
    // a while: when these two have been loaded, `shop` has been taken up again twice.
    host.deploy_as("passes", "shop");
    let copied = host.deploy_as("passes", "second");
    host.lines.wait(copied, &["loaded", "component=second "]).await;
    File::open(host.file("shop")).unwrap().set_modified(SystemTime::now()).unwrap();
    symlink(guest("passes"), host.file("third")).unwrap();
    host.lines.wait(copied, &["loaded", "component=third "]).await;

    // One name is never loaded twice at once: whatever came of it was told before this.
    let mark = host.write("shop", &rebuilt("passes"));
    host.lines.wait(mark, &["loaded", "component=shop ", "replaced="]).await;
    assert_eq!(host.lines.find(0, &["loaded", "component=shop "]).len(), 2, "{}", host.lines.text());
    assert_eq!(loads(&host, "shop").await, [Some(2.0), Some(0.0), Some(0.0)]);
    host.assert_passes_is_undisturbed().await;
}

/// When the host hears that the one copy was closed, the next one may have emptied the file already.
#[tokio::test]
async fn copies_in_quick_succession_are_never_taken_for_broken() {
    let host = start(Host::builder()).await;
    let versions = [bytes("passes"), rebuilt("passes")];
    let mark = host.lines.mark();
    for _ in 0..100 {
        for version in &versions {
            host.write("shop", version);
        }
    }
    std::fs::remove_file(host.file("shop")).unwrap();
    host.lines.wait(mark, &["removed", "component=shop"]).await;
    assert!(host.lines.find(mark, &["did not load"]).is_empty(), "{}", host.lines.text());
    host.assert_passes_is_undisturbed().await;
}

/// Builds that can be repeated set the times of their files to a constant, and small changes often keep the size.
#[tokio::test]
async fn another_version_of_the_same_size_and_time_is_noticed() {
    let host = start(Host::builder()).await;
    let (file, mark) = (host.file("shop"), host.lines.mark());
    let put = |content: Vec<u8>| {
        let mut file = File::create(&file).unwrap();
        file.write_all(&content).unwrap();
        file.set_modified(SystemTime::UNIX_EPOCH).unwrap();
    };
    put(bytes("passes"));
    host.lines.wait(mark, &["--- PASS: shop/passes"]).await;
    // A host that gets no time for a moment sees the beginning and the end of the copy at once.
    let process = Pid::from_raw(host.id()).unwrap();
    kill_process(process, Signal::STOP).unwrap();
    put(patched(&guest("passes"), "hello from passes", "HELLO FROM PASSES"));
    kill_process(process, Signal::CONT).unwrap();
    host.lines.wait(mark, &["loaded", "component=shop ", "replaced="]).await;
    host.assert_passes_is_undisturbed().await;
}

/// So does Kubernetes with a ConfigMap: files are links through a link that is swapped.
#[tokio::test]
async fn a_link_that_is_swapped_is_another_version() {
    let host = start(Host::builder()).await;
    for (folder, content) in [("..v1", bytes("passes")), ("..v2", rebuilt("passes"))] {
        std::fs::create_dir(host.components.join(folder)).unwrap();
        std::fs::write(host.components.join(folder).join("shop.wasm"), content).unwrap();
    }
    symlink("..v1", host.components.join("..data")).unwrap();
    let mark = host.lines.mark();
    symlink("..data/shop.wasm", host.file("shop")).unwrap();
    host.lines.wait(mark, &["--- PASS: shop/passes"]).await;
    symlink("..v2", host.components.join("..data_tmp")).unwrap();
    std::fs::rename(host.components.join("..data_tmp"), host.components.join("..data")).unwrap();
    host.lines.wait(mark, &["loaded", "component=shop ", "replaced="]).await;
    assert!(host.lines.find(0, &["removed"]).is_empty(), "{}", host.lines.text());
    host.assert_passes_is_undisturbed().await;
}

#[tokio::test]
async fn the_first_run_comes_at_once_after_a_deploy_and_after_a_change_but_not_after_a_restart() {
    let host = start(Host::builder().with("rarely")).await;
    host.assert_passes_is_undisturbed().await;
    assert!(host.lines.find(0, &["--- ", "rarely/rarely"]).is_empty(), "{}", host.lines.text());

    let mark = host.deploy_as("rarely", "deployed");
    host.lines.wait(mark, &["--- PASS: deployed/rarely"]).await;
    let changed = rebuilt("rarely");
    let mark = host.write("deployed", &changed);
    host.lines.wait(mark, &["--- PASS: deployed/rarely"]).await;
    let mark = host.write("rarely", &changed);
    host.lines.wait(mark, &["--- PASS: rarely/rarely"]).await;
    host.assert_passes_is_undisturbed().await;
    for (id, runs) in [("deployed/rarely", 2), ("rarely/rarely", 1)] {
        assert_eq!(host.lines.find(0, &["--- ", id]).len(), runs, "{}", host.lines.text());
    }
}

/// Only what was there at the start waits for its tick.
#[tokio::test]
async fn the_first_run_comes_at_once_after_a_deploy_while_the_host_is_not_ready_yet() {
    let host = Host::builder().with_as("hostile/cases_sleeps", "cases_sleeps").while_loading().start().await;
    let mark = host.deploy("rarely");
    host.lines.wait(mark, &["loaded", "component=rarely "]).await;
    assert!(host.lines.find(0, &[" ready "]).is_empty(), "{}", host.lines.text());
    host.lines.wait(mark, &["--- PASS: rarely/rarely"]).await;
}

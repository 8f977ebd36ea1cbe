//! Settings that change while the host runs: they act without a restart, and a broken file changes nothing.

use std::path::Path;

use axum::Json;
use axum::http::StatusCode;
use orbital_tests::{Api, Host, client, eventually};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tempfile::TempDir;

const READ_AGAIN: &str = "the configuration was read again";

const DOES_NOT_ACT: &str = "the configuration on disk is invalid; using the last valid one";

/// Replaces a file at once, so that nobody reads half of it.
fn replace(path: &Path, text: &str) {
    let new = path.with_extension("new");
    std::fs::write(&new, text).unwrap();
    std::fs::rename(&new, path).unwrap();
}

/// Returns the content of `orbital.toml`.
fn text(host: &Host) -> String {
    std::fs::read_to_string(host.config()).unwrap()
}

/// Replaces the file `orbital.toml` and has it read at once, whether or not the host noticed; gives the mark before
/// it.
fn rewrite(host: &Host, text: &str) -> usize {
    let mark = host.lines.mark();
    replace(&host.config(), text);
    hang_up(host);
    mark
}

fn hang_up(host: &Host) {
    kill_process(Pid::from_raw(host.id()).unwrap(), Signal::HUP).unwrap();
}

/// Replaces a part of `orbital.toml` and waits until it acts; gives the line about it.
async fn change(host: &Host, from: &str, to: &str) -> String {
    let before = text(host);
    assert!(before.contains(from), "no `{from}` in:\n{before}");
    let mark = rewrite(host, &before.replace(from, to));
    host.lines.wait(mark, &[READ_AGAIN]).await
}

/// Adds sections to `orbital.toml` and waits until they act; gives the line about it.
async fn add(host: &Host, sections: &str) -> String {
    let mark = rewrite(host, &format!("{}\n{sections}\n", text(host)));
    host.lines.wait(mark, &[READ_AGAIN]).await
}

/// Breaks the file `orbital.toml` and waits until that is said; gives the line.
async fn break_it(host: &Host, text: &str) -> String {
    let mark = rewrite(host, text);
    host.lines.wait(mark, &["ERROR", DOES_NOT_ACT]).await
}

/// Whether the configuration on disk acts, as the page says.
async fn successful(host: &Host) -> Option<f64> {
    host.metrics().await.get("orbital_config_last_reload_successful", &[])
}

async fn runs(host: &Host) -> f64 {
    host.metrics().await.sum("orbital_runs_total", &[("component", "passes")])
}

async fn paused(host: &Host) -> f64 {
    let labels = [("component", "passes"), ("reason", "paused")];
    host.metrics().await.get("orbital_runs_skipped_total", &labels).unwrap_or(0.0)
}

/// Waits until the case is skipped so many times more.
async fn skipped_again(host: &Host, times: f64) {
    let before = paused(host).await;
    eventually("it is skipped", async || (paused(host).await >= before + times).then_some(())).await;
}

/// A host on which `tells` runs, against this system under test.
async fn telling(sections: &str, api: &Api) -> Host {
    let target = format!("[targets.api]\nurl = {:?}\ntimeout = \"50s\"", api.url);
    Host::builder().sections(&format!("{sections}\n{target}")).with("tells").start().await
}

/// Answers what `tells` tells until it tells this.
async fn told(api: &mut Api, expected: impl Fn(&Value) -> bool) -> Value {
    loop {
        let call = api.next_to("/told").await;
        let value = call.json();
        call.answer(());
        if expected(&value) {
            return value;
        }
    }
}

/// Answers what `tells` tells until it comes with this value of the header `authorization`.
async fn authorized(api: &mut Api, expected: &str) {
    loop {
        let call = api.next_to("/told").await;
        call.answer(());
        if call.header("authorization") == expected {
            return;
        }
    }
}

#[tokio::test]
async fn a_case_can_be_paused_and_goes_on_and_no_counter_is_lost() {
    let host = Host::builder().with("passes").start().await;
    host.lines.wait_n(0, 3, &["--- PASS: passes/passes"]).await;
    let before = text(&host);
    add(&host, "[[override]]\ncases = \"passes/*\"\npaused = \"moving\"").await;
    // Once one is skipped, no more begin; the last one that did has a second's time to end.
    skipped_again(&host, 5.0).await;
    let still = runs(&host).await;
    assert!(still >= 3.0, "the counter goes on: {still}");
    skipped_again(&host, 5.0).await;
    assert_eq!(runs(&host).await, still, "nothing runs");

    let skipped = paused(&host).await;
    let mark = rewrite(&host, &before);
    host.lines.wait(mark, &[READ_AGAIN]).await;
    host.lines.wait_n(host.lines.mark(), 3, &["--- PASS: passes/passes"]).await;
    assert!(runs(&host).await >= still + 3.0);
    assert!(paused(&host).await >= skipped);
    let loads = [("component", "passes"), ("result", "loaded")];
    assert_eq!(host.metrics().await.get("orbital_component_loads_total", &loads), Some(1.0));
}

#[tokio::test]
async fn a_schedule_can_be_given_and_taken_away() {
    let host = Host::builder().with("manual").with("passes").start().await;
    let before = text(&host);
    add(&host, "[[override]]\ncases = \"manual/*\"\nevery = \"100ms\"").await;
    host.lines.wait_n(0, 2, &["--- PASS: manual/manual"]).await;
    let mark = rewrite(&host, &before);
    host.lines.wait(mark, &[READ_AGAIN]).await;
    // One that had begun may still end.
    host.lines.wait_n(host.lines.mark(), 5, &["--- PASS: passes/passes"]).await;
    let mark = host.lines.mark();
    host.lines.wait_n(mark, 5, &["--- PASS: passes/passes"]).await;
    assert!(host.lines.find(mark, &["--- ", "manual/manual"]).is_empty(), "{}", host.lines.text());
}

#[tokio::test]
async fn a_target_can_move() {
    let (mut old, mut new) = (Api::start().await, Api::start().await);
    let host = telling("", &old).await;
    old.next_to("/told").await.answer(());
    change(&host, &old.url, &new.url).await;
    // A run that began before has its old target until it ends.
    drop(old);
    new.next_to("/told").await.answer(());
    new.next_to("/told").await.answer(());
}

#[tokio::test]
async fn a_run_in_flight_keeps_what_it_began_with() {
    let (mut old, mut new) = (Api::start().await, Api::start().await);
    let target = format!("[targets.api]\nurl = {:?}\ntimeout = \"50s\"", old.url);
    let host = Host::builder().sections(&target).with("relays").start().await;
    let event = old.next_to("/events").await;
    change(&host, &old.url, &new.url).await;
    event.answer(Json(json!({})));
    host.deliver(&json!({ "id": event.json()["id"] })).await;
    old.next_to("/reports").await.answer(());
    host.lines.wait(0, &["--- PASS: relays/relays"]).await;
    new.next_to("/events").await;
}

#[tokio::test]
async fn environment_configuration_and_public_url_reach_the_next_runs() {
    let mut api = Api::start().await;
    let host = telling("", &api).await;
    let first = told(&mut api, |_| true).await;
    assert_eq!((&first["environment"], &first["plan"]), (&json!(""), &Value::Null));
    assert_eq!(first["webhook"], json!(host.webhook));

    let before = text(&host);
    let with = before.replace("[webhook]", "[webhook]\npublic_url = \"https://hooks.example.com\"");
    rewrite(&host, &format!("environment = \"staging\"\n{with}\n[config.tells]\nplan = \"gold\"\n"));
    let second = told(&mut api, |told| told["environment"] == "staging").await;
    assert_eq!(second["plan"], "gold");
    assert_eq!(second["webhook"], "https://hooks.example.com");

    rewrite(&host, &before);
    let third = told(&mut api, |told| told["environment"] == "").await;
    assert_eq!(third, first);
}

#[tokio::test]
async fn limits_act_on_the_next_runs() {
    let mut api = Api::start().await;
    let host = telling("", &api).await;
    told(&mut api, |_| true).await;
    let waiting = tokio::spawn(async move { told(&mut api, |_| false).await });
    add(&host, "[limits]\nrequests = 0").await;
    host.lines.wait(host.lines.mark(), &["`limits.requests` allows 0"]).await;
    waiting.abort();
}

#[tokio::test]
async fn places_of_keys_can_change() {
    let host = Host::builder().webhook("keys = [{ header = \"x-old\" }]").start().await;
    let without_key = async || {
        let metrics = host.metrics().await;
        metrics.get("orbital_deliveries_total", &[("result", "no_key")]).unwrap()
    };
    let deliver = async || {
        let request = client().post(&host.webhook).header("x-new", "key");
        assert_eq!(request.send().await.unwrap().status(), 200);
    };
    deliver().await;
    assert_eq!(without_key().await, 1.0);
    change(&host, "x-old", "x-new").await;
    deliver().await;
    assert_eq!(without_key().await, 1.0, "its key was found");
}

#[tokio::test]
async fn challenges_and_limits_of_the_webhook_can_change() {
    let host = Host::builder().webhook("max_body = \"1KiB\"").start().await;
    let challenge = async || {
        let url = format!("{}/hooks?challenge=token", host.webhook);
        client().get(url).send().await.unwrap().text().await.unwrap()
    };
    let large = async || {
        let request = client().post(&host.webhook).body(vec![b'x'; 2048]);
        request.send().await.unwrap().status()
    };
    assert_eq!((challenge().await.as_str(), large().await), ("", StatusCode::PAYLOAD_TOO_LARGE));
    let new = "max_body = \"4KiB\"\nchallenges = [{ path = \"/hooks\", query = \"challenge\" }]";
    change(&host, "max_body = \"1KiB\"", new).await;
    assert_eq!((challenge().await.as_str(), large().await), ("token", StatusCode::OK));
}

#[tokio::test]
async fn a_broken_file_changes_nothing_and_is_told_of_until_it_is_repaired() {
    let host = Host::builder().sections("[[override]]\ncases = \"manual/*\"\nevery = \"200ms\"");
    let host = host.with("passes").with("manual").start().await;
    host.lines.wait(0, &["--- PASS: manual/manual"]).await;
    eventually("the page says so", async || (successful(&host).await == Some(1.0)).then_some(())).await;
    let good = text(&host);
    let failures = async || host.get("/readyz").await;

    // Two mistakes, beside something that would act.
    let bad =
        format!("{}\n[scheduler]\nmax_in_flite = 1\nfirst_runs = 0\n", good.replace("manual/*", "passes/*"));
    let line = break_it(&host, &bad).await;
    let (at, what) = (bad.lines().count(), "known here: `max_in_flight`");
    for part in [&format!("line {}:", at - 1), what, &format!("line {at}:"), "`scheduler.first_runs`"] {
        assert!(line.contains(part), "no `{part}` in: {line}");
    }
    assert_eq!(successful(&host).await, Some(0.0));
    let (status, ready) = failures().await;
    assert_eq!(status, 200, "the host works");
    assert!(ready.contains("the configuration on disk is invalid") && ready.contains(what), "{ready}");
    host.lines.wait_n(host.lines.mark(), 2, &["--- PASS: manual/manual"]).await;

    // Broken in another way: not TOML, and gone.
    let line = break_it(&host, "[webhook\n").await;
    assert!(line.contains("line 1:"), "{line}");
    let mark = host.lines.mark();
    std::fs::remove_file(host.config()).unwrap();
    hang_up(&host);
    let line = host.lines.wait(mark, &["ERROR", DOES_NOT_ACT]).await;
    assert!(line.contains("No such file") && line.contains("orbital.toml"), "{line}");
    assert_eq!(successful(&host).await, Some(0.0));
    host.lines.wait_n(host.lines.mark(), 2, &["--- PASS: manual/manual"]).await;

    let mark = rewrite(&host, &good);
    host.lines.wait(mark, &[READ_AGAIN]).await;
    assert_eq!(successful(&host).await, Some(1.0));
    // The page is told last.
    eventually("the host is ready", async || {
        (!failures().await.1.contains("the configuration on disk is invalid")).then_some(())
    })
    .await;
}

#[tokio::test]
async fn the_time_of_the_last_good_configuration_stays_while_the_file_is_broken() {
    let host = Host::builder().start().await;
    let time = async || host.metrics().await.get("orbital_config_last_reload_success_timestamp_seconds", &[]);
    let started = eventually("the time is there", time).await;
    let good = text(&host);
    break_it(&host, "nonsense").await;
    assert_eq!(time().await, Some(started));
    let mark = rewrite(&host, &good);
    host.lines.wait(mark, &[READ_AGAIN]).await;
    assert!(time().await.unwrap() > started);
}

#[tokio::test]
async fn a_hangup_reads_the_file_again_though_it_has_not_changed() {
    let host = Host::builder().with("passes").start().await;
    host.lines.wait(0, &["--- PASS: passes/passes"]).await;
    assert!(host.lines.find(0, &[READ_AGAIN]).is_empty(), "{}", host.lines.text());
    for _ in 0..2 {
        let mark = host.lines.mark();
        hang_up(&host);
        host.lines.wait(mark, &[READ_AGAIN]).await;
    }
    host.lines.wait(host.lines.mark(), &["--- PASS: passes/passes"]).await;
}

#[tokio::test]
async fn a_file_that_changes_is_noticed_without_a_hangup() {
    let mut api = Api::start().await;
    let host = telling("", &api).await;
    // By its second run the host watches its file.
    told(&mut api, |_| true).await;
    told(&mut api, |_| true).await;
    for environment in ["one", "two"] {
        replace(
            &host.config(),
            &format!("environment = {environment:?}\n{}", text(&host).replace("environment", "#")),
        );
        told(&mut api, |told| told["environment"] == environment).await;
        told(&mut api, |_| true).await;
    }
}

/// The host looks at its file for the first time some moment after it has read it.
#[tokio::test]
async fn a_change_right_after_the_start_is_noticed() {
    let host = Host::builder().with("manual").start().await;
    let sections = "[[override]]\ncases = \"manual/*\"\nevery = \"200ms\"";
    replace(&host.config(), &format!("{}\n{sections}\n", text(&host)));
    host.lines.wait(0, &["--- PASS: manual/manual"]).await;
}

#[tokio::test]
async fn a_hangup_takes_what_has_changed_and_ends_nothing() {
    let host = Host::builder().with("manual").start().await;
    let mark = rewrite(&host, &format!("{}\n[[override]]\ncases = \"*\"\nevery = \"200ms\"\n", text(&host)));
    host.lines.wait(mark, &["--- PASS: manual/manual"]).await;
}

#[tokio::test]
async fn what_cannot_change_while_the_host_runs_is_named_and_the_rest_acts() {
    let host = Host::builder().with("manual").start().await;
    let before = text(&host);
    // Another address, and not the private one's, which is the same text.
    let changed = before.replacen("127.0.0.1:0", "127.0.0.2:0", 1)
        + "\n[waiter]\nearly_for = \"1s\"\n[[override]]\ncases = \"manual/*\"\nevery = \"200ms\"\n";
    let mark = rewrite(&host, &changed);
    let line = host.lines.wait(mark, &["WARN", READ_AGAIN]).await;
    assert!(line.contains("need a restart: `waiter`, `webhook.listen`"), "{line}");
    host.lines.wait(mark, &["--- PASS: manual/manual"]).await;
    assert_eq!(successful(&host).await, Some(1.0));
    assert_eq!(client().post(&host.webhook).send().await.unwrap().status(), 200, "it listens where it did");

    // As long as it differs, it is said; and no longer.
    let mark = rewrite(&host, &format!("{changed}# more\n"));
    host.lines.wait(mark, &["WARN", READ_AGAIN, "`webhook.listen`"]).await;
    let mark = rewrite(&host, &before);
    let line = host.lines.wait(mark, &[READ_AGAIN]).await;
    assert!(!line.contains("next start"), "{line}");
}

#[tokio::test]
async fn patterns_that_match_nothing_any_more_are_named_again() {
    let host = Host::builder().with("passes").start().await;
    host.lines.wait(0, &["--- PASS: passes/passes"]).await;
    let mark = rewrite(&host, &format!("{}\n[[override]]\ncases = \"pases/*\"\nretries = 1\n", text(&host)));
    host.lines.wait(mark, &["WARN", "no case matches this pattern", "pases/*"]).await;
}

/// A host on which `tells` runs, with a secret that is in this file.
async fn with_secret(file: &Path, api: &Api) -> Host {
    let sections = format!(
        "[secrets.token]\nfile = {file:?}\n[targets.api]\nurl = {:?}\ntimeout = \"50s\"\n\
         headers = {{ authorization = \"Bearer ${{secret.token}}\" }}",
        api.url
    );
    Host::builder().sections(&sections).with("tells").start().await
}

#[tokio::test]
async fn a_secret_whose_file_changes_is_sent_with_its_new_value() {
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("token");
    std::fs::write(&file, "the-old-one\n").unwrap();
    let mut api = Api::start().await;
    let host = with_secret(&file, &api).await;
    authorized(&mut api, "Bearer the-old-one").await;
    replace(&file, "the-new-one\n");
    authorized(&mut api, "Bearer the-new-one").await;
    let said = host.lines.text();
    assert!(!said.contains("the-old-one") && !said.contains("the-new-one"), "{said}");
}

#[tokio::test]
async fn a_secret_that_is_gone_is_named_and_the_last_good_settings_go_on() {
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("token");
    std::fs::write(&file, "the-old-one").unwrap();
    let mut api = Api::start().await;
    let host = with_secret(&file, &api).await;
    authorized(&mut api, "Bearer the-old-one").await;
    let mark = host.lines.mark();
    std::fs::remove_file(&file).unwrap();
    let line = {
        let serving = async {
            loop {
                authorized(&mut api, "Bearer the-old-one").await;
            }
        };
        tokio::select! {
            line = host.lines.wait(mark, &["ERROR", DOES_NOT_ACT]) => line,
            () = serving => unreachable!(),
        }
    };
    assert!(line.contains("secret `token`") && line.contains(file.to_str().unwrap()), "{line}");
    assert_eq!(successful(&host).await, Some(0.0));
    for _ in 0..3 {
        let call = api.next_to("/told").await;
        assert_eq!(call.header("authorization"), "Bearer the-old-one");
        call.answer(());
    }
    // An empty one is as bad, and a new one repairs it.
    let mark = host.lines.mark();
    replace(&file, "\n");
    hang_up(&host);
    host.lines.wait(mark, &["ERROR", DOES_NOT_ACT, "secret `token` is empty"]).await;
    replace(&file, "the-new-one");
    hang_up(&host);
    authorized(&mut api, "Bearer the-new-one").await;
    eventually("the page says so", async || (successful(&host).await == Some(1.0)).then_some(())).await;
}

/// Makes a link lead elsewhere at once, as Kubernetes does with `..data`.
fn relink(link: &Path, to: &str) {
    let new = link.parent().unwrap().join("new-link");
    std::os::unix::fs::symlink(to, &new).unwrap();
    std::fs::rename(&new, link).unwrap();
}

#[tokio::test]
async fn files_that_are_swapped_by_a_link_to_their_directory_are_noticed() {
    let mut api = Api::start().await;
    let directory = TempDir::new().unwrap();
    let path = directory.path();
    for (version, token) in [("..v1", "the-old-one"), ("..v2", "the-new-one")] {
        std::fs::create_dir(path.join(version)).unwrap();
        std::fs::write(path.join(version).join("token"), token).unwrap();
    }
    relink(&path.join("..data"), "..v1");
    std::os::unix::fs::symlink("..data/token", path.join("token")).unwrap();
    let host = with_secret(&path.join("token"), &api).await;
    authorized(&mut api, "Bearer the-old-one").await;

    // The secret by itself.
    relink(&path.join("..data"), "..v2");
    authorized(&mut api, "Bearer the-new-one").await;

    // The file of settings: first it becomes a link, then the link's directory is another one.
    let first = text(&host);
    std::fs::write(path.join("..v1/orbital.toml"), &first).unwrap();
    let second = format!("environment = \"second\"\n{first}");
    std::fs::write(path.join("..v2/orbital.toml"), &second).unwrap();
    relink(&path.join("..data"), "..v1");
    let link = host.config().with_extension("link");
    std::os::unix::fs::symlink(path.join("..data/orbital.toml"), &link).unwrap();
    std::fs::rename(&link, host.config()).unwrap();
    authorized(&mut api, "Bearer the-old-one").await;
    relink(&path.join("..data"), "..v2");
    told(&mut api, |told| told["environment"] == "second").await;
}

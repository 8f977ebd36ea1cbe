//! Tests that mean harm, and the one beside them, which must not notice.
//!
//! Each attack is a small component of `tests/hostile`. What it ends as, and what it is told, stands in a table; a host is
//! under all attacks of a table at once, several times.

mod nesting;
mod siege;

use axum::Router;
use axum::http::{StatusCode, header};
use orbital_tests::{Api, Host, crafted, crowded, eventually, importing, serve};
use rustix::process::{Pid, Signal, kill_process};

use self::siege::{Attack, Siege};

/// How many bytes a message, a page or a line may have, whatever a guest says.
const SENSIBLE: usize = 20_000;

const fn error(component: &'static str, case: &'static str, parts: &'static [&'static str]) -> Attack {
    Attack { component, case, outcome: "error", parts }
}

const fn passes(component: &'static str, case: &'static str, parts: &'static [&'static str]) -> Attack {
    Attack { component, case, outcome: "pass", parts }
}

/// An attack in text.
const fn breaks(component: &'static str, parts: &'static [&'static str]) -> Attack {
    error(component, "attack", parts)
}

/// Ends attacks that compute forever.
const SHORT: &str = "[limits]\ncpu = \"300ms\"";

#[tokio::test]
async fn who_computes_for_ever_is_ended() {
    let cpu = &["`limits.cpu` allows 300ms"];
    let attacks = [
        error("hostile/computes", "spins", cpu),
        error("hostile/computes", "recurses", &["stack exhausted"]),
        error("hostile/computes", "asks-for-ever", cpu),
        breaks("run_loops_in_realloc", cpu),
        breaks("run_loops_after_its_end", cpu),
        breaks("run_fills_memory", cpu),
    ];
    Siege::lay(SHORT, &attacks).await.run().await;
}

#[tokio::test]
async fn who_takes_too_much_is_ended() {
    let toml = "[limits]\nmemory = \"128MiB\"\n";
    let memory = &["`limits.memory` allows 134217728 bytes"];
    let kept = &["`limits.host_memory` allows 33554432 bytes"];
    let handles = &["`limits.handles` allows 1000", "asked for 1001"];
    let attacks = [
        error("hostile/hoards", "memory", memory),
        error("hostile/hoards", "timers", handles),
        error("hostile/hoards", "streams", handles),
        error("hostile/hoards", "header-sets", handles),
        error("hostile/hoards", "headers", &["header"]),
        error("hostile/hoards", "polls", handles),
        error("hostile/hoards", "random", &["requested len 1099511627776 exceeds limit 65536"]),
        error("hostile/hoards", "expectations", &["`limits.expectations` allows 1000", "asked for 1001"]),
        error("hostile/hoards", "replies", kept),
        passes("hostile/hoards", "steps", &[]),
        error("hostile/hoards", "samples", &["`limits.metric_samples` allows 10000"]),
        breaks("run_grows_memory", memory),
        breaks("run_takes_page_by_page", memory),
        passes("run_grows_tables", "attack", &[]),
        error("hostile/lists", "events", kept),
        error("hostile/lists", "some-events", &["`limits.requests` allows 1000", "asked for 50000"]),
        error("hostile/lists", "keys", &["`limits.expectations` allows 1000", "asked for 1000000"]),
        error("hostile/lists", "same-key", &["`limits.expectations` allows 1000"]),
        passes("hostile/lists", "labels", &[]),
        passes("hostile/lists", "headers", &[]),
        passes("hostile/lists", "headers-of-a-reply", &[]),
        breaks("waits_for_a_million", &["`limits.expectations` allows 1000"]),
        breaks("labels_without_end", kept),
        error("hostile/requests", "in-flight", &["`limits.requests_in_flight` allows 32", "asked for 33"]),
        error("hostile/requests", "events", &["`limits.requests` allows 1000"]),
        passes("hostile/requests", "body", &[]),
    ];
    Siege::lay(toml, &attacks).await.run().await;
}

#[tokio::test]
async fn who_says_too_much_is_ended_and_what_is_said_of_it_is_short() {
    let lines = &["`limits.log_lines` allows 2000"];
    let bytes = &["`limits.log_bytes` allows 262144 bytes"];
    let attacks = [
        error("hostile/chatters", "lines", lines),
        error("hostile/chatters", "one-line", bytes),
        error("hostile/chatters", "stdout-without-breaks", bytes),
        error("hostile/chatters", "stderr-without-breaks", bytes),
        error("hostile/chatters", "empty-lines", lines),
        error("hostile/chatters", "reasons", lines),
        error("hostile/chatters", "one-reason", bytes),
        error("hostile/chatters", "returned-reason", bytes),
        error("hostile/chatters", "empty-fields", bytes),
        passes("hostile/misnames", "misnames", &[]),
        breaks("log_of_64_mib", &["`limits.host_memory`"]),
        breaks("run_fails_with_everything", &["`limits.host_memory`"]),
    ];
    Siege::lay("", &attacks).await.run().await;
}

#[tokio::test]
async fn what_does_not_fit_the_contract_is_told_at_the_border() {
    let utf8 = &["invalid utf-8"];
    let beyond = &["out of bounds"];
    let askew = &["not aligned"];
    let attacks = [
        breaks("run_reallocs_elsewhere", &["realloc", "beyond"]),
        breaks("run_reallocs_over_itself", &["discriminant"]),
        breaks("run_calls_in_realloc", &["cannot leave"]),
        breaks("run_answers_neither", &["discriminant"]),
        breaks("run_answers_elsewhere", beyond),
        breaks("run_answers_askew", askew),
        breaks("run_fails_without_text", utf8),
        breaks("run_fails_beyond", beyond),
        breaks("log_not_utf8", utf8),
        breaks("log_of_no_level", &["discriminant"]),
        breaks("log_beyond", beyond),
        breaks("log_fields_askew", askew),
        breaks("log_fields_without_end", beyond),
        breaks("waits_neither", &["discriminant"]),
        breaks("waits_with_answer_elsewhere", beyond),
    ];
    Siege::lay("", &attacks).await.run().await;
}

#[tokio::test]
async fn who_reaches_out_gets_nothing() {
    let attacks = [
        passes("hostile/reaches", "files", &[]),
        passes("hostile/reaches", "sockets", &[]),
        passes("hostile/reaches", "sockets-of-wasi", &[]),
        passes("hostile/reaches", "environment", &[]),
        error("hostile/reaches", "exit", &["called `exit` with the code of a failure", "must return"]),
        error("hostile/reaches", "abort", &["trapped", "unreachable"]),
    ];
    let siege = Siege::lay("[config.reaches]\nport = \"80\"", &attacks).await;
    siege.run().await;
}

#[tokio::test]
async fn who_wanders_off_gets_nowhere() {
    let inside = serve(Router::new().fallback(async || "inside")).await;
    let to_inside = [(header::LOCATION, inside.clone())];
    let moved = serve(Router::new().fallback(async move || (StatusCode::FOUND, to_inside.clone()))).await;
    let port = inside.rsplit(':').next().unwrap().trim_end_matches('/');
    let sections = format!(
        "[targets.moved]\nurl = {moved:?}\n[targets.secret]\nurl = {inside:?}\n[config.wanders]\nport = {port:?}\n\
         [components.bystander]\ntargets = [\"api\"]\n[components.wanders]\ntargets = [\"moved\"]\nhosts = [\"http://*:*\"]"
    );
    let attacks = [
        passes("hostile/wanders", "by-name", &[]),
        passes("hostile/wanders", "by-address", &[]),
        passes("hostile/wanders", "by-redirect", &[]),
        passes("hostile/wanders", "by-dns", &[]),
    ];
    Siege::lay_granting(&sections, "", &attacks).await.run().await;
}

/// Keys that the host makes cannot be guessed. Others can, and then a URL of its own keeps a component's deliveries its own:
/// see `webhook_paths.rs`.
#[tokio::test]
async fn who_guesses_keys_of_others_reads_nothing_of_theirs() {
    let attacks = [passes("hostile/snoops", "guesses", &[])];
    Siege::lay("", &attacks).await.run().await;
}

/// One that breaks fifty times a second, and one whose every run makes new series.
#[tokio::test]
async fn who_comes_often_costs_no_more_than_that() {
    let siege = Siege::lay("[limits]\nmetric_series = 20", &[]).await;
    let mark = siege.host.lines.mark();
    siege.deploy("hostile/traps").await;
    siege.deploy("hostile/labels").await;
    siege.host.lines.wait_n(mark, 50, &["--- ERROR: traps/traps"]).await;
    siege.host.lines.wait_n(mark, 20, &["--- PASS: labels/labels"]).await;
    siege.assert_bystander(mark).await;
    let metrics = siege.host.metrics().await;
    let series = metrics.text().lines().filter(|line| line.starts_with("orbital_test_labelled_total{"));
    assert_eq!(series.count(), 20);
    siege.assert_unharmed().await;
}

/// A module with so many tables.
fn tables(count: usize) -> String {
    format!("(module {})", "(table 1 funcref)".repeat(count))
}

/// Slots for instances, memories and tables are made when the host starts: there must be enough for all, whatever some
/// take.
#[tokio::test]
async fn who_declares_all_that_it_may_takes_nothing_from_others() {
    let spins = "(func (export \"orbital:test/suite@0.1.0#run\") (param i32 i32) (result i32)
        (loop $again (br $again)) (unreachable))";
    let siege = Siege::lay("[scheduler]\nmax_in_flight = 16\n[limits]\ncpu = \"300ms\"", &[]).await;
    let crowds = [("tables", crowded(spins, &tables(20), 2)), ("instances", crowded(spins, "(module)", 95))];
    for (name, bytes) in crowds {
        let mark = siege.host.write(name, &bytes);
        siege.host.lines.wait(mark, &[" loaded ", &format!("component={name}")]).await;
        // Room is left for the bystander, which may be slow beside them.
        for _ in 0..4 {
            siege::start(&siege.host, name, "attack").await;
        }
        siege.host.lines.wait_n(mark, 4, &[&format!("--- ERROR: {name}/attack (")]).await;
        siege.host.lines.wait_n(mark, 4, &["    the run's budget `limits.cpu` allows 300ms"]).await;
        siege.assert_bystander(mark).await;
    }
    siege.assert_unharmed().await;
}

/// The system under test must not suffer either.
#[tokio::test]
async fn all_runs_of_a_component_have_so_many_requests_under_way_and_no_more() {
    const UNDER_WAY: usize = 32;
    let mut api = Api::start().await;
    let siege = Siege::lay(&format!("[targets.silent]\nurl = \"{}\"", api.url), &[]).await;
    let mark = siege.host.lines.mark();
    siege.deploy("hostile/requests").await;
    for _ in 0..3 {
        siege::start(&siege.host, "requests", "many").await;
    }
    let mut calls = Vec::new();
    for _ in 0..UNDER_WAY {
        calls.push(api.next().await);
    }
    siege.assert_bystander(mark).await;
    assert_eq!(api.waiting().len(), 0);
    // One is answered, and one more comes.
    calls[0].answer(StatusCode::OK);
    calls.push(api.next().await);
    siege.assert_bystander(siege.host.lines.mark()).await;
    assert_eq!(api.waiting().len(), 0);
    siege.assert_unharmed().await;
}

/// A module with so many globals.
fn globals(count: usize) -> String {
    format!("(module {})", "(global (mut i64) (i64.const 1))".repeat(count))
}

/// None of it loads, each for a reason, and nobody else notices.
#[tokio::test]
async fn what_is_hostile_before_it_runs_does_not_load() {
    let small = "(module (memory 1))";
    let misnamed = format!(
        "(func $f (@name \"{}\\1b[31m\") (unreachable))
         (func (export \"orbital:test/suite@0.1.0#cases\") (result i32) (call $f) (i32.const 0))",
        "x".repeat(100_000)
    );
    let texts: [(&str, &[&str]); 25] = [
        ("start_loops", &["`limits.cpu` allows 300ms"]),
        ("start_grows", &["`limits.memory`"]),
        ("cases_loops", &["`limits.cpu` allows 300ms"]),
        ("cases_recurses", &["stack exhausted"]),
        ("cases_lets_go_never", &["`limits.cpu` allows 300ms"]),
        ("cases_calls_host", &["`cases` called `clock.sleep`", "may only log"]),
        ("cases_logs", &["`limits.log_lines`"]),
        ("cases_fails", &["trapped", "unreachable"]),
        ("hostile/cases_sleeps", &["`cases` did not return", "`limits.wall_time` allows 500ms"]),
        ("cases_not_utf8", &["invalid utf-8"]),
        ("cases_elsewhere", &["out of bounds"]),
        ("cases_name_elsewhere", &["out of bounds"]),
        ("cases_without_end", &["out of bounds"]),
        ("cases_askew", &["not aligned"]),
        ("cases_answer_askew", &["not aligned"]),
        ("cases_answer_elsewhere", &["out of bounds"]),
        ("cases_no_such_schedule", &["discriminant"]),
        ("cases_no_such_option", &["discriminant"]),
        ("cases_100000", &["it declares 100000 cases; at most 1000 are allowed"]),
        ("cases_of_one_name", &["`limits.host_memory`"]),
        ("memory_of_4_gib", &["memory"]),
        ("memory_of_512_mib", &["`limits.memory` allows 268435456 bytes", "asked for 536870912 bytes"]),
        ("table_of_millions", &["table"]),
        ("hostile/teems", &["`components.max_rate` allows 200"]),
        ("hostile/overstates", &["its name has", "at most 100 are allowed", "more"]),
    ];
    let made: [(&str, Vec<u8>, &[&str]); 8] = [
        ("many_instances", crowded("", "(module)", 1000), &["instances"]),
        ("many_memories", crowded("", small, 50), &["memor"]),
        ("shared_memory", crowded("", "(module (memory 1 1 shared))", 1), &["threads", "shared"]),
        ("many_tables", crowded("", &tables(20), 50), &["tables"]),
        ("many_globals", crowded("", &globals(60_000), 1), &["globals", "compiles up to 20000"]),
        ("very_many_globals", crowded("", &globals(500_000), 90), &["globals", "compiles up to 20000"]),
        ("misnamed_function", crafted(&misnamed), &["trapped", "unreachable", "in xxx"]),
        ("threads", importing("wasi:threads/spawn@0.1.0"), &["`wasi:threads/spawn@0.1.0`"]),
    ];
    let brief = "[components.cases_sleeps.limits]\nwall_time = \"500ms\"";
    let siege = Siege::lay(&format!("{SHORT}\n{brief}"), &[]).await;
    let mark = siege.host.lines.mark();
    let mut expected = Vec::new();
    for (name, parts) in texts {
        expected.push((siege.write(name), parts));
    }
    for (name, bytes, parts) in made {
        siege.host.write(name, &bytes);
        expected.push((name.to_owned(), parts));
    }
    let page = eventually("all are reported", async || {
        let (_, page) = siege.host.get("/readyz").await;
        (page.matches("did not load").count() == expected.len()).then_some(page)
    });
    let page = page.await;
    for (name, parts) in &expected {
        let (_, text) = page.split_once(&format!("component `{name}` did not load: ")).unwrap();
        let text = text.split("\ncomponent `").next().unwrap();
        for part in *parts {
            assert!(text.contains(part), "{name}: no `{part}` in: {text}");
        }
        assert!(text.len() <= SENSIBLE, "{name}: {} bytes", text.len());
        assert!(!text.contains('\u{1b}'), "{name}: {text}");
    }
    siege.assert_bystander(mark).await;
    siege.assert_unharmed().await;
}

/// However long it wants to stay: the limit of all ends it, or that its component is gone, or that the host stops.
#[tokio::test]
async fn who_holds_its_instance_lets_go_of_it() {
    let wall_time = &["`limits.wall_time` allows 500ms", "asked for"];
    let attacks = [
        error("hostile/holds", "sleeps", wall_time),
        error("hostile/holds", "waits", wall_time),
        error("hostile/holds", "waits-within", wall_time),
        error("hostile/holds", "requests", wall_time),
        error("hostile/holds", "waits-by-wasi", wall_time),
    ];
    let api = Api::start().await;
    let silent = format!("[targets.silent]\nurl = \"{}\"", api.url);
    let limits = "[components.holds.limits]\nwall_time = \"500ms\"";
    Siege::lay(&format!("{limits}\n{silent}"), &attacks).await.run().await;

    let host = Host::builder().components("grace = \"200ms\"");
    let host = host.sections("[scheduler]\nshutdown_grace = \"200ms\"").sections(&silent);
    let host = host.with_as("hostile/holds", "holds").with_as("hostile/holds", "removed").start().await;
    let cases = ["sleeps", "waits", "waits-within", "requests", "waits-by-wasi", "pauses"];
    for component in ["holds", "removed"] {
        for case in cases {
            siege::start(&host, component, case).await;
        }
    }
    let mark = host.lines.mark();
    std::fs::remove_file(host.file("removed")).unwrap();
    for case in cases {
        host.lines.wait(mark, &[&format!("--- CANCELLED: removed/{case} (")]).await;
    }
    assert_eq!(host.lines.find(mark, &["--- ", "holds/"]), Vec::<String>::new());
    kill_process(Pid::from_raw(host.id()).unwrap(), Signal::TERM).unwrap();
    let (status, text) = host.ended().await;
    assert!(status.success(), "{status}: {text}");
    for case in cases {
        assert!(text.contains(&format!("--- CANCELLED: holds/{case} (")), "{case}: {text}");
    }
}

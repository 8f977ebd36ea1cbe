//! Mistakes of tests, which affect no other test.

use std::collections::HashMap;
use std::ffi::OsString;

use axum::http::StatusCode;
use orbital_tests::{Api, Finished, Host, eventually, granting, guest, last_attempt, orbital};
use serde_json::{Value, json};

/// Runs cases of fixtures once each, with this configuration; gives the reports by case id.
async fn run(components: &[&str], cases: &str, toml: &str) -> (Finished, HashMap<String, Value>) {
    let config = granting(toml);
    let mut arguments: Vec<OsString> =
        ["run", "--json", "--listen", "127.0.0.1:0", "--case", cases, "--config"].map(OsString::from).into();
    arguments.push(config.path().into());
    arguments.extend(components.iter().map(|name| guest(name).into()));
    let finished = orbital(arguments).await;
    let reports = finished.stdout.lines().map(|line| {
        let report: Value = serde_json::from_str(line).unwrap();
        let text = |name: &str| report[name].as_str().unwrap().to_owned();
        (format!("{}/{}", text("component"), text("case")), report)
    });
    let reports = reports.collect();
    (finished, reports)
}

/// Asserts that a run ended so, and that its messages have all of these parts.
fn assert_ended(reports: &HashMap<String, Value>, id: &str, outcome: &str, parts: &[&str]) {
    let report = reports.get(id).unwrap_or_else(|| panic!("no report of `{id}`: {reports:#?}"));
    assert_eq!(report["outcome"], outcome, "{id}: {report:#}");
    let messages = messages(report).join("\n");
    for part in parts {
        assert!(messages.contains(part), "{id}: no `{part}` in: {messages}");
    }
}

fn messages(report: &Value) -> Vec<&str> {
    last_attempt(report)["messages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|message| message.as_str().unwrap())
        .collect()
}

/// The steps of this kind in a timeline.
fn steps<'a>(report: &'a Value, kind: &str) -> Vec<&'a Value> {
    let timeline = last_attempt(report)["timeline"].as_array().unwrap();
    timeline.iter().filter(|step| step["step"] == kind).collect()
}

#[tokio::test]
async fn a_component_that_declares_nonsense_is_refused_with_thing_reason_and_fix() {
    let mistakes: [(&str, &[&str]); 12] = [
        (
            "duplicate_names",
            &["case `twin`", "another case has the same name", "give each a name of its own"],
        ),
        ("empty_name", &["case 1", "its name is empty"]),
        (
            "bad_name",
            &["case `a/b`", "has the character `/`", "letters, digits, `-`, `_` and `.` are allowed"],
        ),
        ("zero_period", &["case `restless`", "its period is zero", "at least 1 ms"]),
        ("zero_timeout", &["case `hasty`", "its timeout is zero", "at least 1 ms"]),
        (
            "bad_cron",
            &[
                "case `short`: the cron expression `* * *` has 3 fields; it must have five",
                "case `broken`: the cron expression `61 * * * *` is not valid",
                "case `never`",
                "names no time that ever comes",
                "case `nowhere`: the time zone `Europe/Atlantis` is not in the IANA database",
                "`Europe/Madrid`",
            ],
        ),
        ("no_cases", &["it declares no case", "`suite!(…)`"]),
        ("cases_trap", &["`cases` did not return", "trapped", "unreachable"]),
        (
            "cases_spin",
            &["`cases` did not return", "computed for longer than 5s", "it may only list the cases"],
        ),
        ("cases_calls_host", &["`cases` called `deliveries.new-id`", "may only log"]),
        ("hello", &["a component, but not a test", "`orbital:test/suite@0.1.0`", "built with an SDK"]),
        (
            "many_mistakes",
            &[
                "case `a/b`: its name",
                "case `twin`: another case",
                "case `restless`: its period is zero",
                "case `hasty`: its timeout is zero",
                "case `never`: it allows no run in flight; it must allow at least 1",
                "case `stubborn`: it asks for 11 retries; at most 10 are allowed",
                "case `tagged`: the tag `1st` must be a letter",
            ],
        ),
    ];
    let assert_told = |name: &str, parts: &[&str], text: &str| {
        for part in parts {
            assert!(text.contains(part), "{name}: no `{part}` in: {text}");
        }
    };

    // By the command that authors use: all files, each with its mistakes.
    let files = mistakes.iter().map(|(name, _)| guest(name)).chain([guest("passes")]);
    let checked = orbital(["check".into()].into_iter().chain(files.map(OsString::from))).await;
    assert_eq!(checked.code, 1, "{checked:?}");
    for (name, parts) in mistakes {
        let (_, text) = checked.stdout.split_once(&format!("{name}.wasm: ")).unwrap();
        assert_told(name, parts, text.split(".wasm: ").next().unwrap());
    }
    assert!(checked.stdout.contains("passes.wasm: component `passes`"), "{}", checked.stdout);

    // By the host that they are deployed to, beside a healthy one.
    let host = Host::builder().with("passes").start().await;
    let mark = host.lines.mark();
    for (name, _) in mistakes {
        host.deploy(name);
    }
    for (name, _) in mistakes {
        // With several mistakes the name stands behind the last one.
        host.lines.wait(mark, &[&format!("component={name} path=")]).await;
    }
    let page = eventually("all are reported", async || {
        let (_, page) = host.get("/readyz").await;
        (page.matches("did not load").count() == mistakes.len()).then_some(page)
    });
    let page = page.await;
    for (name, parts) in mistakes {
        let (_, text) = page.split_once(&format!("component `{name}` did not load: ")).unwrap();
        assert_told(name, parts, text.split("\ncomponent `").next().unwrap());
    }
    let metrics = host.metrics().await;
    assert_eq!(metrics.sum("orbital_component_load_failing", &[]), mistakes.len() as f64);
    assert_eq!(metrics.get("orbital_component_load_failing", &[("component", "passes")]), Some(0.0));
    host.assert_passes_is_undisturbed().await;
}

#[tokio::test]
async fn a_test_whose_time_runs_out_is_told_what_it_was_doing() {
    let api = Api::start().await;
    let accepting = orbital_tests::serve(axum::Router::new().fallback(async || StatusCode::ACCEPTED)).await;
    // Nobody answers what `slow` is sent.
    let toml = format!("[targets.api]\nurl = \"{accepting}\"\n[targets.slow]\nurl = \"{}\"", api.url);
    let cases = "breaks/{spins,sleeps,waits,waits-sent,stuck-in-send}";
    let (finished, reports) = run(&["breaks"], cases, &toml).await;
    assert_eq!(finished.code, 1, "{finished:?}");
    assert_eq!(reports.len(), 5);
    let told: [(&str, &[&str]); 5] = [
        ("spins", &["while computing"]),
        ("sleeps", &["while sleeping for 60"]),
        ("waits", &["a delivery with key", "sent no event", "the webhook received no requests"]),
        (
            "waits-sent",
            &[
                "a delivery with key",
                "to `api`: it was answered with 202",
                "the webhook received no requests",
            ],
        ),
        ("stuck-in-send", &["for an answer from `slow`"]),
    ];
    for (case, parts) in told {
        let id = format!("breaks/{case}");
        assert_ended(&reports, &id, "timeout", &[&["timed out after 500"], parts].concat());
        // On a busy machine it may be told that the timeout was extended.
        let others = &messages(&reports[&id])[1..];
        assert!(others.iter().all(|other| other.contains("the timeout was extended")), "{others:?}");
    }
    let waited = steps(&reports["breaks/waits-sent"], "new-id")[0]["key"].as_str().unwrap();
    assert_ended(&reports, "breaks/waits-sent", "timeout", &[waited]);
}

#[tokio::test]
async fn a_test_that_breaks_is_an_error_that_says_how() {
    let cases = "{trap,exits,exits-nonzero,deep-recursion}";
    let (finished, reports) = run(&["breaks"], cases, "").await;
    assert_eq!(finished.code, 1, "{finished:?}");
    assert_eq!(reports.len(), 4);
    assert_ended(&reports, "breaks/trap", "error", &["trapped", "unreachable", "breaks::trap"]);
    assert_ended(&reports, "breaks/exits", "error", &["`exit(0)`", "must return"]);
    assert_ended(
        &reports,
        "breaks/exits-nonzero",
        "error",
        &["called `exit` with the code of a failure", "must return"],
    );
    assert_ended(&reports, "breaks/deep-recursion", "error", &["stack exhausted", "breaks::descend"]);
}

#[tokio::test]
async fn a_budget_that_is_used_up_is_an_error_that_names_its_limit() {
    let cases = "{eats-memory,floods-log,many-keys,smoke}";
    let limits = "memory = \"8MiB\"\nlog_lines = 10\nexpectations = 3\nrequests = 0\n";
    let small = format!("[limits]\n{limits}[targets.api]\nurl = \"http://127.0.0.1:9\"");
    let (finished, reports) = run(&["breaks", "sends"], cases, &small).await;
    assert_eq!(finished.code, 1, "{finished:?}");
    assert_ended(&reports, "breaks/eats-memory", "error", &["`limits.memory` allows 8388608"]);
    assert_ended(&reports, "breaks/floods-log", "error", &["`limits.log_lines` allows 10", "asked for 11"]);
    assert_ended(&reports, "breaks/many-keys", "error", &["`limits.expectations` allows 3", "asked for 4"]);
    assert_ended(&reports, "sends/smoke", "error", &["`limits.requests` allows 0", "asked for 1"]);
    // What it said before is not lost.
    assert_eq!(steps(&reports["breaks/floods-log"], "log").len(), 10);
    assert_eq!(steps(&reports["breaks/many-keys"], "expect").len(), 3);

    let (_, reports) = run(&["breaks"], "floods-log", "[limits]\nlog_bytes = \"1KiB\"").await;
    assert_ended(&reports, "breaks/floods-log", "error", &["`limits.log_bytes` allows 1024"]);

    // The defaults end them as well.
    let (_, reports) = run(&["breaks"], "{eats-memory,floods-log,many-keys}", "").await;
    assert_ended(&reports, "breaks/eats-memory", "error", &["`limits.memory`"]);
    assert_ended(&reports, "breaks/floods-log", "error", &["`limits.log_"]);
    assert_ended(&reports, "breaks/many-keys", "error", &["`limits.expectations`"]);
}

#[tokio::test]
async fn a_test_that_says_no_fails_with_all_its_reasons() {
    let (finished, reports) = run(&["fails"], "*", "").await;
    assert_eq!(finished.code, 1, "{finished:?}");
    assert_eq!(reports.len(), 4);
    assert_ended(&reports, "fails/check", "fail", &["2", "3", "fails.rs:"]);
    let lines = steps(&reports["fails/check"], "log");
    assert!(lines.iter().any(|line| line["message"] == "went on"), "{lines:#?}");
    assert_eq!(steps(&reports["fails/check"], "fail").len(), 1);
    assert_ended(&reports, "fails/error", "fail", &["no invoice"]);
    assert_ended(&reports, "fails/panics", "fail", &["boom", "fails.rs:"]);
    assert_ended(&reports, "fails/fails-then-traps", "fail", &["first", "trapped", "unreachable"]);
    assert_eq!(messages(&reports["fails/fails-then-traps"])[0], "first");
}

#[tokio::test]
async fn a_report_has_the_documented_fields_and_what_was_said_in_each_way() {
    let (finished, reports) = run(&["passes"], "*", "").await;
    assert_eq!(finished.code, 0, "{finished:?}");
    let report = &reports["passes/passes"];
    assert_eq!(report["outcome"], "pass");
    assert_eq!(report["flaky"], false);
    assert_eq!(report["attempts"].as_array().unwrap().len(), 1);
    assert_eq!(last_attempt(report)["messages"], json!([]));
    assert_eq!(last_attempt(report)["omitted"], 0);
    assert_eq!(report["run"].as_str().unwrap().len(), 36, "a UUID: {report:#}");
    assert_eq!(report["digest"].as_str().unwrap().len(), 64, "SHA-256: {report:#}");
    let number = |name: &str| report[name].as_f64().unwrap();
    let time = |name: &str| report[name].as_str().unwrap();
    assert!(time("due") <= time("started"));
    assert!(number("duration") > 0.0);
    for (source, message) in
        [("log", "hello from passes"), ("stdout", "passes to stdout"), ("stderr", "passes to stderr")]
    {
        let lines = steps(report, "log");
        let line = lines.iter().find(|line| line["source"] == source).unwrap();
        assert_eq!((&line["message"], &line["level"]), (&json!(message), &json!("info")));
        assert!(line["at"].as_f64().unwrap() >= 0.0);
    }
}

#[tokio::test]
async fn a_run_that_does_not_pass_shows_its_reasons_and_timeline() {
    let arguments = ["run", "--listen", "127.0.0.1:0", "--case", "check"].map(OsString::from);
    let finished = orbital(arguments.into_iter().chain([guest("fails").into()])).await;
    assert_eq!(finished.code, 1, "{finished:?}");
    for part in ["--- FAIL: fails/check (", "timeline of run", "fail: ", "info: went on"] {
        assert!(finished.stdout.contains(part), "no `{part}` in:\n{}", finished.stdout);
    }
}

#[tokio::test]
async fn the_exit_code_says_whether_all_passed() {
    let run = async |components: &[OsString], more: &[&str]| {
        let arguments = ["run", "--listen", "127.0.0.1:0"].iter().chain(more).map(OsString::from);
        orbital(arguments.chain(components.iter().cloned())).await
    };
    let file = |name: &str| OsString::from(guest(name));

    let all_pass = run(&[file("passes"), file("manual")], &["--times", "2"]).await;
    assert_eq!(all_pass.code, 0, "{all_pass:?}");
    for id in ["passes/passes", "manual/manual"] {
        assert_eq!(all_pass.stdout.matches(&format!("--- PASS: {id} (")).count(), 2, "{all_pass:?}");
    }

    let one_fails = run(&[file("fails"), file("passes")], &["--case", "{error,passes}"]).await;
    assert_eq!(one_fails.code, 1, "{one_fails:?}");
    assert!(one_fails.stdout.contains("--- FAIL: fails/error ("), "{one_fails:?}");
    assert!(one_fails.stdout.contains("--- PASS: passes/passes ("), "the others go on: {one_fails:?}");

    let one_is_broken = run(&[file("no_cases"), file("passes")], &[]).await;
    assert_eq!(one_is_broken.code, 1, "{one_is_broken:?}");
    assert!(one_is_broken.stderr.contains("it declares no case"), "{one_is_broken:?}");
    assert!(
        one_is_broken.stdout.contains("--- PASS: passes/passes ("),
        "the others go on: {one_is_broken:?}"
    );

    let nothing_matches = run(&[file("passes")], &["--case", "nosuch"]).await;
    assert_eq!(nothing_matches.code, 2, "{nothing_matches:?}");
    assert!(nothing_matches.stderr.contains("no case matches `nosuch`"), "{nothing_matches:?}");
}

/// Each case of `every_trouble` breaks or hangs five times a second.
#[tokio::test]
async fn tests_that_break_and_hang_all_the_time_disturb_nobody() {
    let host = Host::builder().with("passes").start().await;
    let mark = host.deploy("every_trouble");
    host.deploy("spins_every");
    let ends = [
        ("every_trouble", "spins", "timeout"),
        ("every_trouble", "waits", "timeout"),
        ("every_trouble", "traps", "error"),
        ("every_trouble", "panics", "fail"),
        ("every_trouble", "exits", "error"),
        ("every_trouble", "eats-memory", "error"),
        ("every_trouble", "floods-log", "error"),
        ("every_trouble", "recurses", "error"),
        ("spins_every", "spins", "timeout"),
    ];
    for (component, case, outcome) in ends {
        let line = format!("--- {}: {component}/{case} (", outcome.to_uppercase());
        host.lines.wait_n(mark, 2, &[&line]).await;
    }
    host.assert_passes_is_undisturbed().await;
    let metrics = host.metrics().await;
    for (component, case, outcome) in ends {
        let of_case = [("component", component), ("case", case)];
        assert_eq!(metrics.get("orbital_case_up", &of_case), Some(0.0), "{component}/{case}");
        let ended = |outcome| {
            let labels = [("component", component), ("case", case), ("outcome", outcome)];
            metrics.get("orbital_runs_total", &labels).unwrap()
        };
        assert!(ended(outcome) >= 2.0, "{component}/{case}");
        for other in ["pass", "fail", "timeout", "error", "cancelled"] {
            assert!(other == outcome || ended(other) == 0.0, "{component}/{case} was {other}");
        }
    }
    // And the host itself lives.
    assert_eq!(host.get("/healthz").await.0, 200);
    let mark = host.deploy_as("rarely", "newcomer");
    host.lines.wait(mark, &["--- PASS: newcomer/rarely"]).await;
}

#[tokio::test]
async fn the_key_that_a_run_holds_is_no_one_elses_and_free_when_the_run_has_ended() {
    let mut api = Api::start().await;
    let target = format!("[targets.api]\nurl = \"{}\"", api.url);
    let host = Host::builder().with("passes").sections(&target).start().await;
    host.deploy("holds");
    let call = api.next().await;
    assert_eq!(call.json()["id"], "shared-key");
    call.answer(StatusCode::ACCEPTED);

    // It passes if each of its calls was refused with `taken`.
    let mark = host.deploy("steals");
    host.lines.wait(mark, &["--- ", "steals/thief"]).await;
    assert_eq!(host.lines.find(mark, &["--- PASS: steals/thief"]).len(), 1, "{}", host.lines.text());
    host.deliver(&json!({ "id": "shared-key", "for": "holder" })).await;
    host.lines.wait(mark, &["--- ", "holds/holder"]).await;
    assert_eq!(host.lines.find(mark, &["--- PASS: holds/holder"]).len(), 1, "{}", host.lines.text());

    // The next run that wants the key has it, and the thief's event was never sent.
    host.deploy_as("holds", "again");
    let call = api.next().await;
    call.answer(StatusCode::ACCEPTED);
    assert_eq!(host.metrics().await.get("orbital_expectations", &[]), Some(1.0));
    let mark = host.lines.mark();
    host.deliver(&json!({ "id": "shared-key", "for": "holder" })).await;
    host.lines.wait(mark, &["--- PASS: again/holder"]).await;
    host.assert_passes_is_undisturbed().await;
}

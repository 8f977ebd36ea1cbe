//! The command line: what it says, and what its exit codes mean.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::path::PathBuf;

use orbital_tests::{Finished, guest, last_attempt, orbital};
use serde_json::Value;

/// `orbital run` of these fixtures with a webhook that is in nobody's way.
async fn run(components: &[&str], arguments: &[&str]) -> Finished {
    let files: Vec<PathBuf> = components.iter().map(|name| guest(name)).collect();
    let arguments = ["run", "--listen", "127.0.0.1:0"].iter().chain(arguments).map(OsStr::new);
    orbital(arguments.chain(files.iter().map(|file| file.as_os_str()))).await
}

async fn check(components: &[PathBuf]) -> Finished {
    orbital(["check".as_ref()].into_iter().chain(components.iter().map(PathBuf::as_path))).await
}

/// The reports that `--json` printed.
fn reports(finished: &Finished) -> Vec<Value> {
    finished.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn says(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "no `{part}` in:\n{text}");
    }
}

#[tokio::test]
async fn help_of_each_command_says_what_one_needs_to_begin() {
    let help = async |arguments: &[&str]| {
        let finished = orbital(arguments.iter().copied().chain(["--help"])).await;
        assert_eq!((finished.code, finished.stderr.as_str()), (0, ""));
        finished.stdout
    };
    says(
        &help(&[]).await,
        &["serve", "run", "check", "orbital.toml", "Exit codes: 0", "1 a", "2 usage", "3 the host"],
    );
    says(&help(&["serve"]).await, &["--config", "[default: orbital.toml]", "8710", "8711", "SIGTERM"]);
    says(
        &help(&["run"]).await,
        &["<COMPONENT>...", "--case <GLOB>", "--times <N>", "--json", "--config", "--listen"],
    );
    says(
        &help(&["dev"]).await,
        &["[DIR]", "--case <GLOB>", "--pipeline", "--timeline", "--config", "--listen"],
    );
    says(&help(&["check"]).await, &["<COMPONENT>...", "No case runs"]);
}

#[tokio::test]
async fn a_version_is_told() {
    let finished = orbital(["--version"]).await;
    assert_eq!((finished.code, finished.stdout.as_str()), (0, "orbital 0.1.0\n"));
}

#[tokio::test]
async fn wrong_usage_is_exit_code_2() {
    for arguments in [&[][..], &["nonsense"], &["run"], &["check"], &["serve", "x"]] {
        let finished = orbital(arguments).await;
        assert_eq!((finished.code, finished.stdout.as_str()), (2, ""), "{arguments:?}");
        says(&finished.stderr, &["Usage:"]);
    }
}

#[tokio::test]
async fn a_run_that_passes_is_a_line_and_exit_code_0() {
    let finished = run(&["passes"], &[]).await;
    assert_eq!(finished.code, 0, "{finished:?}");
    assert_eq!(finished.stdout.lines().count(), 1, "{finished:?}");
    assert!(finished.stdout.starts_with("--- PASS: passes/passes ("), "{finished:?}");
}

#[tokio::test]
async fn a_run_that_does_not_pass_has_its_reasons_and_timeline_and_exit_code_1() {
    let finished = run(&["fails"], &["--case", "check"]).await;
    assert_eq!(finished.code, 1, "{finished:?}");
    assert!(finished.stdout.starts_with("--- FAIL: fails/check ("), "{finished:?}");
    says(&finished.stdout, &["timeline of run ", "info: went on"]);
}

#[tokio::test]
async fn one_case_of_several_that_does_not_pass_is_exit_code_1() {
    let finished = run(&["passes", "fails"], &["--case", "{passes,error}"]).await;
    assert_eq!(finished.code, 1, "{finished:?}");
    says(&finished.stdout, &["--- PASS: passes/passes", "--- FAIL: fails/error"]);
}

#[tokio::test]
async fn a_component_that_does_not_load_is_exit_code_1_and_the_others_run() {
    let finished = run(&["passes", "hello"], &[]).await;
    assert_eq!(finished.code, 1, "{finished:?}");
    says(&finished.stdout, &["--- PASS: passes/passes"]);
    says(&finished.stderr, &["hello.wasm`", "not a test"]);
    let finished = orbital(["run", "/nowhere/shop.wasm", "--listen", "127.0.0.1:0"]).await;
    assert_eq!(finished.code, 1, "{finished:?}");
    says(&finished.stderr, &["`/nowhere/shop.wasm`", "No such file"]);
}

#[tokio::test]
async fn a_glob_selects_cases_by_their_name_or_id() {
    let selected = async |glob: &str| -> Vec<String> {
        let finished = run(&["manual", "fails", "passes"], &["--json", "--case", glob]).await;
        let id = |report: &Value| {
            format!("{}/{}", report["component"].as_str().unwrap(), report["case"].as_str().unwrap())
        };
        reports(&finished).iter().map(id).collect()
    };
    assert_eq!(selected("manual").await, ["manual/manual"]);
    assert_eq!(selected("manual/*").await, ["manual/manual"]);
    assert_eq!(selected("{passes,error}").await, ["fails/error", "passes/passes"]);
    assert_eq!(selected("*/error").await, ["fails/error"]);
}

#[tokio::test]
async fn a_glob_that_selects_nothing_is_exit_code_2_and_says_what_to_do() {
    let finished = run(&["passes"], &["--case", "nothing*"]).await;
    assert_eq!((finished.code, finished.stdout.as_str()), (2, ""), "{finished:?}");
    says(&finished.stderr, &["no case matches `nothing*`", "`orbital check`"]);
    let finished = run(&["passes"], &["--case", "{unclosed"]).await;
    assert_eq!((finished.code, finished.stdout.as_str()), (2, ""), "{finished:?}");
    says(&finished.stderr, &["--case <GLOB>", "unclosed"]);
}

#[tokio::test]
async fn a_case_can_be_run_several_times() {
    let finished = run(&["passes", "manual"], &["--times", "3", "--json"]).await;
    assert_eq!(finished.code, 0, "{finished:?}");
    let reports = reports(&finished);
    let cases: Vec<&str> = reports.iter().map(|report| report["case"].as_str().unwrap()).collect();
    assert_eq!(cases, ["passes", "passes", "passes", "manual", "manual", "manual"]);
    let runs: HashSet<&str> = reports.iter().map(|report| report["run"].as_str().unwrap()).collect();
    assert_eq!(runs.len(), 6, "each run is one of its own");
}

#[tokio::test]
async fn a_case_cannot_be_run_no_times() {
    let finished = run(&["passes"], &["--times", "0"]).await;
    assert_eq!((finished.code, finished.stdout.as_str()), (2, ""), "{finished:?}");
    says(&finished.stderr, &["'0'", "--times <N>"]);
}

#[tokio::test]
async fn a_line_of_json_has_all_that_is_known_of_a_run() {
    let finished = run(&["fails", "passes"], &["--json", "--case", "{check,passes}"]).await;
    let reports = reports(&finished);
    let [fails, passes] = &reports[..] else { panic!("{finished:?}") };
    for report in &reports {
        let digest = report["digest"].as_str().unwrap();
        assert!(digest.len() == 64 && digest.chars().all(|digit| digit.is_ascii_hexdigit()), "{digest}");
        assert_eq!(report["run"].as_str().unwrap().len(), 36);
        let (due, started) = (report["due"].as_str().unwrap(), report["started"].as_str().unwrap());
        assert!(due.starts_with("20") && due.ends_with('Z') && started >= due, "{report}");
        assert!(report["duration"].as_f64().unwrap() >= 0.0);
        let steps = last_attempt(report)["timeline"].as_array().unwrap();
        assert!(steps.iter().all(|step| step["at"].is_f64() && step["step"].is_string()), "{report}");
    }
    assert_eq!((&passes["component"], &passes["case"]), (&"passes".into(), &"passes".into()));
    assert_eq!(
        (&passes["outcome"], &last_attempt(passes)["messages"]),
        (&"pass".into(), &Value::Array(Vec::new()))
    );
    let lines: Vec<(&str, &str)> = last_attempt(passes)["timeline"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| (step["source"].as_str().unwrap(), step["message"].as_str().unwrap()))
        .collect();
    assert_eq!(
        lines,
        [("log", "hello from passes"), ("stdout", "passes to stdout"), ("stderr", "passes to stderr")]
    );
    assert_eq!((&fails["case"], &fails["outcome"]), (&"check".into(), &"fail".into()));
    says(last_attempt(fails)["messages"][0].as_str().unwrap(), &["1 + 1", "3"]);
}

#[tokio::test]
async fn check_lists_cases_and_imports() {
    let finished = check(&[guest("sends"), guest("passes")]).await;
    assert_eq!((finished.code, finished.stderr.as_str()), (0, ""), "{finished:?}");
    says(
        &finished.stdout,
        &[
            "sends.wasm: component `sends`",
            "sha256 ",
            "    smoke: manual, timeout 3s",
            "    unknown-target: manual, timeout 10s",
            "    orbital:test/events@0.1.0",
            "    orbital:test/deliveries@0.1.0",
            "    wasi:",
            "passes.wasm: component `passes`",
            "    passes: every 200ms, timeout 10s",
        ],
    );
}

#[tokio::test]
async fn check_of_a_component_that_is_wrong_is_exit_code_1_and_goes_on_with_the_others() {
    let absent = PathBuf::from("/nowhere/shop.wasm");
    let finished = check(&[guest("hello"), absent, guest("many_mistakes"), guest("passes")]).await;
    assert_eq!(finished.code, 1, "{finished:?}");
    says(
        &finished.stdout,
        &[
            "hello.wasm: ",
            "not a test",
            "/nowhere/shop.wasm: ",
            "many_mistakes.wasm: ",
            "`twin`",
            "component `passes`",
        ],
    );
}

#[tokio::test]
async fn check_runs_nothing() {
    let finished = check(&[guest("passes")]).await;
    assert!(!finished.stdout.contains("hello from passes"), "{finished:?}");
}

//! Text from tests and systems moves no cursor, colours no terminal and starts no new line.

use std::ffi::OsStr;

use axum::Router;
use axum::http::StatusCode;
use orbital_tests::{Finished, Host, granting, guest, orbital, serve};
use serde_json::Value;
use wasm_encoder::{ComponentSection as _, CustomSection, ProducersField, ProducersSection};

/// Text that the fixture `shouts` writes wherever it can, and that the system under test sends.
const LOUD: &str = "\u{1b}[2J\u{1b}]0;title\u{7}\r\n--- PASS: forged/line (1.0ms)\u{2028}--- PASS: other/line\u{202e}txt\u{9b}31m\u{7f}";

async fn target() -> String {
    let url = serve(Router::new().fallback(|| async { (StatusCode::BAD_GATEWAY, LOUD) })).await;
    format!("[targets.api]\nurl = {url:?}\n")
}

/// Lines and tabs are all that this text has besides what can be read, and none of them is forged.
#[track_caller]
fn assert_quiet(text: &str) {
    let loud = |character: &char| {
        let shown = matches!(character, '\n' | '\t') || !character.is_control();
        !shown
            || matches!(character, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    assert_eq!(text.chars().find(loud), None, "in {text}");
    let forged = |line: &&str| line.starts_with("--- PASS");
    assert_eq!(text.lines().find(forged), None, "in {text}");
    assert!(text.contains("forged/line"), "nothing was said: {text}");
}

async fn run(options: &[&str]) -> Finished {
    let (component, file) = (guest("shouts"), granting(&target().await));
    let arguments = ["run", "--listen", "127.0.0.1:0"].iter().chain(options).map(OsStr::new);
    orbital(arguments.chain(["--config".as_ref(), file.path().as_os_str(), component.as_os_str()])).await
}

#[tokio::test]
async fn a_run_is_printed_without_what_its_test_would_do_to_the_terminal() {
    let Finished { code, stdout, stderr } = run(&[]).await;
    assert_eq!(code, 1, "{stdout}{stderr}");
    assert_quiet(&stdout);
    assert!(stdout.starts_with("--- ERROR: shouts/shouts ("), "{stdout}");
    assert!(stdout.contains("answered 502: "), "{stdout}");
    assert_eq!(stderr, "");
}

#[tokio::test]
async fn in_json_a_run_is_one_line_with_all_that_was_said() {
    let Finished { stdout, .. } = run(&["--json"]).await;
    assert_eq!(stdout.matches('\n').count(), 1, "{stdout}");
    assert!(!stdout.contains(['\u{1b}', '\u{9b}', '\u{7f}', '\u{202e}', '\u{2028}']), "{stdout}");
    let report: Value = serde_json::from_str(&stdout).unwrap();
    // The first message is the host's: the test asked for a target that is not configured.
    let messages = report["attempts"][0]["messages"].as_array().unwrap();
    assert!(messages[1..].contains(&LOUD.into()), "{messages:?}");
}

#[tokio::test]
async fn a_component_that_is_refused_cannot_shout_either() {
    let component = guest("shouts_at_load");
    for command in ["check", "run"] {
        let Finished { code, stdout, stderr } = orbital([OsStr::new(command), component.as_os_str()]).await;
        assert_eq!(code, 1);
        assert_quiet(&[stdout, stderr].concat());
    }
}

/// Returns a fixture whose metadata is loud: its version, and the language and the SDK that it was made with.
fn with_loud_metadata(name: &str) -> Vec<u8> {
    let (mut producers, mut languages, mut sdks) =
        (ProducersSection::new(), ProducersField::new(), ProducersField::new());
    languages.value(LOUD, LOUD);
    sdks.value("orbital-sdk", LOUD);
    producers.field("language", &languages).field("sdk", &sdks);
    let mut component = std::fs::read(guest(name)).unwrap();
    CustomSection { name: "version".into(), data: LOUD.as_bytes().into() }
        .append_to_component(&mut component);
    producers.append_to_component(&mut component);
    component
}

#[tokio::test]
async fn a_check_prints_metadata_and_tags_that_a_terminal_does_not_obey() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shouts.wasm");
    std::fs::write(&path, with_loud_metadata("shouts")).unwrap();
    let Finished { code, stdout, stderr } = orbital(["check".as_ref(), path.as_os_str()]).await;
    assert_eq!((code, stderr.as_str()), (0, ""), "{stdout}");
    assert_quiet(&stdout);
    let first = stdout.lines().next().unwrap();
    assert_eq!(first.matches("forged/line").count(), 3, "version, language and SDK: {first}");
    let case = stdout.lines().find(|line| line.starts_with("    shouts: ")).unwrap();
    assert!(case.contains("forged/line"), "{stdout}");
}

#[tokio::test]
async fn the_output_and_the_log_of_a_host_are_its_own_lines() {
    let host = Host::builder().sections(&target().await).start().await;
    let mark = host.deploy("shouts");
    host.lines.wait(mark, &["DOWN"]).await;
    host.lines.wait(mark, &["--- ERROR: shouts/shouts"]).await;
    let mark = host.deploy("shouts_at_load");
    host.lines.wait(mark, &["ERROR", "did not load"]).await;
    let (_, ready) = host.get("/readyz").await;
    assert_quiet(&ready);
    rustix::process::kill_process(
        rustix::process::Pid::from_raw(host.id()).unwrap(),
        rustix::process::Signal::TERM,
    )
    .unwrap();
    let (_, text) = host.ended().await;
    assert_quiet(&text);
}

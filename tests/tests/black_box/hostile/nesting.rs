//! Input that is nested as deeply as its size allows. Parsers that call themselves for each level would overflow their
//! stack, which ends the whole process; so each of them has a limit. Wherever such input can come from outside, it is
//! sent to the real binary here.

use std::ffi::OsStr;

use axum::Router;
use orbital_tests::{Host, client, config, crafted, guest, orbital, section, serve};
use reqwest::Method;
use serde_json::json;

/// Far more levels than a stack has room for.
const LEVELS: usize = 100_000;

fn nested(open: &str, inner: &str, close: &str, levels: usize) -> String {
    format!("{}{inner}{}", open.repeat(levels), close.repeat(levels))
}

/// As deep as the head of a request has room for.
fn pattern() -> String {
    nested("{", "x", "}", 10_000)
}

/// A host with a healthy test, which must go on after the attack.
async fn host() -> Host {
    Host::builder().with("passes").start().await
}

#[tokio::test]
async fn patterns_in_requests() {
    let host = host().await;
    let too_long = "has 10003 bytes; a pattern may have at most 1000";
    for path in [
        "/api/v1/runs?cases=",
        "/api/v1/stats?cases=",
        "/api/v1/compare?one=a&other=b&cases=",
        "/runs?cases=",
        "/compare?one=a&other=b&cases=",
    ] {
        for (pattern, reason) in [
            (&pattern()[..], "a pattern may have at most"),
            (&nested("{", "x", "}", 400), "has 400 opening braces; a pattern may have at most 32"),
            (&nested("{", "x", "", 10_000), "a pattern may have at most"),
            (&nested("a", "/*x", "", 10_000), too_long),
            (&"[".repeat(100), "is not a pattern"),
        ] {
            let (status, text) = host.get(&format!("{path}{pattern}")).await;
            assert!(status == 400 && text.contains(reason), "{path}: {status} {text}");
        }
    }
    for pattern in [pattern(), nested("{", "x", "}", 400), nested("[", "x", "]", 20_000)] {
        let body = json!({ "cases": pattern, "reason": "r", "author": "a" });
        let (status, answer) = host.ask(Method::POST, "/pauses", Some(body)).await;
        assert!(status == 422 && answer.to_string().contains("a pattern may have at most"), "{answer}");
    }
    host.assert_passes_is_undisturbed().await;
}

/// Runs `orbital`, which must end in good order.
async fn rejected<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>, reason: &str) {
    let finished = orbital(arguments).await;
    assert!(finished.code == 2 && finished.stderr.contains(reason), "{finished:?}");
}

async fn rejected_file(toml: &str, reason: &str) {
    let file = config(toml);
    rejected(["config".as_ref(), "check".as_ref(), "--config".as_ref(), file.path().as_os_str()], reason)
        .await;
}

#[tokio::test]
async fn patterns_in_the_configuration_and_on_the_command_line() {
    // Short enough to be no matter of length, and deeper than a regular expression may be.
    for pattern in [nested("{", "x", "}", 400), nested("{", "x", "}", LEVELS)] {
        let reason = "a pattern may have at most";
        for toml in [
            format!("[components.\"{pattern}\"]\nmetrics = true"),
            format!("[[override]]\ncases = \"{pattern}\"\nmanual = true"),
            format!(
                "[[maintenance]]\ncases = \"{pattern}\"\nreason = \"r\"\nfrom = \"2026-01-01T00:00:00Z\""
            ),
            format!("[trust.keys.a]\nkey = \"k\"\ncomponents = \"{pattern}\""),
            format!("[components.\"*\"]\nhosts = [\"{}\"]", pattern.replace(['{', '}'], "x*")),
        ] {
            if !toml.contains("hosts") || pattern.len() > 1000 {
                rejected_file(&toml, reason).await;
            }
        }
        // One argument may have 128 KiB.
        let pattern = &pattern[..pattern.len().min(100_000)];
        let passes = guest("passes");
        rejected(["run".as_ref(), "--case".as_ref(), pattern.as_ref(), passes.as_os_str()], reason).await;
        rejected(["dev", "--case", pattern], reason).await;
        rejected(["compare", "a", "b", "--cases", pattern], reason).await;
    }
}

#[tokio::test]
async fn toml() {
    for toml in [
        format!("a = {}", nested("[", "", "]", LEVELS)),
        format!("a = {}", nested("{a=", "1", "}", LEVELS)),
        format!("{} = 1", nested("a.", "a", "", LEVELS)),
        format!("[{}]", nested("a.", "a", "", LEVELS)),
        format!("[[{}]]", nested("a.", "a", "", LEVELS)),
    ] {
        rejected_file(&toml, "recurs").await;
    }
}

/// The fixture `passes` with this manifest.
fn with_manifest(toml: &str) -> Vec<u8> {
    const NAME: &[u8] = b"orbital:manifest";
    let content = [&[NAME.len() as u8][..], NAME, toml.as_bytes()].concat();
    with_section(0, &content)
}

/// The fixture `passes` with one section more.
fn with_section(id: u8, content: &[u8]) -> Vec<u8> {
    let mut component = std::fs::read(guest("passes")).unwrap();
    section(&mut component, id, content);
    component
}

/// A section of types with one that is made of types that are made of types, begun like this.
fn types(begin: &[u8], end: &[u8]) -> Vec<u8> {
    [b"\x01", &begin.repeat(LEVELS)[..], end].concat()
}

#[tokio::test]
async fn components() {
    let host = host().await;
    let header = b"\0asm\x0d\0\x01\0";
    let mut components = header.to_vec();
    for _ in 0..2000 {
        let inner = std::mem::replace(&mut components, header.to_vec());
        section(&mut components, 4, &inner);
    }
    let symbol = |levels| format!("_RNv{}C1x{}", "Nt".repeat(levels), "1x".repeat(levels + 1));
    let misnamed = |name: &str| {
        crafted(&format!(
            "(func $f (@name \"{name}\") (unreachable))
             (func (export \"orbital:test/suite@0.1.0#cases\") (result i32) (call $f) (i32.const 0))"
        ))
    };
    let files: [(&str, Vec<u8>, &str); 10] = [
        ("components", with_section(4, &components), "levels of nested components and modules"),
        ("component_types", with_section(7, &types(b"\x41\x01\x01", b"\x41\0")), "the compiler crashed"),
        ("instance_types", with_section(7, &types(b"\x42\x01\x01", b"\x42\0")), "the compiler crashed"),
        ("module_types", with_section(3, &types(b"\x50\x01\x01", b"\x50\0")), "cannot be compiled"),
        ("arrays", with_manifest(&format!("a = {}", "[".repeat(60_000))), "recurs"),
        ("keys", with_manifest(&format!("{}a = 1", "a.".repeat(30_000))), "recurs"),
        ("hosts", with_manifest(&format!("hosts = [\"{}\"]", "x".repeat(60_000))), "has 60000 bytes"),
        (
            "paths",
            with_manifest(&format!("targets = [{{ name = \"a\", paths = [\"/{}\"] }}]", "*x".repeat(20_000))),
            "has 40001 bytes",
        ),
        ("symbols", misnamed(&symbol(LEVELS)), "unreachable"),
        ("mangled", misnamed(&format!("_Z{}i", "P".repeat(LEVELS))), "unreachable"),
    ];
    let mark = host.lines.mark();
    for (name, bytes, reason) in &files {
        host.write(name, bytes);
        host.lines.wait(mark, &["ERROR", &format!("component={name} "), reason]).await;
    }
    host.assert_passes_is_undisturbed().await;
}

/// Inlined functions nest in DWARF. It is not read, even if the environment asks for it, but for the tables of lines.
#[tokio::test]
async fn dwarf() {
    let builder = Host::builder().env("WASMTIME_BACKTRACE_DETAILS", "1").with("passes").with("breaks");
    let host = builder.start().await;
    host.lines.wait(0, &["component=breaks", "loaded"]).await;
    host.assert_passes_is_undisturbed().await;
}

#[tokio::test]
async fn json() {
    let profiles = "keys = [{ json = \"/id\" }, { json = \"/a/a/a\" }]\n[[webhook.auth]]\npath = \"/open\"\nby = \"none\"\n\
                    [[webhook.auth]]\npath = \"/segment\"\nby = \"segment\"\nsecrets = [\"${secret.s}\"]\n";
    let builder =
        Host::builder().webhook(profiles).sections("[secrets.s]\nenv = \"S\"").env("S", "0123456789abcdef");
    let host = builder.with("passes").start().await;
    for body in [
        nested("[", "", "]", LEVELS),
        "[".repeat(LEVELS),
        nested("{\"a\":", "1", "}", LEVELS),
        format!("{{\"id\":{}}}", nested("[", "", "]", LEVELS)),
        format!("{{\"batch\":{}}}", nested("[", "", "]", LEVELS)),
        format!("{{\"batch\":[{}]}}", nested("{\"a\":", "1", "}", LEVELS)),
    ] {
        for (path, status) in [("open", 200), ("segment", 401)] {
            let request = client().post(format!("{}/{path}", host.webhook)).body(body.clone());
            let request = request.header("x-signature", "00".repeat(20));
            assert_eq!(request.send().await.unwrap().status(), status, "{path}");
        }
        let request = client().post(format!("{}/api/v1/pauses", host.admin)).body(body);
        let answer = request.header("content-type", "application/json").send().await.unwrap();
        assert!([400, 413, 422].contains(&answer.status().as_u16()), "{answer:?}");
    }
    host.assert_passes_is_undisturbed().await;
}

/// Another host is one more stranger.
#[tokio::test]
async fn json_of_another_host() {
    let cases = nested("[", "", "]", LEVELS);
    for answer in [cases.clone(), format!("{{\"cases\":{cases}}}"), format!("{{\"x\":{cases},\"cases\":1}}")]
    {
        let other = serve(Router::new().fallback(async move || answer.clone())).await;
        let file = config(&format!("[environments.a]\nurl = {other:?}\n[environments.b]\nurl = {other:?}\n"));
        let arguments = ["compare", "a", "b", "--config"].map(OsStr::new);
        let finished = orbital(arguments.into_iter().chain([file.path().as_os_str()])).await;
        let is_told = finished.stderr.contains("is no statistics of orbital");
        assert!(finished.code == 3 && is_told, "{finished:?}");
    }
}

#[tokio::test]
async fn cron_expressions() {
    let list = nested("1,", "1", "", LEVELS);
    for expression in
        [format!("{list} * * * *"), "*/".repeat(LEVELS) + " * * * *", "L".repeat(LEVELS) + " * * * *"]
    {
        let file = config(&format!("[[override]]\ncases = \"a/*\"\ncron = \"{expression}\""));
        let finished =
            orbital(["config".as_ref(), "check".as_ref(), "--config".as_ref(), file.path().as_os_str()])
                .await;
        assert!([0, 2].contains(&finished.code), "{}", finished.code);
    }
}

//! Names that look alike: a component's name is ASCII, its case counts, and nothing is normalised.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;

use orbital_tests::{Host, eventually, guest};

async fn passed(host: &Host, component: &str) -> f64 {
    let labels = [("component", component), ("case", "passes"), ("outcome", "pass")];
    host.metrics().await.get("orbital_runs_total", &labels).unwrap_or_default()
}

/// What `/readyz` says of files that did not load, a line each.
async fn failures(host: &Host) -> Vec<String> {
    let (_, page) = host.get("/readyz").await;
    page.lines().filter(|line| line.contains("did not load")).map(str::to_owned).collect()
}

/// Puts the fixture `passes` under two names that cannot be; both are refused, each in a line with its texts, and
/// removing the first leaves the other one refused.
async fn assert_both_are_refused(names: [&[u8]; 2], texts: [[&str; 2]; 2]) {
    let host = Host::builder().with("passes").start().await;
    let files: [PathBuf; 2] = names.map(|name| host.components.join(OsStr::from_bytes(name)));
    for file in &files {
        std::fs::copy(guest("passes"), file).unwrap();
    }
    for [name, reason] in texts {
        let component = format!("component={name} ");
        host.lines.wait(0, &["ERROR", "did not load", &component, reason, "rename the file"]).await;
    }
    eventually("both are on the page", async || {
        let failures = failures(&host).await;
        let is_told = |[name, reason]: &[&str; 2]| {
            let name = format!("`{name}`");
            failures.iter().any(|line| line.contains(&name) && line.contains(reason))
        };
        (failures.len() == 2 && texts.iter().all(is_told)).then_some(())
    })
    .await;

    let mark = host.lines.mark();
    std::fs::remove_file(&files[0]).unwrap();
    host.lines.wait(mark, &["removed", &format!("component={}", texts[0][0])]).await;
    eventually("the other one stays on the page", async || {
        let failures = failures(&host).await;
        (failures.len() == 1 && failures[0].contains(&format!("`{}`", texts[1][0]))).then_some(())
    })
    .await;
    // Each was reported only once.
    assert_eq!(host.lines.find(0, &["did not load"]).len(), 2, "{}", host.lines.text());
    host.assert_passes_is_undisturbed().await;
}

#[tokio::test]
async fn names_that_differ_in_case_alone_are_two_components() {
    let host = Host::builder().start().await;
    let mark = host.deploy_as("passes", "Shop");
    host.deploy_as("passes", "shop");
    for name in ["Shop", "shop"] {
        host.lines.wait(mark, &[&format!("--- PASS: {name}/passes")]).await;
        assert!(passed(&host, name).await >= 1.0, "{name}");
    }
    assert_eq!(host.get("/readyz").await.1, "ready: 2 components\n");

    let mark = host.deploy_as("manual", "Shop");
    host.lines.wait(mark, &["loaded", "component=Shop ", "replaced="]).await;
    assert!(host.lines.find(mark, &["loaded", "component=shop "]).is_empty(), "{}", host.lines.text());
    std::fs::remove_file(host.file("Shop")).unwrap();
    host.lines.wait(mark, &["removed", "component=Shop"]).await;
    assert!(!host.metrics().await.text().contains("component=\"Shop\""));
    let before = passed(&host, "shop").await;
    assert!(before >= 1.0);
    eventually("the other one goes on", async || (passed(&host, "shop").await > before).then_some(())).await;
}

#[tokio::test]
async fn two_spellings_of_one_letter_are_both_refused_and_neither_hides_the_other() {
    assert_both_are_refused(
        ["caf\u{e9}.wasm".as_bytes(), "cafe\u{301}.wasm".as_bytes()],
        [["caf\u{e9}", "has the character `\u{e9}`"], ["cafe\u{301}", "has the character `\\u{301}`"]],
    )
    .await;
}

/// Whoever can copy a file into the directory chooses its name, and operators read it on terminals and pages.
#[tokio::test]
async fn characters_of_file_names_move_no_cursor_and_turn_no_text() {
    let name = "a\u{9b}31m\u{202e}?#%41";
    let host = Host::builder().with("passes").start().await;
    std::fs::copy(guest("passes"), host.components.join(format!("{name}.wasm"))).unwrap();
    let shown = "a\\u{9b}31m\\u{202e}?#%41";
    host.lines.wait(0, &["ERROR", "did not load", &format!("component={shown} ")]).await;
    eventually("it is on the page", async || {
        failures(&host).await.iter().any(|line| line.contains(&format!("`{shown}`"))).then_some(())
    })
    .await;
    let mut texts = vec![host.metrics().await.text().to_owned(), host.lines.text()];
    for path in ["/readyz", "/", "/components", "/api/v1/components"] {
        texts.push(host.get(path).await.1);
    }
    for text in &texts {
        assert!(!text.contains(['\u{9b}', '\u{202e}']), "{text}");
    }
    // The path of the file is data: what reads it gets the name as it is.
    let listed = host.api("/components").await.to_string();
    assert!(listed.contains(&format!("{name}.wasm")), "{listed}");
    // The link leads to its page.
    let href = "/components/a%5Cu%7B9b%7D31m%5Cu%7B202e%7D%3F%23%2541";
    assert!(texts[3].contains(href) && texts[4].contains(href), "{}", texts[4]);
    let (status, page) = host.get(href).await;
    assert!(status == 200 && page.contains("did not load") || page.contains("does not load"), "{page}");
}

#[tokio::test]
async fn names_that_are_no_text_are_refused_and_neither_hides_the_other() {
    assert_both_are_refused(
        [b"caf\xe9.wasm", b"caf\xe8.wasm"],
        [["caf\\xe9", "is not text"], ["caf\\xe8", "is not text"]],
    )
    .await;
}

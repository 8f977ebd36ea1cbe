//! Changes of which the file system tells nothing: they are found by looking at the directory now and then.

use std::process::Stdio;

use orbital_tests::{Host, guest, missing, rebuilt};
use tokio::process::Command;

/// Runs the command line that follows where there are no events of the file system: in a user namespace in which nobody
/// may have an inotify instance.
const NO_EVENTS: [&str; 6] = [
    "unshare",
    "--user",
    "--map-root-user",
    "sh",
    "-c",
    "echo 0 > /proc/sys/user/max_inotify_instances && exec \"$0\" \"$@\"",
];

/// A host that gets no events, unless this machine cannot have one.
async fn without_events() -> Option<Host> {
    let [program, arguments @ ..] = NO_EVENTS;
    let tried = Command::new(program).args(arguments).arg("true").stderr(Stdio::null()).status().await;
    if !tried.is_ok_and(|status| status.success()) {
        return missing(
            "a user namespace without inotify cannot be made here (`unshare --user --map-root-user`)",
        );
    }
    let host =
        Host::builder().components("poll = \"200ms\"").with("passes").through(&NO_EVENTS).start().await;
    host.lines.wait(0, &["WARN", "no events from the file system; the directory is polled"]).await;
    Some(host)
}

#[tokio::test]
async fn without_events_what_is_new_changed_broken_and_gone_is_found_by_polling() {
    let Some(host) = without_events().await else { return };
    let mark = host.deploy_as("passes", "shop");
    host.lines.wait(mark, &["--- PASS: shop/passes"]).await;

    // Written in place, and renamed into place.
    let mark = host.write("shop", &rebuilt("passes"));
    host.lines.wait(mark, &["loaded", "component=shop ", "replaced="]).await;
    let (mark, aside) = (host.lines.mark(), host.components.join(".shop"));
    std::fs::copy(guest("passes"), &aside).unwrap();
    std::fs::rename(aside, host.file("shop")).unwrap();
    host.lines.wait(mark, &["loaded", "component=shop ", "replaced="]).await;

    let mark = host.write("shop", b"nonsense");
    host.lines.wait(mark, &["did not load", "component=shop ", "keeps running"]).await;
    std::fs::remove_file(host.file("shop")).unwrap();
    host.lines.wait(mark, &["removed", "component=shop"]).await;
    host.assert_passes_is_undisturbed().await;

    // Looking again and again is no reason to say so again and again.
    let told = host.lines.find(0, &["no events from the file system"]);
    assert_eq!(told.len(), 1, "{}", host.lines.text());
}

/// There are events, and none of what is written by another name of the file in a directory that nobody watches.
#[tokio::test]
async fn what_is_written_through_a_hard_link_elsewhere_is_found_by_polling() {
    let host = Host::builder().components("poll = \"200ms\"").with("passes").start().await;
    let mark = host.deploy_as("passes", "shop");
    host.lines.wait(mark, &["--- PASS: shop/passes"]).await;
    let elsewhere = host.directory().join("elsewhere.wasm");
    std::fs::hard_link(host.file("shop"), &elsewhere).unwrap();
    let mark = host.lines.mark();
    std::fs::write(&elsewhere, rebuilt("passes")).unwrap();
    host.lines.wait(mark, &["loaded", "component=shop ", "replaced="]).await;
    host.lines.wait(host.lines.mark(), &["--- PASS: shop/passes"]).await;
    host.assert_passes_is_undisturbed().await;
}

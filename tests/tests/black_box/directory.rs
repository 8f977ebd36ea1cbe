//! A directory of components that is not the one it was: what is deployed keeps running.

use std::os::unix::fs::symlink;
use std::process::Stdio;

use orbital_tests::{Host, guest, missing};
use tokio::process::Command;

/// The directory of components as a mount of its own, with the fixture in it, until the file `unmount` is there. The
/// command line that follows is `orbital serve --config FILE`.
const MOUNTED: &str = "folder=$(dirname \"$3\") && mount -t tmpfs tmpfs \"$folder/components\" && \
    cp \"$FIXTURE\" \"$folder/components/passes.wasm\" && { \
        until [ -e \"$folder/unmount\" ]; do sleep 0.05; done; umount -l \"$folder/components\"; \
    } & exec \"$0\" \"$@\"";

async fn assert_unavailable(host: &Host, is_so: bool) {
    let (status, ready) = host.get("/readyz").await;
    assert_eq!(status, 200, "{ready}");
    let says_so = ready.contains("the directory of components") && ready.contains("is unavailable");
    assert_eq!(says_so, is_so, "{ready}");
    let up = host.metrics().await.get("orbital_components_directory_up", &[]);
    assert_eq!(up, Some(if is_so { 0.0 } else { 1.0 }));
}

#[tokio::test]
async fn a_mount_that_vanishes_takes_nothing_down() {
    let command = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", MOUNTED];
    let mut tried = Command::new(command[0]);
    tried.args(&command[1..6]).arg("mount -t tmpfs tmpfs /mnt").stderr(Stdio::null());
    if !tried.status().await.is_ok_and(|status| status.success()) {
        missing::<()>("a mount of one's own cannot be made here (`unshare --user --map-root-user --mount`)");
        return;
    }
    let fixture = guest("passes");
    let builder = Host::builder().through(&command).env("FIXTURE", fixture.to_str().unwrap());
    let host = builder.components("poll = \"100ms\"").start().await;
    host.lines.wait(0, &["--- PASS: passes/passes"]).await;
    assert_unavailable(&host, false).await;

    let mark = host.lines.mark();
    std::fs::write(host.directory().join("unmount"), "").unwrap();
    host.lines
        .wait(mark, &["ERROR", "the directory of components is unavailable", "a mount may have vanished"])
        .await;
    assert_unavailable(&host, true).await;
    host.assert_passes_is_undisturbed().await;
    assert_eq!(host.lines.find(mark, &["removed", "component="]), Vec::<String>::new());

    // The test sees what is below the mount. A component that is copied there is what is to be deployed.
    let mark = host.deploy_as("passes", "late");
    host.lines.wait(mark, &["the directory of components is available again"]).await;
    host.lines.wait(mark, &["removed", "component=passes"]).await;
    host.lines.wait(mark, &["--- PASS: late/passes"]).await;
    assert_unavailable(&host, false).await;
}

#[tokio::test]
async fn a_directory_that_was_renamed_and_made_anew_takes_nothing_down_and_may_come_back() {
    let host = Host::builder().with("passes").start().await;
    host.lines.wait(0, &["--- PASS: passes/passes"]).await;
    let (mark, aside) = (host.lines.mark(), host.directory().join("aside"));
    std::fs::rename(&host.components, &aside).unwrap();
    std::fs::create_dir(&host.components).unwrap();
    host.lines.wait(mark, &["ERROR", "the directory of components is unavailable", "it is empty"]).await;
    assert_unavailable(&host, true).await;
    host.assert_passes_is_undisturbed().await;

    std::fs::remove_dir(&host.components).unwrap();
    std::fs::rename(&aside, &host.components).unwrap();
    host.lines.wait(mark, &["the directory of components is available again"]).await;
    assert_unavailable(&host, false).await;
    host.assert_passes_is_undisturbed().await;
    assert_eq!(host.lines.find(mark, &["removed", "component="]), Vec::<String>::new());

    // This one is the directory that held it, so what is removed here is meant to be.
    std::fs::remove_file(host.file("passes")).unwrap();
    host.lines.wait(mark, &["removed", "component=passes"]).await;
    assert_unavailable(&host, false).await;
}

#[tokio::test]
async fn a_link_whose_target_vanishes_keeps_its_component_and_is_told() {
    let host = Host::builder().components("poll = \"100ms\"\nexternal_links = true").start().await;
    let elsewhere = host.directory().join("elsewhere");
    std::fs::create_dir(&elsewhere).unwrap();
    std::fs::copy(guest("passes"), elsewhere.join("passes")).unwrap();
    let mark = host.lines.mark();
    symlink(elsewhere.join("passes"), host.file("passes")).unwrap();
    host.lines.wait(mark, &["--- PASS: passes/passes"]).await;

    std::fs::rename(&elsewhere, host.directory().join("gone")).unwrap();
    host.lines.wait(mark, &["ERROR", "did not load", "component=passes", "cannot be read"]).await;
    let (status, ready) = host.get("/readyz").await;
    assert_eq!((status, ready.contains("component `passes` did not load")), (200, true), "{ready}");
    host.assert_passes_is_undisturbed().await;

    std::fs::rename(host.directory().join("gone"), &elsewhere).unwrap();
    host.lines.wait(mark, &["its file is the running version again", "component=passes"]).await;
    assert_eq!(host.get("/readyz").await, (200, "ready: 1 components\n".to_owned()));
    assert_eq!(host.lines.find(mark, &["removed", "component="]), Vec::<String>::new());
    std::fs::remove_file(host.file("passes")).unwrap();
    host.lines.wait(mark, &["removed", "component=passes"]).await;
}

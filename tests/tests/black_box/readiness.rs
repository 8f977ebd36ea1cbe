//! `/readyz` while components are being loaded.

use orbital_tests::{Host, eventually};
use serde_json::json;

#[tokio::test]
async fn a_host_is_ready_only_once_every_component_is_loaded_or_gone() {
    // `cases_sleeps` is being loaded for a minute, unless it is removed.
    let host = Host::builder()
        .with("passes")
        .with_as("hostile/cases_sleeps", "cases_sleeps")
        .while_loading()
        .start()
        .await;
    host.lines.wait(0, &[" loaded ", "component=passes"]).await;
    let (status, text) = host.get("/readyz").await;
    assert_eq!((status, &*text), (503, "not ready: the components are being loaded\n"));
    assert_eq!(host.api("/components").await["ready"], json!(false));
    assert_eq!(host.get("/healthz").await.0, 200, "it is alive");

    std::fs::remove_file(host.file("cases_sleeps")).unwrap();
    host.lines.wait(0, &["ready components=1"]).await;
    eventually("the host is ready", async || (host.get("/readyz").await.0 == 200).then_some(())).await;
    assert_eq!(host.api("/components").await["ready"], json!(true));
}

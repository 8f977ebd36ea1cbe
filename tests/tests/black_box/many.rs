//! Very many components.

use orbital_tests::Host;

use crate::exposition::Exposition;

const MANY: usize = 500;

/// Health and metrics, which must be there however much is to be loaded.
async fn assert_is_responsive(host: &Host) {
    assert_eq!(host.get("/healthz").await.0, 200);
    Exposition::parse(host.metrics().await.text());
}

/// They run once each, after the deploy, so that it is loading them that counts, and not what they do.
#[tokio::test]
async fn five_hundred_components_copied_at_once_all_run_and_the_host_answers_meanwhile() {
    let host = Host::builder().with("passes").start().await;
    let names: Vec<String> = (1..=MANY).map(|index| format!("copy-{index:03}")).collect();
    for some in names.chunks(50) {
        for name in some {
            host.deploy_as("rarely", name);
        }
        assert_is_responsive(&host).await;
    }
    for (index, name) in names.iter().enumerate() {
        host.lines.wait(0, &[&format!("--- PASS: {name}/rarely")]).await;
        if index % 50 == 0 {
            assert_is_responsive(&host).await;
        }
    }
    assert!(host.lines.find(0, &["did not load"]).is_empty(), "{}", host.lines.text());
    assert_eq!(host.lines.find(0, &["--- ", "/rarely"]).len(), MANY, "{}", host.lines.text());
    host.assert_passes_is_undisturbed().await;
    let metrics = host.metrics().await;
    let (loaded, expected) =
        (metrics.sum("orbital_component_loads_total", &[("result", "loaded")]), MANY + 1);
    assert_eq!(loaded, expected as f64);
    assert_eq!(metrics.sum("orbital_component_loads_total", &[("result", "failed")]), 0.0);
    assert_eq!(host.get("/readyz").await.1, format!("ready: {expected} components\n"));

    // And they go again, all of them.
    let mark = host.lines.mark();
    for name in &names {
        std::fs::remove_file(host.file(name)).unwrap();
    }
    host.lines.wait_n(mark, MANY, &["removed", "component=copy-"]).await;
    assert!(!host.metrics().await.text().contains("copy-"));
    host.assert_passes_is_undisturbed().await;
}

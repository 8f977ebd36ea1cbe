//! Copying, replacing and removing files.

use orbital_tests::Host;

#[tokio::test]
async fn a_copied_component_runs_and_its_metrics_appear() {
    let host = Host::builder().start().await;
    let mark = host.deploy("passes");
    host.lines.wait(mark, &["--- PASS: passes/passes"]).await;
    let metrics = host.metrics().await;
    let passed = [("component", "passes"), ("case", "passes"), ("outcome", "pass")];
    assert!(metrics.get("orbital_runs_total", &passed).unwrap() >= 1.0);
    let failed = [("component", "passes"), ("case", "passes"), ("outcome", "fail")];
    assert_eq!(metrics.get("orbital_runs_total", &failed), Some(0.0));
}

//! Metrics of a component while a run of an older version is in flight.
//!
//! A run of `records` records a value, and is in flight until the test answers its event.

use orbital_tests::{Api, Host, rebuilt};

async fn start() -> (Host, Api) {
    let api = Api::start().await;
    let sections =
        format!("[targets.api]\nurl = {:?}\ntimeout = \"50s\"\n[config.other]\nkind = \"gauge\"\n", api.url);
    (Host::builder().sections(&sections).with("passes").start().await, api)
}

#[tokio::test]
async fn the_names_of_a_removed_component_are_free_though_a_run_of_it_is_in_flight() {
    let (host, mut api) = start().await;
    host.deploy("records");
    let in_flight = api.next_to("/events").await;
    let mark = host.lines.mark();
    std::fs::remove_file(host.file("records")).unwrap();
    host.lines.wait(mark, &["removed", "component=records"]).await;
    // It records the name as another kind, and sends its event only if that is allowed.
    let mark = host.deploy_as("records", "other");
    api.next_to("/events").await.answer(());
    host.lines.wait(mark, &["--- PASS: other/records"]).await;
    in_flight.answer(());
    host.lines.wait(mark, &["--- PASS: records/records"]).await;
}

#[tokio::test]
async fn what_a_run_of_an_older_version_recorded_is_not_shown() {
    let (host, mut api) = start().await;
    host.deploy("records");
    let in_flight = api.next_to("/events").await;
    let mark = host.write("records", &rebuilt("records"));
    host.lines.wait(mark, &["loaded", "component=records ", "replaced="]).await;
    in_flight.answer(());
    // Nobody answers the event of the new version, if it runs by now.
    host.lines.wait(mark, &["--- PASS: records/records"]).await;
    let metrics = host.metrics().await;
    assert!(!metrics.text().contains("orbital_test_held"), "{}", metrics.text());
    assert_eq!(
        metrics.get("orbital_runs_total", &[("component", "records"), ("outcome", "pass")]),
        Some(1.0)
    );
}

#[tokio::test]
async fn the_counters_of_a_case_go_on_over_its_versions() {
    let (host, _api) = start().await;
    let passed = async || {
        let labels = [("component", "passes"), ("case", "passes"), ("outcome", "pass")];
        host.metrics().await.get("orbital_runs_total", &labels).unwrap()
    };
    host.lines.wait_n(0, 10, &["--- PASS: passes/passes"]).await;
    let before = passed().await;
    assert!(before >= 10.0);
    let mark = host.write("passes", &rebuilt("passes"));
    host.lines.wait(mark, &["loaded", "component=passes ", "replaced="]).await;
    assert!(passed().await >= before);
}

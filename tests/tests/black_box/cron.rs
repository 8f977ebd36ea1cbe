//! Cron expressions on the nights when clocks change.

use std::time::{Duration, SystemTime};

use orbital_tests::{Host, WallClock};

/// How far ahead a clock must be to show this moment now.
fn ahead(moment: u64) -> f64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    Duration::from_secs(moment).as_secs_f64() - now.as_secs_f64()
}

/// Two seconds before 2027-03-28, 01:00 UTC, when 03:00 follows 02:00 in Madrid.
const SPRING: u64 = 1_806_195_598;

/// Two seconds before 2027-10-31, 01:30 UTC, when it is 02:30 in Madrid for the second time.
const AUTUMN: u64 = 1_824_946_198;

#[tokio::test]
async fn a_list_of_local_times_runs_once_after_the_gap_and_once_in_the_repeated_hour() {
    let Some(clock) = WallClock::new() else { return };
    clock.set(ahead(SPRING - 600));
    let sections = "[[override]]\ncases = \"listed/*\"\ncron = \"30 2,14 * * *\"\nzone = \"Europe/Madrid\"\n\
                    [[override]]\ncases = \"stepped/*\"\ncron = \"*/30 * * * *\"\nzone = \"Europe/Madrid\"\n";
    let builder = Host::builder().sections(sections).clock(&clock).with("passes");
    let host = builder.with_as("rarely", "listed").with_as("rarely", "stepped").start().await;
    host.lines.wait_n(0, 3, &["--- PASS: passes/passes"]).await;
    let runs =
        async |component: &str| host.metrics().await.sum("orbital_runs_total", &[("component", component)]);
    assert_eq!((runs("listed").await, runs("stepped").await), (0.0, 0.0));

    // In the gap: at its end.
    clock.set(ahead(SPRING));
    host.lines.wait(0, &["--- PASS: listed/rarely"]).await;
    host.lines.wait(0, &["--- PASS: stepped/rarely"]).await;

    // In the repeated hour: not again. The other one goes by the clock, and says that it is time.
    clock.set(ahead(AUTUMN - 600));
    host.lines.wait_n(host.lines.mark(), 3, &["--- PASS: passes/passes"]).await;
    let before = runs("listed").await;
    let mark = host.lines.mark();
    clock.set(ahead(AUTUMN));
    host.lines.wait(mark, &["--- PASS: stepped/rarely"]).await;
    host.lines.wait_n(host.lines.mark(), 3, &["--- PASS: passes/passes"]).await;
    assert_eq!(runs("listed").await, before, "{}", host.lines.text());
}

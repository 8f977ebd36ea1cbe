//! Shared budgets: runs release their part when they end.

use orbital_tests::Host;

#[tokio::test]
async fn memory_of_runs_that_have_ended_is_free_for_the_next_ones() {
    // Each run has more than a page of 64 KiB, so that a hundred have more than either budget.
    let budgets = "[limits]\ncomponent_memory = \"6MiB\"\ntotal_memory = \"6MiB\"\n";
    let often = "[[override]]\ncases = \"passes/*\"\nevery = \"20ms\"\n";
    let host = Host::builder().sections(&format!("{budgets}{often}")).with("passes").start().await;
    host.lines.wait_n(0, 100, &["--- PASS: passes/passes"]).await;
    host.assert_passes_is_undisturbed().await;
}

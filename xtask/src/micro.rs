//! The micro-benchmarks, in `benches/` of their crates.

/// Arguments with which cargo builds all of them, and nothing else.
pub(crate) const ARGUMENTS: [&str; 12] = [
    "--features",
    "orbital-history/bench,orbital-model/bench,orbital-run/bench,orbital-webhook/bench",
    "--bench",
    "history",
    "--bench",
    "keys",
    "--bench",
    "report",
    "--bench",
    "schedule",
    "--bench",
    "waiter",
];

//! Encoding reports as JSON.
#![allow(missing_docs, reason = "a benchmark has no documentation")]

use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use orbital_model::{counted, sample};

fn main() {
    divan::main();
}

/// A report of the most frequent kind: one event, one delivery.
#[divan::bench]
fn encode(bencher: Bencher<'_, '_>) {
    let report = sample::report(0, 0);
    let length = serde_json::to_vec(&report).map_or(0, |json| json.len());
    bencher.counter(BytesCount::new(length)).bench(|| counted(|| serde_json::to_vec(black_box(&report))));
}

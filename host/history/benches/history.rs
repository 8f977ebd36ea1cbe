//! Writing runs: batches of a hundred, from the emitter to the committed transaction.
#![allow(missing_docs, reason = "a benchmark has no documentation")]

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use divan::Bencher;
use divan::counter::ItemsCount;
use orbital_history::{FixedHistorySettings, History, HistorySettings, LiveHistorySettings};
use orbital_model::sample;

const BATCH: usize = 100;

fn main() {
    divan::main();
}

/// Runs of this many cases, ten in each component, one case after the other.
#[divan::bench(args = [10, 1000], sample_size = 10)]
fn write(bencher: Bencher<'_, '_>, cases: usize) {
    let folder = tempfile::tempdir().unwrap_or_else(|error| panic!("no folder: {error}"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    let runtime = runtime.unwrap_or_else(|error| panic!("no runtime: {error}"));
    let start = History::start(settings(folder.path().join("history.db")), metrics::Histogram::noop);
    let history = runtime.block_on(start).unwrap_or_else(|error| panic!("no history: {error}"));
    let (mut next, mut written) = (0_usize, 0_u64);
    let batch = || {
        let first = next;
        next += BATCH;
        (first..next).map(|number| Arc::new(sample::report(number, number % cases))).collect::<Vec<_>>()
    };
    bencher.counter(ItemsCount::new(BATCH)).with_inputs(batch).bench_local_values(|batch| {
        batch.iter().for_each(|report| history.record(report, 2000));
        written += BATCH as u64;
        while history.status().written < written {
            std::thread::yield_now();
        }
    });
    runtime.block_on(history.end());
}

fn settings(path: PathBuf) -> HistorySettings {
    let live = LiveHistorySettings {
        max_age: Duration::from_secs(3600),
        max_runs: 1_000_000,
        max_bytes: 1 << 32,
        batch_runs: BATCH,
        batch_interval: Duration::from_secs(60),
        queue_runs: 10 * BATCH,
        queue_bytes: 1 << 30,
    };
    HistorySettings { fixed: FixedHistorySettings { enabled: true, path }, live }
}

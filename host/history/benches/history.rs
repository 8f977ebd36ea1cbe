//! Writing runs: batches of a hundred, from the emitter to the committed transaction, and parts of that.
#![allow(missing_docs, reason = "a benchmark has no documentation")]

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use orbital_history::bench::ReportEncoder;
use orbital_history::{FixedHistorySettings, History, HistorySettings, LiveHistorySettings};
use orbital_model::{counted, sample};
use tempfile::TempDir;
use tokio::runtime::Runtime;

const BATCH: usize = 100;

/// More runs than a benchmark adds.
const MAX_QUEUED: usize = 1_000_000;

fn main() {
    divan::main();
}

/// Runs of this many cases, ten in each component, one case after the other.
#[divan::bench(args = [10, 1000], sample_size = 10)]
fn write(bencher: Bencher<'_, '_>, cases: usize) {
    let runtime = runtime();
    let folder = folder();
    let history = start(&runtime, settings(folder.path(), BATCH));
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

/// The emitter's part: a run is added to the queue, which is not written.
#[divan::bench(sample_size = 10)]
fn record(bencher: Bencher<'_, '_>) {
    let runtime = runtime();
    let folder = folder();
    let history = start(&runtime, settings(folder.path(), MAX_QUEUED));
    let mut numbers = 0..;
    let report = || numbers.next().map(|number| Arc::new(sample::report(number, number % 1000)));
    let record = |report: &Arc<_>| counted(|| history.record(report, 2000));
    bencher.with_inputs(report).bench_local_refs(|report| report.as_ref().map(record));
}

/// The form in which a report is stored.
#[divan::bench]
fn encode(bencher: Bencher<'_, '_>) {
    let mut encoder = ReportEncoder::new().unwrap_or_else(|error| panic!("no encoder: {error}"));
    let report = sample::report(0, 0);
    bencher.bench_local(|| counted(|| encoder.encode(black_box(&report))));
}

fn runtime() -> Runtime {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    runtime.unwrap_or_else(|error| panic!("no runtime: {error}"))
}

fn folder() -> TempDir {
    tempfile::tempdir().unwrap_or_else(|error| panic!("no folder: {error}"))
}

fn start(runtime: &Runtime, settings: HistorySettings) -> Arc<History> {
    let start = History::start(settings, metrics::Histogram::noop);
    runtime.block_on(start).unwrap_or_else(|error| panic!("no history: {error}"))
}

fn settings(folder: &Path, batch_runs: usize) -> HistorySettings {
    let live = LiveHistorySettings {
        max_age: Duration::from_secs(3600),
        max_runs: 1_000_000,
        max_bytes: 1 << 32,
        batch_runs,
        batch_interval: Duration::from_secs(600),
        queue_runs: MAX_QUEUED,
        queue_bytes: 1 << 32,
    };
    HistorySettings { fixed: FixedHistorySettings { enabled: true, path: folder.join("history.db") }, live }
}

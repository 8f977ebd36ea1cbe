//! Runs that are not written yet.
//!
//! Runs stay here until they are written, so that nothing is lost while the database cannot be written, and so that
//! they can be read in the meantime.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use orbital_model::Report;
use orbital_model::amounts::Amounts;
use parking_lot::{Condvar, Mutex, MutexGuard};

use crate::LiveHistorySettings;

/// How long the writer waits for a run before it checks whether there is something to delete.
const IDLE: Duration = Duration::from_secs(10);

/// The number of runs that are removed at once, so that emitters do not wait for long.
const PORTION: usize = 32;

/// Runs that wait to be written, in the order of their ends.
pub(super) struct Queue {
    inner: Mutex<Inner>,
    /// Wakes the writer when there is work.
    wake: Condvar,
}

struct Inner {
    settings: LiveHistorySettings,
    /// The runs by number, in the order of their ends.
    runs: BTreeMap<u64, Waiting>,
    bytes: usize,
    /// The number of the next run.
    next: u64,
    /// Runs with lower numbers are being written, and must stay.
    writing: u64,
    /// The numbers of each component's runs, in order.
    by_component: HashMap<String, VecDeque<u64>>,
    held_runs: Amounts,
    held_bytes: Amounts,
    closed: bool,
}

struct Waiting {
    report: Arc<Report>,
    weight: usize,
    since: Instant,
}

/// The limit that leaves no room for a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Full {
    Runs,
    Bytes,
}

impl Queue {
    pub(super) fn new(settings: LiveHistorySettings) -> Self {
        let inner = Inner {
            settings,
            runs: BTreeMap::new(),
            bytes: 0,
            next: 0,
            writing: 0,
            by_component: HashMap::new(),
            held_runs: Amounts::default(),
            held_bytes: Amounts::default(),
            closed: false,
        };
        Self { inner: Mutex::new(inner), wake: Condvar::new() }
    }

    /// Applies changed settings.
    pub(super) fn configure(&self, settings: LiveHistorySettings) {
        self.lock().settings = settings;
        self.wake.notify_all();
    }

    pub(super) fn settings(&self) -> LiveHistorySettings {
        self.lock().settings.clone()
    }

    /// Adds a run. Never waits for the disk. If there is no room, the component with the most data in the queue loses
    /// its newest runs; `lost` is called for each.
    pub(super) fn push(&self, report: &Arc<Report>, weight: usize, mut lost: impl FnMut(Full)) {
        let mut inner = self.lock();
        while let Some(full) = inner.full(weight) {
            lost(full);
            match inner.newest_of_the_largest(full, report.case.component(), weight) {
                Some(number) => drop(inner.remove(number)),
                None => return,
            }
        }
        inner.add(Waiting { report: report.clone(), weight, since: Instant::now() });
        let waiting = inner.runs.len();
        // The first run starts the interval of a batch, and the last one completes the batch. Other runs do not wake the writer.
        let wakes = waiting == 1 || waiting == inner.settings.batch_runs;
        drop(inner);
        if wakes {
            self.wake.notify_all();
        }
    }

    /// Returns the oldest runs, as many as are written at once; they stay in the queue. Waits until there are that
    /// many, or until one has waited for the batch interval; but does not wait if `hurries` is true or the queue is
    /// closed.
    pub(super) fn batch(&self, hurries: bool) -> Vec<Arc<Report>> {
        let mut inner = self.lock();
        let until = Instant::now() + IDLE;
        while !hurries && !inner.closed && inner.runs.len() < inner.settings.batch_runs {
            let due = inner.runs.values().next().map(|first| first.since + inner.settings.batch_interval);
            let left = due.unwrap_or(until).saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            self.wake.wait_for(&mut inner, left);
        }
        let batch = inner.runs.iter().take(inner.settings.batch_runs);
        let (numbers, reports): (Vec<u64>, Vec<_>) =
            batch.map(|(number, waiting)| (*number, waiting.report.clone())).unzip();
        inner.writing = numbers.last().map_or(0, |last| last + 1);
        reports
    }

    /// Removes this number of the oldest runs.
    pub(super) fn done(&self, count: usize) {
        let mut left = count;
        while left > 0 {
            let mut inner = self.lock();
            let removed: Vec<Waiting> = (0..left.min(PORTION)).map_while(|_| inner.remove_oldest()).collect();
            drop(inner);
            left = if removed.is_empty() { 0 } else { left - removed.len() };
        }
    }

    /// Waits for some time, or less if the queue is closed.
    pub(super) fn rest(&self, time: Duration) {
        let until = Instant::now() + time;
        let mut inner = self.lock();
        while !inner.closed {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            self.wake.wait_for(&mut inner, left);
        }
    }

    /// Closes the queue: no more runs are added.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.wake.notify_all();
    }

    pub(super) fn is_closed(&self) -> bool {
        self.lock().closed
    }

    /// Returns the number of waiting runs, and their bytes.
    pub(super) fn size(&self) -> (usize, usize) {
        let inner = self.lock();
        (inner.runs.len(), inner.bytes)
    }

    /// Returns the waiting runs, in the order of their ends.
    pub(super) fn waiting(&self) -> Vec<Arc<Report>> {
        self.lock().runs.values().map(|waiting| waiting.report.clone()).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // No code under this lock leaves the queue in an inconsistent state.
        self.inner.lock()
    }
}

impl Inner {
    /// Returns the limit that leaves no room for a run of this weight.
    fn full(&self, weight: usize) -> Option<Full> {
        if self.runs.len() >= self.settings.queue_runs {
            return Some(Full::Runs);
        }
        (self.bytes + weight > self.settings.queue_bytes).then_some(Full::Bytes)
    }

    /// Returns the newest run that is not being written, of the component that has the most data, counting the new run;
    /// nothing if that is the new run's component.
    fn newest_of_the_largest(&self, full: Full, component: &str, weight: usize) -> Option<u64> {
        let (held, more) = match full {
            Full::Runs => (&self.held_runs, 1),
            Full::Bytes => (&self.held_bytes, weight as u64),
        };
        let largest = held.largest()?;
        if largest == component || held.of(component) + more >= held.of(largest) {
            return None;
        }
        self.by_component.get(largest)?.back().copied().filter(|number| *number >= self.writing)
    }

    fn add(&mut self, waiting: Waiting) {
        let component = waiting.report.case.component();
        match self.by_component.get_mut(component) {
            Some(numbers) => numbers.push_back(self.next),
            None => drop(self.by_component.insert(component.to_owned(), VecDeque::from([self.next]))),
        }
        self.held_runs.add(component, 1);
        self.held_bytes.add(component, waiting.weight as u64);
        self.bytes += waiting.weight;
        self.runs.insert(self.next, waiting);
        self.next += 1;
    }

    fn remove_oldest(&mut self) -> Option<Waiting> {
        let number = *self.runs.first_key_value()?.0;
        self.remove(number)
    }

    /// Removes a run that is the oldest or the newest of its component.
    fn remove(&mut self, number: u64) -> Option<Waiting> {
        let waiting = self.runs.remove(&number)?;
        let component = waiting.report.case.component();
        self.bytes -= waiting.weight;
        self.held_runs.take(component, 1);
        self.held_bytes.take(component, waiting.weight as u64);
        if let Some(numbers) = self.by_component.get_mut(component) {
            if numbers.front() == Some(&number) {
                numbers.pop_front();
            } else {
                numbers.pop_back();
            }
            if numbers.is_empty() {
                self.by_component.remove(component);
            }
        }
        Some(waiting)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{live, report};

    #[test]
    fn what_is_read_stays_until_it_is_written() {
        let queue = Queue::new(live());
        for number in 0..3 {
            queue.push(&Arc::new(report("a/x", number)), 10, nothing_is_lost);
        }
        let batch = queue.batch(true);
        assert_eq!((batch.len(), queue.size()), (3, (3, 30)));
        queue.push(&Arc::new(report("a/x", 3)), 10, nothing_is_lost);
        queue.done(batch.len());
        assert_eq!((queue.size(), queue.waiting()[0].run), ((1, 10), report("a/x", 3).run));
    }

    #[test]
    fn there_is_an_end_to_waiting_in_runs_and_in_bytes() {
        let queue = Queue::new(LiveHistorySettings { queue_runs: 2, queue_bytes: 100, ..live() });
        let one = Arc::new(report("a/x", 0));
        let lost = |weight| {
            let mut lost = Vec::new();
            queue.push(&one, weight, |full| lost.push(full));
            lost
        };
        assert_eq!(lost(101), [Full::Bytes]);
        assert_eq!(lost(60), []);
        assert_eq!(lost(60), [Full::Bytes]);
        assert_eq!(lost(40), []);
        assert_eq!(lost(0), [Full::Runs]);
        queue.done(1);
        assert_eq!(lost(60), []);
    }

    #[test]
    fn a_component_that_fills_the_queue_loses_its_own_runs_to_those_of_others() {
        for settings in [
            LiveHistorySettings { queue_runs: 10, queue_bytes: 1 << 20, batch_runs: 3, ..live() },
            LiveHistorySettings { queue_runs: 100, queue_bytes: 100, batch_runs: 3, ..live() },
        ] {
            let queue = Queue::new(settings);
            let mut lost = 0;
            for number in 0..20 {
                queue.push(&Arc::new(report("loud/x", number)), 10, |_| lost += 1);
            }
            assert_eq!((lost, queue.size().0), (10, 10));
            let written: Vec<_> = queue.batch(true).iter().map(|report| report.run).collect();
            for number in 20..24 {
                queue.push(&Arc::new(report("quiet/x", number)), 10, |_| lost += 1);
            }
            let waiting = |component: &str| {
                queue.waiting().iter().filter(|report| report.case.component() == component).count()
            };
            assert_eq!((lost, waiting("loud"), waiting("quiet")), (14, 6, 4));
            let first: Vec<_> = queue.waiting().iter().take(3).map(|report| report.run).collect();
            assert_eq!(first, written, "what is being written has moved");
        }
    }

    fn nothing_is_lost(full: Full) {
        panic!("the queue is full: {full:?}");
    }

    #[test]
    fn a_batch_is_whole_or_its_time_has_come_or_it_is_the_end() {
        let settings =
            LiveHistorySettings { batch_runs: 2, batch_interval: Duration::from_secs(3600), ..live() };
        let queue = Queue::new(settings.clone());
        let one = Arc::new(report("a/x", 0));
        std::thread::scope(|scope| {
            let batch = scope.spawn(|| queue.batch(false).len());
            for _ in 0..3 {
                queue.push(&one, 1, nothing_is_lost);
            }
            assert_eq!(batch.join().unwrap(), 2);
            queue.done(2);
            let rest = scope.spawn(|| queue.batch(false).len());
            queue.configure(LiveHistorySettings {
                batch_interval: Duration::from_millis(1),
                ..settings.clone()
            });
            assert_eq!(rest.join().unwrap(), 1);
            queue.configure(settings.clone());
            let rest = scope.spawn(|| queue.batch(false).len());
            queue.close();
            assert_eq!(rest.join().unwrap(), 1);
        });
    }
}

//! Compares the waiter with a model of it that is as simple as possible.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use proptest::prelude::*;

use crate::waiter::tests::*;

const RUNS: usize = 4;
const KEYS: u8 = 3;

/// A component, or none, and a key.
type Key = (Option<&'static str>, u8);

/// The scope of each run.
const SCOPES: [Option<&str>; RUNS] = [None, None, Some("shop"), Some("shop")];

const EARLY: (usize, Duration) = (3, Duration::from_secs(10));
const LATE_FOR: Duration = Duration::from_secs(15);
const QUEUE_PER_KEY: usize = 2;

/// The maximum number of deliveries, of any keys, for one run.
const QUEUE: usize = 4;

#[derive(Debug, Clone)]
enum Step {
    Expect(usize, u8),
    Deliver(bool, u8),
    /// Takes a number of deliveries of the keys, each of which has a bit.
    Take(usize, u8, usize),
    /// Waits for a number of deliveries of a key, while others are delivered.
    Wait(usize, u8, usize, Vec<(bool, u8)>),
    Release(usize),
    Advance(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let (run, key) = (0..RUNS, 0..KEYS);
    let deliver = (any::<bool>(), key.clone());
    prop_oneof![
        (run.clone(), key.clone()).prop_map(|(run, key)| Step::Expect(run, key)),
        deliver.clone().prop_map(|(scoped, key)| Step::Deliver(scoped, key)),
        (run.clone(), 1..1_u8 << KEYS, 1..4_usize).prop_map(|(run, keys, n)| Step::Take(run, keys, n)),
        (run.clone(), key, 1..4_usize, proptest::collection::vec(deliver, 0..4))
            .prop_map(|(run, key, n, meanwhile)| Step::Wait(run, key, n, meanwhile)),
        run.prop_map(Step::Release),
        (0..6_u64).prop_map(Step::Advance),
    ]
}

/// The result of a delivery, and the run that it belongs to.
type Fate = (Disposition, Option<usize>);

#[derive(Default)]
struct Model {
    runs: [Run; RUNS],
    owners: HashMap<Key, usize>,
    /// The numbers of deliveries that wait for a run, in the order of their arrival.
    early: VecDeque<(Instant, Key, usize)>,
    late: HashMap<Key, (Instant, usize)>,
    /// The fates, by the deliveries' numbers.
    fates: Vec<Fate>,
    /// Results of late deliveries that were found, which count twice.
    twice: Vec<Disposition>,
}

#[derive(Default)]
struct Run {
    /// The run's number among all runs so far.
    number: usize,
    queue: VecDeque<(u8, usize)>,
    dropped: HashMap<u8, u32>,
}

impl Run {
    /// Returns whether there was room.
    fn push(&mut self, key: u8, delivery: usize) -> bool {
        let of_key = self.queue.iter().filter(|(other, _)| *other == key).count();
        let room = self.queue.len() < QUEUE && of_key < QUEUE_PER_KEY;
        if room {
            self.queue.push_back((key, delivery));
        } else {
            *self.dropped.entry(key).or_default() += 1;
        }
        room
    }

    fn take(&mut self, keys: &[u8], n: usize) -> Option<Result<Vec<usize>, u32>> {
        let is_wanted = |(key, _): &(u8, usize)| keys.contains(key);
        if self.queue.iter().filter(|one| is_wanted(one)).count() < n {
            let dropped: u32 = keys.iter().filter_map(|key| self.dropped.remove(key)).sum();
            return (dropped > 0).then_some(Err(dropped));
        }
        let taken: Vec<(u8, usize)> =
            self.queue.iter().filter(|one| is_wanted(one)).take(n).copied().collect();
        self.queue.retain(|one| !taken.contains(one));
        Some(Ok(taken.into_iter().map(|(_, delivery)| delivery).collect()))
    }
}

impl Model {
    fn expire(&mut self, now: Instant) {
        while self.early.front().is_some_and(|(kept, ..)| now - *kept >= EARLY.1) {
            self.settle_oldest(Disposition::Unmatched);
        }
        self.late.retain(|_, (released, _)| now - *released < LATE_FOR);
    }

    fn settle_oldest(&mut self, disposition: Disposition) {
        if let Some((.., delivery)) = self.early.pop_front()
            && self.fates[delivery].0 != Disposition::Late
        {
            self.fates[delivery].0 = disposition;
        }
    }

    /// Returns whether the run got the key.
    fn expect(&mut self, run: usize, key: u8, now: Instant) -> bool {
        let scoped = (SCOPES[run], key);
        if let Some(owner) = self.owners.get(&scoped) {
            return *owner == run;
        }
        self.expire(now);
        self.late.remove(&scoped);
        self.owners.insert(scoped, run);
        let (found, others): (VecDeque<_>, _) =
            self.early.drain(..).partition(|(_, other, _)| *other == scoped);
        self.early = others;
        for (.., delivery) in found {
            let room = self.runs[run].push(key, delivery);
            let disposition = if room { Disposition::Early } else { Disposition::Overflow };
            if self.fates[delivery].0 == Disposition::Late {
                self.twice.push(Disposition::Late);
            }
            self.fates[delivery] = (disposition, Some(self.runs[run].number));
        }
        true
    }

    fn deliver(&mut self, scoped: Key, now: Instant) -> Disposition {
        self.expire(now);
        let delivery = self.fates.len();
        let fate = if let Some(owner) = self.owners.get(&scoped) {
            let room = self.runs[*owner].push(scoped.1, delivery);
            let disposition = if room { Disposition::Matched } else { Disposition::Overflow };
            (disposition, Some(self.runs[*owner].number))
        } else if let Some((_, run)) = self.late.get(&scoped) {
            (Disposition::Late, Some(*run))
        } else {
            (Disposition::Held, None)
        };
        self.fates.push(fate);
        if matches!(fate.0, Disposition::Held | Disposition::Late) {
            self.early.push_back((now, scoped, delivery));
            if self.early.len() > EARLY.0 {
                self.settle_oldest(Disposition::Overflow);
            }
        }
        fate.0
    }

    /// Returns the deliveries that were never taken.
    fn release(&mut self, run: usize, next: usize, now: Instant) -> Vec<usize> {
        let released = std::mem::replace(&mut self.runs[run], Run { number: next, ..Run::default() });
        for (key, _) in self.owners.extract_if(|_, owner| *owner == run) {
            self.late.insert(key, (now, released.number));
        }
        released.queue.into_iter().map(|(_, delivery)| delivery).collect()
    }
}

/// The waiter together with its model.
struct Both {
    waiter: Arc<Waiter>,
    claims: Vec<Claims>,
    /// The ids of all runs so far, by their numbers.
    ids: Vec<Uuid>,
    model: Model,
}

impl Both {
    fn new() -> Self {
        let settings = WaiterSettings {
            early_for: EARLY.1,
            early_count: EARLY.0,
            late_for: LATE_FOR,
            queue_per_key: QUEUE_PER_KEY,
            queue_bytes: QUEUE * numbered(0).weight() + 1,
            ..WaiterSettings::default()
        };
        let waiter = Waiter::new(settings, Masker::default());
        let mut both = Self { waiter, claims: Vec::new(), ids: Vec::new(), model: Model::default() };
        for run in 0..RUNS {
            let claims = both.next_run(run);
            both.claims.push(claims);
            both.model.runs[run].number = run;
        }
        both
    }

    fn next_run(&mut self, run: usize) -> Claims {
        let id = Uuid::now_v7();
        self.ids.push(id);
        self.waiter.claims(id, SCOPES[run].map_or(Scope::ALL, Scope::component))
    }

    async fn step(&mut self, step: Step) {
        // Makes sure that no two steps happen at the same moment.
        tokio::time::advance(Duration::from_millis(1)).await;
        match step {
            Step::Expect(run, key) => {
                let expected = self.model.expect(run, key, Instant::now());
                assert_eq!(self.claims[run].expect(&key.to_string()).is_ok(), expected);
            }
            Step::Deliver(scoped, key) => self.deliver(scoped, key).await,
            Step::Take(run, keys, n) => {
                let keys: Vec<u8> = (0..KEYS).filter(|key| keys & 1 << key != 0).collect();
                let names: Vec<String> = keys.iter().map(u8::to_string).collect();
                let taken = self.claims[run].take(&names, n);
                assert_eq!(taken.map(told), self.model.runs[run].take(&keys, n));
            }
            Step::Wait(run, key, n, meanwhile) => self.wait(run, key, n, meanwhile).await,
            Step::Release(run) => self.release(run),
            Step::Advance(seconds) => tokio::time::advance(Duration::from_secs(seconds)).await,
        }
        assert_eq!(self.waiter.expectations(), self.model.owners.len());
    }

    async fn deliver(&mut self, scoped: bool, key: u8) {
        tokio::time::advance(Duration::from_millis(1)).await;
        let component = scoped.then_some("shop");
        let delivery = numbered(self.model.fates.len());
        let (disposition, _) = self.waiter.deliver(component, &key.to_string(), delivery, Vec::new());
        assert_eq!(disposition, self.model.deliver((component, key), Instant::now()));
    }

    /// A waiting run is woken as soon as there is a result for it, and by nothing else.
    async fn wait(&mut self, run: usize, key: u8, n: usize, meanwhile: Vec<(bool, u8)>) {
        let idle = self.waiter.claims(Uuid::now_v7(), Scope::ALL);
        let claims = Arc::new(std::mem::replace(&mut self.claims[run], idle));
        let waiting = tokio::spawn({
            let claims = claims.clone();
            async move { claims.next(&keys([&key.to_string()]), n).await }
        });
        tokio::task::yield_now().await;
        let mut expected = self.model.runs[run].take(&[key], n);
        for (scoped, other) in meanwhile {
            assert_eq!(waiting.is_finished(), expected.is_some());
            self.deliver(scoped, other).await;
            tokio::task::yield_now().await;
            expected = expected.or_else(|| self.model.runs[run].take(&[key], n));
        }
        assert_eq!(waiting.is_finished(), expected.is_some());
        waiting.abort();
        assert_eq!(waiting.await.ok().map(told), expected);
        self.claims[run] = Arc::into_inner(claims).unwrap();
    }

    fn release(&mut self, run: usize) {
        let next = self.next_run(run);
        let left = std::mem::replace(&mut self.claims[run], next).release().left;
        assert_eq!(told(Ok(left)), Ok(self.model.release(run, self.ids.len() - 1, Instant::now())));
    }

    /// Checks that each delivery has the fate that the model predicts, and that the counters match.
    async fn settle(mut self) {
        (0..RUNS).for_each(|run| self.release(run));
        tokio::time::advance(EARLY.1 + LATE_FOR).await;
        self.model.expire(Instant::now());
        let mut received = self.waiter.received(usize::MAX, |_| true);
        received.reverse();
        let run = |id: Option<Uuid>| id.map(|id| self.ids.iter().position(|other| *other == id).unwrap());
        let fates: Vec<Fate> = received.iter().map(|one| (one.disposition, run(one.run()))).collect();
        assert_eq!(fates, self.model.fates);
        let count = self.waiter.count();
        for disposition in Disposition::ALL.into_iter().filter(|one| *one != Disposition::Held) {
            let all = fates.iter().map(|(fate, _)| fate).chain(&self.model.twice);
            let expected = all.filter(|fate| **fate == disposition).count();
            assert_eq!(count.of(disposition), expected as u64, "{disposition:?}");
        }
        assert_eq!(self.waiter.expectations(), 0);
    }
}

fn numbered(number: usize) -> Delivery {
    delivery(&format!("{number:04}"))
}

fn told(result: Result<Vec<Arrived>, Overflow>) -> Result<Vec<usize>, u32> {
    let number = |one: &str| one.parse().unwrap();
    result.map(|arrived| bodies(&arrived).into_iter().map(number).collect()).map_err(|Overflow(count)| count)
}

proptest! {
    /// For all steps in any order: no delivery is lost without being counted, delivered twice or delivered to another
    /// run, a key has one owner, and all limits are respected.
    #[test]
    fn the_waiter_does_what_its_model_does(steps in proptest::collection::vec(step(), 0..120)) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(async move {
            let mut both = Both::new();
            for step in steps {
                both.step(step).await;
            }
            both.settle().await;
        });
    }
}

//! New instances of a component, and runs of it that take a delivery. Neither has sockets or files.
#![allow(missing_docs, reason = "a benchmark has no documentation")]

use std::fs;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use divan::Bencher;
use http::{HeaderMap, Method};
use orbital_client::Client;
use orbital_client::heartbeat::Heartbeat;
use orbital_config::secrets::{Masker, Secrets};
use orbital_guest::{
    Code, ComponentQuota, ComponentQuotas, GuestEngine, GuestState, Meter, Place, Placement, Recorder,
    RunClock, RunContext, RunParts, SeriesBook, Suite, compile,
};
use orbital_model::{CaseId, counted};
use orbital_policy::grants::{Access, Grants};
use orbital_policy::limits::Limits;
use orbital_policy::targets::TargetsSettings;
use orbital_webhook::waiter::{Delivery, Scope, Waiter, WaiterSettings};
use tokio::runtime::{Builder, Runtime};
use tokio::time::Instant;
use uuid::Uuid;

/// An example of `bench/guest`, which has to be built before.
const COMPONENT: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../bench/guest/target/wasm32-wasip2/release/examples/holds.wasm"
);

/// The case that takes one delivery.
const CASE: &str = "checks";

/// The key of that delivery.
const KEY: &str = "c00";

fn main() {
    divan::main();
}

/// Creates an instance and drops it.
#[divan::bench]
fn instantiate(bencher: Bencher<'_, '_>) {
    let host = Host::new();
    let _runtime = host.runtime.enter();
    bencher.with_inputs(|| (host.place(), host.recorder())).bench_local_values(|(place, recorder)| {
        counted(|| {
            let prepared = host.suite.prepare(GuestState::for_cases(recorder));
            drop(ready(prepared.enter(place)));
        });
    });
}

/// Creates an instance, runs a case that waits for a delivery and checks it, delivers it, and drops the instance.
#[divan::bench]
fn run(bencher: Bencher<'_, '_>) {
    let host = Host::new();
    let _runtime = host.runtime.enter();
    bencher.with_inputs(|| (host.place(), delivery())).bench_local_values(|(place, delivery)| {
        counted(|| {
            let recorder = host.recorder();
            let prepared = host.suite.prepare(GuestState::for_run(recorder.clone(), host.parts()));
            let entered = ready(prepared.enter(place)).unwrap_or_else(|error| panic!("{error}"));
            let mut running = Box::pin(entered.run(CASE));
            assert!(poll(&mut running).is_pending(), "the guest does not wait");
            host.waiter.deliver(None, KEY, delivery, Vec::new());
            match poll(&mut running) {
                Poll::Ready(Ok(Ok(()))) => recorder.finish(),
                Poll::Ready(ended) => panic!("the run failed: {ended:?}"),
                Poll::Pending => panic!("the guest still waits"),
            }
        })
    });
}

/// Everything that runs of the component need.
struct Host {
    runtime: Runtime,
    suite: Suite,
    waiter: Arc<Waiter>,
    client: Arc<Client>,
    access: Arc<Access>,
    heartbeat: Heartbeat,
    quota: Arc<ComponentQuota>,
    series: Arc<SeriesBook>,
}

impl Host {
    fn new() -> Self {
        let runtime = Builder::new_current_thread().build().unwrap_or_else(|error| panic!("{error}"));
        let bytes = fs::read(COMPONENT).unwrap_or_else(|error| panic!("cannot read `{COMPONENT}`: {error}"));
        let code = compile(&bytes, Code::Optimised).unwrap_or_else(|error| panic!("{error}"));
        let engine = GuestEngine::new(1).unwrap_or_else(|error| panic!("{error}"));
        let linked = engine.link(&code, Code::Optimised).unwrap_or_else(|error| panic!("{error}"));
        let masker = Masker::default();
        let client = Client::new(
            &TargetsSettings::default(),
            &Secrets::default(),
            masker.clone(),
            runtime.handle().clone(),
        );
        let quotas = ComponentQuotas::new(1, engine.epoch_waker()).unwrap_or_else(|error| panic!("{error}"));
        Self {
            runtime,
            suite: linked.into(),
            waiter: Waiter::new(WaiterSettings::default(), masker),
            client: Arc::new(client.unwrap_or_else(|errors| panic!("{errors:?}"))),
            access: Arc::new(Access::new("holds", Grants::default(), None)),
            heartbeat: Heartbeat::start(),
            quota: quotas.of("holds"),
            series: Arc::new(SeriesBook::new(0)),
        }
    }

    fn place(&self) -> Place {
        ready(self.suite.place())
    }

    fn recorder(&self) -> Recorder {
        Recorder::new(
            RunClock::start(),
            Meter::new(Limits::default(), self.quota.clone(), Placement::apart()),
        )
    }

    fn parts(&self) -> RunParts {
        let id = Uuid::now_v7();
        RunParts {
            context: RunContext {
                id,
                case: CaseId::new("holds", CASE),
                attempt: 1,
                environment: "bench".into(),
                webhook_url: "http://127.0.0.1:8710/hooks".into(),
            },
            claims: Arc::new(self.waiter.claims(id, Scope::ALL)),
            client: self.client.clone(),
            access: self.access.clone(),
            config: Arc::default(),
            series: self.series.clone(),
            timeout: Duration::from_secs(10),
            heartbeat: self.heartbeat.clone(),
            lost_before: Duration::ZERO,
        }
    }
}

fn delivery() -> Delivery {
    Delivery {
        method: Method::POST,
        path: "/hooks/bench".to_owned(),
        query: String::new(),
        headers: HeaderMap::new(),
        order: None,
        body: Bytes::from_static(br#"{"id": "c00", "processed": true}"#),
        proven: false,
        answered: None,
        received: Instant::now(),
        received_at: SystemTime::now(),
    }
}

/// Returns the result of something that does not have to wait.
fn ready<F: Future>(future: F) -> F::Output {
    match poll(&mut Box::pin(future)) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("this waits"),
    }
}

fn poll<F: Future>(future: &mut Pin<Box<F>>) -> Poll<F::Output> {
    future.as_mut().poll(&mut Context::from_waker(Waker::noop()))
}

//! `bench-tester`: a tester without guests. Each run sends an event, waits for its delivery, and checks it.
//!
//! | request | effect |
//! | --- | --- |
//! | `POST /hooks/bench` | a delivery |
//! | `GET /stats` | returns the number of runs, and percentiles of their times |
//! | `POST /reset` | forgets these times |

use std::{
    collections::HashMap,
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use clap::Parser;
use http::{Method, Request, StatusCode, Uri};
use hyper::body::Incoming;
use orbital_bench::{
    event,
    sender::Sender,
    server::{self, Answer},
    times::Times,
};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::{
    sync::oneshot,
    time::{Instant, sleep_until, timeout},
};

/// How long a run waits.
const TIMEOUT: Duration = Duration::from_secs(600);

#[derive(Parser)]
struct Arguments {
    /// The address of the webhook
    #[arg(long, value_name = "ADDRESS")]
    listen: SocketAddr,

    /// The URL to send events to
    #[arg(long, value_name = "URL")]
    target: Uri,

    /// How many runs to start per second
    #[arg(long, value_name = "NUMBER")]
    rate: f64,

    /// How many runs to start
    #[arg(long, value_name = "NUMBER", default_value_t = u64::MAX)]
    runs: u64,
}

struct Delivery {
    received: Instant,
    body: Bytes,
}

struct Tester {
    sender: Sender,
    waiting: Mutex<HashMap<String, oneshot::Sender<Delivery>>>,
    passed: AtomicU64,
    failed: AtomicU64,
    start_delays: Times,
    resumes: Times,
    durations: Times,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let Arguments { listen, target, rate, runs } = Arguments::parse();
    let tester = Arc::new(Tester {
        sender: Sender::new(target),
        waiting: Mutex::default(),
        passed: AtomicU64::default(),
        failed: AtomicU64::default(),
        start_delays: Times::default(),
        resumes: Times::default(),
        durations: Times::default(),
    });
    tokio::spawn(tester.clone().start_runs(rate, runs));
    server::serve(listen, move |request| tester.clone().answer(request)).await
}

impl Tester {
    async fn start_runs(self: Arc<Self>, rate: f64, runs: u64) {
        let began = Instant::now();
        for number in 0..runs {
            let due = began + Duration::from_secs_f64(number as f64 / rate);
            sleep_until(due).await;
            tokio::spawn(self.clone().run(due));
        }
    }

    async fn run(self: Arc<Self>, due: Instant) {
        let started = Instant::now();
        self.start_delays.add(started.saturating_duration_since(due));
        let counter = match self.test().await {
            Some(()) => &self.passed,
            None => &self.failed,
        };
        counter.fetch_add(1, Ordering::Relaxed);
        self.durations.add(started.elapsed());
    }

    /// The test; `None` if it fails.
    async fn test(&self) -> Option<()> {
        let id = format!("{:032x}", rand::random::<u128>());
        let (sender, delivery) = oneshot::channel();
        self.waiting.lock().insert(id.clone(), sender);
        let delivery = self.round_trip(&id, delivery).await;
        if delivery.is_none() {
            self.waiting.lock().remove(&id);
        }
        let delivery: Value = serde_json::from_slice(&delivery?.body).ok()?;
        (delivery["processed"] == true).then_some(())
    }

    async fn round_trip(&self, id: &str, delivery: oneshot::Receiver<Delivery>) -> Option<Delivery> {
        let status = self.sender.post(event::event(id)).await.ok()?;
        if status != StatusCode::ACCEPTED {
            return None;
        }
        let delivery = timeout(TIMEOUT, delivery).await.ok()?.ok()?;
        self.resumes.add(delivery.received.elapsed());
        Some(delivery)
    }

    async fn answer(self: Arc<Self>, request: Request<Incoming>) -> Answer {
        if request.method() == Method::GET {
            return server::json(&json!({
                "passed": self.passed.load(Ordering::Relaxed),
                "failed": self.failed.load(Ordering::Relaxed),
                "start_delay_us": self.start_delays.percentiles(),
                "resume_us": self.resumes.percentiles(),
                "duration_us": self.durations.percentiles(),
            }));
        }
        if request.uri().path() == "/reset" {
            for times in [&self.start_delays, &self.resumes, &self.durations] {
                times.clear();
            }
            return server::empty(StatusCode::OK);
        }
        let body = server::read(request).await;
        let waiting = event::id(&body).and_then(|id| self.waiting.lock().remove(id));
        if let Some(waiting) = waiting {
            // The run may have timed out.
            let _ = waiting.send(Delivery { received: Instant::now(), body });
        }
        server::empty(StatusCode::OK)
    }
}

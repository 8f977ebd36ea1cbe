//! `bench-system`: the system under test.
//!
//! | request | effect |
//! | --- | --- |
//! | `POST /events` | answers 202, and sends one delivery with the event's id; 400 without an id |
//! | `POST /hold` | keeps the deliveries of events that follow |
//! | `POST /release` | sends all that were kept, evenly at the rate in the body (per second), and keeps no more |
//! | `GET /stats` | returns how many events arrived, how many deliveries were accepted, failed or are kept, and the time from an event to the end of its delivery |
//! | `POST /reset` | forgets these times |

use std::{
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
use serde_json::json;
use tokio::{
    sync::Semaphore,
    time::{Instant, sleep, sleep_until},
};

#[derive(Parser)]
struct Arguments {
    /// The address to listen on
    #[arg(long, value_name = "ADDRESS")]
    listen: SocketAddr,

    /// The URL to deliver to
    #[arg(long, value_name = "URL")]
    deliver_to: Uri,

    /// Maximum number of connections for deliveries
    #[arg(long, value_name = "NUMBER", default_value_t = 64)]
    connections: usize,

    /// Time from an event to its delivery
    #[arg(long, value_name = "MILLISECONDS", default_value_t = 0)]
    delay: u64,
}

struct Event {
    received: Instant,
    body: Bytes,
}

struct System {
    sender: Sender,
    connections: Semaphore,
    delay: Duration,
    events: AtomicU64,
    delivered: AtomicU64,
    failed: AtomicU64,
    latencies: Times,
    /// Events whose deliveries are kept; `None` if they are sent at once.
    held: Mutex<Option<Vec<Event>>>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let Arguments { listen, deliver_to, connections, delay } = Arguments::parse();
    let system = Arc::new(System {
        sender: Sender::new(deliver_to),
        connections: Semaphore::new(connections),
        delay: Duration::from_millis(delay),
        events: AtomicU64::default(),
        delivered: AtomicU64::default(),
        failed: AtomicU64::default(),
        latencies: Times::default(),
        held: Mutex::default(),
    });
    server::serve(listen, move |request| system.clone().answer(request)).await
}

impl System {
    async fn answer(self: Arc<Self>, request: Request<Incoming>) -> Answer {
        match (request.method(), request.uri().path()) {
            (&Method::POST, "/events") => {
                let body = server::read(request).await;
                if event::id(&body).is_none() {
                    return server::empty(StatusCode::BAD_REQUEST);
                }
                self.events.fetch_add(1, Ordering::Relaxed);
                if let Some(event) = self.keep(Event { received: Instant::now(), body }) {
                    tokio::spawn(self.deliver_later(event));
                }
                server::empty(StatusCode::ACCEPTED)
            }
            (&Method::POST, "/hold") => {
                self.held.lock().get_or_insert_default();
                server::empty(StatusCode::OK)
            }
            (&Method::POST, "/release") => {
                let body = server::read(request).await;
                let rate = std::str::from_utf8(&body).ok().and_then(|rate| rate.parse::<f64>().ok());
                let Some(rate) = rate.filter(|rate| *rate > 0.0) else {
                    return server::empty(StatusCode::BAD_REQUEST);
                };
                let held = self.held.lock().take().unwrap_or_default();
                tokio::spawn(self.release(held, rate));
                server::empty(StatusCode::OK)
            }
            (&Method::GET, "/stats") => {
                let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
                server::json(&json!({
                    "events": count(&self.events),
                    "delivered": count(&self.delivered),
                    "failed": count(&self.failed),
                    "held": self.held.lock().as_ref().map_or(0, Vec::len),
                    "latency_us": self.latencies.percentiles(),
                }))
            }
            (&Method::POST, "/reset") => {
                self.latencies.clear();
                server::empty(StatusCode::OK)
            }
            _ => server::empty(StatusCode::NOT_FOUND),
        }
    }

    /// Returns the event if its delivery is not kept.
    fn keep(&self, event: Event) -> Option<Event> {
        match &mut *self.held.lock() {
            Some(held) => {
                held.push(event);
                None
            }
            None => Some(event),
        }
    }

    async fn release(self: Arc<Self>, held: Vec<Event>, rate: f64) {
        let began = Instant::now();
        for (number, event) in held.into_iter().enumerate() {
            sleep_until(began + Duration::from_secs_f64(number as f64 / rate)).await;
            tokio::spawn(self.clone().deliver(event));
        }
    }

    async fn deliver_later(self: Arc<Self>, event: Event) {
        if !self.delay.is_zero() {
            sleep(self.delay).await;
        }
        self.deliver(event).await;
    }

    async fn deliver(self: Arc<Self>, Event { received, body }: Event) {
        // Without the check of the id, there would be no delivery here.
        let delivery = event::delivery(event::id(&body).unwrap_or_default(), &body);
        // It is never closed.
        let _connection = self.connections.acquire().await;
        let counter = match self.sender.post(delivery).await {
            Ok(status) if status.is_success() => &self.delivered,
            _ => &self.failed,
        };
        counter.fetch_add(1, Ordering::Relaxed);
        self.latencies.add(received.elapsed());
    }
}

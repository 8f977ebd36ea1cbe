//! A system under test within the test's own process, healthy or broken.

use std::collections::BTreeSet;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::{PATIENCE, client_builder, serve};

/// How often a delivery is tried before it is given up.
const TRIES: usize = 20;

/// The pause between two tries.
const PAUSE: Duration = Duration::from_millis(50);

/// Delivers each event of the fixture `awaits` to the webhook that the event names, until it is broken.
#[derive(Clone)]
pub struct System {
    /// The URL of its API.
    pub url: String,
    state: Arc<Shared>,
}

/// An address of the system: the current one, or a former one, where an instance stays healthy whatever becomes of the
/// system.
#[derive(Clone)]
struct Instance {
    system: Arc<Shared>,
    is_current: bool,
}

struct Shared {
    broken: AtomicBool,
    /// The time from a connection to its request.
    distance: Duration,
    /// Counts events.
    events: watch::Sender<usize>,
    /// The runs whose events it accepted and did not deliver.
    broken_runs: Mutex<BTreeSet<String>>,
    deliverer: reqwest::Client,
}

impl System {
    /// Starts it, healthy.
    pub async fn start() -> Self {
        Self::start_at(Duration::ZERO).await
    }

    /// Starts it, healthy and far away: each connection to the webhook is open for 200 ms before the request comes.
    pub async fn start_far_away() -> Self {
        Self::start_at(Duration::from_millis(200)).await
    }

    async fn start_at(distance: Duration) -> Self {
        // Every delivery has a connection of its own: a kept one could be closed at the moment of its use.
        let deliverer = client_builder().pool_max_idle_per_host(0).build().unwrap();
        let state = Arc::new(Shared {
            broken: AtomicBool::new(false),
            distance,
            events: watch::Sender::new(0),
            broken_runs: Mutex::default(),
            deliverer,
        });
        let url = serve(router(Instance { system: state.clone(), is_current: true })).await;
        Self { url, state }
    }

    /// Starts it at two addresses of one port: at [`Self::FORMER`], where an instance stays healthy, and at
    /// [`Self::CURRENT`].
    pub async fn start_moved() -> Self {
        loop {
            let current = Self::start().await;
            let port = current.port();
            let instance = Instance { system: current.state.clone(), is_current: false };
            // Another process may have the port at the other address.
            if let Ok(listener) = TcpListener::bind((Self::FORMER, port)).await {
                tokio::spawn(async move { axum::serve(listener, router(instance)).await });
                return current;
            }
        }
    }

    /// The address of the system.
    pub const CURRENT: &str = "127.0.0.1";

    /// The address of an instance that stays healthy, if there is one.
    pub const FORMER: &str = "127.0.0.2";

    /// Its port.
    pub fn port(&self) -> u16 {
        self.url.rsplit(':').next().and_then(|port| port.parse().ok()).unwrap()
    }

    /// From now on it accepts events and delivers nothing.
    pub fn break_down(&self) {
        self.state.broken.store(true, Ordering::SeqCst);
    }

    /// The section of `orbital.toml` that names it.
    pub fn target(&self) -> String {
        format!("[targets.api]\nurl = {:?}\n", self.url)
    }

    /// The ids of the runs whose events it accepted and did not deliver.
    pub fn broken_runs(&self) -> BTreeSet<String> {
        self.state.broken_runs.lock().unwrap().clone()
    }

    /// Waits for the next event.
    pub async fn next_event(&self) {
        let mut events = self.state.events.subscribe();
        events.borrow_and_update();
        tokio::time::timeout(PATIENCE, events.changed()).await.expect("no event came").unwrap();
    }
}

fn router(instance: Instance) -> Router {
    Router::new().route("/events", post(accept)).with_state(instance)
}

async fn accept(
    State(Instance { system: state, is_current }): State<Instance>,
    headers: HeaderMap,
    Json(event): Json<Value>,
) -> StatusCode {
    state.events.send_modify(|count| *count += 1);
    if is_current && state.broken.load(Ordering::SeqCst) {
        let run = headers["orbital-run"].to_str().unwrap().split(';').next().unwrap();
        state.broken_runs.lock().unwrap().insert(run.to_owned());
    } else {
        tokio::spawn(deliver(state, event));
    }
    StatusCode::ACCEPTED
}

async fn deliver(state: Arc<Shared>, event: Value) {
    let (body, url) = (json!({ "id": event["id"] }).to_string(), event["webhook"].as_str().unwrap());
    for _ in 0..TRIES {
        let is_delivered = match state.distance {
            Duration::ZERO => {
                let delivery = state.deliverer.post(url).body(body.clone());
                delivery.send().await.is_ok_and(|answer| answer.status().is_success())
            }
            distance => deliver_slowly(url, &body, distance).await.is_ok_and(|is_accepted| is_accepted),
        };
        if is_delivered {
            return;
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Delivers over a connection that has been open for a while. Returns whether the webhook accepted it.
async fn deliver_slowly(url: &str, body: &str, distance: Duration) -> io::Result<bool> {
    let mut stream = TcpStream::connect(url.strip_prefix("http://").unwrap()).await?;
    tokio::time::sleep(distance).await;
    let head = format!("POST / HTTP/1.1\r\nHost: any\r\nContent-Length: {}\r\nConnection: close", body.len());
    stream.write_all(format!("{head}\r\n\r\n{body}").as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer.starts_with("HTTP/1.1 200 "))
}

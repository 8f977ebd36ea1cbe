//! A system under test within the test's own process, healthy or broken.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use axum::{Json, Router};
use serde_json::{Value, json};
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

struct Shared {
    broken: AtomicBool,
    /// Counts events.
    events: watch::Sender<usize>,
    /// The runs whose events it accepted and did not deliver.
    broken_runs: Mutex<BTreeSet<String>>,
    deliverer: reqwest::Client,
}

impl System {
    /// Starts it, healthy.
    pub async fn start() -> Self {
        // Every delivery has a connection of its own: a kept one could be closed at the moment of its use.
        let deliverer = client_builder().pool_max_idle_per_host(0).build().unwrap();
        let state = Arc::new(Shared {
            broken: AtomicBool::new(false),
            events: watch::Sender::new(0),
            broken_runs: Mutex::default(),
            deliverer,
        });
        let router = Router::new().route("/events", post(accept)).with_state(state.clone());
        Self { url: serve(router).await, state }
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

async fn accept(
    State(state): State<Arc<Shared>>,
    headers: HeaderMap,
    Json(event): Json<Value>,
) -> StatusCode {
    state.events.send_modify(|count| *count += 1);
    if state.broken.load(Ordering::SeqCst) {
        let run = headers["orbital-run"].to_str().unwrap().split(';').next().unwrap();
        state.broken_runs.lock().unwrap().insert(run.to_owned());
    } else {
        tokio::spawn(deliver(state, event));
    }
    StatusCode::ACCEPTED
}

async fn deliver(state: Arc<Shared>, event: Value) {
    let body = json!({ "id": event["id"] }).to_string();
    for _ in 0..TRIES {
        let delivery = state.deliverer.post(event["webhook"].as_str().unwrap()).body(body.clone());
        if delivery.send().await.is_ok_and(|answer| answer.status().is_success()) {
            return;
        }
        tokio::time::sleep(PAUSE).await;
    }
}

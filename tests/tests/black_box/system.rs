//! A system under test that a test plays by hand: it notes events, and delivers when it is told to.

use axum::routing::{any, post};
use axum::{Json, Router};
use orbital_tests::{Host, PATIENCE, client};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// It listens for as long as the test lasts.
pub struct System {
    url: String,
    events: UnboundedReceiver<Value>,
}

impl System {
    /// Starts to listen.
    pub async fn start() -> Self {
        let (sender, events) = unbounded_channel();
        let take = async move |Json(event): Json<Value>| drop(sender.send(event));
        let never = async || std::future::pending::<()>().await;
        let routes = Router::new().route("/events", post(take)).route("/never", any(never));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Self { url, events }
    }

    /// The targets for `orbital.toml`: `api` takes events, `slow` never answers.
    pub fn targets(&self) -> String {
        let url = &self.url;
        format!("[targets.api]\nurl = \"{url}/events\"\n[targets.slow]\nurl = \"{url}/never\"\n")
    }

    /// The next event that was sent to it.
    pub async fn event(&mut self) -> Value {
        let event = tokio::time::timeout(PATIENCE, self.events.recv()).await;
        event.expect("no event comes").unwrap()
    }

    /// Whether an event waits to be looked at.
    pub fn has_event(&self) -> bool {
        !self.events.is_empty()
    }

    /// Delivers this to the webhook of a host.
    pub async fn deliver(&self, host: &Host, body: &Value) {
        let sent = client().post(&host.webhook).body(body.to_string()).send().await.unwrap();
        assert_eq!(sent.status(), 200);
    }
}

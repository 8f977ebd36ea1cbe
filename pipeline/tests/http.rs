//! The pipeline over real sockets, with a receiver that notes what is delivered and answers as it is told.
#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::{
    collections::{BTreeSet, VecDeque},
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use axum::{Router, body::Bytes, extract::Path, http::StatusCode, routing::post};
use pipeline::{Pipeline, Routes, server};
use reqwest::{Client, Response};
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::mpsc, task::JoinHandle, time::timeout};
use tokio_util::sync::CancellationToken;

/// Far longer than anything here takes; a test that waits for so long hangs.
const HANG: Duration = Duration::from_secs(20);

#[tokio::test]
async fn an_event_is_delivered_to_every_destination_of_its_type() {
    let mut world = World::start([]).await;
    let answer = world.send(json!({"id": "o-1", "type": "order", "email": "a@example.com"})).await;
    assert_eq!(answer, (202, json!({"id": "o-1", "duplicate": false})));

    let deliveries = [world.delivery().await, world.delivery().await];
    let destinations: BTreeSet<_> = deliveries.iter().map(|(path, _)| path.as_str()).collect();
    assert_eq!(destinations, BTreeSet::from(["billing", "shipping"]));
    for (path, body) in &deliveries {
        assert!(body["received_at"].as_f64().unwrap() > 0.0);
        let mut body = body.clone();
        body["received_at"] = json!(0);
        assert_eq!(
            body,
            json!({"id": "o-1", "type": "order", "email": "a@example.com", "processed": true, "received_at": 0,
                "destination": path})
        );
    }
    world.stop_and_expect_nothing_more().await;
}

#[tokio::test]
async fn a_repeated_id_is_not_delivered_again() {
    let mut world = World::start([]).await;
    let (status, first) = world.send(json!({"email": "a@example.com"})).await;
    assert_eq!(status, 202);
    let id = &first["id"];
    assert!(id.as_str().unwrap().starts_with("evt_"), "{id}");
    let again = world.send(json!({"id": id, "email": "a@example.com"})).await;
    assert_eq!(again, (200, json!({"id": id, "duplicate": true})));

    assert_eq!(world.delivery().await.1["id"], *id);
    world.expect_metric("pipeline_events_duplicate_total 1").await;
    world.stop_and_expect_nothing_more().await;
}

#[tokio::test]
async fn a_delivery_is_tried_again_until_it_is_taken() {
    let mut world = World::start([500, 302]).await;
    world.send(json!({"id": "s-1", "email": "a@example.com"})).await;
    for _ in 0..3 {
        assert_eq!(world.delivery().await.1["id"], "s-1");
    }
    world.stop_and_expect_nothing_more().await;
}

#[tokio::test]
async fn a_delivery_is_given_up_after_five_attempts() {
    let mut world = World::start([500; 6]).await;
    world.send(json!({"id": "s-1", "email": "a@example.com"})).await;
    for _ in 0..5 {
        world.delivery().await;
    }
    world.stop_and_expect_nothing_more().await;
}

#[tokio::test]
async fn dropped_events_are_accepted_and_never_delivered() {
    let mut world = World::start([]).await;
    world.put_faults(json!({"drop": true, "types": ["order"]})).await;
    let answer = world.send(json!({"id": "o-1", "type": "order", "email": "a@example.com"})).await;
    assert_eq!(answer.0, 202);
    world.send(json!({"id": "s-1", "email": "a@example.com"})).await;
    assert_eq!(world.delivery().await.1["id"], "s-1");

    let healed = world.put_faults(json!({})).await;
    assert_eq!(healed, json!({"delay_ms": 0, "drop": false, "duplicate": false, "types": []}));
    assert_eq!(world.json("/faults").await, healed);
    world.send(json!({"id": "s-2", "email": "a@example.com"})).await;
    assert_eq!(world.delivery().await.1["id"], "s-2");
    world.stop_and_expect_nothing_more().await;
}

#[tokio::test]
async fn duplicated_deliveries_arrive_twice_and_delayed_ones_late() {
    let mut world = World::start([]).await;
    world.put_faults(json!({"duplicate": true, "delay_ms": 50})).await;
    let start = Instant::now();
    world.send(json!({"id": "s-1", "email": "a@example.com"})).await;
    assert_eq!(world.delivery().await, world.delivery().await);
    assert!(start.elapsed() >= Duration::from_millis(50));
    world.stop_and_expect_nothing_more().await;
}

#[tokio::test]
async fn what_is_refused_says_why() {
    let world = World::start([]).await;
    let (status, answer) = world.send(json!({"type": "refund"})).await;
    assert_eq!(status, 400);
    assert_eq!(
        answer,
        json!({"errors": ["unknown type `refund`; known types: `order`, `signup`", "`email` is missing"]})
    );
    let (status, answer) = world.send(json!({"email": "x".repeat(256 * 1024)})).await;
    assert_eq!((status, answer), (413, json!({"errors": ["the body is larger than 262144 bytes"]})));
    let faults = world.client.put(world.url("/faults")).body(r#"{"dorp": true}"#).send().await.unwrap();
    assert_eq!(faults.status(), 400);
    assert!(faults.text().await.unwrap().contains("unknown field `dorp`"));
    world.expect_metric("pipeline_events_rejected_total 2").await;
}

#[tokio::test]
async fn every_metric_is_described_and_starts_at_zero() {
    let world = World::start([]).await;
    for line in [
        r#"pipeline_events_accepted_total{type="order"} 0"#,
        "pipeline_events_duplicate_total 0",
        "pipeline_events_rejected_total 0",
        r#"pipeline_deliveries_total{destination="billing",result="ok"} 0"#,
        r#"pipeline_deliveries_total{destination="crm",result="failed"} 0"#,
        "pipeline_queue_depth 0",
    ] {
        world.expect_metric(line).await;
        let name = line.split(['{', ' ']).next().unwrap();
        world.expect_metric(&format!("# HELP {name} ")).await;
    }
}

/// A running pipeline and what it delivers to.
struct World {
    address: SocketAddr,
    client: Client,
    deliveries: mpsc::UnboundedReceiver<(String, Value)>,
    stop: CancellationToken,
    server: JoinHandle<std::io::Result<()>>,
}

impl World {
    /// Starts both; the receiver gives these answers first, and 200 from then on.
    async fn start<const N: usize>(answers: [u16; N]) -> Self {
        let (receiver, deliveries) = receiver(answers.into()).await;
        let routes = ["signup=crm", "order=billing", "order=shipping"]
            .map(|route| route.replace('=', &format!("=http://{receiver}/hooks/")).parse().unwrap());
        let pipeline = Pipeline::new(Routes::new(routes).unwrap()).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let stop = CancellationToken::new();
        Self {
            address: listener.local_addr().unwrap(),
            client: Client::builder().no_proxy().build().unwrap(),
            deliveries,
            server: tokio::spawn(server::serve(listener, pipeline, stop.clone().cancelled_owned())),
            stop,
        }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    async fn send(&self, event: Value) -> (u16, Value) {
        let response = self.client.post(self.url("/events")).body(event.to_string()).send().await.unwrap();
        (response.status().as_u16(), read(response).await)
    }

    async fn put_faults(&self, faults: Value) -> Value {
        read(self.client.put(self.url("/faults")).body(faults.to_string()).send().await.unwrap()).await
    }

    async fn json(&self, path: &str) -> Value {
        read(self.client.get(self.url(path)).send().await.unwrap()).await
    }

    async fn expect_metric(&self, start_of_line: &str) {
        let page = self.client.get(self.url("/metrics")).send().await.unwrap().text().await.unwrap();
        assert!(page.lines().any(|line| line.starts_with(start_of_line)), "no `{start_of_line}` in:\n{page}");
    }

    async fn delivery(&mut self) -> (String, Value) {
        timeout(HANG, self.deliveries.recv()).await.expect("no delivery came").unwrap()
    }

    /// A graceful stop ends every delivery first, so what has not come by then never does.
    async fn stop_and_expect_nothing_more(mut self) {
        self.stop.cancel();
        timeout(HANG, self.server).await.expect("the pipeline does not stop").unwrap().unwrap();
        assert!(self.deliveries.try_recv().is_err(), "a delivery too many");
    }
}

async fn read(response: Response) -> Value {
    serde_json::from_slice(&response.bytes().await.unwrap()).unwrap()
}

async fn receiver(answers: VecDeque<u16>) -> (SocketAddr, mpsc::UnboundedReceiver<(String, Value)>) {
    let (sender, deliveries) = mpsc::unbounded_channel();
    let answers = Arc::new(Mutex::new(answers));
    let hook = async move |Path(name): Path<String>, body: Bytes| {
        sender.send((name, serde_json::from_slice(&body).unwrap())).unwrap();
        let answer = answers.lock().unwrap().pop_front().unwrap_or(200);
        StatusCode::from_u16(answer).unwrap()
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new().route("/hooks/{name}", post(hook));
    tokio::spawn(async move { axum::serve(listener, router).await });
    (address, deliveries)
}

//! The pipeline over real sockets, with a receiver that notes what is delivered and answers as it is told.
#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::{
    collections::{BTreeSet, VecDeque},
    future::pending,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use axum::{Router, body::Bytes, extract::Path, http::StatusCode, routing::post};
use pipeline::{Attempts, Pipeline, Routes, server};
use reqwest::{Client, Response};
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::mpsc, task::JoinHandle, time::timeout};
use tokio_util::sync::CancellationToken;

/// Far longer than anything here takes; a test that waits for so long hangs.
const HANG: Duration = Duration::from_secs(120);

/// In place of a status: the receiver takes the delivery and does not answer.
const NO_ANSWER: u16 = 0;

#[tokio::test]
async fn an_event_is_delivered_to_every_destination_of_its_type() {
    let mut world = World::start([]).await;
    let answer = world.send(json!({"id": "o-1", "type": "order", "email": "a@example.com"})).await;
    assert_eq!(answer, (202, json!({"id": "o-1", "duplicate": false})));

    let deliveries = [world.delivery().await, world.delivery().await];
    assert_eq!(deliveries.each_ref().map(|(path, _)| path.as_str()), ["billing", "shipping"]);
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
async fn the_messages_of_a_batch_are_delivered_as_they_came_and_once() {
    let mut world = World::start([]).await;
    let message =
        |id: &str| json!({ "type": "track", "messageId": id, "event": "Signed Up", "userId": "ada" });
    let batch = json!({ "batch": [message("m-1"), message("m-2"), message("m-1")], "writeKey": "x" });
    assert_eq!(world.send_batch(batch.clone()).await, (200, json!({ "success": true })));
    // A library sends a batch again that it has no answer to.
    assert_eq!(world.send_batch(batch).await.0, 200);
    let mut ids = BTreeSet::new();
    for _ in 0..2 {
        let (path, body) = world.delivery().await;
        assert_eq!((path.as_str(), &body["event"]), ("warehouse", &json!("Signed Up")));
        ids.insert(body["messageId"].as_str().unwrap().to_owned());
    }
    assert_eq!(ids, BTreeSet::from(["m-1".to_owned(), "m-2".to_owned()]));

    let (status, refused) = world.send_batch(json!({ "batch": [{ "type": "alias" }] })).await;
    assert_eq!(status, 400);
    assert!(refused["errors"][0].as_str().unwrap().contains("unknown type `alias`"), "{refused}");
    world.put_faults(json!({ "status": 503 })).await;
    assert_eq!(world.send_batch(json!({ "batch": [message("m-3")] })).await.0, 503);
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
async fn an_event_that_was_deleted_may_come_again() {
    let mut world = World::start([]).await;
    let event = json!({"id": "one", "email": "ada@example.com"});
    world.send(event.clone()).await;
    world.delivery().await;
    let delete =
        async |id: &str| world.client.delete(world.url(&format!("/events/{id}"))).send().await.unwrap();
    assert_eq!(delete("one").await.status(), 204);
    let again = delete("one").await;
    assert_eq!(again.status(), 404);
    assert_eq!(read(again).await, json!({"errors": ["there is no event of this id"]}));
    assert_eq!(world.send(event).await, (202, json!({"id": "one", "duplicate": false})));
    world.delivery().await;
    world.stop_and_expect_nothing_more().await;
}

#[tokio::test]
async fn an_event_that_is_not_counted_is_delivered_all_the_same() {
    let mut world = World::start([]).await;
    world.put_faults(json!({"miscount": true})).await;
    world.send(json!({"id": "one", "email": "ada@example.com"})).await;
    world.delivery().await;
    world.expect_metric("pipeline_events_accepted_total{type=\"signup\"} 0").await;
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
async fn a_delivery_is_given_up_after_its_last_attempt() {
    let attempts = Attempts { number: 3, timeout: HANG };
    let mut world = World::with_attempts(attempts, [500; 4]).await;
    world.send(json!({"id": "s-1", "email": "a@example.com"})).await;
    for _ in 0..3 {
        world.delivery().await;
    }
    world.stop_and_expect_nothing_more().await;
}

#[tokio::test]
async fn a_delivery_without_an_answer_is_tried_again_when_the_attempt_has_had_its_time() {
    // On a busy machine the second delivery takes some time to be answered, too.
    let attempts = Attempts { number: 5, timeout: Duration::from_secs(2) };
    let mut world = World::with_attempts(attempts, [NO_ANSWER]).await;
    let start = Instant::now();
    world.send(json!({"id": "s-1", "email": "a@example.com"})).await;
    assert_eq!(world.delivery().await, world.delivery().await);
    assert!(start.elapsed() >= attempts.timeout);
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
    assert_eq!(
        healed,
        json!({"stall": false, "status": null, "miscount": false, "drop": false, "reorder": false, "delay_ms": 0, "corrupt": false,
            "duplicate": false, "types": []})
    );
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
async fn a_status_is_answered_to_events_that_may_come_again_when_it_is_off() {
    let mut world = World::start([]).await;
    world.put_faults(json!({"status": 503, "types": ["order"]})).await;
    let order = json!({"id": "o-1", "type": "order", "email": "a@example.com"});
    assert_eq!(world.send(order.clone()).await, (503, json!({"errors": ["the fault `status` is on"]})));
    world.expect_metric("pipeline_events_rejected_total 1").await;
    assert_eq!(world.send(json!({"id": "s-1", "email": "a@example.com"})).await.0, 202);
    assert_eq!(world.delivery().await.1["id"], "s-1");

    world.put_faults(json!({})).await;
    assert_eq!(world.send(order).await, (202, json!({"id": "o-1", "duplicate": false})));
    for _ in 0..2 {
        assert_eq!(world.delivery().await.1["id"], "o-1");
    }
    world.stop_and_expect_nothing_more().await;
}

#[tokio::test]
async fn a_stalled_sender_gets_no_answer_until_it_gives_up_and_its_event_is_not_taken() {
    let mut world = World::start([]).await;
    world.put_faults(json!({"stall": true, "types": ["order"]})).await;
    let order = json!({"id": "o-1", "type": "order", "email": "a@example.com"});
    let impatient = world.client.post(world.url("/events")).body(order.to_string());
    let error = impatient.timeout(Duration::from_millis(200)).send().await.unwrap_err();
    assert!(error.is_timeout(), "{error}");
    assert_eq!(world.send(json!({"id": "s-1", "email": "a@example.com"})).await.0, 202);
    assert_eq!(world.delivery().await.1["id"], "s-1");

    world.put_faults(json!({})).await;
    assert_eq!(world.send(order).await, (202, json!({"id": "o-1", "duplicate": false})));
    for _ in 0..2 {
        assert_eq!(world.delivery().await.1["id"], "o-1");
    }
    world.stop_and_expect_nothing_more().await;
}

#[tokio::test]
async fn a_pipeline_that_stops_does_not_wait_for_stalled_senders() {
    let world = World::start([]).await;
    world.put_faults(json!({"stall": true})).await;
    let request = world.client.post(world.url("/events")).body(r#"{"email": "a@example.com"}"#);
    let answer = tokio::spawn(request.send());
    // It counts as refused from the beginning.
    world.wait_for_metric("pipeline_events_rejected_total 1").await;
    assert!(!answer.is_finished());

    world.stop_and_expect_nothing_more().await;
    // After the whole grace time there would be none.
    let answer = answer.await.unwrap().unwrap();
    assert_eq!(answer.status(), 503);
    assert_eq!(read(answer).await, json!({"errors": ["the fault `stall` is on"]}));
}

#[tokio::test]
async fn destinations_get_an_event_in_the_order_of_the_routes_or_reordered_in_the_opposite_one() {
    // The first destination takes it at the second attempt, and the other one waits for that.
    let mut world = World::start([500]).await;
    let mut paths = async |faults: Value, id: &str, deliveries: usize| {
        world.put_faults(faults).await;
        world.send(json!({"id": id, "type": "order", "email": "a@example.com"})).await;
        let mut paths = Vec::new();
        for _ in 0..deliveries {
            let (path, body) = world.delivery().await;
            assert_eq!(body["id"], id);
            paths.push(path);
        }
        paths
    };
    assert_eq!(paths(json!({}), "o-1", 3).await, ["billing", "billing", "shipping"]);
    assert_eq!(paths(json!({"reorder": true}), "o-2", 2).await, ["shipping", "billing"]);
    let both = json!({"reorder": true, "duplicate": true});
    assert_eq!(paths(both, "o-3", 4).await, ["shipping", "shipping", "billing", "billing"]);
    world.stop_and_expect_nothing_more().await;
}

#[tokio::test]
async fn corrupt_deliveries_are_json_with_the_id_and_no_more() {
    let mut world = World::start([]).await;
    world.put_faults(json!({"corrupt": true, "types": ["signup"]})).await;
    world.send(json!({"id": "s-1", "email": "a@example.com"})).await;
    let (_, mut body) = world.delivery().await;
    body["received_at"] = json!(0);
    assert_eq!(
        body,
        json!({"id": "s-1", "type": "signup", "email": "\u{fffd}\u{fffd}\u{fffd}", "received_at": 0,
            "destination": "crm"})
    );

    world.send(json!({"id": "o-1", "type": "order", "email": "a@example.com"})).await;
    let (_, body) = world.delivery().await;
    assert_eq!((&body["processed"], &body["email"]), (&json!(true), &json!("a@example.com")));
    world.delivery().await;
    world.stop_and_expect_nothing_more().await;
}

#[tokio::test]
async fn what_is_refused_says_why() {
    let world = World::start([]).await;
    let (status, answer) = world.send(json!({"type": "refund"})).await;
    assert_eq!(status, 400);
    assert_eq!(
        answer,
        json!({"errors": ["unknown type `refund`; known types: `order`, `signup`, `track`", "`email` is missing"]})
    );
    let (status, answer) = world.send(json!({"email": "x".repeat(256 * 1024)})).await;
    assert_eq!((status, answer), (413, json!({"errors": ["the body is larger than 262144 bytes"]})));
    for (faults, reason) in [
        (
            json!({"dorp": true}),
            "unknown field `dorp`, expected one of `stall`, `status`, `miscount`, `drop`, `reorder`, `delay_ms`, `corrupt`, \
             `duplicate`, `types`",
        ),
        (json!({"status": 404}), "`status` must be 500 to 599, not 404; leave it out to switch it off"),
        (
            json!({"reorder": true, "types": ["refund"]}),
            "unknown type `refund` in `types`; known types: `order`, `signup`, `track`",
        ),
    ] {
        let request = world.client.put(world.url("/faults")).body(faults.to_string());
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 400);
        let answer = read(answer).await;
        assert!(answer["errors"][0].as_str().unwrap().contains(reason), "{answer}");
    }
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
        Self::with_attempts(Attempts { number: 5, timeout: HANG }, answers).await
    }

    async fn with_attempts<const N: usize>(attempts: Attempts, answers: [u16; N]) -> Self {
        let (receiver, deliveries) = receiver(answers.into()).await;
        let routes = ["signup=crm", "order=billing", "order=shipping", "track=warehouse"]
            .map(|route| route.replace('=', &format!("=http://{receiver}/hooks/")).parse().unwrap());
        let pipeline = Pipeline::new(Routes::new(routes).unwrap(), attempts).unwrap();
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

    async fn send_batch(&self, batch: Value) -> (u16, Value) {
        let response = self.client.post(self.url("/v1/batch")).body(batch.to_string()).send().await.unwrap();
        (response.status().as_u16(), read(response).await)
    }

    async fn put_faults(&self, faults: Value) -> Value {
        read(self.client.put(self.url("/faults")).body(faults.to_string()).send().await.unwrap()).await
    }

    async fn json(&self, path: &str) -> Value {
        read(self.client.get(self.url(path)).send().await.unwrap()).await
    }

    async fn expect_metric(&self, start_of_line: &str) {
        let page = self.metrics().await;
        assert!(page.lines().any(|line| line.starts_with(start_of_line)), "no `{start_of_line}` in:\n{page}");
    }

    async fn wait_for_metric(&self, line: &str) {
        let seen = async { while !self.metrics().await.lines().any(|other| other == line) {} };
        timeout(HANG, seen).await.expect("the metric never got there");
    }

    async fn metrics(&self) -> String {
        self.client.get(self.url("/metrics")).send().await.unwrap().text().await.unwrap()
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
        if answer == NO_ANSWER {
            pending::<()>().await;
        }
        StatusCode::from_u16(answer).unwrap()
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new().route("/hooks/{name}", post(hook));
    tokio::spawn(async move { axum::serve(listener, router).await });
    (address, deliveries)
}

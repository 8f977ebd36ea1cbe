//! The public listener: finding keys, counting what came, limits, and what a test gets to see.
//!
//! Most tests deploy `relays`, whose run does what the answer to its event says; so each test decides whether a
//! delivery comes before, during or after the wait for it.

use std::collections::BTreeMap;

use axum::Json;
use orbital_tests::{Api, Host, HostBuilder, client, eventually};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Says where the keys are in four places, in this order.
const FOUR_PLACES: &str =
    r#"keys = [{ header = "x-id" }, { json = "/data/id" }, { query = "id" }, { path = 2 }]"#;

/// A host with `relays` on it, which the test serves as the system under test.
async fn start(builder: HostBuilder) -> (Host, Api) {
    let api = Api::start().await;
    let target = format!("[targets.api]\nurl = {:?}\ntimeout = \"50s\"", api.url);
    (builder.sections(&target).with("relays").start().await, api)
}

/// Lets the next run send its event and tells it what to do; gives its key.
async fn next_run(api: &mut Api, plan: Value) -> String {
    let event = api.next_to("/events").await;
    let key = event.json()["id"].as_str().unwrap().to_owned();
    event.answer(Json(plan));
    key
}

/// Returns the report of the run that was configured to wait.
async fn report(api: &mut Api) -> Value {
    let report = api.next_to("/reports").await;
    let value = report.json();
    report.answer(());
    value
}

/// The only delivery that the run got.
async fn delivery(api: &mut Api) -> Value {
    report(api).await["deliveries"][0].take()
}

/// Requests that the webhook received, by what became of them; what did not happen is left out.
async fn tally(host: &Host) -> BTreeMap<&'static str, u32> {
    let metrics = host.metrics().await;
    let results = ["matched", "early", "late", "unmatched", "no_key", "overflow", "rejected"];
    let count = |result| metrics.get("orbital_deliveries_total", &[("result", result)]).unwrap() as u32;
    results.map(|result| (result, count(result))).into_iter().filter(|(_, count)| *count > 0).collect()
}

/// Delivers and gives the status.
async fn deliver(host: &Host, path: &str, headers: &[(&str, &str)], body: impl Into<Vec<u8>>) -> u16 {
    let mut request = client().post(format!("{}{path}", host.webhook)).body(body.into());
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.send().await.unwrap().status().as_u16()
}

/// Sends these bytes as they are; gives all that comes back until the host closes the connection.
async fn raw(host: &Host, bytes: &[u8]) -> String {
    let mut stream = connect(host).await;
    stream.write_all(bytes).await.unwrap();
    read_to_close(&mut stream).await
}

async fn connect(host: &Host) -> TcpStream {
    TcpStream::connect(host.webhook.strip_prefix("http://").unwrap()).await.unwrap()
}

async fn read_to_close(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    let read = tokio::time::timeout(orbital_tests::PATIENCE, stream.read_to_end(&mut answer)).await;
    read.expect("the host does not close the connection").unwrap();
    String::from_utf8(answer).unwrap()
}

#[tokio::test]
async fn a_key_is_found_in_each_place_that_is_configured() {
    let (host, mut api) = start(Host::builder().webhook(FOUR_PLACES)).await;

    let key = next_run(&mut api, json!({})).await;
    assert_eq!(deliver(&host, "/", &[("X-Id", &key)], "").await, 200);
    assert_eq!(delivery(&mut api).await["key"], key);

    let key = next_run(&mut api, json!({})).await;
    let body = json!({ "data": { "other": [1, 2], "id": key } }).to_string();
    assert_eq!(deliver(&host, "/", &[], body).await, 200);
    assert_eq!(delivery(&mut api).await["key"], key);

    let key = next_run(&mut api, json!({})).await;
    assert_eq!(deliver(&host, &format!("/?a=b&id={key}"), &[], "").await, 200);
    assert_eq!(delivery(&mut api).await["key"], key);

    let key = next_run(&mut api, json!({})).await;
    assert_eq!(deliver(&host, &format!("/hooks/{key}/crm"), &[], "").await, 200);
    assert_eq!(delivery(&mut api).await["key"], key);

    assert_eq!(tally(&host).await, BTreeMap::from([("matched", 4)]));
}

#[tokio::test]
async fn of_several_keys_the_first_configured_place_counts() {
    let (host, mut api) = start(Host::builder().webhook(FOUR_PLACES)).await;
    let other = |id: &str| json!({ "data": { "id": id } }).to_string();

    let key = next_run(&mut api, json!({})).await;
    deliver(&host, "/a/in-path?id=in-query", &[("x-id", &key)], other("in-body")).await;
    assert_eq!(delivery(&mut api).await["key"], key);

    // An empty value is none.
    let key = next_run(&mut api, json!({})).await;
    deliver(&host, "/a/in-path?id=in-query", &[("x-id", "")], other(&key)).await;
    assert_eq!(delivery(&mut api).await["key"], key);

    let key = next_run(&mut api, json!({})).await;
    deliver(&host, &format!("/a/in-path?id={key}"), &[], other("")).await;
    assert_eq!(delivery(&mut api).await["key"], key);
}

#[tokio::test]
async fn by_default_a_key_is_the_header_orbital_key_or_the_id_of_a_json_body() {
    let (host, mut api) = start(Host::builder()).await;
    let key = next_run(&mut api, json!({})).await;
    deliver(&host, "/", &[("orbital-key", &key)], "").await;
    assert_eq!(delivery(&mut api).await["key"], key);
    let key = next_run(&mut api, json!({})).await;
    deliver(&host, "/", &[], json!({ "id": key }).to_string()).await;
    assert_eq!(delivery(&mut api).await["key"], key);
}

#[tokio::test]
async fn a_number_can_be_a_key() {
    let (host, mut api) = start(Host::builder()).await;
    next_run(&mut api, json!({ "key": "4711" })).await;
    deliver(&host, "/", &[], r#"{"id": 4711}"#).await;
    assert_eq!(delivery(&mut api).await["key"], "4711");
}

#[tokio::test]
async fn a_delivery_that_comes_before_it_is_waited_for_is_found_and_counted_as_early() {
    let (host, mut api) = start(Host::builder()).await;
    let event = api.next_to("/events").await;
    // The system made the key and delivers before it answers.
    assert_eq!(deliver(&host, "/", &[("orbital-key", "made-here")], "early").await, 200);
    assert_eq!(tally(&host).await, BTreeMap::new(), "what is held is not settled yet");
    event.answer(Json(json!({ "key": "made-here" })));
    assert_eq!(delivery(&mut api).await["body"], json!(b"early"));
    assert_eq!(tally(&host).await, BTreeMap::from([("early", 1)]));
}

#[tokio::test]
async fn a_delivery_that_nobody_ever_expects_is_unmatched_when_its_time_is_over() {
    let host = Host::builder().sections("[waiter]\nearly_for = \"100ms\"").start().await;
    assert_eq!(deliver(&host, "/", &[("orbital-key", "a-stranger")], "").await, 200);
    // Only time settles it.
    let unmatched = BTreeMap::from([("unmatched", 1)]);
    eventually("the delivery is unmatched", async || (tally(&host).await == unmatched).then_some(())).await;
}

#[tokio::test]
async fn a_delivery_for_a_run_that_is_over_is_late() {
    let (host, mut api) = start(Host::builder()).await;
    let mark = host.lines.mark();
    let key = next_run(&mut api, json!({})).await;
    deliver(&host, "/", &[("orbital-key", &key)], "").await;
    delivery(&mut api).await;
    host.lines.wait(mark, &["--- PASS: relays/relays"]).await;
    assert_eq!(deliver(&host, "/", &[("orbital-key", &key)], "").await, 200);
    assert_eq!(tally(&host).await, BTreeMap::from([("matched", 1), ("late", 1)]));
}

#[tokio::test]
async fn a_delivery_is_taken_while_no_test_is_deployed() {
    let host = Host::builder().start().await;
    assert_eq!(deliver(&host, "/hooks/crm", &[], r#"{"id": "k"}"#).await, 200);
    assert_eq!(deliver(&host, "/hooks/crm", &[], "").await, 200);
    assert_eq!(tally(&host).await, BTreeMap::from([("no_key", 1)]), "the other one is held");
}

#[tokio::test]
async fn a_delivery_without_a_key_is_taken_and_counted_apart() {
    let host = Host::builder().webhook(FOUR_PLACES).start().await;
    assert_eq!(deliver(&host, "/", &[], "no key at all").await, 200);
    assert_eq!(deliver(&host, "/hooks?other=1", &[("x-other", "1")], r#"{"data": {}}"#).await, 200);
    let long = "k".repeat(257);
    assert_eq!(deliver(&host, "/", &[("x-id", &long)], "").await, 200, "no test can have such a key");
    assert_eq!(tally(&host).await, BTreeMap::from([("no_key", 3)]));
}

#[tokio::test]
async fn a_key_counts_though_the_json_behind_it_is_broken() {
    let (host, mut api) = start(Host::builder()).await;
    let key = next_run(&mut api, json!({})).await;
    let body = format!(r#"{{"before": [1], "id": "{key}", "then": nonsense"#);
    assert_eq!(deliver(&host, "/", &[], body.clone()).await, 200);
    assert_eq!(delivery(&mut api).await["body"], json!(body.as_bytes()));
    assert_eq!(tally(&host).await, BTreeMap::from([("matched", 1)]));
}

#[tokio::test]
async fn json_that_is_broken_before_its_key_has_none() {
    let host = Host::builder().start().await;
    assert_eq!(deliver(&host, "/", &[], r#"{"broken": nonsense, "id": "k"}"#).await, 200);
    assert_eq!(tally(&host).await, BTreeMap::from([("no_key", 1)]));
}

#[tokio::test]
async fn a_get_with_a_key_in_query_or_path_is_a_delivery() {
    let (host, mut api) = start(Host::builder().webhook(FOUR_PLACES)).await;
    for path in ["/hooks?id=", "/hooks/"] {
        let key = next_run(&mut api, json!({})).await;
        let response = client().get(format!("{}{path}{key}", host.webhook)).send().await.unwrap();
        assert_eq!(response.status(), 200);
        let delivery = delivery(&mut api).await;
        assert_eq!((&delivery["key"], &delivery["method"]), (&json!(key), &json!("GET")));
    }
}

#[tokio::test]
async fn a_delivery_reaches_the_test_byte_for_byte() {
    let (host, mut api) = start(Host::builder().webhook(FOUR_PLACES)).await;
    let key = next_run(&mut api, json!({})).await;
    let body: Vec<u8> = (0..=255).collect();
    let path = "/hooks/%2e%2E//a%20b";
    let query = "b=2&a=1&a=%ff&empty=&?";
    let mut request = format!(
        "PATCH {path}?{query} HTTP/1.1\r\nHost: any\r\nX-Id: {key}\r\nX-Two: one\r\nX-Two: two\r\n\
         Content-Length: {}\r\nConnection: close\r\nX-Latin: caf",
        body.len()
    )
    .into_bytes();
    request.extend(b"\xe9\r\n\r\n");
    request.extend(&body);
    assert!(raw(&host, &request).await.starts_with("HTTP/1.1 200 "));

    let delivery = delivery(&mut api).await;
    assert_eq!(delivery["method"], "PATCH");
    assert_eq!(delivery["path"], path);
    assert_eq!(delivery["query"], query);
    assert_eq!(delivery["body"], json!(body));
    let headers = delivery["headers"].as_array().unwrap();
    let named = |name: &str| -> Vec<&str> {
        let all = headers.iter().filter(|header| header[0] == name);
        all.map(|header| header[1].as_str().unwrap()).collect()
    };
    assert_eq!(named("x-two"), ["one", "two"]);
    assert_eq!(named("x-latin"), ["café"]);
    assert_eq!(named("x-id"), [key]);
    assert!(delivery["latency"].as_f64().unwrap() > 0.0);
}

#[tokio::test]
async fn an_announced_body_over_the_limit_is_refused_before_it_is_sent() {
    let host = Host::builder().webhook("max_body = \"1KiB\"").start().await;
    let head =
        "POST / HTTP/1.1\r\nHost: any\r\norbital-key: k\r\nContent-Length: 1025\r\nConnection: close\r\n\r\n";
    let answer = raw(&host, head.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    assert!(answer.contains("1024") && answer.contains("`webhook.max_body`"), "{answer}");
    assert_eq!(tally(&host).await, BTreeMap::from([("rejected", 1)]));
}

#[tokio::test]
async fn a_chunked_body_over_the_limit_is_refused() {
    let host = Host::builder().webhook("max_body = \"1KiB\"").start().await;
    let chunk = "x".repeat(0x200);
    let head = "POST / HTTP/1.1\r\nHost: any\r\norbital-key: k\r\nTransfer-Encoding: chunked\r\n\r\n";
    // Three chunks of half the limit, and no end.
    let request = format!("{head}200\r\n{chunk}\r\n200\r\n{chunk}\r\n200\r\n{chunk}\r\n");
    let answer = raw(&host, request.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    assert_eq!(tally(&host).await, BTreeMap::from([("rejected", 1)]));
}

#[tokio::test]
async fn a_body_of_exactly_the_limit_is_taken() {
    let (host, mut api) = start(Host::builder().webhook("max_body = \"1KiB\"")).await;
    let key = next_run(&mut api, json!({})).await;
    assert_eq!(deliver(&host, "/", &[("orbital-key", &key)], vec![b'x'; 1024]).await, 200);
    assert_eq!(delivery(&mut api).await["body"].as_array().unwrap().len(), 1024);
}

#[tokio::test]
async fn a_body_that_does_not_come_is_given_up() {
    let host = Host::builder().webhook("body_timeout = \"200ms\"").start().await;
    let mut stream = connect(&host).await;
    stream
        .write_all(b"POST / HTTP/1.1\r\nHost: any\r\norbital-key: k\r\nContent-Length: 10\r\n\r\nabc")
        .await
        .unwrap();
    let answer = read_to_close(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert_eq!(tally(&host).await, BTreeMap::from([("rejected", 1)]));
}

/// It takes the ten seconds that a head may take: time passing is what is tested.
#[tokio::test]
async fn a_head_that_does_not_end_loses_its_connection() {
    let host = Host::builder().start().await;
    let mut stream = connect(&host).await;
    stream.write_all(b"POST / HTTP/1.1\r\nHost: any\r\nX-And-So").await.unwrap();
    let answer = read_to_close(&mut stream).await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert_eq!(deliver(&host, "/", &[], "").await, 200, "others are served");
}

#[tokio::test]
async fn five_hundred_deliveries_over_fifty_connections_are_all_counted() {
    let (host, mut api) = start(Host::builder()).await;
    let key = next_run(&mut api, json!({ "takes": [250] })).await;
    let senders: Vec<_> = (0..50)
        .map(|sender| {
            let (url, key) = (host.webhook.clone(), key.clone());
            tokio::spawn(async move {
                // A client of its own has connections of its own.
                let client = client();
                for n in 0..5 {
                    let number = format!("{}", sender * 5 + n);
                    let with_key = client.post(&url).header("orbital-key", &key).body(number).send();
                    assert_eq!(with_key.await.unwrap().status(), 200);
                    assert_eq!(client.post(&url).body("without").send().await.unwrap().status(), 200);
                }
            })
        })
        .collect();
    for sender in senders {
        sender.await.unwrap();
    }
    let report = report(&mut api).await;
    let text = |body: &Value| -> String {
        body.as_array().unwrap().iter().map(|byte| byte.as_u64().unwrap() as u8 as char).collect()
    };
    let mut numbers: Vec<usize> = report["deliveries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|delivery| text(&delivery["body"]).parse().unwrap())
        .collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (0..250).collect::<Vec<_>>(), "each of them once");
    assert_eq!(tally(&host).await, BTreeMap::from([("matched", 250), ("no_key", 250)]));
}

#[tokio::test]
async fn a_test_is_told_how_many_deliveries_its_full_queue_lost() {
    let (host, mut api) = start(Host::builder().sections("[waiter]\nqueue_per_key = 4")).await;
    let event = api.next_to("/events").await;
    let key = event.json()["id"].as_str().unwrap().to_owned();
    for n in 0..10 {
        assert_eq!(deliver(&host, "/", &[("orbital-key", &key)], format!("{n}")).await, 200);
    }
    assert_eq!(tally(&host).await, BTreeMap::from([("matched", 4), ("overflow", 6)]));
    event.answer(Json(json!({ "takes": [4, 1, 1] })));
    let kept = report(&mut api).await;
    let bodies: Vec<&Value> =
        kept["deliveries"].as_array().unwrap().iter().map(|delivery| &delivery["body"]).collect();
    assert_eq!(bodies, [&json!(b"0"), &json!(b"1"), &json!(b"2"), &json!(b"3")], "the first ones, in order");
    assert_eq!(report(&mut api).await, json!({ "overflow": 6 }));
    // Said once: the next wait is for the next delivery.
    deliver(&host, "/", &[("orbital-key", &key)], "after").await;
    assert_eq!(delivery(&mut api).await["body"], json!(b"after"));
}

#[tokio::test]
async fn requests_that_are_sent_at_once_over_one_connection_are_each_taken() {
    let (host, mut api) = start(Host::builder()).await;
    let key = next_run(&mut api, json!({ "takes": [2] })).await;
    let first = format!("POST /1 HTTP/1.1\r\nHost: any\r\norbital-key: {key}\r\nContent-Length: 1\r\n\r\na");
    let second = format!("GET /2 HTTP/1.1\r\nHost: any\r\norbital-key: {key}\r\nConnection: close\r\n\r\n");
    let answers = raw(&host, format!("{first}{second}").as_bytes()).await;
    assert_eq!(answers.matches("HTTP/1.1 200 ").count(), 2, "{answers}");
    let report = report(&mut api).await;
    assert_eq!(
        (&report["deliveries"][0]["path"], &report["deliveries"][1]["path"]),
        (&json!("/1"), &json!("/2"))
    );
}

#[tokio::test]
async fn a_connection_serves_one_delivery_after_another() {
    let host = Host::builder().start().await;
    let mut stream = connect(&host).await;
    for _ in 0..3 {
        stream.write_all(b"POST / HTTP/1.1\r\nHost: any\r\nContent-Length: 2\r\n\r\nhi").await.unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\n") {
            answer.push(stream.read_u8().await.unwrap());
        }
        assert!(answer.starts_with(b"HTTP/1.1 200 "));
    }
    assert_eq!(tally(&host).await, BTreeMap::from([("no_key", 3)]));
}

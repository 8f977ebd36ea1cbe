//! Where keys are found, and what is said of those that are almost right.

use axum::Json;
use orbital_tests::{Api, Host, HostBuilder, client, last_attempt};
use reqwest::Method;
use serde_json::{Value, json};

/// A request ID and the ID of the object, as many systems have both.
const TWO_PLACES: &str = r#"keys = [{ header = "x-request-id" }, { json = "/id" }]"#;

/// A host with `relays` on it, which the test serves as the system under test.
async fn start(builder: HostBuilder) -> (Host, Api) {
    let api = Api::start().await;
    let target = format!("[targets.api]\nurl = {:?}\ntimeout = \"50s\"", api.url);
    (builder.sections(&target).with("relays").start().await, api)
}

/// Lets the next run send its event and wait for a delivery with this key.
async fn expect(api: &mut Api, key: &str) {
    api.next_to("/events").await.answer(Json(json!({ "key": key })));
}

/// The delivery that the run got.
async fn delivery(api: &mut Api) -> Value {
    let report = api.next_to("/reports").await;
    let delivery = report.json()["deliveries"][0].take();
    report.answer(());
    delivery
}

async fn deliver(host: &Host, path: &str, headers: &[(&str, &[u8])], body: impl Into<Vec<u8>>) -> u16 {
    let mut request = client().post(format!("{}{path}", host.webhook)).body(body.into());
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.send().await.unwrap().status().as_u16()
}

async fn newest(host: &Host) -> Value {
    host.api("/deliveries?limit=1").await["deliveries"][0].take()
}

/// A text in UTF-16.
fn utf16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(bytes).collect()
}

#[tokio::test]
async fn a_location_without_a_usable_key_is_skipped_and_shown_with_the_reason() {
    let (host, mut api) = start(Host::builder().webhook(TWO_PLACES)).await;
    let long = "k".repeat(257);
    for (number, (value, reason)) in [
        (long.as_bytes(), "the key has 257 bytes; at most 256 are allowed"),
        (b"a\tb", "the key has a control character"),
        (b"", "the key is empty"),
        (b"caf\xe9", "its value is not UTF-8"),
    ]
    .into_iter()
    .enumerate()
    {
        let key = format!("object-{number}");
        expect(&mut api, &key).await;
        let body = json!({ "id": key }).to_string();
        assert_eq!(deliver(&host, "/", &[("x-request-id", value)], body).await, 200);
        assert_eq!(delivery(&mut api).await["key"], key);
        let shown = newest(&host).await;
        let skipped = json!([{ "location": "the header `x-request-id`", "reason": reason }]);
        assert_eq!((&shown["key"], &shown["skipped"]), (&json!(key), &skipped));
        let (_, page) = host.get("/webhook").await;
        assert!(page.contains("Skipped the header `x-request-id`: "), "{page}");
        assert!(page.contains(reason), "{page}");
    }
    // Where there is no usable key at all, all locations with something else are named.
    assert_eq!(deliver(&host, "/", &[("x-request-id", b"a\tb")], r#"{"id": 1.5}"#).await, 200);
    let shown = newest(&host).await;
    assert_eq!(shown["result"], "no_key");
    assert_eq!(shown["skipped"].as_array().unwrap().len(), 2, "{shown}");
    assert_eq!(
        shown["skipped"][1],
        json!({
            "location": "`/id` in a JSON body",
            "reason": "its value is a number with a fraction or an exponent, neither a string nor a whole number",
        })
    );
}

#[tokio::test]
async fn a_whole_number_of_any_size_is_a_key_as_it_was_written() {
    let (host, mut api) = start(Host::builder()).await;
    for number in ["18446744073709551616", "-170141183460469231731687303715884105728"] {
        expect(&mut api, number).await;
        assert_eq!(deliver(&host, "/", &[], format!("{{\"a\": [1.5], \"id\": {number}}}")).await, 200);
        assert_eq!(delivery(&mut api).await["key"], number);
    }
}

#[tokio::test]
async fn a_key_is_found_after_a_byte_order_mark_and_in_utf_16() {
    let (host, mut api) = start(Host::builder()).await;
    for (number, write) in [
        |text: &str| format!("\u{feff}{text}").into_bytes(),
        |text: &str| utf16(&format!("\u{feff}{text}"), u16::to_le_bytes),
        |text: &str| utf16(&format!("\u{feff}{text}"), u16::to_be_bytes),
        |text: &str| utf16(text, u16::to_le_bytes),
        |text: &str| utf16(text, u16::to_be_bytes),
    ]
    .into_iter()
    .enumerate()
    {
        let key = format!("schlüssel-{number}");
        expect(&mut api, &key).await;
        let body = write(&json!({ "name": "Ada", "id": key }).to_string());
        assert_eq!(deliver(&host, "/", &[], body.clone()).await, 200);
        let delivery = delivery(&mut api).await;
        assert_eq!((&delivery["key"], &delivery["body"]), (&json!(key), &json!(body)), "byte for byte");
        let shown = newest(&host).await;
        assert!(shown["body"].as_str().unwrap().contains("\"name\":\"Ada\""), "readable for people: {shown}");
    }
}

#[tokio::test]
async fn a_secret_is_hidden_in_utf_16() {
    let sections = "[secrets.token]\nenv = \"TOKEN\"";
    let host = Host::builder().sections(sections).env("TOKEN", "a-secret-value").start().await;
    let body = utf16(r#"{"id": "k", "token": "a-secret-value"}"#, u16::to_le_bytes);
    assert_eq!(deliver(&host, "/", &[], body).await, 200);
    assert_eq!(newest(&host).await["body"], r#"{"id": "k", "token": "***"}"#);
}

/// Returns the host, the key and the report of a run that times out, because the delivery to this path has its key in
/// another spelling.
async fn almost(webhook: &str, path: &str, write: fn(&str) -> String) -> (Host, String, Value) {
    let mut api = Api::start().await;
    let sections = format!("[targets.api]\nurl = {:?}", api.url);
    let host = Host::builder().sections(&sections).webhook(webhook).with("waits").start().await;
    host.lines.wait(0, &["ready", "components="]).await;
    let playing = async {
        let event = api.next_to("/events").await;
        let key = event.json()["id"].as_str().unwrap().to_owned();
        deliver(&host, path, &[("orbital-key", write(&key).as_bytes())], "").await;
        event.answer(());
        key
    };
    let running = host.ask(Method::POST, "/cases/waits/patient/runs?wait=true", None);
    let ((_, report), key) = tokio::join!(running, playing);
    assert_eq!(report["outcome"], "timeout", "{report}");
    (host, key, report)
}

fn message(report: &Value) -> &str {
    last_attempt(report)["messages"][0].as_str().unwrap()
}

#[tokio::test]
async fn a_key_that_differs_only_in_case_is_pointed_out() {
    let (host, key, report) = almost("", "/", str::to_uppercase).await;
    let upper = key.to_uppercase();
    let first = message(&report).lines().next().unwrap();
    assert_eq!(
        first,
        format!(
            "timed out after 5.00s waiting for a delivery with key `{key}`: \
             a delivery with key `{upper}` came, which differs only in case"
        )
    );
    let shown = newest(&host).await;
    let run = report["run"].as_str().unwrap();
    let near = format!("the run {run} expects or expected `{key}`, which differs only in case");
    assert!(shown["explanation"].as_str().unwrap().ends_with(&near), "{shown}");
    assert!(host.get("/webhook").await.1.contains("which differs only in case"));
}

#[tokio::test]
async fn a_key_that_differs_only_in_punctuation_is_pointed_out() {
    let writings: [fn(&str) -> String; 2] = [|key| format!("{{{key}}}"), |key| format!("{key}/")];
    for write in writings {
        let (host, key, report) = almost("", "/", write).await;
        let near = "which differs only in punctuation or spaces";
        let came = format!("a delivery with key `{}` came, {near}", write(&key));
        assert!(message(&report).lines().next().unwrap().ends_with(&came), "{report}");
        let expected = format!("expects or expected `{key}`, {near}");
        let shown = newest(&host).await;
        assert!(shown["explanation"].as_str().unwrap().ends_with(&expected), "{shown}");
        assert!(host.get("/webhook").await.1.contains(&expected));
    }
}

#[tokio::test]
async fn a_path_that_is_almost_that_of_a_profile_is_pointed_out() {
    const PROFILES: &str = "[[webhook.auth]]\npath = \"/hooks/crm\"\nby = \"none\"\n\
                            [[webhook.auth]]\npath = \"/billing/\"\nby = \"none\"\n";
    let (host, _, report) = almost(PROFILES, "/hooks/crm/", str::to_owned).await;
    let near =
        "no profile of `webhook.auth` is for this path; one is for `/hooks/crm`, without the `/` at the end";
    assert!(newest(&host).await["explanation"].as_str().unwrap().ends_with(near));
    let message = message(&report);
    assert!(
        message.lines().next().unwrap().ends_with("the webhook received only 1 that were rejected"),
        "{message}"
    );
    assert!(message.contains("1 that were rejected (such as `POST /hooks/crm/`: no profile"), "{message}");
    for (path, near) in [
        ("/billing", "one is for `/billing/`, with a `/` at the end"),
        ("/Hooks/CRM", "one is for `/hooks/crm`, which differs only in case"),
    ] {
        assert_eq!(deliver(&host, path, &[], "").await, 404);
        assert!(newest(&host).await["explanation"].as_str().unwrap().ends_with(near), "{path}");
    }
    assert_eq!(deliver(&host, "/other", &[], "").await, 404);
    assert!(newest(&host).await["explanation"].as_str().unwrap().ends_with("is for this path"));
}

#[tokio::test]
async fn a_path_that_ends_before_its_key_says_so() {
    let host = Host::builder().webhook("keys = [{ path = 2 }]").start().await;
    assert_eq!(deliver(&host, "/hooks/", &[], "").await, 200);
    let shown = newest(&host).await;
    let skipped = json!([{ "location": "segment 2 of the path", "reason": "the key is empty" }]);
    assert_eq!((&shown["result"], &shown["skipped"]), (&json!("no_key"), &skipped));
}

//! Senders as there are: some keep their connections, some send what is no request, and some ask before they deliver.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Json;
use orbital_tests::{Api, Host, HostBuilder, PATIENCE, client, eventually};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// A request that counts as a delivery without a key, and leaves its connection open.
const POST: &[u8] = b"POST / HTTP/1.1\r\nHost: any\r\nContent-Length: 2\r\n\r\n{}";

/// A request with a chunked body.
const CHUNKED: &[u8] =
    b"POST / HTTP/1.1\r\nHost: any\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n";

const HALF: &[u8] = b"POST /half HTTP/1.1\r\nHost: any\r\nX-And-So";

/// The beginning of a connection by HTTP/2, and of a frame of headers that will not end.
const HALF_BY_HTTP_2: &[u8] =
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0\0\0\x01\x01\0\0\0\0\x01\x83";

async fn connect(host: &Host) -> TcpStream {
    let address: SocketAddr = host.webhook.strip_prefix("http://").unwrap().parse().unwrap();
    TcpStream::connect(address).await.unwrap()
}

/// Sends a request over a connection that stays open. Returns the head of the answer, which has no body.
async fn exchange(stream: &mut TcpStream, request: &[u8]) -> String {
    stream.write_all(request).await.unwrap();
    read_head(stream).await
}

async fn read_head(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    let reading = async {
        while !answer.ends_with(b"\r\n\r\n") {
            answer.push(stream.read_u8().await.unwrap());
        }
    };
    tokio::time::timeout(PATIENCE, reading).await.expect("no answer comes");
    String::from_utf8(answer).unwrap()
}

async fn read_to_close(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    let read = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut answer)).await;
    // What was not read by the host resets the connection, which is a way to close it.
    let _ = read.expect("the host does not close the connection");
    String::from_utf8_lossy(&answer).into_owned()
}

/// Sends all of it at once; gives what comes until the host closes the connection.
async fn raw(host: &Host, bytes: &[u8]) -> String {
    let mut stream = connect(host).await;
    stream.write_all(bytes).await.unwrap();
    read_to_close(&mut stream).await
}

async fn rejected(host: &Host, reason: &str) -> f64 {
    host.metrics().await.get("orbital_webhook_rejected_total", &[("reason", reason)]).unwrap()
}

/// The newest request that was rejected.
async fn newest_rejected(host: &Host) -> Value {
    host.api("/deliveries?result=rejected").await["deliveries"][0].take()
}

async fn start(builder: HostBuilder) -> (Host, Api) {
    let api = Api::start().await;
    let target = format!("[targets.api]\nurl = {:?}\ntimeout = \"50s\"", api.url);
    (builder.sections(&target).with("relays").start().await, api)
}

async fn next_run(api: &mut Api) -> String {
    let event = api.next_to("/events").await;
    let key = event.json()["id"].as_str().unwrap().to_owned();
    event.answer(Json(json!({})));
    key
}

async fn delivery(api: &mut Api) -> Value {
    let report = api.next_to("/reports").await;
    report.answer(());
    report.json()["deliveries"][0].take()
}

#[tokio::test]
async fn a_sender_may_pause_for_longer_than_a_head_may_take() {
    let host = Host::builder().webhook("head_timeout = \"200ms\"").start().await;
    let mut kept = Vec::new();
    for request in [POST, CHUNKED] {
        let mut stream = connect(&host).await;
        assert!(exchange(&mut stream, request).await.starts_with("HTTP/1.1 200 "));
        kept.push(stream);
    }
    // Nor does a line break behind a body, which some clients send, begin a head.
    kept[0].write_all(b"\r\n").await.unwrap();
    // Opened in advance, for later.
    kept.push(connect(&host).await);
    // Each of these takes longer than a head may.
    for _ in 0..3 {
        read_to_close(&mut host_half(&host).await).await;
    }
    for stream in &mut kept {
        assert!(exchange(stream, POST).await.starts_with("HTTP/1.1 200 "));
    }
}

async fn host_half(host: &Host) -> TcpStream {
    let mut stream = connect(host).await;
    stream.write_all(HALF).await.unwrap();
    stream
}

#[tokio::test]
async fn a_connection_without_a_request_is_closed_after_its_time() {
    let host = Host::builder().webhook("idle_timeout = \"1s\"").start().await;
    for requests in [&b""[..], POST, CHUNKED] {
        let mut stream = connect(&host).await;
        if !requests.is_empty() {
            exchange(&mut stream, requests).await;
        }
        assert_eq!(read_to_close(&mut stream).await, "");
    }
    assert_eq!(host.api("/deliveries?result=rejected").await["deliveries"], json!([]));
}

#[tokio::test]
async fn a_head_in_drops_is_cut_off_also_behind_another_request_and_by_http_2() {
    let host = Host::builder().webhook("head_timeout = \"300ms\"").start().await;
    for (before, half) in [(&b""[..], HALF), (POST, HALF), (b"", HALF_BY_HTTP_2)] {
        let mut stream = connect(&host).await;
        if !before.is_empty() {
            exchange(&mut stream, before).await;
        }
        stream.write_all(half).await.unwrap();
        let (mut read, mut write) = stream.into_split();
        let dripping = tokio::spawn(async move {
            while write.write_all(b"x").await.is_ok() {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        });
        let mut answer = Vec::new();
        let closed = tokio::time::timeout(PATIENCE, read.read_to_end(&mut answer)).await;
        let _ = closed.expect("the host does not close the connection");
        tokio::time::timeout(PATIENCE, dripping).await.expect("it may go on").unwrap();
    }
    // As far as they were read, those by HTTP/1.1 are there for people.
    assert_eq!(rejected(&host, "too_slow").await, 2.0);
    let slow = newest_rejected(&host).await;
    assert_eq!((&slow["method"], &slow["path"]), (&json!("POST"), &json!("/half")));
    assert!(slow["explanation"].as_str().unwrap().contains("`webhook.head_timeout`"), "{slow}");
}

#[tokio::test]
async fn a_request_behind_another_one_has_a_head_of_its_own() {
    let (host, mut api) = start(Host::builder().webhook("keys = [{ header = \"x-id\" }]")).await;
    let key = next_run(&mut api).await;
    let two = format!("X-A: 1\r\nX-Id: {key}\r\nX-A: 2\r\nContent-Length: 0\r\n\r\n");
    // In one piece, with half of a third one.
    let all = [
        POST,
        b"PUT /two HTTP/1.1\r\nHost: any\r\n",
        two.as_bytes(),
        b"GET /three HTTP/1.1\r\na : b\r\n\r\n",
    ];
    let answers = raw(&host, &all.concat()).await;
    assert_eq!(answers.matches("HTTP/1.1 200 ").count(), 2, "{answers}");
    let headers = delivery(&mut api).await["headers"].take();
    let expected =
        json!([["host", "any"], ["x-a", "1"], ["x-id", key], ["x-a", "2"], ["content-length", "0"]]);
    assert_eq!(headers, expected);
    let third = eventually("the third is listed", async || {
        Some(newest_rejected(&host).await).filter(|request| !request.is_null())
    })
    .await;
    assert_eq!((&third["method"], &third["path"]), (&json!("GET"), &json!("/three")));
}

#[tokio::test]
async fn headers_reach_the_test_and_people_in_the_order_in_which_they_came() {
    let (host, mut api) = start(Host::builder()).await;
    for body in ["Content-Length: 0\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"] {
        let key = next_run(&mut api).await;
        let request = format!(
            "POST / HTTP/1.1\r\nX-A: 1\r\nx-b: 2\r\nX-a: 3\r\nOrbital-Key: {key}\r\nx-B: 4\r\nConnection: close\r\n{body}"
        );
        assert!(raw(&host, request.as_bytes()).await.starts_with("HTTP/1.1 200 "));
        let headers = delivery(&mut api).await["headers"].take();
        let expected = json!([["x-a", "1"], ["x-b", "2"], ["x-a", "3"], ["orbital-key", key], ["x-b", "4"]]);
        assert_eq!(headers.as_array().unwrap()[..5], expected.as_array().unwrap()[..]);
        assert_eq!(host.api("/deliveries").await["deliveries"][0]["headers"], headers);
    }
}

#[tokio::test]
async fn what_is_no_request_is_counted_shown_and_logged() {
    let host = Host::builder().webhook("max_head = \"64KiB\"").start().await;
    let many: String = (0..101).map(|number| format!("X-{number}: v\r\n")).collect();
    let many = format!("POST /many?a=b HTTP/1.1\r\n{many}\r\n");
    let large = format!("POST /large HTTP/1.1\r\nX-Large: {}\r\n\r\n", "x".repeat(70 << 10));
    let folded = "POST /folded HTTP/1.1\r\nX-One: 1\r\nAuthorization: Bearer\r\n a-token\r\nX-Two: 2\r\n\r\n";
    let proxied = "PROXY TCP4 192.0.2.1 192.0.2.2 40000 443\r\nPOST / HTTP/1.1\r\n\r\n";
    let mut mark = host.lines.mark();
    for (request, status, reason, method, path, said) in [
        (&*many, "431", "head_too_large", "POST", "/many", "`webhook.max_headers`"),
        (&large, "431", "head_too_large", "POST", "/large", "`webhook.max_head`"),
        (folded, "400", "bad_head", "POST", "/folded", "folded"),
        (proxied, "400", "bad_head", "PROXY", "TCP4", "PROXY protocol"),
        ("\x16\x03\x01\0\x01\r\n\r\n", "400", "bad_head", "\u{16}\u{3}\u{1}\0\u{1}", "", "TLS"),
        (
            "POST /length HTTP/1.1\r\nContent-Length: x\r\n\r\n",
            "400",
            "bad_head",
            "POST",
            "/length",
            "malformed",
        ),
    ] {
        let before = rejected(&host, reason).await;
        let answer = raw(&host, request.as_bytes()).await;
        // An answer is lost if the rest of what it answers has not been read.
        assert!(answer.is_empty() || answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
        eventually("it is counted", async || (rejected(&host, reason).await == before + 1.0).then_some(()))
            .await;
        let shown = newest_rejected(&host).await;
        assert_eq!((&shown["path"], &shown["result"]), (&json!(path), &json!("rejected")), "{shown}");
        assert_eq!(shown["method"], method);
        assert!(shown["explanation"].as_str().unwrap().contains(said), "{shown}");
        assert!(host.get("/webhook?result=rejected").await.1.contains(said));
        assert!(!shown.to_string().contains("a-token"), "{shown}");
        // One line each, of many of its kind.
        if before == 0.0 {
            host.lines.wait(mark, &["the webhook rejected a request", said]).await;
            mark = host.lines.mark();
        }
    }
    let large = &host.api("/deliveries?result=rejected").await["deliveries"][4];
    assert_eq!((&large["path"], &large["headers"][0][0]), (&json!("/large"), &json!("x-large")));
}

#[tokio::test]
async fn a_head_that_breaks_off_is_shown_and_a_connection_that_ends_is_not() {
    let host = Host::builder().start().await;
    drop(connect(&host).await);
    let mut kept = connect(&host).await;
    exchange(&mut kept, POST).await;
    drop(kept);
    drop(host_half(&host).await);
    eventually("it is counted", async || (rejected(&host, "broken_off").await == 1.0).then_some(())).await;
    let shown = host.api("/deliveries?result=rejected").await["deliveries"].take();
    assert_eq!((&shown[0]["path"], shown.as_array().unwrap().len()), (&json!("/half"), 1));
}

#[tokio::test]
async fn large_heads_by_http_2_are_counted_too() {
    let host = Host::builder().webhook("max_head = \"16KiB\"\nmax_headers = 20").start().await;
    let client = orbital_tests::client_builder().http2_prior_knowledge().build().unwrap();
    for (headers, size) in [(30, 1), (10, 2000)] {
        let mut request = client.post(&host.webhook);
        for number in 0..headers {
            request = request.header(format!("x-{number}"), "v".repeat(size));
        }
        assert_eq!(request.send().await.unwrap().status(), 431);
    }
    assert_eq!(rejected(&host, "head_too_large").await, 2.0);
}

#[tokio::test]
async fn a_rejected_head_request_gets_the_length_of_the_reason_and_no_body() {
    let host = Host::builder().webhook("path_per_component = true").start().await;
    let request =
        "HEAD / HTTP/1.1\r\nHost: any\r\n\r\nPOST / HTTP/1.1\r\nHost: any\r\nConnection: close\r\n\r\n";
    let answers = raw(&host, request.as_bytes()).await;
    let second = answers.find("\r\n\r\nHTTP/1.1 404 ").expect("the second answer follows the first head");
    let length = |head: &str| {
        let field = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        field.expect("there is a length").parse::<usize>().unwrap()
    };
    let (of_post, reason) = answers[second + 4..].split_once("\r\n\r\n").unwrap();
    assert_eq!((length(&answers[..second]), length(of_post)), (reason.len(), reason.len()), "{answers}");

    let client = orbital_tests::client_builder().http2_prior_knowledge().build().unwrap();
    let answer = client.head(&host.webhook).send().await.unwrap();
    assert_eq!(answer.status(), 404);
    assert_eq!(answer.headers()["content-length"], reason.len().to_string());
    assert_eq!(answer.bytes().await.unwrap().len(), 0);
}

#[tokio::test]
async fn methods_that_deliver_nothing_take_no_delivery_from_a_test() {
    let (host, mut api) = start(Host::builder().webhook("keys = [{ query = \"id\" }]")).await;
    let key = next_run(&mut api).await;
    let address = host.webhook.strip_prefix("http://").unwrap().to_owned();
    for (method, target, status) in [
        ("HEAD", format!("/?id={key}"), "200"),
        ("OPTIONS", format!("/?id={key}"), "204"),
        ("OPTIONS", "*".to_owned(), "204"),
        ("TRACE", format!("/?id={key}"), "405"),
        ("CONNECT", address, "405"),
    ] {
        let request = format!("{method} {target} HTTP/1.1\r\nHost: any\r\nConnection: close\r\n\r\n");
        let answer = raw(&host, request.as_bytes()).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{method}: {answer}");
        assert_eq!(answer.contains("\r\nallow: GET, HEAD, POST, "), status != "200", "{method}: {answer}");
    }
    assert_eq!(rejected(&host, "bad_method").await, 2.0);
    // Any other one is a delivery.
    let answer = client().request("NOTIFY".parse().unwrap(), format!("{}/?id={key}", host.webhook)).send();
    assert_eq!(answer.await.unwrap().status(), 200);
    assert_eq!(delivery(&mut api).await["method"], "NOTIFY");
}

#[tokio::test]
async fn whoever_must_show_a_secret_learns_how() {
    let secrets = "[secrets.hook]\nenv = \"HOOK\"\n\
         [[webhook.auth]]\npath = \"/basic\"\nby = \"basic\"\nuser = \"crm\"\nsecrets = \"${secret.hook}\"\n\
         [[webhook.auth]]\npath = \"/bearer\"\nby = \"bearer\"\nsecrets = \"${secret.hook}\"\n";
    let host = Host::builder().sections(secrets).env("HOOK", "a-secret-of-the-crm").start().await;
    let asked = async |path: &str, authorization: Option<&str>| {
        let mut request = client().post(format!("{}{path}", host.webhook));
        if let Some(value) = authorization {
            request = request.header("authorization", value);
        }
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 401);
        answer.headers()["www-authenticate"].to_str().unwrap().to_owned()
    };
    let basic = r#"Basic realm="orbital", charset="UTF-8""#;
    assert_eq!(asked("/basic", None).await, basic);
    assert_eq!(asked("/basic", Some("Basic eDp5")).await, basic);
    assert_eq!(asked("/bearer", None).await, r#"Bearer realm="orbital""#);
    assert_eq!(asked("/bearer", Some("Bearer x")).await, r#"Bearer realm="orbital", error="invalid_token""#);
}

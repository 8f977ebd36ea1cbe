//! The session of somebody who has signed in at the private listener is for that listener alone.

use axum::Json;
use orbital_tests::{Api, Host, PATIENCE, client, eventually};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Sessions of a browser that has signed in with and without TLS.
const SESSIONS: [&str; 2] = ["5e55105e55105e55105e55105e55105e", "70b570b570b570b570b570b570b570b5"];

fn cookies() -> String {
    let [plain, host] = SESSIONS;
    format!("theme=dark; orbital-session={plain}; __Host-orbital-session={host}; lang=en")
}

/// Asserts that nothing this host has said or shows has a session in it.
async fn assert_no_session_shows(host: &Host) {
    let pages = [
        host.lines.text(),
        host.api("/deliveries?limit=100").await.to_string(),
        host.api("/runs?limit=100").await.to_string(),
        host.get("/webhook").await.1,
        host.metrics().await.text().to_owned(),
    ];
    for session in SESSIONS {
        for page in &pages {
            assert!(!page.contains(session), "a session shows in {page}");
        }
    }
}

#[tokio::test]
async fn a_test_gets_a_delivery_without_the_session_of_its_sender() {
    let mut api = Api::start().await;
    let target = format!("[targets.api]\nurl = {:?}\ntimeout = \"50s\"", api.url);
    let host = Host::builder().sections(&target).with("relays").start().await;
    let event = api.next_to("/events").await;
    let key = event.json()["id"].as_str().unwrap().to_owned();
    event.answer(Json(json!({})));
    // As browsers send it, and as HTTP/2 may split it.
    let request = client().post(&host.webhook).header("orbital-key", &key).header("x-first", "1");
    let request = request.header("cookie", cookies()).header("x-second", "2");
    let request = request.header("cookie", format!("orbital-session={}", SESSIONS[0])).header("x-third", "3");
    assert_eq!(request.send().await.unwrap().status(), 200);
    let report = api.next_to("/reports").await;
    let delivery = report.json()["deliveries"][0].clone();
    report.answer(());
    let headers = delivery["headers"].as_array().unwrap();
    let cookies: Vec<&Value> =
        headers.iter().filter(|header| header[0] == "cookie").map(|header| &header[1]).collect();
    assert_eq!(cookies, ["theme=dark; lang=en"], "{delivery}");
    let order: Vec<&Value> = headers.iter().map(|header| &header[0]).collect();
    let place = |name: &str| order.iter().position(|found| *found == name).unwrap();
    assert!(place("x-first") < place("cookie") && place("x-second") < place("x-third"), "{order:?}");
    host.lines.wait(0, &["--- PASS: relays/relays"]).await;
    assert_no_session_shows(&host).await;
}

#[tokio::test]
async fn a_request_that_is_not_delivered_shows_no_session_either() {
    let profile = "[[webhook.auth]]\npath = \"/hooks\"\nby = \"none\"";
    let host = Host::builder().webhook(&format!("max_headers = 20\n{profile}")).start().await;
    // Without a key, without a profile, and by methods that deliver nothing.
    for (method, path, status) in [
        ("GET", "/hooks", 200),
        ("POST", "/elsewhere", 404),
        ("TRACE", "/hooks", 405),
        ("HEAD", "/hooks", 200),
    ] {
        let method = method.parse().unwrap();
        let request = client().request(method, format!("{}{path}", host.webhook)).header("cookie", cookies());
        assert_eq!(request.send().await.unwrap().status(), status, "{path}");
    }
    // Heads that are no requests: malformed, folded, incomplete.
    for rest in ["no header\r\n\r\n", "x: y\r\n folded\r\n\r\n", "x-half"] {
        let address = host.webhook.strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(address).await.unwrap();
        let head = format!("POST /hooks HTTP/1.1\r\nHost: any\r\nCookie: {}\r\n{rest}", cookies());
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.shutdown().await.unwrap();
        let read = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut Vec::new())).await;
        let _ = read.expect("the host does not close the connection");
    }
    eventually("all are listed", async || {
        let deliveries = host.api("/deliveries?limit=100").await;
        (deliveries["deliveries"].as_array().unwrap().len() == 6).then_some(())
    })
    .await;
    assert_no_session_shows(&host).await;
}

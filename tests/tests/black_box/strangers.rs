//! Strangers at the public listener: whatever they do, those who wait for a delivery get it.

use std::net::SocketAddr;

use axum::Json;
use orbital_tests::{Api, Host, HostBuilder, PATIENCE, client, client_builder, eventually};
use reqwest::Client;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};

/// Half a head: whoever sends it may send the rest, or not.
const HALF: &[u8] = b"POST / HTTP/1.1\r\nHost: any\r\nX-And-So";

/// A host with `relays` on it, which the test serves as the system under test.
async fn start(builder: HostBuilder) -> (Host, Api) {
    let api = Api::start().await;
    let target = format!("[targets.api]\nurl = {:?}\ntimeout = \"50s\"", api.url);
    (builder.sections(&target).with("relays").start().await, api)
}

/// Lets the next run send its event; gives its key.
async fn next_run(api: &mut Api) -> String {
    let event = api.next_to("/events").await;
    let key = event.json()["id"].as_str().unwrap().to_owned();
    event.answer(Json(json!({})));
    key
}

/// The body of the only delivery that the run got.
async fn delivered(api: &mut Api) -> Value {
    let report = api.next_to("/reports").await;
    let body = report.json()["deliveries"][0]["body"].take();
    report.answer(());
    body
}

/// A client at another address than everybody else here.
fn neighbour() -> Client {
    client_builder().local_address("127.0.0.2".parse::<std::net::IpAddr>().unwrap()).build().unwrap()
}

async fn deliver(client: &Client, host: &Host, key: &str, body: impl Into<Vec<u8>>) -> u16 {
    let request = client.post(&host.webhook).header("orbital-key", key).body(body.into());
    request.send().await.unwrap().status().as_u16()
}

fn address(host: &Host) -> SocketAddr {
    host.webhook.strip_prefix("http://").unwrap().parse().unwrap()
}

/// A connection over which these bytes went, and nothing more.
async fn connection(host: &Host, from: &str, bytes: &[u8]) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(format!("{from}:0").parse().unwrap()).unwrap();
    let mut stream = socket.connect(address(host)).await.unwrap();
    // It may be closed already.
    let _ = stream.write_all(bytes).await;
    stream
}

/// All that comes until the host closes the connection.
async fn read_to_close(stream: &mut TcpStream) -> Vec<u8> {
    let mut answer = Vec::new();
    let read = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut answer)).await;
    // What was not read by the host resets the connection, which is a way to close it.
    let _ = read.expect("the host does not close the connection");
    answer
}

/// A connection with a request in progress: its body does not come.
async fn busy(host: &Host, from: &str) -> TcpStream {
    const GO_ON: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";
    let head = b"POST / HTTP/1.1\r\nHost: any\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n";
    let mut stream = connection(host, from, head).await;
    let mut answer = [0; GO_ON.len()];
    let read = tokio::time::timeout(PATIENCE, stream.read_exact(&mut answer)).await;
    read.expect("the body is not asked for").unwrap();
    assert_eq!(answer, GO_ON);
    stream
}

async fn turned_away(host: &Host, reason: &str) -> f64 {
    let labels = [("listener", "webhook"), ("reason", reason)];
    host.metrics().await.get("orbital_listener_turned_away_total", &labels).unwrap()
}

async fn rejected(host: &Host, reason: &str) -> f64 {
    host.metrics().await.get("orbital_webhook_rejected_total", &[("reason", reason)]).unwrap()
}

#[tokio::test]
async fn one_peer_cannot_take_all_connections() {
    let limits = "max_connections = 40\nmax_connections_per_peer = 32\nbody_timeout = \"60s\"";
    let (host, mut api) = start(Host::builder().webhook(limits)).await;
    let key = next_run(&mut api).await;
    let mut slow = Vec::new();
    for _ in 0..32 {
        slow.push(busy(&host, "127.0.0.1").await);
    }
    // One more of it is closed without a word, as often as it comes; others are served.
    for _ in 0..20 {
        assert!(read_to_close(&mut connection(&host, "127.0.0.1", HALF).await).await.is_empty());
    }
    assert_eq!(turned_away(&host, "connections").await, 20.0);
    assert_eq!(deliver(&neighbour(), &host, &key, "in time").await, 200);
    assert_eq!(delivered(&mut api).await, json!(b"in time"));
    // Places are given back.
    drop(slow);
    eventually("a place is free again", async || {
        let request = client().post(&host.webhook).send().await.ok()?;
        (request.status() == 200).then_some(())
    })
    .await;
}

#[tokio::test]
async fn neither_silence_nor_half_a_head_holds_a_connection() {
    let host = Host::builder().webhook("head_timeout = \"200ms\"\nidle_timeout = \"200ms\"").start().await;
    // Those of HTTP/2: the preface with empty settings, and then the same with a window that grows a little.
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
    let growing = [&preface[..], b"\0\0\x04\x08\0\0\0\0\0\0\0\0\x01"].concat();
    let served = b"POST / HTTP/1.1\r\nHost: any\r\nContent-Length: 0\r\n\r\n";
    for bytes in [&b""[..], b"P", b"PRI * HT", HALF, preface, &growing, served] {
        let mut stream = connection(&host, "127.0.0.1", bytes).await;
        let answer = read_to_close(&mut stream).await;
        assert_eq!(answer.starts_with(b"HTTP/1.1 200 "), bytes == served, "{bytes:?} {answer:?}");
    }
    assert_eq!(client().post(&host.webhook).send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_request_in_progress_is_not_silence() {
    let limits = "head_timeout = \"100ms\"\nidle_timeout = \"100ms\"";
    let (host, mut api) = start(Host::builder().webhook(limits)).await;
    next_run(&mut api).await;
    // Its head came in time; that its body takes longer is the business of `body_timeout`.
    let head = b"POST / HTTP/1.1\r\nHost: any\r\nContent-Length: 2\r\n\r\n";
    let mut slow = connection(&host, "127.0.0.1", head).await;
    let mut silent = connection(&host, "127.0.0.1", b"").await;
    read_to_close(&mut silent).await;
    // By now more than `idle_timeout` has passed for both.
    let mut other = connection(&host, "127.0.0.1", b"").await;
    read_to_close(&mut other).await;
    slow.write_all(b"hi").await.unwrap();
    assert!(read_to_close(&mut slow).await.starts_with(b"HTTP/1.1 200 "));
}

#[tokio::test]
async fn heads_that_are_too_large_are_refused() {
    let host = Host::builder().webhook("max_head = \"16KiB\"\nmax_headers = 20").start().await;
    let post = async |client: &Client, headers: usize, size: usize| {
        let mut request = client.post(&host.webhook);
        for number in 0..headers {
            request = request.header(format!("x-{number}"), "v".repeat(size));
        }
        request.send().await.unwrap().status().as_u16()
    };
    let (one, two) = (client(), client_builder().http2_prior_knowledge().build().unwrap());
    assert_eq!(post(&one, 10, 100).await, 200);
    assert_eq!(post(&one, 30, 1).await, 431, "too many");
    assert_eq!(post(&one, 10, 2000).await, 431, "too long");
    assert_eq!(post(&two, 10, 100).await, 200);
    assert_eq!(post(&two, 10, 2000).await, 431, "too long");
}

/// The beginning of a connection of HTTP/2 with so many requests, each of them cancelled at once, and a ping.
fn cancelled_requests(count: u32) -> Vec<u8> {
    let mut frames = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0".to_vec();
    for stream in (1..).step_by(2).take(count as usize).map(u32::to_be_bytes) {
        // HEADERS of a whole `POST http://x/`, and RST_STREAM with CANCEL.
        frames.extend([&b"\0\0\x06\x01\x05"[..], &stream, b"\x83\x86\x84\x41\x01x"].concat());
        frames.extend([&b"\0\0\x04\x03\0"[..], &stream, &8_u32.to_be_bytes()].concat());
    }
    frames.extend(b"\0\0\x08\x06\0\0\0\0\0are here");
    frames
}

/// The types of the frames that come until this one, and what is in it.
async fn frames_until(stream: &mut TcpStream, wanted: u8) -> (Vec<u8>, Vec<u8>) {
    let mut types = Vec::new();
    loop {
        let mut head = [0; 9];
        stream.read_exact(&mut head).await.unwrap();
        let mut content = vec![0; usize::from(head[1]) << 8 | usize::from(head[2])];
        stream.read_exact(&mut content).await.unwrap();
        types.push(head[3]);
        if head[3] == wanted {
            return (types, content);
        }
    }
}

#[tokio::test]
async fn requests_that_are_cancelled_at_once_end_their_connection() {
    const PING: u8 = 6;
    const GOAWAY: u8 = 7;
    let host = Host::builder().start().await;
    let mut some = connection(&host, "127.0.0.1", &cancelled_requests(10)).await;
    let (types, answer) = tokio::time::timeout(PATIENCE, frames_until(&mut some, PING)).await.unwrap();
    assert!(answer == b"are here" && !types.contains(&GOAWAY), "{types:?}");
    let mut many = connection(&host, "127.0.0.1", &cancelled_requests(60)).await;
    let (_, reason) = tokio::time::timeout(PATIENCE, frames_until(&mut many, GOAWAY)).await.unwrap();
    assert_eq!(reason[4..8], 11_u32.to_be_bytes(), "ENHANCE_YOUR_CALM");
    assert_eq!(client().post(&host.webhook).send().await.unwrap().status(), 200, "others are served");
}

#[tokio::test]
async fn a_peer_that_sends_too_much_is_told_to_wait_and_others_do_not() {
    let (host, mut api) = start(Host::builder().webhook("max_rate_per_peer = 1")).await;
    let key = next_run(&mut api).await;
    let (client, mut statuses) = (client(), Vec::new());
    // Far more than one in a second, on any machine.
    for _ in 0..200 {
        let answer = client.post(&host.webhook).body("{}").send().await.unwrap();
        if answer.status() == 429 {
            assert_eq!(answer.headers()["retry-after"], "1");
        }
        statuses.push(answer.status().as_u16());
    }
    let refused = statuses.iter().filter(|status| **status == 429).count();
    assert!(refused > 100 && statuses[0] == 200, "{statuses:?}");
    assert!(statuses.iter().all(|status| [200, 429].contains(status)), "{statuses:?}");
    assert_eq!(turned_away(&host, "rate").await, refused as f64);
    assert_eq!(deliver(&neighbour(), &host, &key, "in time").await, 200);
    assert_eq!(delivered(&mut api).await, json!(b"in time"));

    // It acts at once when it changes.
    let mark = host.lines.mark();
    let text = std::fs::read_to_string(host.config()).unwrap();
    std::fs::write(host.config(), text.replace("max_rate_per_peer = 1", "")).unwrap();
    host.lines.wait(mark, &["the configuration was read again"]).await;
    for _ in 0..20 {
        assert_eq!(client.post(&host.webhook).send().await.unwrap().status(), 200);
    }
}

#[tokio::test]
async fn bodies_that_come_in_at_once_have_room_together() {
    let settings = "max_body = \"64KiB\"\nmax_bodies = \"64KiB\"\nbody_timeout = \"50s\"";
    let (host, mut api) = start(Host::builder().webhook(settings)).await;
    let key = next_run(&mut api).await;
    let half =
        [b"POST / HTTP/1.1\r\nHost: any\r\nContent-Length: 65536\r\n\r\n".to_vec(), vec![b'x'; 60 << 10]];
    let slow = connection(&host, "127.0.0.2", &half.concat()).await;
    let large = || client().post(&host.webhook).body(vec![b'y'; 10 << 10]).send();
    // Until all of the slow one is here.
    let answer = eventually("there is no room", async || {
        let answer = large().await.unwrap();
        (answer.status() == 503).then_some(answer)
    })
    .await;
    assert_eq!(answer.headers()["retry-after"], "1");
    assert!(answer.text().await.unwrap().contains("`webhook.max_bodies`"));
    assert!(rejected(&host, "no_room").await >= 1.0);
    assert_eq!(deliver(&client(), &host, &key, "small").await, 200);
    assert_eq!(delivered(&mut api).await, json!(b"small"));
    drop(slow);
    eventually("there is room again", async || (large().await.unwrap().status() == 200).then_some(())).await;
}

/// Kilobytes of memory that the process has.
fn memory(host: &Host) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{}/status", host.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().strip_suffix(" kB").unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_flood_of_unknown_keys_fills_no_memory_and_disturbs_nobody() {
    const BODY: usize = 16 << 10;
    let bounds = "[waiter]\nearly_count = 200\nearly_bytes = \"2MiB\"\nrecent_count = 100\n";
    let (host, mut api) = start(Host::builder().sections(bounds)).await;
    let key = next_run(&mut api).await;
    let flood = async |requests: usize| {
        let senders: Vec<_> = (0..8)
            .map(|sender| {
                let url = host.webhook.clone();
                tokio::spawn(async move {
                    let client = client();
                    for number in 0..requests / 8 {
                        let key = format!("unknown-{sender}-{number}");
                        let request = client.post(&url).header("orbital-key", key).body(vec![b'x'; BODY]);
                        assert_eq!(request.send().await.unwrap().status(), 200);
                    }
                })
            })
            .collect();
        for sender in senders {
            sender.await.unwrap();
        }
    };
    flood(800).await;
    let before = memory(&host);
    flood(8000).await;
    let grown = memory(&host).saturating_sub(before);
    assert!(grown < 8000 * BODY / 1024 / 4, "{grown} KiB more than {before}");
    assert_eq!(deliver(&client(), &host, &key, "still there").await, 200);
    assert_eq!(delivered(&mut api).await, json!(b"still there"));
}

//! A host that is short of connections or file descriptors says so, and blames no system under test for it.

use std::net::SocketAddr;

use axum::Json;
use orbital_tests::{Api, Host, HostBuilder, PATIENCE, client, client_builder, eventually, orbital};
use reqwest::{Client, Method};
use rustix::process::{Pid, Resource, Rlimit, prlimit};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};

const HALF: &[u8] = b"POST / HTTP/1.1\r\nHost: any\r\nX-And-So";

const POST: &[u8] = b"POST / HTTP/1.1\r\nHost: any\r\nContent-Length: 2\r\n\r\n{}";

/// A connection from this address over which these bytes went.
pub(super) async fn connection(host: &Host, from: &str, bytes: &[u8]) -> TcpStream {
    connection_to(&host.webhook, from, bytes).await
}

/// A connection to a listener from this address over which these bytes went.
pub(super) async fn connection_to(url: &str, from: &str, bytes: &[u8]) -> TcpStream {
    let address: SocketAddr = url.strip_prefix("http://").unwrap().parse().unwrap();
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(format!("{from}:0").parse().unwrap()).unwrap();
    let mut stream = socket.connect(address).await.unwrap();
    let _ = stream.write_all(bytes).await;
    stream
}

/// Reads an answer up to the end of its head.
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

/// A connection with a request in progress, whose body of two bytes does not come.
pub(super) async fn busy(host: &Host, from: &str) -> TcpStream {
    try_busy(host, from).await.expect("the request is not taken")
}

/// A connection with a request in progress, whose body of two bytes does not come, if the request is taken.
pub(super) async fn try_busy(host: &Host, from: &str) -> Option<TcpStream> {
    let head = b"POST / HTTP/1.1\r\nHost: any\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n";
    let mut stream = connection(host, from, head).await;
    let mut answer = [0; 25];
    let read = tokio::time::timeout(PATIENCE, stream.read_exact(&mut answer)).await.expect("no answer comes");
    (read.is_ok() && answer.starts_with(b"HTTP/1.1 100 ")).then_some(stream)
}

async fn read_to_close(stream: &mut TcpStream) {
    let read = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut Vec::new())).await;
    let _ = read.expect("the host does not close the connection");
}

pub(super) fn from(address: &str) -> Client {
    let address: std::net::IpAddr = address.parse().unwrap();
    client_builder().local_address(address).pool_max_idle_per_host(0).build().unwrap()
}

async fn of_webhook(host: &Host, name: &str, labels: &[(&str, &str)]) -> f64 {
    let labels = [&[("listener", "webhook")], labels].concat();
    host.metrics().await.get(name, &labels).unwrap()
}

async fn evicted(host: &Host) -> f64 {
    of_webhook(host, "orbital_listener_turned_away_total", &[("reason", "evicted")]).await
}

async fn start(builder: HostBuilder, component: &str) -> (Host, Api) {
    let api = Api::start().await;
    let target = format!("[targets.api]\nurl = {:?}\ntimeout = \"50s\"", api.url);
    (builder.sections(&target).with(component).start().await, api)
}

#[tokio::test]
async fn slow_strangers_make_room_and_requests_in_progress_stay() {
    let limits = "max_connections = 8\nbody_timeout = \"60s\"\nhead_timeout = \"60s\"";
    let (host, mut api) = start(Host::builder().webhook(limits), "relays").await;
    let event = api.next_to("/events").await;
    let key = event.json()["id"].as_str().unwrap().to_owned();
    event.answer(Json(json!({})));
    let mut slow_body = busy(&host, "127.0.0.1").await;
    // A sender that has delivered before, and has its connection still.
    let mut sender = connection(&host, "127.0.0.2", POST).await;
    assert!(read_head(&mut sender).await.starts_with("HTTP/1.1 200 "));
    let mut strangers = Vec::new();
    for _ in 0..20 {
        strangers.push(connection(&host, "127.0.0.3", HALF).await);
    }
    // 6 of them have places, so 14 were closed, the first ones.
    for stranger in &mut strangers[..14] {
        read_to_close(stranger).await;
    }
    assert_eq!(evicted(&host).await, 14.0);
    assert_eq!(of_webhook(&host, "orbital_listener_connections", &[]).await, 8.0);
    assert_eq!(of_webhook(&host, "orbital_listener_max_connections", &[]).await, 8.0);
    let delivering = from("127.0.0.4").post(&host.webhook).header("orbital-key", key).body("in time").send();
    assert_eq!(delivering.await.unwrap().status(), 200);
    let report = api.next_to("/reports").await;
    assert_eq!(report.json()["deliveries"][0]["body"], json!(b"in time"));
    assert_eq!(evicted(&host).await, 15.0);
    // Neither of these was closed: one is not idle, and the other one less idle than strangers.
    sender.write_all(POST).await.unwrap();
    assert!(read_head(&mut sender).await.starts_with("HTTP/1.1 200 "));
    slow_body.write_all(b"{}").await.unwrap();
    assert!(read_head(&mut slow_body).await.starts_with("HTTP/1.1 200 "));
    // Whoever reads the list finds those that had begun a request.
    assert_eq!(
        host.metrics().await.get("orbital_webhook_rejected_total", &[("reason", "no_room")]),
        Some(15.0)
    );
}

#[tokio::test]
async fn a_peer_with_all_of_its_places_loses_its_most_idle_connection() {
    let host = Host::builder().webhook("max_connections_per_peer = 2").start().await;
    let mut streams = Vec::new();
    for _ in 0..3 {
        let mut stream = connection(&host, "127.0.0.1", POST).await;
        assert!(read_head(&mut stream).await.starts_with("HTTP/1.1 200 "));
        streams.push(stream);
    }
    read_to_close(&mut streams[0]).await;
    for stream in &mut streams[1..] {
        stream.write_all(POST).await.unwrap();
        assert!(read_head(stream).await.starts_with("HTTP/1.1 200 "));
    }
}

#[tokio::test]
async fn a_run_that_waits_while_no_connection_can_come_is_an_error_of_the_host() {
    let limits = "max_connections = 2\nbody_timeout = \"60s\"";
    let host = Host::builder().webhook(limits).with("webhook").start().await;
    eventually("all is loaded", async || (host.get("/readyz").await.0 == 200).then_some(())).await;
    let mut taken = vec![busy(&host, "127.0.0.1").await, busy(&host, "127.0.0.2").await];
    let delivering =
        tokio::spawn(from("127.0.0.3").post(&host.webhook).header("orbital-key", "fixed-key").send());
    let (status, report) = host.ask(Method::POST, "/cases/webhook/waits-fixed/runs?wait=true", None).await;
    assert_eq!((status, &report["outcome"]), (200, &json!("error")), "{report}");
    let messages = report["attempts"][0]["messages"].to_string();
    assert!(messages.contains("it could not take new connections for"), "{messages}");
    let (_, ready) = host.get("/readyz").await;
    for text in ["the host failed a run", "the webhook was overloaded: it could not take new connections for"]
    {
        assert!(ready.contains(text), "{ready}");
    }
    let troubles = host.metrics().await.get("orbital_host_troubles_total", &[]);
    assert_eq!(troubles, Some(1.0));
    // Places that become free are given to those who wait.
    taken.pop();
    assert_eq!(delivering.await.unwrap().unwrap().status(), 200);
}

/// Starts a run that gets no delivery, and does something while it waits. Returns the messages of the run.
async fn without_delivery(host: &Host, case: &str, meanwhile: impl AsyncFnOnce()) -> String {
    eventually("all is loaded", async || (host.get("/readyz").await.0 == 200).then_some(())).await;
    let path = format!("/cases/webhook/{case}/runs?wait=true");
    let waiting = host.ask(Method::POST, &path, None);
    let expecting = async {
        eventually("it waits", async || {
            (host.metrics().await.get("orbital_expectations", &[]) > Some(0.0)).then_some(())
        })
        .await;
        meanwhile().await;
    };
    let ((status, report), ()) = tokio::join!(waiting, expecting);
    assert_eq!((status, &report["outcome"]), (200, &json!("error")), "{report}");
    assert_eq!(host.metrics().await.get("orbital_host_troubles_total", &[]), Some(1.0));
    let messages = report["attempts"][0]["messages"].to_string();
    let (_, ready) = host.get("/readyz").await;
    assert!(
        ready.contains("the host failed a run: a delivery that this waited for may have been turned away: "),
        "{ready}"
    );
    assert!(messages.contains("a failure of the host, not of the system under test: "), "{messages}");
    messages
}

#[tokio::test]
async fn a_run_whose_deliveries_have_no_room_in_its_queue_is_an_error_of_the_host() {
    let host = Host::builder().sections("[waiter]\nqueue_per_key = 1").with("webhook").start().await;
    let messages = without_delivery(&host, "waits-two", async || {
        for _ in 0..3 {
            let delivering = client().post(&host.webhook).header("orbital-key", "first-key").send();
            assert_eq!(delivering.await.unwrap().status(), 200);
        }
    })
    .await;
    assert!(messages.contains("with a key that this waited for, as too many were waiting"), "{messages}");
    assert!(messages.contains("`waiter.queue_per_key`"), "{messages}");
}

#[tokio::test]
async fn a_run_that_waits_while_requests_are_turned_away_names_the_limit_and_the_peer() {
    let host = Host::builder().webhook("max_rate_per_peer = 1").with("webhook").start().await;
    let messages = without_delivery(&host, "waits-fixed", async || {
        let sender = from("127.0.0.9");
        let mut refused = 0;
        while refused < 3 {
            let status = sender.post(&host.webhook).body("{}").send().await.unwrap().status();
            refused += usize::from(status == 429);
        }
    })
    .await;
    let text = "it answered 3 requests, the last one from 127.0.0.9, with 429";
    assert!(messages.contains(text) && messages.contains("`webhook.max_rate_per_peer`"), "{messages}");
}

#[tokio::test]
async fn a_run_that_waits_while_no_file_can_be_opened_names_file_descriptors() {
    let host = Host::builder().with("webhook").start().await;
    let mark = host.lines.mark();
    let messages = without_delivery(&host, "waits-fixed", async || {
        limit_files(&host, 0);
        let _waiting = connection(&host, "127.0.0.9", POST).await;
        host.lines.wait(mark, &["--- ERROR: webhook/waits-fixed"]).await;
        limit_files(&host, 1000);
    })
    .await;
    assert!(messages.contains("it could not accept connections for"), "{messages}");
    assert!(messages.contains("the process has no file descriptor left"), "{messages}");
    assert!(!messages.contains("max_connections"), "{messages}");
}

/// Within the time that a connection has to send a request that may be on its way, although it is being closed.
#[tokio::test]
async fn a_burst_gets_a_peer_no_more_connections_than_one_may_have() {
    const MOST: usize = 2;
    let limits = format!("max_connections_per_peer = {MOST}\nbody_timeout = \"60s\"");
    let host = Host::builder().webhook(&limits).start().await;
    let address: SocketAddr = host.webhook.strip_prefix("http://").unwrap().parse().unwrap();
    let mut burst = Vec::new();
    for _ in 0..40 {
        burst.push(TcpStream::connect(address).await.unwrap());
    }
    let head = b"POST / HTTP/1.1\r\nHost: any\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n";
    for stream in &mut burst {
        let _ = stream.write_all(head).await;
    }
    let mut in_progress = 0;
    for stream in &mut burst {
        let mut answer = [0; 12];
        let read = tokio::time::timeout(PATIENCE, stream.read_exact(&mut answer)).await;
        in_progress += usize::from(read.expect("no answer comes").is_ok() && answer.ends_with(b" 100"));
    }
    assert_eq!(in_progress, MOST);
    assert_eq!(
        from("127.0.0.2").post(&host.webhook).send().await.unwrap().status(),
        200,
        "others are served"
    );
}

/// As few files as leave the private listener a dozen connections.
#[tokio::test]
async fn health_and_metrics_are_answered_when_a_request_is_in_progress_on_each_private_connection() {
    let host = limited("-n 200").start().await;
    let most =
        |metrics: &orbital_tests::Metrics, name: &str| metrics.get(name, &[("listener", "admin")]).unwrap();
    let places = most(&host.metrics().await, "orbital_listener_max_connections") as usize;
    assert!((4..32).contains(&places), "{places}");
    let stream = async |from: &str| {
        let mut stream =
            connection_to(&host.admin, from, b"GET /live HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
        assert!(read_head(&mut stream).await.starts_with("HTTP/1.1 200 "));
        stream
    };
    let mut streams = Vec::new();
    // One peer has half of them at most, in which it is answered as well.
    for _ in 0..places.div_ceil(2) {
        streams.push(stream("127.0.0.2").await);
    }
    let get = async |from: &Client, path: &str| {
        let answer = from.get(format!("{}{path}", host.admin)).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    let (greedy, operator) = (from("127.0.0.2"), from("127.0.0.1"));
    assert_eq!(get(&greedy, "/healthz").await.0, 200);
    let (status, text) = get(&greedy, "/api/v1/cases").await;
    assert!(status == 503 && text.contains("only health and metrics are answered"), "{status} {text}");
    assert_eq!(get(&operator, "/api/v1/cases").await.0, 200, "others are served");

    for number in 0..places / 2 {
        streams.push(stream(&format!("127.0.0.{}", 3 + number)).await);
    }
    // More strangers than there are spare places.
    let mut idle = Vec::new();
    for number in 0..64 {
        idle.push(connection_to(&host.admin, &format!("127.0.0.{}", 50 + number % 8), HALF).await);
    }
    for path in ["/healthz", "/readyz", "/metrics"] {
        assert_eq!(get(&operator, path).await.0, 200, "{path}");
    }
    assert_eq!(get(&operator, "/api/v1/cases").await.0, 503);
    let turned_away = [("listener", "admin"), ("reason", "full")];
    let metrics = host.metrics().await;
    assert!(
        metrics.get("orbital_listener_turned_away_total", &turned_away).unwrap() >= 2.0,
        "{}",
        metrics.text()
    );
    drop(streams);
    eventually("places are free again", async || {
        (get(&operator, "/api/v1/cases").await.0 == 200).then_some(())
    })
    .await;
}

/// A connection without a body of a request counts as idle, and is closed for another one if need be.
#[tokio::test]
async fn bodies_that_never_come_block_neither_health_nor_metrics() {
    let open = "open_health = true\nopen_metrics = true";
    let host = limited("-n 200").token("0123456789abcdef0123456789abcdef").admin(open).start().await;
    let labels = [("listener", "admin")];
    let places = host.metrics().await.get("orbital_listener_max_connections", &labels).unwrap() as usize;
    let form = b"POST /sign-in HTTP/1.1\r\nHost: any\r\nContent-Type: application/x-www-form-urlencoded\r\n\
                 Content-Length: 9\r\nExpect: 100-continue\r\n\r\n";
    let mut slow = Vec::new();
    for number in 0..places {
        let mut stream = connection_to(&host.admin, &format!("127.0.0.{}", 2 + number), form).await;
        assert!(read_head(&mut stream).await.starts_with("HTTP/1.1 100 "), "{number}");
        slow.push(stream);
    }
    for number in 0..64 {
        let method = ["GET", "POST", "HEAD"][number % 3];
        let path = ["/healthz", "/readyz", "/metrics"][number / 3 % 3];
        let length = ["Content-Length: 9", "Transfer-Encoding: chunked"][number % 2];
        let head = format!("{method} {path} HTTP/1.1\r\nHost: any\r\n{length}\r\n\r\n");
        let mut stream =
            connection_to(&host.admin, &format!("127.0.0.{}", 50 + number % 8), head.as_bytes()).await;
        let answer = read_head(&mut stream).await;
        assert!(
            answer.starts_with(if method == "POST" { "HTTP/1.1 405 " } else { "HTTP/1.1 400 " })
                && answer.contains("connection: close"),
            "{head}{answer}"
        );
        slow.push(stream);
    }
    for path in ["/healthz", "/readyz", "/metrics"] {
        let answer = from("127.0.0.1").get(format!("{}{path}", host.admin)).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
    }
}

fn limited(limit: &str) -> HostBuilder {
    Host::builder().through(&["sh", "-c", &format!("ulimit {limit}; exec \"$@\""), "sh"])
}

#[tokio::test]
async fn the_number_of_files_is_raised_and_the_webhook_stays_below_it() {
    // Of this test's process, which its children inherit.
    let hard = rustix::process::getrlimit(Resource::Nofile).maximum.map(|hard| hard as f64);
    let raised = limited("-Sn 200").start().await;
    assert_eq!(raised.metrics().await.get("process_max_fds", &[]), hard);

    let host = limited("-n 200").webhook("head_timeout = \"60s\"").start().await;
    host.lines.wait(0, &["the webhook serves", "not 4096", "the process may open 200 files"]).await;
    let most = of_webhook(&host, "orbital_listener_max_connections", &[]).await;
    assert!(most < 100.0, "{most}");
    let mut strangers = Vec::new();
    for number in 0..300 {
        strangers.push(connection(&host, &format!("127.0.0.{}", 2 + number % 50), HALF).await);
    }
    assert_eq!(client().post(&host.webhook).send().await.unwrap().status(), 200);
    let metrics = host.metrics().await;
    assert!(metrics.get("process_open_fds", &[]).unwrap() < 190.0, "{}", metrics.text());
}

#[tokio::test]
async fn a_check_of_the_configuration_says_what_the_number_of_files_allows() {
    let config =
        orbital_tests::config("[webhook]\nmax_connections = 100000\n[scheduler]\nmax_in_flight = 10000\n");
    let finished =
        orbital(["config".as_ref(), "check".as_ref(), "--config".as_ref(), config.path().as_os_str()]).await;
    let hard = rustix::process::getrlimit(Resource::Nofile).maximum;
    let said = finished.stdout.contains("`webhook.max_connections`");
    assert_eq!((finished.code, said), (0, hard.is_some_and(|hard| hard < 110_000)), "{finished:?}");
}

/// Sets how many files the host may open.
pub(super) fn limit_files(host: &Host, current: u64) {
    let pid = Pid::from_raw(host.id()).unwrap();
    let Rlimit { maximum, .. } = rustix::process::getrlimit(Resource::Nofile);
    prlimit(Some(pid), Resource::Nofile, Rlimit { current: Some(current), maximum }).unwrap();
}

#[tokio::test]
async fn a_run_without_a_socket_is_an_error_of_the_host() {
    let mut api = Api::start().await;
    // By address and by name: what looks up a name needs a socket too, or a file.
    let port = api.url.rsplit(':').next().unwrap().to_owned();
    for name in ["127.0.0.1", "localhost"] {
        let target = format!("[targets.api]\nurl = \"http://{name}:{port}\"");
        let host = Host::builder().sections(&target).with("tells").start().await;
        let closing = [("connection", "close")];
        api.next_to("/told").await.answer((closing, ""));
        // Less than it has already.
        limit_files(&host, 3);
        let answering = async {
            loop {
                api.next().await.answer((closing, ""));
            }
        };
        let mark = host.lines.mark();
        let ended = async {
            host.lines.wait(mark, &["--- ERROR: tells/tells"]).await;
            host.lines.wait(mark, &["a failure of the host"]).await;
        };
        tokio::select! {
            () = ended => {}
            () = answering => unreachable!(),
        }
        limit_files(&host, 1000);
        let answering = async {
            loop {
                api.next().await.answer((closing, ""));
            }
        };
        let seen = async {
            let (_, ready) = eventually("it can be asked", async || Some(host.get("/readyz").await)).await;
            assert!(ready.contains("the host failed a run"), "{ready}");
            let troubles = host.metrics().await.get("orbital_host_troubles_total", &[]);
            assert!(troubles.unwrap() >= 1.0);
            let mark = host.lines.mark();
            host.lines.wait(mark, &["--- PASS: tells/tells"]).await;
        };
        tokio::select! {
            () = seen => {}
            () = answering => unreachable!(),
        }
        assert!(!host.lines.text().contains("--- FAIL"), "{}", host.lines.text());
        drop(host);
        drop(api.waiting());
    }
}

//! Kept deliveries: for the next run, and within the memory limit of the settings.

use orbital_tests::{Api, Host, client, last_attempt};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// A host with `waits` on it, whose system under test is this one.
async fn start(api: &Api) -> Host {
    start_with("", api).await
}

/// Starts a host with these sections.
async fn start_with(sections: &str, api: &Api) -> Host {
    let sections = format!("[targets.api]\nurl = {:?}\ntimeout = \"50s\"\n{sections}", api.url);
    let host = Host::builder().sections(&sections).with("waits").start().await;
    host.lines.wait(0, &["ready", "components="]).await;
    host
}

/// The report of a run of this case.
async fn run(host: &Host, case: &str) -> Value {
    host.ask(Method::POST, &format!("/cases/waits/{case}/runs?wait=true"), None).await.1
}

async fn deliver(host: &Host) {
    let request = client().post(&host.webhook).header("orbital-key", "cust-42");
    assert_eq!(request.send().await.unwrap().status(), 200);
}

async fn count(host: &Host, result: &str) -> f64 {
    host.metrics().await.get("orbital_deliveries_total", &[("result", result)]).unwrap()
}

#[tokio::test]
async fn a_delivery_for_a_run_that_has_ended_is_found_by_the_next_run_that_expects_its_key() {
    let host = start(&Api::start().await).await;
    let first = run(&host, "expects").await;
    assert_eq!(first["outcome"], "pass", "{first}");

    deliver(&host).await;
    let late = host.api("/deliveries").await["deliveries"][0].take();
    assert_eq!((&late["result"], &late["run"]), (&json!("late"), &first["run"]), "{late}");
    assert_eq!(count(&host, "late").await, 1.0);

    let second = run(&host, "expects-again").await;
    assert_eq!(second["outcome"], "pass", "{second}");
    let found = host.api("/deliveries").await["deliveries"][0].take();
    assert_eq!(found["result"], "early", "{found}");
    assert_eq!((&found["run"], &found["late_for"]), (&second["run"], &first["run"]), "{found}");
    let explanation = found["explanation"].as_str().unwrap();
    assert!(explanation.ends_with("had ended, and was kept until another one expected it"), "{explanation}");
    assert_eq!([count(&host, "late").await, count(&host, "early").await], [1.0, 1.0], "it is both");
    for run in [&first["run"], &second["run"]] {
        let query = format!("/deliveries?run={}", run.as_str().unwrap());
        assert_eq!(host.api(&query).await["deliveries"], json!([found]), "it belongs to both");
    }
}

#[tokio::test]
async fn a_delivery_between_two_attempts_is_found_by_the_second() {
    let mut api = Api::start().await;
    let host = start(&api).await;
    let playing = async {
        api.next_to("/attempts").await.answer(());
        let second = api.next_to("/attempts").await;
        assert_eq!(second.json()["attempt"], 2);
        deliver(&host).await;
        second.answer(());
    };
    let (report, ()) = tokio::join!(run(&host, "retries"), playing);
    assert_eq!((&report["outcome"], &report["flaky"]), (&json!("pass"), &json!(true)), "{report}");
    let found = host.api("/deliveries").await["deliveries"][0].take();
    assert_eq!((&found["run"], &found["late_for"]), (&report["run"], &report["run"]), "{found}");
}

/// The second attempt of the case expects its key after the delivery for it has been dropped for another one.
#[tokio::test]
async fn a_run_whose_delivery_was_dropped_before_it_expected_its_key_is_an_error_of_the_host() {
    let dropped = ["1 delivery", "1 delivery", "2 deliveries"];
    let limits = [
        ("early_count = 1", 0),
        ("early_bytes = \"64KiB\"", 40 << 10),
        ("early_bytes = \"16KiB\"", 40 << 10),
    ];
    for ((limit, size), dropped) in limits.into_iter().zip(dropped) {
        let mut api = Api::start().await;
        let sections = format!("[waiter]\n{limit}\n[[override]]\ncases = \"waits/*\"\ntimeout = \"5s\"");
        let host = start_with(&sections, &api).await;
        let playing = async {
            api.next_to("/attempts").await.answer(());
            let second = api.next_to("/attempts").await;
            for key in ["cust-42", "a-stranger"] {
                let request = client().post(&host.webhook).header("orbital-key", key).body(vec![b'x'; size]);
                assert_eq!(request.send().await.unwrap().status(), 200);
            }
            second.answer(());
        };
        let (report, ()) = tokio::join!(run(&host, "retries"), playing);
        assert_eq!(report["outcome"], "error", "{limit}: {report}");
        let message = last_attempt(&report)["messages"][0].as_str().unwrap();
        for part in [
            "a failure of the host, not of the system under test: ",
            &format!("before this expected its key, the webhook dropped {dropped} that no run expected yet"),
            "`waiter.early_count`, `waiter.early_bytes`",
        ] {
            assert!(message.contains(part), "{limit}: no `{part}` in {message}");
        }
        let troubles = host.metrics().await.get("orbital_host_troubles_total", &[]);
        assert_eq!(troubles, Some(1.0), "{limit}");
    }
}

/// Small deliveries, each over a connection of its own, whose buffers are larger than the deliveries by far.
#[tokio::test]
async fn what_is_queued_takes_no_more_memory_than_the_settings_allow() {
    const ALLOWED: f64 = 4.0 * 1024.0 * 1024.0;
    let mut api = Api::start().await;
    let host =
        start_with("[waiter]\nqueue_bytes = \"4MiB\"\nqueue_per_key = 100000\nrecent_count = 10", &api).await;
    let (status, _) = host.ask(Method::POST, "/cases/waits/holds/runs", None).await;
    assert_eq!(status, 202);
    api.next_to("/holds").await.answer(());
    let address = host.webhook.strip_prefix("http://").unwrap();
    let send = async |count: usize| {
        let senders: Vec<_> = (0..8)
            .map(|_| {
                let address = address.to_owned();
                tokio::spawn(async move {
                    for _ in 0..count {
                        deliver_alone(&address).await;
                    }
                })
            })
            .collect();
        for sender in senders {
            sender.await.unwrap();
        }
    };
    let resident = async || host.metrics().await.get("process_resident_memory_bytes", &[]).unwrap();
    // The host has the memory that it needs to serve so many connections at once.
    send(8).await;
    let before = resident().await;
    let mut sent = 64;
    while count(&host, "overflow").await == 0.0 {
        assert!(sent < 20_000, "the queue has no end");
        send(64).await;
        sent += 512;
    }
    let grown = resident().await - before;
    // Generous, as the allocator and the server keep memory too. With the connections' buffers it would be nine times as
    // much.
    assert!(grown < 3.0 * ALLOWED, "{sent} deliveries took {grown} bytes");
    // But not so few are taken that the setting would mean something else.
    assert!(count(&host, "matched").await > 2000.0);
}

/// Delivers over a connection of its own.
async fn deliver_alone(address: &str) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = "POST / HTTP/1.1\r\nHost: any\r\nUser-Agent: sender/1.0\r\nAccept: */*\r\norbital-key: cust-42\r\n\
                   Content-Length: 1\r\nConnection: close\r\n\r\nx";
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
}

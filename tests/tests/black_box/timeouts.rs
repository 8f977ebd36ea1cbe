//! Messages of runs that timed out: the first line, the only one that lists show, names the cause if it is known.

use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use orbital_tests::{Api, Host, client, last_attempt, serve};
use reqwest::Method;
use tokio::net::{TcpSocket, TcpStream};

use crate::saturation::busy;

/// A host with `waits` on it, whose target is this URL.
async fn start(url: &str) -> Host {
    let host = Host::builder().sections(&format!("[targets.api]\nurl = {url:?}")).with("waits").start().await;
    host.lines.wait(0, &["ready", "components="]).await;
    host
}

/// A target whose every answer has this status.
async fn answers(status: StatusCode) -> Host {
    start(&serve(Router::new().fallback(async move || status)).await).await
}

/// The lines that are said of a run of this case, without their margin.
async fn timed_out(host: &Host, case: &str) -> Vec<String> {
    let (_, report) = host.ask(Method::POST, &format!("/cases/waits/{case}/runs?wait=true"), None).await;
    assert_eq!(report["outcome"], "timeout", "{report}");
    let message = last_attempt(&report)["messages"][0].as_str().unwrap();
    message.lines().map(|line| line.trim_start().to_owned()).collect()
}

/// Returns the text after the key that the test waited for.
fn cause(line: &str) -> &str {
    assert!(
        line.starts_with("timed out after ") && line.contains("s waiting for a delivery with key `"),
        "{line}"
    );
    line.rsplit_once("`: ").map(|(_, cause)| cause).unwrap_or_default()
}

#[tokio::test]
async fn an_event_that_was_not_accepted_is_named_in_the_first_line_and_in_lists() {
    let host = answers(StatusCode::SERVICE_UNAVAILABLE).await;
    let mark = host.lines.mark();
    let lines = timed_out(&host, "one").await;
    assert_eq!(cause(&lines[0]), "the event was answered with 503", "{lines:#?}");
    assert!(lines[2].starts_with("the event was sent ") && lines[2].ends_with(" it was answered with 503"));
    // Where there is room for one line only.
    host.lines.wait(mark, &["DOWN: timed out after 1.00s ", "the event was answered with 503"]).await;
    let case = host.api("/cases/waits/one").await;
    let listed = case["last_runs"][0]["message"].as_str().unwrap();
    assert_eq!(cause(listed), "the event was answered with 503");

    let lines = timed_out(&host, "several").await;
    let cause = lines[0].rsplit_once(": ").unwrap().1;
    assert_eq!(
        cause, "3 of 3 events were not accepted; the last of these was answered with 503",
        "{lines:#?}"
    );
    let lines = timed_out(&host, "sleeps").await;
    assert_eq!(
        lines,
        ["timed out after 1.00s while sleeping for 60.00s: the last request was answered with 503"]
    );
}

#[tokio::test]
async fn an_event_that_was_not_answered_is_named_in_the_first_line() {
    // Nothing listens on a port that was given back.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let host = start(&format!("http://{free}")).await;
    let lines = timed_out(&host, "one").await;
    let cause = cause(&lines[0]);
    assert!(cause.starts_with("the event was not answered: "), "{lines:#?}");
    assert!(cause.to_lowercase().contains("connection refused"), "{lines:#?}");
}

#[tokio::test]
async fn a_connection_that_is_not_made_is_named_in_the_first_line() {
    // Nobody accepts, and what may wait to be accepted does: the system drops further attempts.
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(1).unwrap();
    let address = listener.local_addr().unwrap();
    let mut waiting = Vec::new();
    while let Ok(stream) = tokio::time::timeout(Duration::from_millis(500), TcpStream::connect(address)).await
    {
        waiting.push(stream.unwrap());
    }
    let host = start(&format!("http://{address}")).await;
    let lines = timed_out(&host, "one").await;
    let named = format!(
        "timed out after 1.00s connecting to `{address}` for a request to `api`: no connection within"
    );
    assert!(lines[0].starts_with(&named), "{lines:#?}");
}

#[tokio::test]
async fn without_an_event_the_first_line_says_so() {
    let host = answers(StatusCode::ACCEPTED).await;
    let lines = timed_out(&host, "nothing-sent").await;
    assert_eq!(cause(&lines[0]), "this run sent no event with such a key", "{lines:#?}");
}

#[tokio::test]
async fn of_an_accepted_event_the_first_line_says_that_nothing_came() {
    let host = answers(StatusCode::ACCEPTED).await;
    let lines = timed_out(&host, "one").await;
    assert_eq!(cause(&lines[0]), "the webhook received no requests in that time", "{lines:#?}");
    assert_eq!(lines[3], "the webhook received no requests in that time");
}

#[tokio::test]
async fn a_wait_that_began_late_is_named_in_the_first_line() {
    let mut api = Api::start().await;
    let host = start(&api.url).await;
    let playing = async {
        let event = api.next_to("/events").await;
        // Something came, so that it is no cause.
        let noise = client().post(&host.webhook).header("orbital-key", "a-stranger").send().await.unwrap();
        assert_eq!(noise.status(), 200);
        event.answer(());
    };
    let (lines, ()) = tokio::join!(timed_out(&host, "late-to-wait"), playing);
    assert!(cause(&lines[0]).starts_with("the wait began only 4."), "{lines:#?}");
}

#[tokio::test]
async fn a_request_that_is_still_being_received_is_named_in_the_first_line() {
    let mut api = Api::start().await;
    let host = start(&api.url).await;
    let playing = async {
        let event = api.next_to("/events").await;
        let slow = busy(&host, "127.0.0.1").await;
        event.answer(());
        slow
    };
    let (lines, _slow) = tokio::join!(timed_out(&host, "patient"), playing);
    assert_eq!(cause(&lines[0]), "a request is still being received: `POST /`", "{lines:#?}");
    assert_eq!(lines[3], "the webhook received no complete requests in that time");
}

#[tokio::test]
async fn a_key_where_the_configuration_does_not_look_is_named_in_the_first_line() {
    let mut api = Api::start().await;
    let host = start(&api.url).await;
    for (header, body, text) in [
        (Some("x-id"), "", "a request has this key in the header `x-id`, where `webhook.keys` does not look"),
        (
            None,
            r#"{"data": {"id": "KEY"}}"#,
            "a request has this key in the body, where `webhook.keys` does not look",
        ),
        (
            None,
            r#"{"id": "evt_1", "data": {"id": "KEY"}}"#,
            "a request has this key in the body, and `webhook.keys` found `evt_1` instead",
        ),
    ] {
        let playing = async {
            let event = api.next_to("/events").await;
            let key = event.json()["id"].as_str().unwrap().to_owned();
            let mut request = client().post(&host.webhook).body(body.replace("KEY", &key));
            if let Some(header) = header {
                request = request.header(header, key);
            }
            assert_eq!(request.send().await.unwrap().status(), 200);
            event.answer(());
        };
        let (lines, ()) = tokio::join!(timed_out(&host, "patient"), playing);
        assert!(lines[0].ends_with(&format!(": {text}")), "{lines:#?}");
    }
}

#[tokio::test]
async fn a_compressed_body_and_a_tls_handshake_are_named() {
    let mut api = Api::start().await;
    let host = start(&api.url).await;
    let playing = async {
        let event = api.next_to("/events").await;
        let body = b"\x1f\x8b\x08\x00".as_slice();
        let compressed = client().post(&host.webhook).header("content-encoding", "gzip").body(body);
        assert_eq!(compressed.send().await.unwrap().status(), 200);
        let https = host.webhook.replace("http://", "https://");
        assert!(client().post(https).send().await.is_err());
        event.answer(());
    };
    let (lines, ()) = tokio::join!(timed_out(&host, "patient"), playing);
    let text = lines.last().unwrap();
    for part in [
        "the body is compressed (`content-encoding: gzip`)",
        "it is a TLS handshake, and this listener has no TLS",
    ] {
        assert!(text.contains(part), "{text}");
    }
}

#[tokio::test]
async fn each_example_stands_at_its_own_count() {
    let mut api = Api::start().await;
    let host = Host::builder()
        .sections(&format!("[targets.api]\nurl = {:?}\n[waiter]\nearly_for = \"1m\"", api.url))
        .webhook("[[webhook.auth]]\npath = \"/hooks/*\"\nby = \"none\"\n")
        .with("waits")
        .start()
        .await;
    host.lines.wait(0, &["ready", "components="]).await;
    let deliver = async |path: &str, headers: &[(&str, &str)], body: &'static str| {
        let mut request = client().post(format!("{}{path}", host.webhook)).body(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.send().await.unwrap().status().as_u16()
    };
    let playing = async {
        let event = api.next_to("/events").await;
        assert_eq!(deliver("/hooks", &[("orbital-key", "waits")], "").await, 200);
        assert_eq!(deliver("/hooks", &[("orbital-key", "strays")], "").await, 200);
        assert_eq!(deliver("/hooks/crm", &[], r#"{"id": null}"#).await, 200);
        assert_eq!(deliver("/elsewhere", &[], "").await, 404);
        event.answer(());
    };
    let (lines, ()) = tokio::join!(timed_out(&host, "patient"), playing);
    let text = lines.last().unwrap();
    assert_eq!(
        text,
        "in that time the webhook received: 2 with keys that no run expects (such as `strays`, `waits`), \
         1 without a key where the configuration looks (such as `POST /hooks/crm`, `/id` in a JSON body: its value \
         is null, neither a string nor a whole number), 1 that were rejected (such as `POST /elsewhere`: no profile of \
         `webhook.auth` is for this path)"
    );
}

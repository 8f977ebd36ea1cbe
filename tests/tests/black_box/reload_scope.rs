//! How much of a file takes effect while the host runs: all of it, nothing, or all but what needs a restart.

use std::path::Path;

use axum::http::StatusCode;
use orbital_tests::{Api, Host, client_builder, eventually};
use reqwest::{Certificate, Client, Method};

const OLD_TOKEN: &str = "0123456789abcdef0123456789abcdef";

const NEW_TOKEN: &str = "fedcba9876543210fedcba9876543210";

fn prepare(directory: &Path) {
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    std::fs::write(directory.join("cert.pem"), made.cert.pem()).unwrap();
    std::fs::write(directory.join("key.pem"), made.signing_key.serialize_pem()).unwrap();
    std::fs::write(directory.join("old-token"), OLD_TOKEN).unwrap();
    std::fs::write(directory.join("new-token"), NEW_TOKEN).unwrap();
}

/// A client with a new connection for each request: limits hold for new connections.
fn trusting(directory: &Path) -> Client {
    let certificate = Certificate::from_pem(&std::fs::read(directory.join("cert.pem")).unwrap()).unwrap();
    client_builder().tls_certs_only([certificate]).pool_max_idle_per_host(0).build().unwrap()
}

/// The settings that the test changes, as seen by a client.
#[derive(Debug, PartialEq)]
struct Seen {
    old_token: bool,
    new_token: bool,
    large_body: bool,
    many_headers: bool,
    environment: bool,
    pause: bool,
}

const BEFORE: Seen = Seen {
    old_token: true,
    new_token: false,
    large_body: true,
    many_headers: true,
    environment: false,
    pause: false,
};

const AFTER: Seen = Seen {
    old_token: false,
    new_token: true,
    large_body: false,
    many_headers: false,
    environment: true,
    pause: true,
};

async fn look(host: &Host, client: &Client) -> Seen {
    let get = async |path: &str, token: &str| {
        let answer = client.get(format!("{}{path}", host.admin)).bearer_auth(token).send().await.unwrap();
        (answer.status(), answer.text().await.unwrap())
    };
    let is_token = async |token: &str| get("/api/v1/config", token).await.0 == StatusCode::OK;
    let (old_token, new_token) = (is_token(OLD_TOKEN).await, is_token(NEW_TOKEN).await);
    let token = if new_token { NEW_TOKEN } else { OLD_TOKEN };
    let post = || client.post(&host.webhook);
    let headers = (0..50).fold(post(), |request, number| request.header(format!("x-{number}"), "1"));
    let large = post().body("x".repeat(2000)).send().await.unwrap().status();
    let many = headers.send().await.unwrap().status();
    let compared = get("/api/v1/compare?one=other&other=other", token).await.1;
    let case = get("/api/v1/cases/relays/relays", token).await.1;
    let case: serde_json::Value = serde_json::from_str(&case).unwrap();
    Seen {
        old_token,
        new_token,
        large_body: large == StatusCode::OK,
        many_headers: many == StatusCode::OK,
        environment: !compared.contains("[environments."),
        pause: !case["paused"].is_null(),
    }
}

/// The mistake is one that no reading of the file finds, and of all that the host makes from the settings it is the last
/// that can fail: whatever takes effect before is noticed.
#[tokio::test]
async fn a_file_whose_last_certificate_cannot_be_read_changes_nothing() {
    let (mut old, mut new) = (Api::start().await, Api::start().await);
    let sections = |url: &str, token: &str, certificate: &str| {
        format!(
            "[admin.tls]\ncertificate = \"{certificate}\"\nkey = \"key.pem\"\n[secrets.admin]\nfile = \"{token}\"\n\
             [targets.api]\nurl = \"{url}\"\n"
        )
    };
    let before = sections(&old.url, "old-token", "cert.pem");
    let builder = Host::builder().admin("token = \"${secret.admin}\"").sections(&before).before(prepare);
    let host = builder.with("relays").start().await;
    let client = trusting(host.directory());
    assert_eq!(look(&host, &client).await, BEFORE);

    let text = std::fs::read_to_string(host.config()).unwrap();
    let changed = |certificate: &str| {
        let changed = text.replace(&before, &sections(&new.url, "new-token", certificate));
        let changed = changed.replace("[webhook]\n", "[webhook]\nmax_body = \"1KiB\"\nmax_headers = 20\n");
        format!(
            "{changed}\n[environments.other]\nurl = \"http://127.0.0.1:1\"\n\
             [[override]]\ncases = \"relays/*\"\npaused = \"moving\"\n"
        )
    };
    let (broken, mended) = (changed("nowhere.pem"), changed("cert.pem"));
    let mark = host.lines.mark();
    std::fs::write(host.config(), broken).unwrap();
    host.lines.wait(mark, &["ERROR", "`admin.tls.certificate`"]).await;
    assert_eq!(look(&host, &client).await, BEFORE);
    // A run may have begun before; the one after it did not.
    for _ in 0..3 {
        old.next_to("/events").await.answer(StatusCode::SERVICE_UNAVAILABLE);
    }
    assert_eq!(new.waiting().len(), 0);

    std::fs::write(host.config(), mended).unwrap();
    host.lines.wait(mark, &["the configuration was read again"]).await;
    eventually("the new settings act", async || (look(&host, &client).await == AFTER).then_some(())).await;
    // The run that waits for the old system's answer gets none, and ends.
    drop(old);
    let run = format!("{}/api/v1/cases/relays/relays/runs", host.admin);
    eventually("a run begins", async || {
        let answer = client.request(Method::POST, &run).bearer_auth(NEW_TOKEN).send().await.unwrap();
        (answer.status() == StatusCode::ACCEPTED).then_some(())
    })
    .await;
    new.next_to("/events").await.answer(StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn room_for_runs_is_made_at_the_start_alone() {
    let mut api = Api::start().await;
    let room = |number: u32| format!("[scheduler]\nmax_in_flight = {number}\n");
    let sections = format!("{}[targets.api]\nurl = \"{}\"\n", room(1), api.url);
    let host = Host::builder().sections(&sections).with("holds").with("manual").start().await;
    let hold = async |host: &Host, api: &mut Api| {
        assert_eq!(host.ask(Method::POST, "/cases/holds/holder/runs", None).await.0, 202);
        let call = api.next().await;
        call.answer(StatusCode::ACCEPTED);
    };
    let run = async |host: &Host| host.ask(Method::POST, "/cases/manual/manual/runs?wait=true", None).await.0;
    hold(&host, &mut api).await;
    assert_eq!(run(&host).await, 409);

    let mark = host.lines.mark();
    let text = std::fs::read_to_string(host.config()).unwrap();
    std::fs::write(host.config(), text.replace(&room(1), &room(2))).unwrap();
    host.lines.wait(mark, &["need a restart: `scheduler.max_in_flight`"]).await;
    assert_eq!(run(&host).await, 409, "there is still room for one");

    let host = host.stopped_and_restarted(|_| {}).await;
    hold(&host, &mut api).await;
    assert_eq!(run(&host).await, 200);
}

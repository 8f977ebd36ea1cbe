//! Both listeners with certificates of their own, which may be renewed while the host runs.

use std::path::Path;

use orbital_tests::{Finished, Host, client_builder, eventually, orbital};
use reqwest::{Certificate, Client, Version};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const BOTH: &str = "[webhook.tls]\ncertificate = \"cert.pem\"\nkey = \"key.pem\"\n\
                    [admin.tls]\ncertificate = \"cert.pem\"\nkey = \"key.pem\"\n";

/// Puts a new certificate for this machine into a directory.
fn make_certificate(directory: &Path) {
    let names = ["127.0.0.1".to_owned(), "localhost".to_owned()];
    let made = rcgen::generate_simple_self_signed(names).unwrap();
    for (name, text) in [("cert.pem", made.cert.pem()), ("key.pem", made.signing_key.serialize_pem())] {
        let new = directory.join(format!(".{name}"));
        std::fs::write(&new, text).unwrap();
        std::fs::rename(new, directory.join(name)).unwrap();
    }
}

/// A client that trusts the certificate in this directory and no other one.
fn client(directory: &Path) -> Client {
    let certificate = Certificate::from_pem(&std::fs::read(directory.join("cert.pem")).unwrap()).unwrap();
    client_builder().tls_certs_only([certificate]).build().unwrap()
}

async fn start() -> Host {
    Host::builder().sections(BOTH).before(make_certificate).start().await
}

#[tokio::test]
async fn both_listeners_speak_tls_and_nothing_else() {
    let host = start().await;
    let client = client(host.directory());
    assert!(host.webhook.starts_with("https://") && host.admin.starts_with("https://"));
    let answer = client.post(&host.webhook).body("{}").send().await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.version()), (200, Version::HTTP_2));
    let answer = client.get(format!("{}/healthz", host.admin)).send().await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.text().await.unwrap()), (200, "ok\n".to_owned()));

    // By HTTP/1.1 too.
    let old = Certificate::from_pem(&std::fs::read(host.directory().join("cert.pem")).unwrap()).unwrap();
    let old = client_builder().tls_certs_only([old]).http1_only().build().unwrap();
    let answer = old.post(&host.webhook).send().await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.version()), (200, Version::HTTP_11));

    // Without TLS nobody gets an answer; it is counted.
    let mut stream = TcpStream::connect(host.webhook.strip_prefix("https://").unwrap()).await.unwrap();
    stream.write_all(b"POST / HTTP/1.1\r\nHost: any\r\nContent-Length: 0\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    let _ = tokio::time::timeout(orbital_tests::PATIENCE, stream.read_to_end(&mut answer)).await.unwrap();
    assert!(!answer.starts_with(b"HTTP/"), "{answer:?}");
    let metrics = client.get(format!("{}/metrics", host.admin)).send().await.unwrap().text().await.unwrap();
    let counted = "orbital_listener_turned_away_total{listener=\"webhook\",reason=\"tls\"} 1";
    assert!(metrics.contains(counted), "{metrics}");
}

#[tokio::test]
async fn a_handshake_that_does_not_end_loses_its_connection() {
    let builder = Host::builder().webhook("head_timeout = \"200ms\"").sections(BOTH).before(make_certificate);
    let host = builder.start().await;
    for bytes in [&b""[..], b"\x16\x03\x01\x02\x00\x01"] {
        let mut stream = TcpStream::connect(host.webhook.strip_prefix("https://").unwrap()).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        let mut answer = Vec::new();
        let read = tokio::time::timeout(orbital_tests::PATIENCE, stream.read_to_end(&mut answer)).await;
        let _ = read.expect("the host does not close the connection");
    }
    assert_eq!(client(host.directory()).post(&host.webhook).send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn tests_are_told_a_url_with_https() {
    let api = orbital_tests::Api::start().await;
    let sections = format!("{BOTH}[targets.api]\nurl = {:?}\n", api.url);
    let host = Host::builder().sections(&sections).before(make_certificate).with("relays").start().await;
    let mut api = api;
    let event = api.next_to("/events").await;
    assert_eq!(event.json()["webhook"], host.webhook);
}

#[tokio::test]
async fn without_a_token_a_page_in_a_browser_has_no_say_with_tls_either() {
    let host = start().await;
    let certificate =
        Certificate::from_pem(&std::fs::read(host.directory().join("cert.pem")).unwrap()).unwrap();
    let address = host.admin.strip_prefix("https://").unwrap().parse().unwrap();
    // A name that was made to point here: by HTTP/2 it stands in no header.
    let client = client_builder()
        .tls_certs_only([certificate])
        .tls_danger_accept_invalid_hostnames(true)
        .resolve("evil.example", address)
        .build()
        .unwrap();
    let url = |host: &str| format!("https://{host}:{}/api/v1/cases", address.port());
    let answer = client.get(url("evil.example")).send().await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.version()), (403, Version::HTTP_2));
    assert_eq!(client.get(url("127.0.0.1")).send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_renewed_certificate_acts_at_once_and_a_broken_one_not_at_all() {
    let host = start().await;
    let before = client(host.directory());
    assert_eq!(before.post(&host.webhook).send().await.unwrap().status(), 200);

    let mark = host.lines.mark();
    make_certificate(host.directory());
    host.lines.wait(mark, &["the configuration was read again"]).await;
    let (after, directory) = (client(host.directory()), host.directory());
    for url in [host.webhook.clone(), format!("{}/healthz", host.admin)] {
        assert_eq!(after.get(&url).send().await.unwrap().status(), 200);
    }

    let mark = host.lines.mark();
    std::fs::write(directory.join("cert.pem"), "nonsense").unwrap();
    let line = host.lines.wait(mark, &["the configuration on disk is invalid"]).await;
    assert!(
        line.contains("`webhook.tls.certificate`") && line.contains("has no certificate in PEM"),
        "{line}"
    );
    assert_eq!(after.post(&host.webhook).send().await.unwrap().status(), 200);
    let mark = host.lines.mark();
    make_certificate(directory);
    host.lines.wait(mark, &["the configuration was read again"]).await;
    let newest = client(directory);
    eventually("the newest certificate acts", async || newest.post(&host.webhook).send().await.ok()).await;
}

#[tokio::test]
async fn a_certificate_that_cannot_be_used_is_told_before_the_start() {
    let directory = tempfile::tempdir().unwrap();
    let other = tempfile::tempdir().unwrap();
    let file = directory.path().join("orbital.toml");
    std::fs::write(&file, "[webhook.tls]\ncertificate = \"cert.pem\"\nkey = \"key.pem\"\n").unwrap();
    let check = async || {
        let Finished { code, stderr, .. } =
            orbital(["config".as_ref(), "check".as_ref(), "--config".as_ref(), file.as_os_str()]).await;
        (code, stderr)
    };
    let refused = async |text: &str| {
        let (code, stderr) = check().await;
        assert!(code == 2 && stderr.contains(text), "{code} {stderr}");
    };
    refused("`webhook.tls.certificate`: cannot read").await;
    make_certificate(directory.path());
    assert_eq!(check().await.0, 0);
    make_certificate(other.path());
    std::fs::copy(other.path().join("key.pem"), directory.path().join("key.pem")).unwrap();
    refused("`webhook.tls`: certificate and key cannot be used").await;
    std::fs::copy(directory.path().join("cert.pem"), directory.path().join("key.pem")).unwrap();
    refused("`webhook.tls.key`: ").await;
    std::fs::write(&file, "[admin.tls]\ncertificate = \"cert.pem\"\n").unwrap();
    refused("line 1: `admin.tls`: has no `key`").await;
}

#[tokio::test]
async fn tls_itself_comes_and_goes_at_the_next_start() {
    let host = Host::builder().before(make_certificate).start().await;
    let mark = host.lines.mark();
    let text = std::fs::read_to_string(host.config()).unwrap();
    std::fs::write(host.config(), format!("{text}\n{BOTH}")).unwrap();
    host.lines.wait(mark, &["need a restart: `webhook.tls`, `admin.tls`"]).await;
    assert_eq!(orbital_tests::client().post(&host.webhook).send().await.unwrap().status(), 200);
    let host = host.killed_and_restarted().await;
    assert_eq!(client(host.directory()).post(&host.webhook).send().await.unwrap().status(), 200);
}

//! Connections to targets: how long they are kept, and the reason if there is none.

use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;

use axum::Router;
use orbital_tests::{Host, config, guest, last_attempt, missing, orbital, serve};
use reqwest::Method;
use rustix::process::{Pid, Resource, Rlimit, getrlimit, prlimit};
use serde_json::Value;
use tempfile::NamedTempFile;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket};
use tokio::process::Command;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;

/// Gives a host names of its own: the first argument takes the place of `/etc/hosts`.
const OWN_NAMES: [&str; 6] = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c"];

const MOUNT: &str = "mount --bind \"$0\" /etc/hosts && exec \"$@\"";

/// A file of names that says where `system.test` is. Only one host reads it, instead of the machine's `/etc/hosts`.
pub(super) struct Names(NamedTempFile);

impl Names {
    pub(super) fn new(address: &str) -> Self {
        let names = Self(NamedTempFile::new().unwrap());
        names.lead_to(address);
        names
    }

    /// Changes the file in its place, as it is mounted.
    pub(super) fn lead_to(&self, address: &str) {
        std::fs::write(self.0.path(), format!("{address} system.test\n")).unwrap();
    }

    /// The program that starts a host with these names, unless this machine cannot.
    pub(super) async fn wrapper(&self) -> Option<Vec<String>> {
        let path = self.0.path().to_str().unwrap();
        let wrapper: Vec<String> = OWN_NAMES.into_iter().chain([MOUNT, path]).map(str::to_owned).collect();
        let mut tried = Command::new(&wrapper[0]);
        tried.args(&wrapper[1..]).arg("true").stderr(Stdio::null());
        if !tried.status().await.is_ok_and(|status| status.success()) {
            return missing(
                "names of one's own cannot be had here (`unshare --user --map-root-user --mount`)",
            );
        }
        Some(wrapper)
    }
}

#[tokio::test]
async fn a_target_that_moves_is_noticed_although_the_old_one_still_answers() {
    let url = serve(Router::new().fallback(async || "still here")).await;
    let port = url.rsplit(':').next().unwrap();
    let names = Names::new("127.0.0.1");
    let Some(wrapper) = names.wrapper().await else { return };
    // No connection is idle for that long. One run at a time, so that none needs a second connection.
    let target = format!(
        "[targets.api]\nurl = \"http://system.test:{port}\"\nconnection_max_age = \"2s\"\n\
         [scheduler]\nmax_in_flight = 1\n[[override]]\ncases = \"relies/*\"\nevery = \"100ms\""
    );
    let wrapper: Vec<&str> = wrapper.iter().map(String::as_str).collect();
    let host = Host::builder().sections(&target).through(&wrapper).with("relies").start().await;
    for case in ["target", "library"] {
        host.lines.wait(0, &[&format!("--- PASS: relies/{case} (")]).await;
    }

    // Nothing listens there.
    names.lead_to("127.0.0.2");
    let down = host.lines.wait(0, &["DOWN: ", "case=relies/target "]).await;
    assert!(down.contains("cannot connect") && down.contains("outcome=\"fail\""), "{down}");
    host.lines.wait(0, &["DOWN: ", "case=relies/library "]).await;

    names.lead_to("127.0.0.1");
    for case in ["target", "library"] {
        host.lines.wait(0, &["UP again", &format!("case=relies/{case} ")]).await;
    }
}

#[tokio::test]
async fn a_connection_that_is_idle_is_closed_at_its_maximum_age() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let target = format!(
        "[targets.api]\nurl = \"http://{}\"\nconnection_max_age = \"300ms\"\n[[override]]\ncases = \"relies/*\"\n\
         manual = true",
        listener.local_addr().unwrap()
    );
    let host = Host::builder().sections(&target).with("relies").start().await;
    host.lines.wait(0, &["ready", "components="]).await;
    let serving = async {
        let (mut connection, _) = listener.accept().await.unwrap();
        let mut request = [0; 4096];
        assert!(connection.read(&mut request).await.unwrap() > 0);
        connection.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.unwrap();
        let closed = connection.read(&mut request);
        let read = tokio::time::timeout(orbital_tests::PATIENCE, closed).await;
        assert_eq!(read.expect("the connection is still open").unwrap_or(0), 0);
    };
    let running = host.ask(Method::POST, "/cases/relies/tolerates/runs?wait=true", None);
    let ((_, report), ()) = tokio::join!(running, serving);
    assert_eq!(report["outcome"], "pass", "{report}");
}

#[tokio::test]
async fn a_host_without_file_descriptors_does_not_blame_the_system() {
    let url = serve(Router::new().fallback(async || "fine")).await;
    // By a name, so that a lookup needs descriptors too, and with a new connection in every run.
    let url = url.replace("127.0.0.1", "localhost");
    let target = format!("[targets.api]\nurl = {url:?}\nconnection_max_age = \"1ms\"");
    let host = Host::builder().sections(&target).with("relies").start().await;
    let cases = ["target", "library"];
    for case in cases {
        host.lines.wait(0, &[&format!("--- PASS: relies/{case} (")]).await;
    }

    let process = Pid::from_raw(host.id());
    let none = Rlimit { current: Some(0), maximum: getrlimit(Resource::Nofile).maximum };
    let before = prlimit(process, Resource::Nofile, none).unwrap();
    for case in cases {
        host.lines.wait(0, &[&format!("--- ERROR: relies/{case} (")]).await;
    }
    host.lines.wait(0, &["a failure of the host", "no file descriptor left"]).await;
    let mark = host.lines.mark();
    prlimit(process, Resource::Nofile, before).unwrap();
    for case in cases {
        host.lines.wait(mark, &[&format!("--- PASS: relies/{case} (")]).await;
        let blamed = host.lines.find(0, &[&format!("--- FAIL: relies/{case} (")]);
        assert!(blamed.is_empty(), "{}", host.lines.text());
    }
}

/// The report of a run of `relies/elsewhere`, which sends to this URL over `wasi:http`.
async fn sent_to(url: &str) -> Value {
    let config = config(&format!(
        "[webhook]\nlisten = \"127.0.0.1:0\"\n[components.relies]\nhosts = [{:?}]\nprivate_hosts = true\n\
         [config.relies]\nurl = {url:?}",
        url.trim_end_matches('/')
    ));
    let component = guest("relies");
    let arguments = ["run", "--json", "--case", "elsewhere", "--config"].map(Path::new);
    let finished = orbital(arguments.into_iter().chain([config.path(), &component])).await;
    serde_json::from_str(&finished.stdout).unwrap_or_else(|error| panic!("{error}: {finished:?}"))
}

/// Asserts that the test saw this error, that the run blames the system, and that its messages have this reason.
fn assert_failed(report: &Value, error: &str, reason: &str) {
    assert_eq!(report["outcome"], "fail", "{report}");
    let attempt = last_attempt(report);
    let timeline = attempt["timeline"].to_string();
    assert!(timeline.contains(error), "no `{error}` in {timeline}");
    let messages = attempt["messages"].to_string().to_lowercase();
    assert!(messages.contains(reason), "no `{reason}` in {messages}");
}

#[tokio::test]
async fn a_port_that_refuses_is_named_as_such_over_wasi_http() {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let report = sent_to(&format!("http://{}/", socket.local_addr().unwrap())).await;
    assert_failed(&report, "ErrorCode::ConnectionRefused", "connection refused");
}

#[tokio::test]
async fn a_name_without_an_address_is_named_as_such_over_wasi_http() {
    let report = sent_to("http://no-such-name.invalid/").await;
    assert_failed(&report, "ErrorCode::DnsError", "cannot connect: failed to lookup address");
}

#[tokio::test]
async fn an_unknown_certificate_is_named_as_such_over_wasi_http() {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = made.signing_key.serialize_der().try_into().unwrap();
    let tls = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let serving = tokio::spawn(async move {
        let acceptor = TlsAcceptor::from(Arc::new(tls));
        loop {
            let (connection, _) = listener.accept().await.unwrap();
            let _ = acceptor.accept(connection).await;
        }
    });
    let report = sent_to(&format!("https://localhost:{port}/")).await;
    assert_failed(&report, "ErrorCode::TlsCertificateError", "invalid peer certificate: unknownissuer");
    serving.abort();
}

#[tokio::test]
async fn a_server_that_hangs_up_is_named_as_such_over_wasi_http() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = tokio::spawn(async move {
        loop {
            let (mut connection, _) = listener.accept().await.unwrap();
            let _ = connection.read_u8().await;
        }
    });
    let report = sent_to(&format!("http://{address}/")).await;
    assert_failed(&report, "ErrorCode::ConnectionTerminated", "the exchange broke off");
    serving.abort();
}

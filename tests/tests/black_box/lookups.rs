//! Looking up the names of hosts, by a DNS server that does not answer.

use std::net::UdpSocket;

use axum::Router;
use orbital_tests::{Host, eventually, last_attempt, missing, serve};
use reqwest::Method;
use tokio::process::Command;

/// An address of this machine that nobody else serves DNS at.
const SILENT: &str = "127.0.53.53";

/// Has the system's resolver ask the silent server alone, and wait for it longer than any test does.
const WITH_SILENT_SERVER: &str = "echo 'nameserver 127.0.53.53\noptions timeout:30 attempts:4' > \"$RESOLVER\" && \
                                  mount --bind \"$RESOLVER\" /etc/resolv.conf && exec \"$0\" \"$@\"";

/// How many runs look up names at once.
const MANY: usize = 40;

#[tokio::test]
async fn names_that_one_component_looks_up_in_vain_do_not_keep_others_from_sending() {
    let Ok(server) = UdpSocket::bind((SILENT, 53)) else {
        missing::<()>("port 53 cannot be taken here (it needs root)");
        return;
    };
    let resolver = tempfile::NamedTempFile::new().unwrap();
    let resolver = resolver.path().to_str().unwrap();
    let command = ["unshare", "--mount", "sh", "-c", WITH_SILENT_SERVER];
    let mut tried = Command::new(command[0]);
    tried.args(&command[1..]).arg("true").env("RESOLVER", resolver);
    if !tried.status().await.is_ok_and(|status| status.success()) {
        missing::<()>("a resolver of one's own cannot be had here (`unshare --mount`)");
        return;
    }
    let url = serve(Router::new().fallback(async || "answered")).await;
    let port = url.rsplit(':').next().unwrap();
    let sections = format!(
        "[config.bad]\nscript = \"event silent /\"\n[config.hung]\nscript = \"event silent /\"\n[config.good]\nscript = \"event local /\"\n\
         [targets.silent]\nurl = \"http://silent.example\"\nconnect_timeout = \"5m\"\ntimeout = \"5m\"\n\
         [targets.local]\nurl = \"http://localhost:{port}\"\nconnection_max_age = \"1ms\"\n\
         [[override]]\ncases = \"bad/*\"\nmax_in_flight = {MANY}\n\
         [[override]]\ncases = \"hung/*\"\ntimeout = \"1s\"\n"
    );
    let builder = Host::builder().through(&command).env("RESOLVER", resolver).sections(&sections);
    let host =
        builder.with_as("reaches", "bad").with_as("reaches", "good").with_as("reaches", "hung").start().await;
    for _ in 0..MANY {
        let (status, answer) = host.ask(Method::POST, "/cases/bad/acts/runs", None).await;
        assert!(status < 300, "{answer}");
    }
    eventually("all runs are in flight", async || {
        let in_flight = host.metrics().await.get("orbital_runs_in_flight", &[]);
        (in_flight == Some(MANY as f64)).then_some(())
    })
    .await;
    // All of them begin to look up the name before the first one asks the server, or at the same time.
    let asked = move || {
        server.recv(&mut [0; 512]).unwrap();
        server
    };
    let _still_silent = tokio::task::spawn_blocking(asked).await.unwrap();
    for _ in 0..3 {
        let (_, report) = host.ask(Method::POST, "/cases/good/acts/runs?wait=true", None).await;
        let steps = last_attempt(&report)["timeline"].as_array().unwrap();
        let said = steps.iter().find(|step| step["step"] == "log").unwrap();
        assert_eq!(said["message"], "event local /: 200", "{report}");
    }
    let (_, report) = host.ask(Method::POST, "/cases/hung/acts/runs?wait=true", None).await;
    let message = last_attempt(&report)["messages"][0].as_str().unwrap();
    let named = "timed out after 1.00s resolving `silent.example` for a request to `silent`: no DNS answer";
    assert!(message.starts_with(named), "{message}");
}

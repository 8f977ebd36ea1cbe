//! The example system under test, as a process.

use std::process::Stdio;

use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};

use crate::{Host, Lines, binary, client};

/// Event types and their destinations.
const ROUTES: [&str; 6] =
    ["signup=crm", "order=billing", "order=shipping", "order=analytics", "invoice=ledger", "track=warehouse"];

/// `pipeline` on a port of its own. It is killed when this is dropped.
pub struct Pipeline {
    url: String,
    front: TcpListener,
    process: Child,
}

impl Pipeline {
    /// Starts it. What it delivers waits until it is led to a host.
    pub async fn start() -> Self {
        // Each needs the other's port. The pipeline gets this one, which leads to the webhook once there is one.
        let front = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let hooks = front.local_addr().unwrap();
        let routes = ROUTES.map(|route| {
            let (kind, name) = route.split_once('=').unwrap();
            format!("--route={kind}=http://{hooks}/hooks/{name}")
        });
        let mut process = Command::new(binary("pipeline"))
            .arg("--listen=127.0.0.1:0")
            .args(routes)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let lines = Lines::default();
        lines.read(process.stdout.take().unwrap());
        let line = lines.wait(0, &["pipeline listening on http://"]).await;
        Self { url: line.rsplit(' ').next().unwrap().to_owned(), front, process }
    }

    /// The sections of `orbital.toml` that name it.
    pub fn targets(&self) -> String {
        let url = &self.url;
        let target = |name: &str, path: &str| format!("[targets.{name}]\nurl = \"{url}{path}\"\n");
        [target("api", "/events"), target("pipeline", ""), target("segment", "")].concat()
    }

    /// Has it deliver to this host's webhook.
    pub fn deliver_to(self, host: &Host) -> DeliveringPipeline {
        let to = host.webhook.strip_prefix("http://").unwrap().to_owned();
        forward(self.front, to);
        DeliveringPipeline { url: self.url, _process: self.process }
    }
}

/// A pipeline that knows its webhook.
pub struct DeliveringPipeline {
    url: String,
    _process: Child,
}

impl DeliveringPipeline {
    /// Switches faults.
    pub async fn faults(&self, faults: &Value) {
        let request = client().put(format!("{}/faults", self.url)).body(faults.to_string());
        assert_eq!(request.send().await.unwrap().status(), 200);
    }
}

/// Leads each connection on to this address.
fn forward(front: TcpListener, to: String) {
    tokio::spawn(async move {
        loop {
            let (mut from, _) = front.accept().await.unwrap();
            let mut to = TcpStream::connect(&to).await.unwrap();
            tokio::spawn(async move { tokio::io::copy_bidirectional(&mut from, &mut to).await });
        }
    });
}

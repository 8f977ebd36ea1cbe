//! A host that runs.

use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::Duration;

use reqwest::Method;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;
use tokio::process::Child;
use tokio::task::JoinHandle;

use crate::binary::command_through;
use crate::stalls::watch_for_stalls;
use crate::{Lines, Metrics, PATIENCE, WallClock, bad_outcomes, client, guest};

/// `orbital serve` with a directory and ports of its own. It is killed when this is dropped, and its directory removed.
pub struct Host {
    /// The lines of its output.
    pub lines: Lines,
    /// The URL of the webhook.
    pub webhook: String,
    /// The URL of the private listener.
    pub admin: String,
    /// The directory of components.
    pub components: PathBuf,
    // Dropped before the directory, so that no process writes to a directory that is being removed.
    process: Process,
    readers: Vec<JoinHandle<()>>,
    directory: TempDir,
    start: Start,
}

/// The host's process, which has ended once this is dropped.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.start_kill();
        while let Ok(None) = self.0.try_wait() {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

/// How the process is started, each time.
#[derive(Default)]
struct Start {
    environment: Vec<(String, String)>,
    wrapper: Vec<String>,
    while_loading: bool,
}

/// The default grants of components.
pub const GRANTS: &str = "[components.\"*\"]\ntargets = [\"*\"]\nmetrics = true\n";

/// How a host is to be started.
#[derive(Default)]
pub struct HostBuilder {
    sections: String,
    grants: Option<String>,
    webhook: String,
    components: Vec<(PathBuf, String)>,
    section_of_components: String,
    admin: String,
    admin_address: Option<String>,
    before: Option<fn(&Path)>,
    directory_of_components: Option<PathBuf>,
    start: Start,
}

impl HostBuilder {
    /// Adds sections to `orbital.toml`, such as `[targets.api]`.
    pub fn sections(mut self, toml: &str) -> Self {
        self.sections.push_str(toml);
        self.sections.push('\n');
        self
    }

    /// Grants what this says, such as a section `[components."*"]`, instead of all targets and metrics.
    pub fn grants(mut self, toml: &str) -> Self {
        self.grants = Some(toml.to_owned());
        self
    }

    /// Adds settings to the section `[webhook]`.
    pub fn webhook(mut self, toml: &str) -> Self {
        self.webhook.push_str(toml);
        self.webhook.push('\n');
        self
    }

    /// Adds settings to the section `[components]`.
    pub fn components(mut self, toml: &str) -> Self {
        self.section_of_components.push_str(toml);
        self.section_of_components.push('\n');
        self
    }

    /// Adds settings to the section `[admin]`.
    pub fn admin(mut self, toml: &str) -> Self {
        self.admin.push_str(toml);
        self.admin.push('\n');
        self
    }

    /// Where the private listener listens, instead of on loopback.
    pub fn admin_address(mut self, address: &str) -> Self {
        self.admin_address = Some(address.to_owned());
        self
    }

    /// Does something in the host's directory before it starts.
    pub fn before(mut self, prepare: fn(&Path)) -> Self {
        self.before = Some(prepare);
        self
    }

    /// Puts a fixture component into the directory before the host starts.
    pub fn with(self, name: &str) -> Self {
        self.with_as(name, name)
    }

    /// Deploys a fixture before the start, under another name.
    pub fn with_as(mut self, name: &str, as_name: &str) -> Self {
        self.components.push((guest(name), format!("{as_name}.wasm")));
        self
    }

    /// Sets an environment variable of the host.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.start.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Has it watch the directory of components of another host.
    pub fn beside(mut self, other: &Host) -> Self {
        self.directory_of_components = Some(other.components.clone());
        self
    }

    /// Has it take this for the time of day.
    pub fn clock(mut self, clock: &WallClock) -> Self {
        self.start.environment.extend(clock.environment());
        self
    }

    /// Has it started by a program that becomes it, such as `env`: it gets the command line as its last arguments.
    pub fn through(mut self, wrapper: &[&str]) -> Self {
        self.start.wrapper = wrapper.iter().map(|&argument| argument.to_owned()).collect();
        self
    }

    /// Guards the private listener with this token.
    pub fn token(self, token: &str) -> Self {
        self.admin("token = \"${secret.admin}\"")
            .sections("[secrets.admin]\nenv = \"ADMIN_TOKEN\"")
            .env("ADMIN_TOKEN", token)
    }

    /// Has `start` and every restart return as soon as the host listens: for tests of a host that is loading.
    pub fn while_loading(mut self) -> Self {
        self.start.while_loading = true;
        self
    }

    /// Starts it and waits until it is ready: every component in its directory is loaded or refused.
    pub async fn start(self) -> Host {
        let directory = TempDir::new().unwrap();
        let components = self.directory_of_components.unwrap_or_else(|| {
            let components = directory.path().join("components");
            std::fs::create_dir(&components).unwrap();
            components
        });
        for (file, name) in &self.components {
            std::fs::copy(file, components.join(name)).unwrap();
        }
        let admin_address = self.admin_address.as_deref().unwrap_or("127.0.0.1:0");
        let config = format!(
            "[components]\ndirectory = {components:?}\n{}\n[webhook]\nlisten = \"127.0.0.1:0\"\n{}\n[admin]\nlisten = {admin_address:?}\n{}\n{}\n{}\n",
            self.section_of_components,
            self.webhook,
            self.admin,
            self.sections,
            self.grants.as_deref().unwrap_or(GRANTS),
        );
        let file = directory.path().join("orbital.toml");
        std::fs::write(&file, config).unwrap();
        if let Some(prepare) = self.before {
            prepare(directory.path());
        }
        Host::launch(directory, components, self.start).await
    }
}

impl Host {
    async fn launch(directory: TempDir, components: PathBuf, start: Start) -> Self {
        watch_for_stalls();
        let file = directory.path().join("orbital.toml");
        let mut command =
            command_through(&start.wrapper, ["serve".as_ref(), "--config".as_ref(), file.as_os_str()]);
        let mut child = command.envs(start.environment.iter().cloned()).spawn().unwrap();
        let lines = Lines::default();
        let readers =
            vec![lines.read(child.stdout.take().unwrap()), lines.read(child.stderr.take().unwrap())];
        let url = async |texts: &[&str]| {
            let line = lines.wait(0, texts).await;
            line.rsplit(' ').next().unwrap().to_owned()
        };
        let webhook = url(&["webhook on http"]).await;
        let admin = url(&["metrics on http"]).await;
        if !start.while_loading {
            // Logged right after `/readyz` has become 200, and readable without the token and the certificate.
            lines.wait(0, &["ready components="]).await;
        }
        Self { webhook, admin, components, process: Process(child), readers, directory, start, lines }
    }

    /// Ends it as `kill -9` does, and starts it again on the same directory, with ports of its own again.
    pub async fn killed_and_restarted(mut self) -> Self {
        self.process.0.kill().await.unwrap();
        Self::launch(self.directory, self.components, self.start).await
    }

    /// Ends it in good order, does something in its directory, and starts it again.
    pub async fn stopped_and_restarted(mut self, meanwhile: impl FnOnce(&Path)) -> Self {
        kill_process(Pid::from_raw(self.id()).unwrap(), Signal::TERM).unwrap();
        let status = tokio::time::timeout(PATIENCE, self.process.0.wait()).await;
        assert!(status.expect("the host does not end").unwrap().success(), "{}", self.lines.text());
        meanwhile(self.directory.path());
        Self::launch(self.directory, self.components, self.start).await
    }

    /// How it is to be started.
    pub fn builder() -> HostBuilder {
        HostBuilder::default()
    }

    /// Copies a fixture component into the directory, as `cp` does; gives the mark before it.
    pub fn deploy(&self, name: &str) -> usize {
        self.deploy_as(name, name)
    }

    /// Deploys a fixture under another name.
    pub fn deploy_as(&self, name: &str, as_name: &str) -> usize {
        let mark = self.lines.mark();
        std::fs::copy(guest(name), self.file(as_name)).unwrap();
        mark
    }

    /// Puts a fixture component in place of whatever has its name, as `mv` does; gives the mark before it.
    pub fn deploy_over(&self, name: &str) -> usize {
        let (mark, whole) = (self.lines.mark(), self.components.join(".whole"));
        std::fs::copy(guest(name), &whole).unwrap();
        std::fs::rename(&whole, self.file(name)).unwrap();
        mark
    }

    /// Writes bytes as a component's file; gives the mark before it.
    pub fn write(&self, name: &str, bytes: &[u8]) -> usize {
        let mark = self.lines.mark();
        std::fs::write(self.file(name), bytes).unwrap();
        mark
    }

    /// The file of a component.
    pub fn file(&self, name: &str) -> PathBuf {
        self.components.join(format!("{name}.wasm"))
    }

    /// The file `orbital.toml`.
    pub fn config(&self) -> PathBuf {
        self.directory.path().join("orbital.toml")
    }

    /// A directory that goes with the host.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// The metrics page.
    pub async fn metrics(&self) -> Metrics {
        Metrics::new(self.get("/metrics").await.1)
    }

    /// Status and body of a page of the private listener.
    pub async fn get(&self, path: &str) -> (u16, String) {
        let response = client().get(format!("{}{path}", self.admin)).send().await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    }

    /// The answer of the API to a request that must succeed.
    pub async fn api(&self, path: &str) -> Value {
        let (status, body) = self.ask(Method::GET, path, None).await;
        assert_eq!(status, 200, "{body}");
        body
    }

    /// Status and answer of the API, which is always JSON.
    pub async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> (u16, Value) {
        let mut request = client().request(method, format!("{}/api/v1{path}", self.admin));
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        let response = request.send().await.unwrap();
        let (status, text) = (response.status().as_u16(), response.text().await.unwrap());
        (status, serde_json::from_str(&text).unwrap_or_else(|_| panic!("{status}: not JSON: {text}")))
    }

    /// Delivers this to the webhook.
    pub async fn deliver(&self, body: &serde_json::Value) {
        let response = client().post(&self.webhook).body(body.to_string()).send().await.unwrap();
        assert_eq!(response.status(), 200);
    }

    /// Waits until the fixture `passes` has passed twice more, and asserts that it has never done anything else:
    /// for a healthy test beside a bad one.
    pub async fn assert_passes_is_undisturbed(&self) {
        self.lines.wait_n(self.lines.mark(), 2, &["--- PASS: passes/passes"]).await;
        let metrics = self.metrics().await;
        for outcome in bad_outcomes() {
            let labels = [("component", "passes"), ("case", "passes"), ("outcome", *outcome)];
            assert_eq!(
                metrics.get("orbital_runs_total", &labels),
                Some(0.0),
                "{outcome}:\n{}",
                self.lines.text()
            );
        }
    }

    /// The process id.
    pub fn id(&self) -> i32 {
        i32::try_from(self.process.0.id().unwrap()).unwrap()
    }

    /// Waits for it to end; gives how, and all that it said.
    pub async fn ended(mut self) -> (ExitStatus, String) {
        let status = tokio::time::timeout(PATIENCE, self.process.0.wait()).await;
        let status = status.expect("the host does not end").unwrap();
        for reader in self.readers {
            reader.await.unwrap();
        }
        (status, self.lines.text())
    }
}

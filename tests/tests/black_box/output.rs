//! Output that is not read, or cannot be written: it stops neither runs nor the end.

use std::fs::File;
use std::io::PipeReader;
use std::os::fd::OwnedFd;
use std::process::{ExitStatus, Stdio};

use orbital_tests::{GRANTS, Lines, Metrics, PATIENCE, client, command, eventually, guest};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, ChildStdout};

/// `orbital serve` with the case `passes`, whose output the test reads, or does not.
struct Served {
    child: Child,
    stdout: BufReader<ChildStdout>,
    admin: String,
    _directory: TempDir,
}

impl Served {
    /// Starts it with this as its standard error, and reads standard output up to the addresses.
    async fn start(stderr: impl Into<Stdio>, log: &str) -> Self {
        Self::start_with(stderr, log, "human").await
    }

    /// Starts a host with a log in this format.
    async fn start_with(stderr: impl Into<Stdio>, log: &str, format: &str) -> Self {
        let directory = TempDir::new().unwrap();
        let components = directory.path().join("components");
        std::fs::create_dir(&components).unwrap();
        std::fs::copy(guest("passes"), components.join("passes.wasm")).unwrap();
        let file = directory.path().join("orbital.toml");
        let listen = "listen = \"127.0.0.1:0\"";
        let config = format!(
            "[components]\ndirectory = {components:?}\n[webhook]\n{listen}\n[admin]\n{listen}\n{GRANTS}"
        );
        std::fs::write(&file, config).unwrap();
        let arguments = ["serve", "--log-format", format, "--config"].map(AsRef::as_ref);
        let mut command = command(arguments.into_iter().chain([file.as_os_str()]));
        let mut child = command.env("RUST_LOG", log).stderr(stderr.into()).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let addresses = async {
            let mut line = String::new();
            while !line.contains("metrics on http") {
                line.clear();
                stdout.read_line(&mut line).await.unwrap();
            }
            line.trim().rsplit(' ').next().unwrap().to_owned()
        };
        let admin = tokio::time::timeout(PATIENCE, addresses).await.expect("it says no addresses");
        Self { child, stdout, admin, _directory: directory }
    }

    async fn get(&self, path: &str) -> (u16, String) {
        let response = client().get(format!("{}{path}", self.admin)).send().await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    }

    async fn metrics(&self) -> Metrics {
        Metrics::new(self.get("/metrics").await.1)
    }

    async fn passed(&self) -> f64 {
        self.metrics().await.sum("orbital_runs_total", &[("outcome", "pass")])
    }

    async fn drops(&self, stream: &str) {
        eventually("output is dropped", async || {
            let dropped = self.metrics().await.get("orbital_output_dropped_total", &[("stream", stream)]);
            (dropped? > 0.0).then_some(())
        })
        .await;
    }

    /// Waits until something was dropped of this stream, then asserts that the host does its work, and ends.
    async fn works_and_ends_without(&mut self, stream: &str) {
        self.drops(stream).await;
        let before = self.passed().await;
        eventually("more runs pass", async || (self.passed().await >= before + 3.0).then_some(())).await;
        assert_eq!(self.get("/healthz").await.0, 200);
        assert_eq!(self.get("/readyz").await, (200, "ready: 1 components\n".to_owned()));
        self.ends().await;
    }

    async fn ends(&mut self) {
        kill_process(Pid::from_raw(self.id()).unwrap(), Signal::TERM).unwrap();
        let ended: ExitStatus =
            tokio::time::timeout(PATIENCE, self.child.wait()).await.expect("the host does not end").unwrap();
        assert_eq!(ended.code(), Some(0));
    }

    fn id(&self) -> i32 {
        i32::try_from(self.child.id().unwrap()).unwrap()
    }
}

/// Opens a file to which every write fails.
fn full() -> File {
    File::options().write(true).open("/dev/full").unwrap()
}

fn read(lines: &Lines, reader: PipeReader) {
    lines.read(tokio::net::unix::pipe::Receiver::from_owned_fd(OwnedFd::from(reader)).unwrap());
}

#[tokio::test]
async fn a_log_that_is_not_read_stops_neither_runs_nor_the_end() {
    let (_reader, writer) = std::io::pipe().unwrap();
    // Everything that a library has to say fills the pipe and the queue.
    let mut host = Served::start(writer, "trace").await;
    host.works_and_ends_without("stderr").await;
}

#[tokio::test]
async fn a_log_that_is_read_again_says_how_many_lines_are_missing() {
    for format in ["human", "json"] {
        let (reader, writer) = std::io::pipe().unwrap();
        let mut host = Served::start_with(writer, "trace", format).await;
        host.drops("stderr").await;
        let log = Lines::default();
        read(&log, reader);
        log.wait(0, &["WARN", "log lines were dropped", "dropped"]).await;
        host.ends().await;
    }
}

#[tokio::test]
async fn a_log_that_cannot_be_written_stops_neither_runs_nor_the_end() {
    let mut host = Served::start(full(), "info").await;
    host.works_and_ends_without("stderr").await;
}

#[tokio::test]
async fn a_log_whose_reader_is_gone_stops_neither_runs_nor_the_end() {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut host = Served::start(writer, "info").await;
    host.works_and_ends_without("stderr").await;
}

#[tokio::test]
async fn runs_go_on_when_the_reader_of_standard_output_is_gone() {
    let mut host = Served::start(Stdio::null(), "info").await;
    // Another stream in its place: this one is closed.
    let other = command(["--version"]).spawn().unwrap().stdout.take().unwrap();
    host.stdout = BufReader::new(other);
    host.works_and_ends_without("stdout").await;
}

/// The exit code of a command whose output is written to this, and what it says on standard error.
async fn code_of(arguments: &[&str], stdout: Stdio) -> (Option<i32>, String) {
    let child = command(arguments).stdout(stdout).spawn().unwrap();
    let output = tokio::time::timeout(PATIENCE, child.wait_with_output()).await;
    let output = output.expect("it does not end").unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[tokio::test]
async fn a_command_whose_output_is_not_read_to_its_end_does_its_work_and_says_how_that_ended() {
    let closed = || Stdio::from(std::io::pipe().unwrap().1);
    let (passes, fails) = (guest("passes"), guest("fails"));
    let (passes, fails) = (passes.to_str().unwrap(), fails.to_str().unwrap());
    let config = orbital_tests::config("[webhook]\nlisten = \"127.0.0.1:0\"\n");
    let config = ["--config", config.path().to_str().unwrap()];
    let run = |component| [&["run", component, "--times=3"], &config[..]].concat();
    for (arguments, code) in [
        (run(passes), 0),
        (run(fails), 1),
        (vec!["check", passes], 0),
        ([&["config", "show"], &config[..]].concat(), 0),
        (vec!["--help"], 0),
    ] {
        assert_eq!(code_of(&arguments, closed()).await, (Some(code), String::new()), "{arguments:?}");
    }
}

#[tokio::test]
async fn a_command_whose_output_cannot_be_written_says_so() {
    let passes = guest("passes");
    let (code, stderr) = code_of(&["check", passes.to_str().unwrap()], full().into()).await;
    assert_eq!(code, Some(3), "{stderr}");
    assert!(stderr.contains("cannot print") && stderr.contains("No space left"), "{stderr}");
}

#[tokio::test]
async fn a_command_that_cannot_write_its_errors_has_its_exit_code_all_the_same() {
    let child = command(["check", "/nowhere.wasm"]).stderr(full()).spawn().unwrap();
    let output = tokio::time::timeout(PATIENCE, child.wait_with_output()).await.unwrap().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let child = command(["serve", "--config", "/nowhere.toml"]).stderr(full()).spawn().unwrap();
    let output = tokio::time::timeout(PATIENCE, child.wait_with_output()).await.unwrap().unwrap();
    assert_eq!(output.status.code(), Some(2));
}

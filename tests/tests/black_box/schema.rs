//! The API is what its description says: schemathesis makes requests of that, good ones and bad ones, and holds the
//! answers against it.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Stdio;

use orbital_tests::{
    DeliveringPipeline, Host, HostBuilder, PATIENCE, Pipeline, client, eventually, schemathesis,
};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use tokio::process::Command;

const TOKEN: &str = "0123456789abcdef0123456789abcdef";

/// Enough to find each kind of mistake in a host that has it, within a few seconds.
const EXAMPLES: &str = "--max-examples=25";

/// A host with something of everything, and the pipeline that its tests use.
struct Busy {
    host: Host,
    token: Option<&'static str>,
    _pipeline: DeliveringPipeline,
}

impl Busy {
    async fn start(builder: HostBuilder, token: Option<&'static str>) -> Self {
        let pipeline = Pipeline::start().await;
        let sections = format!(
            "{}\n[[override]]\ncases = \"tagged/shop\"\npaused = \"it is of another team\"\n",
            pipeline.targets()
        );
        let mut builder = builder.sections(&sections);
        for component in ["rust", "passes", "tagged", "naps", "fails", "tries", "slow", "asks"] {
            builder = builder.with(component);
        }
        let host = builder.start().await;
        let busy = Self { _pipeline: pipeline.deliver_to(&host), host, token };
        std::fs::write(busy.host.file("broken"), b"no component").unwrap();
        busy.host.lines.wait(0, &["did not load", "component=broken"]).await;
        busy.host.lines.wait(0, &["--- PASS: rust/smoke"]).await;
        for body in ["{\"id\":\"nobody's\"}", "{}", "\u{0}\u{1b}[31m"] {
            assert_eq!(client().post(&busy.host.webhook).body(body).send().await.unwrap().status(), 200);
        }
        busy.host.lines.wait(0, &["--- PASS: passes/passes"]).await;
        for case in ["fails/check", "tries/marks-first"] {
            busy.post(&format!("/cases/{case}/runs?wait=true"), None, 200).await;
        }
        busy.post("/cases/slow/sleeps/runs", None, 202).await;
        let pause = json!({ "cases": "naps/*", "reason": "a look", "author": "ada", "for": "1h" });
        busy.post("/pauses", Some(&pause), 201).await;
        busy
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = client().request(method, format!("{}/api/v1{path}", self.host.admin));
        match self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    async fn post(&self, path: &str, body: Option<&Value>, status: u16) {
        let request = self.request(Method::POST, path).header("content-type", "application/json");
        let body = body.map(Value::to_string).unwrap_or_default();
        assert_eq!(request.body(body).send().await.unwrap().status(), status, "{path}");
    }

    /// Writes the ids of runs where schemathesis looks for them.
    async fn list_runs(&self, folder: &Path) {
        let runs = self.request(Method::GET, "/runs?limit=500").send().await.unwrap().text().await.unwrap();
        let runs: Value = serde_json::from_str(&runs).unwrap();
        let all = ["in_flight", "runs"].into_iter().flat_map(|kind| runs[kind].as_array().unwrap());
        let mut lines = String::new();
        for (number, run) in all.enumerate() {
            writeln!(lines, "run{number}={}", run["run"]).unwrap();
        }
        std::fs::write(folder.join("runs.txt"), lines).unwrap();
    }

    /// Has nothing to object to, whatever it asks.
    async fn conforms(&self, tool: &Path) {
        let folder = self.host.directory();
        let config = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemathesis/schemathesis.toml");
        std::fs::copy(config, folder.join("schemathesis.toml")).unwrap();
        self.list_runs(folder).await;
        let mut command = Command::new(tool);
        // With more than one worker, Python 3.11 fails now and then: https://github.com/python/cpython/issues/106905
        command
            .current_dir(folder)
            .args(["run", EXAMPLES, "--workers=1", "--continue-on-failure", "--generation-database=none"])
            .arg(format!("{}/api/v1/openapi.json", self.host.admin))
            .stdin(Stdio::null())
            .kill_on_drop(true);
        if let Some(token) = self.token {
            command.arg(format!("--header=Authorization:Bearer {token}"));
        }
        let output = tokio::time::timeout(5 * PATIENCE, command.output()).await;
        let output = output.expect("schemathesis does not end").unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
        // And the host is none the worse for it.
        self.host.lines.wait(self.host.lines.mark(), &["--- PASS: tagged/crm"]).await;
        // A test that panics says `panicked:`; one of them is run now and then.
        assert!(!self.host.lines.text().contains("panicked at"), "{}", self.host.lines.text());
    }
}

#[tokio::test]
async fn what_the_api_answers_is_what_its_description_says() {
    let Some(tool) = schemathesis() else { return };
    Busy::start(Host::builder(), None).await.conforms(&tool).await;
}

#[tokio::test]
async fn with_a_token_it_is_too() {
    let Some(tool) = schemathesis() else { return };
    Busy::start(Host::builder().token(TOKEN), Some(TOKEN)).await.conforms(&tool).await;
}

#[tokio::test]
async fn every_path_of_the_api_is_described() {
    let host = Host::builder().start().await;
    let description = host.api("/openapi.json").await;
    assert_eq!(description["openapi"], "3.1.0");
    let guide =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/api.md")).unwrap();
    // Each is in the guide's table, and all of that are here.
    let parameter = |part: &str| Some(part.strip_prefix('{')?.strip_suffix('}')?.to_uppercase());
    let spelt = |path: &str| {
        path.split('/')
            .map(|part| parameter(part).unwrap_or_else(|| part.to_owned()))
            .collect::<Vec<_>>()
            .join("/")
    };
    let mut described: Vec<String> = Vec::new();
    for (path, methods) in description["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys() {
            described.push(format!("{} /api/v1{}", method.to_uppercase(), spelt(path)));
        }
    }
    let in_guide = guide.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`'));
    let mut in_guide: Vec<String> = in_guide
        .map(|(request, _)| request.to_owned())
        .filter(|request| request.contains(" /api/v1/") && !request.ends_with("/openapi.json"))
        .collect();
    described.sort();
    in_guide.sort();
    assert_eq!(described, in_guide);
}

#[tokio::test]
async fn whoever_has_an_answer_is_told_that_it_is_still_the_same() {
    let host = Host::builder().with("manual").start().await;
    let ask = async |method: Method, known: Option<&str>| {
        let request = client().request(method, format!("{}/api/v1/components", host.admin));
        let request = known.iter().fold(request, |request, known| request.header("if-none-match", *known));
        request.send().await.unwrap()
    };
    let whole = ask(Method::GET, None).await;
    let headers = whole.headers().clone();
    let length = whole.bytes().await.unwrap().len().to_string();
    let tag = headers["etag"].to_str().unwrap().to_owned();
    assert!(tag.starts_with('"') && tag.ends_with('"'), "{tag}");
    assert_eq!(headers["cache-control"], "no-cache");

    for known in [tag.clone(), format!("W/{tag}"), format!("\"x\", {tag}"), "*".to_owned()] {
        for method in [Method::GET, Method::HEAD] {
            let answer = ask(method.clone(), Some(&known)).await;
            assert_eq!(answer.status(), 304, "{method} {known}");
            assert_eq!(answer.headers()["etag"], tag.as_str());
            assert!(
                answer.headers().get("content-length").is_none()
                    && answer.headers().get("content-type").is_none()
            );
            assert_eq!(answer.bytes().await.unwrap().len(), 0);
        }
    }
    let head = ask(Method::HEAD, None).await;
    assert_eq!((head.status().as_u16(), &head.headers()["etag"]), (200, &headers["etag"]));
    assert_eq!(head.headers()["content-length"], length.as_str());
    assert_eq!(ask(Method::GET, Some("\"other\"")).await.status(), 200);

    // What is not there has no tag, and is not kept by a browser.
    let missing = client().get(format!("{}/api/v1/components/x", host.admin)).header("if-none-match", "*");
    let missing = missing.send().await.unwrap();
    assert_eq!(
        (missing.status().as_u16(), &missing.headers()["cache-control"]),
        (404, &"no-store".parse().unwrap())
    );
    assert!(missing.headers().get("etag").is_none());

    std::fs::remove_file(host.file("manual")).unwrap();
    eventually("the answer is another one", async || {
        (ask(Method::GET, Some(&tag)).await.status() == 200).then_some(())
    })
    .await;
}

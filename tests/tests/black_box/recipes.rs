//! `docs/write-a-test.md`: its code is that of the example suites, and its failures are those that the real pipeline
//! brings about, in every language that has the recipe.

use std::path::Path;

use orbital_tests::{Block, DeliveringPipeline, Host, Pipeline, blocks, eventually, example, last_attempt};
use reqwest::Method;
use serde_json::{Value, json};

const BOOK: &str = "docs/write-a-test.md";

/// The cases that are all different, as each language has libraries of its own.
const CLIENT_LIBRARIES: [(&str, &str); 6] = [
    ("rust", "http-client"),
    ("go", "analytics-go"),
    ("python", "segment-batch"),
    ("typescript", "analytics-node"),
    ("c", "segment-batch"),
    ("zig", "segment-batch"),
];

const EMAIL: &str = "synthetic@staging.example.com";

/// A failure that the book shows.
struct Failure {
    /// The faults that bring it about, which stand in the line above.
    faults: Value,
    outcome: String,
    /// The component whose messages these are.
    component: String,
    case: String,
    /// With `…` for what differs from run to run.
    messages: String,
}

impl Failure {
    fn read(block: &Block) -> Self {
        let faults = block.before.split('`').find(|part| part.starts_with('{')).unwrap_or_else(|| {
            panic!("{BOOK}, line {}: the line above names no faults, such as `{{\"drop\":true}}`", block.line)
        });
        let (head, messages) = block.text.split_once('\n').unwrap();
        let (outcome, id) = head.strip_prefix("--- ").unwrap().split_once(": ").unwrap();
        let (component, case) = id.split_once(' ').unwrap().0.split_once('/').unwrap();
        Self {
            faults: serde_json::from_str(faults).unwrap(),
            outcome: outcome.to_lowercase(),
            component: component.to_owned(),
            case: case.to_owned(),
            messages: messages
                .lines()
                .map(|line| line.strip_prefix("    ").unwrap())
                .collect::<Vec<_>>()
                .join("\n"),
        }
    }
}

/// The host with the suite of one language, and the pipeline that it tests.
struct System {
    host: Host,
    pipeline: DeliveringPipeline,
    language: &'static str,
}

impl System {
    /// Starts it, if the suite could be built.
    async fn start(language: &'static str) -> Option<Self> {
        let component = std::fs::read(example(language)?).unwrap();
        let pipeline = Pipeline::start().await;
        // No run but those that are asked for here.
        let manual = "[[override]]\ncases = \"*\"\nmanual = true";
        let config = format!("[config.{language}]\nemail = {EMAIL:?}\n{manual}\n{}", pipeline.targets());
        let keys = r#"keys = [{ json = "/id" }, { json = "/messageId" }]"#;
        let host = Host::builder().sections(&config).webhook(keys).start().await;
        let pipeline = pipeline.deliver_to(&host);
        let mark = host.write(language, &component);
        host.lines.wait(mark, &["loaded", &format!("component={language} ")]).await;
        Some(Self { host, pipeline, language })
    }

    /// Runs a case now, and waits for its end.
    async fn run(&self, case: &str) -> Value {
        let path = format!("/cases/{}/{case}/runs?wait=true", self.language);
        // The log may say that it is loaded a moment before there is a case to ask for.
        eventually(&format!("{case} can be run"), async || {
            let (status, report) = self.host.ask(Method::POST, &path, None).await;
            (status == 200).then_some(report)
        })
        .await
    }

    async fn passes(&self, case: &str) -> Value {
        let report = self.run(case).await;
        assert_eq!(report["outcome"], "pass", "{report}");
        report
    }
}

/// The steps of a run that say so, as JSON.
fn steps(report: &Value, part: &str) -> usize {
    let timeline = last_attempt(report)["timeline"].as_array().unwrap();
    timeline.iter().filter(|step| step.to_string().contains(part)).count()
}

/// Whether a text is this one, in which `…` stands for anything.
fn is_like(text: &str, pattern: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('…') else { return text == pattern };
    let Some(text) = text.strip_prefix(start) else { return false };
    let mut ends = text.char_indices().map(|(at, _)| at).chain([text.len()]);
    ends.any(|at| is_like(&text[at..], rest))
}

#[test]
fn what_differs_from_run_to_run_may_be_anything_and_the_rest_may_not() {
    assert!(is_like("after 2s (a.rs:7)", "after 2s (a.rs:…)"));
    assert!(is_like("key `1` in 2 ms", "key `…` in … ms"));
    assert!(is_like("key `1`", "key…"));
    assert!(!is_like("key `1` in 2 s", "key `…` in … ms"));
    assert!(!is_like("key `1`", "key"));
}

#[test]
fn the_code_of_the_book_is_the_code_that_runs() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut shown = 0;
    for block in blocks(BOOK) {
        if ["rust", "go", "python", "ts", "c", "zig"].contains(&block.language.as_str()) {
            // The line above is a link to the file.
            let file = block.before.split("](../").nth(1).and_then(|link| link.split(')').next());
            let file =
                file.unwrap_or_else(|| panic!("{BOOK}, line {}: the line above links no file", block.line));
            let source = std::fs::read_to_string(root.join(file)).unwrap();
            let is_there = format!("\n{source}").contains(&format!("\n{}", block.text));
            assert!(is_there, "{BOOK}, line {}: this is not in `{file}`:\n{}", block.line, block.text);
            shown += 1;
        }
    }
    assert!(shown >= 58, "{BOOK} has {shown} blocks of code, and had at least 58");
}

async fn all_recipes_do_what_the_book_says(language: &'static str) {
    let Some(system) = System::start(language).await else { return };
    let failures: Vec<Failure> =
        blocks(BOOK).iter().filter(|block| block.text.starts_with("--- ")).map(Failure::read).collect();
    assert!(failures.len() >= 8, "{BOOK} shows {} failures", failures.len());
    for failure in &failures {
        system.passes(&failure.case).await;
    }
    for failure in &failures {
        system.pipeline.faults(&failure.faults).await;
        let report = system.run(&failure.case).await;
        assert_eq!(report["outcome"], failure.outcome, "{language}/{}: {report}", failure.case);
        if failure.component == language {
            let messages = last_attempt(&report)["messages"].as_array().unwrap();
            let messages: Vec<_> = messages.iter().map(|message| message.as_str().unwrap()).collect();
            let messages = messages.join("\n");
            assert!(
                is_like(&messages, &failure.messages),
                "{BOOK} shows\n{}\nand it says\n{messages}",
                failure.messages
            );
        }
    }
    system.pipeline.faults(&json!({})).await;

    // What the operator set for this component is what was sent and came back.
    let configured = system.passes("configured").await;
    assert!(steps(&configured, EMAIL) >= 1, "{configured}");

    // It removes its data, whether it passes, fails, or gets no delivery.
    for (faults, outcome) in
        [(json!({}), "pass"), (json!({ "corrupt": true }), "fail"), (json!({ "drop": true }), "fail")]
    {
        system.pipeline.faults(&faults).await;
        let report = system.run("cleans-up").await;
        assert_eq!(report["outcome"], outcome, "{report}");
        assert_eq!(steps(&report, "\"DELETE\""), 1, "{report}");
        assert_eq!(steps(&report, "\"status\":204"), 1, "{report}");
    }
    system.pipeline.faults(&json!({})).await;

    if let Some((_, case)) = CLIENT_LIBRARIES.iter().find(|(of, _)| *of == language) {
        system.passes(case).await;
        system.pipeline.faults(&json!({ "drop": true })).await;
        let report = system.run(case).await;
        assert_eq!(report["outcome"], "timeout", "{report}");
    }
}

#[tokio::test]
async fn all_recipes_in_rust() {
    all_recipes_do_what_the_book_says("rust").await;
}

#[tokio::test]
async fn all_recipes_in_go() {
    all_recipes_do_what_the_book_says("go").await;
}

#[tokio::test]
async fn all_recipes_in_python() {
    all_recipes_do_what_the_book_says("python").await;
}

#[tokio::test]
async fn all_recipes_in_typescript() {
    all_recipes_do_what_the_book_says("typescript").await;
}

#[tokio::test]
async fn all_recipes_in_typescript_on_quickjs() {
    all_recipes_do_what_the_book_says("quickjs").await;
}

#[tokio::test]
async fn all_recipes_in_c() {
    all_recipes_do_what_the_book_says("c").await;
}

#[tokio::test]
async fn all_recipes_in_zig() {
    all_recipes_do_what_the_book_says("zig").await;
}

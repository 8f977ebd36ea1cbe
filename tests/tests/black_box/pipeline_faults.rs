//! The table of faults in the README: each fails the cases of the example suites that it says, and no other.

use std::collections::BTreeSet;
use std::path::Path;

use futures_util::future::join_all;
use orbital_tests::{DeliveringPipeline, Host, Pipeline, eventually, example};
use reqwest::Method;
use serde_json::{Value, json};

/// The cases that every suite has.
const CASES: [&str; 8] = [
    "cleans-up",
    "configured",
    "counters",
    "exactly-once",
    "fan-out",
    "retries-delivery",
    "server-made-id",
    "smoke",
];

/// A row of the table.
struct Row {
    fault: Value,
    fails: BTreeSet<&'static str>,
}

fn table() -> Vec<Row> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let readme = std::fs::read_to_string(root.join("README.md")).unwrap();
    let rows = readme.lines().skip_while(|line| *line != "| fault | what goes wrong | cases that fail |");
    let row = |line: &str| {
        let [fault, _, cases] = line.trim_matches(['|', ' ']).split(" | ").collect::<Vec<_>>()[..] else {
            panic!("not a row of the table: {line}");
        };
        let named = |case: &&str| cases == "all" || cases.contains(&format!("`{case}`"));
        let fails: BTreeSet<_> = CASES.into_iter().filter(|case| named(case)).collect();
        let count = if cases == "all" { CASES.len() } else { cases.split(", ").count() };
        assert_eq!(fails.len(), count, "unknown cases in: {line}");
        Row { fault: serde_json::from_str(&format!("{{{}}}", fault.trim_matches('`'))).unwrap(), fails }
    };
    rows.skip(2).take_while(|line| line.starts_with('|')).map(row).collect()
}

/// A host with the suite of one language, whose cases run only when asked to, and the pipeline that it tests.
struct System {
    host: Host,
    pipeline: DeliveringPipeline,
    language: &'static str,
}

impl System {
    /// Starts it, if the suite could be built. `settings` are for all cases.
    async fn start(language: &'static str, settings: &str) -> Option<Self> {
        let component = std::fs::read(example(language)?).unwrap();
        let pipeline = Pipeline::start().await;
        let sections =
            format!("[[override]]\ncases = \"*\"\nmanual = true\n{settings}\n{}", pipeline.targets());
        let keys = r#"keys = [{ json = "/id" }, { json = "/messageId" }]"#;
        let host = Host::builder().sections(&sections).webhook(keys).start().await;
        let pipeline = pipeline.deliver_to(&host);
        host.write(language, &component);
        eventually("the suite is loaded", async || {
            let (status, _) = host.ask(Method::GET, &format!("/components/{language}"), None).await;
            (status == 200).then_some(())
        })
        .await;
        Some(Self { host, pipeline, language })
    }

    /// The cases that do not pass with this fault, with their messages.
    async fn failing(&self, fault: &Value) -> Vec<(&'static str, Value)> {
        self.pipeline.faults(fault).await;
        let run = async |case| {
            let path = format!("/cases/{}/{case}/runs?wait=true", self.language);
            let (status, report) = self.host.ask(Method::POST, &path, None).await;
            assert_eq!(status, 200, "{report}");
            (case, report)
        };
        let reports = join_all(CASES.map(run)).await;
        reports.into_iter().filter(|(_, report)| report["outcome"] != "pass").collect()
    }

    async fn assert_table(&self, rows: impl Iterator<Item = Row>) {
        assert_eq!(self.failing(&json!({})).await, [], "{}: without a fault", self.language);
        for Row { fault, fails } in rows {
            let failing = self.failing(&fault).await;
            let cases: BTreeSet<_> = failing.iter().map(|(case, _)| *case).collect();
            assert_eq!(cases, fails, "{}: {fault}: {failing:?}", self.language);
        }
        assert_eq!(self.failing(&json!({})).await, [], "{}: the fault is off again", self.language);
    }
}

/// The faults that fail some cases only. Those are failed by a check, so time does not matter.
async fn some_cases_fail(language: &'static str) {
    let Some(system) = System::start(language, "timeout = \"50s\"").await else { return };
    let rows: Vec<Row> = table().into_iter().filter(|row| row.fails.len() < CASES.len()).collect();
    assert!(rows.len() >= 4, "{} faults", rows.len());
    system.assert_table(rows.into_iter()).await;
}

#[tokio::test]
async fn some_cases_of_rust_fail() {
    some_cases_fail("rust").await;
}

#[tokio::test]
async fn some_cases_of_go_fail() {
    some_cases_fail("go").await;
}

#[tokio::test]
async fn some_cases_of_python_fail() {
    some_cases_fail("python").await;
}

#[tokio::test]
async fn some_cases_of_typescript_fail() {
    some_cases_fail("typescript").await;
}

#[tokio::test]
async fn some_cases_of_typescript_on_quickjs_fail() {
    some_cases_fail("quickjs").await;
}

#[tokio::test]
async fn some_cases_of_c_fail() {
    some_cases_fail("c").await;
}

#[tokio::test]
async fn some_cases_of_zig_fail() {
    some_cases_fail("zig").await;
}

/// That all cases notice them is the host's doing more than that of a language.
#[tokio::test]
async fn all_cases_fail_when_nothing_works() {
    let Some(system) = System::start("rust", "").await else { return };
    let rows: Vec<Row> = table().into_iter().filter(|row| row.fails.len() == CASES.len()).collect();
    assert!(rows.len() >= 4, "{} faults", rows.len());
    system.assert_table(rows.into_iter()).await;
}

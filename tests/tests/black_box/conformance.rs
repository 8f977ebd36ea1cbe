//! Every language does the same: the conformance suites, held against one table.
//!
//! Only details of the language may differ: source locations, the message of an unexpected error, the format of
//! values, and the origin of the console's lines.

mod behaviours;
mod language;
mod observed;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::rc::Rc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::http::Uri;
use orbital_tests::{Host, Metrics, PATIENCE, Pipeline, conformance, eventually_within, serve};
use reqwest::Method;
use serde_json::Value;
use tokio::task::{LocalSet, spawn_local};

use behaviours::{BEHAVIOURS, Behaviour};
use language::{LANGUAGES, Language};
use observed::Observed;

/// How long all suites may take to be compiled, on a machine that is busy with other tests: three have a whole interpreter.
const LOADING: Duration = Duration::from_secs(600);

/// How often a run that the host itself was too slow for is made again.
const TRIES: usize = 5;

/// The outcome of each case of a language, and its deviations.
type Results = BTreeMap<&'static str, (String, Vec<String>)>;

#[tokio::test]
async fn every_language_behaves_as_the_table_says() {
    let languages = LANGUAGES.iter().filter_map(|language| Some((language, conformance(language.name)?)));
    let languages: Vec<_> = languages.collect();

    let pipeline = Pipeline::start().await;
    let configs =
        LANGUAGES.iter().map(|language| format!("[config.{}]\ngreeting = \"hello\"\n", language.name));
    let encodings = serve(Router::new().fallback(encoded)).await;
    let sections = format!(
        "{}[targets.encodings]\nurl = \"{encodings}\"\n{}",
        pipeline.targets(),
        configs.collect::<String>()
    );
    let host = Host::builder()
        .sections(&sections)
        .before(|directory| {
            // It has to stand at the top of the file.
            let file = directory.join("orbital.toml");
            let toml = std::fs::read_to_string(&file).unwrap();
            std::fs::write(file, format!("environment = \"staging\"\n{toml}")).unwrap();
        })
        .start()
        .await;
    let _pipeline = pipeline.deliver_to(&host);
    for (language, component) in &languages {
        host.write(language.name, &std::fs::read(component).unwrap());
    }

    // One language beside the other, as components are.
    let host = Rc::new(host);
    let mut all = Vec::new();
    LocalSet::new()
        .run_until(async {
            let run = |&(language, _): &(&'static Language, _)| {
                let host = host.clone();
                (language, spawn_local(async move { results(&host, language).await }))
            };
            for (language, running) in languages.iter().map(run).collect::<Vec<_>>() {
                all.push((language, running.await.unwrap()));
            }
        })
        .await;

    let metrics = host.metrics().await;
    let mut wrong: Vec<String> = Vec::new();
    for (language, results) in &all {
        let told = results.values().flat_map(|(_, wrong)| wrong.iter().cloned());
        wrong.extend(told.chain(wrong_metrics(&metrics, language)));
    }
    // Not `eprintln!`: what a test prints is shown only if it fails.
    let _ = std::io::stderr().write_all(table(&all).as_bytes());
    assert!(wrong.is_empty(), "{} things are not as the table says:\n{}", wrong.len(), wrong.join("\n"));
}

/// JSON in the encoding that the path names; for any other path, the path.
async fn encoded(uri: Uri) -> Vec<u8> {
    let text = r#"{"name": "Zoë 🎉"}"#;
    let units = |order: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(order).collect::<Vec<_>>();
    match uri.path() {
        "/utf-8-mark" => [b"\xef\xbb\xbf", text.as_bytes()].concat(),
        "/utf-16-le" => units(u16::to_le_bytes),
        "/utf-16-le-mark" => [b"\xff\xfe".to_vec(), units(u16::to_le_bytes)].concat(),
        "/utf-16-be" => units(u16::to_be_bytes),
        "/utf-16-be-mark" => [b"\xfe\xff".to_vec(), units(u16::to_be_bytes)].concat(),
        other => format!("asked for {other}").into_bytes(),
    }
}

/// Runs all cases of a language, one after the other.
async fn results(host: &Host, language: &'static Language) -> Results {
    let name = language.name;
    // The log may say that it is loaded while others of the same round still are not, and there is no case to ask for.
    let cases = format!("/api/v1/cases/{name}/passes");
    eventually_within(LOADING, &format!("`{name}` is loaded"), async || {
        (host.get(&cases).await.0 == 200).then_some(())
    })
    .await;
    let mut results = Results::new();
    for behaviour in BEHAVIOURS.iter().filter(|behaviour| behaviour.is_of(language)) {
        let case = behaviour.case;
        let report = report(host, &format!("/cases/{name}/{case}/runs?wait=true")).await;
        let seen = Observed::new(&report, behaviour, language);
        let mut wrong = seen.wrong(&Observed::expected(behaviour, language));
        if behaviour.is_fresh {
            let again = self::report(host, &format!("/cases/{name}/{case}/runs?wait=true")).await;
            wrong.extend(seen.repeated(&Observed::new(&again, behaviour, language)));
        }
        let wrong = wrong.into_iter().map(|what| format!("{name}/{case}: {what}")).collect::<Vec<_>>();
        let time = report["duration"].as_f64().unwrap() * 1e3;
        let mark = if wrong.is_empty() { "" } else { " !" };
        results.insert(case, (format!("{} {time:.1} ms{mark}", seen.outcome), wrong));
    }
    results
}

/// Runs a case; gives its report. A machine that has too much to do is no fault of the language.
async fn report(host: &Host, path: &str) -> Value {
    let start = Instant::now();
    for _ in 0..TRIES {
        let (status, report) = host.ask(Method::POST, path, None).await;
        assert_eq!(status, 200, "{report}");
        if report["outcome"] != "cancelled" {
            return report;
        }
        assert!(start.elapsed() < PATIENCE, "{report}");
    }
    panic!("`{path}` was cancelled {TRIES} times");
}

/// Returns the mistakes in the series that the language's cases recorded.
fn wrong_metrics(metrics: &Metrics, language: &Language) -> Vec<String> {
    let of = |case: &'static str| [("component", language.name), ("case", case)];
    let [component, case] = of("metrics");
    let mut expected = vec![
        ("orbital_test_items_total", vec![component, case, ("kind", "new")], 3.0),
        ("orbital_test_depth", vec![component, case], 7.0),
        ("orbital_test_spread_seconds_count", vec![component, case], 1.0),
        ("orbital_test_spread_seconds_sum", vec![component, case], 0.5),
        ("orbital_test_fan_out_spread_seconds_count", of("fan-out").to_vec(), 1.0),
    ];
    for behaviour in BEHAVIOURS.iter().filter(|behaviour| behaviour.is_of(language)) {
        let mut labels = of(behaviour.case).to_vec();
        labels.push(("outcome", behaviour.outcome));
        expected.push(("orbital_runs_total", labels, if behaviour.is_fresh { 2.0 } else { 1.0 }));
    }
    let mut wrong = Vec::new();
    for (name, labels, value) in expected {
        let found = metrics.get(name, &labels);
        if found != Some(value) {
            wrong.push(format!("{}: {name}{labels:?} is {found:?} and not {value}", language.name));
        }
    }
    wrong
}

/// All cases by all languages.
fn table(all: &[(&Language, Results)]) -> String {
    let mut text = format!("\n{:16}", "case");
    for (language, _) in all {
        let _ = write!(text, "  {:20}", language.name);
    }
    text.push('\n');
    for Behaviour { case, .. } in &BEHAVIOURS {
        let _ = write!(text, "{case:16}");
        for (_, results) in all {
            let _ = write!(text, "  {:20}", results.get(case).map_or("", |(result, _)| result.as_str()));
        }
        text.push('\n');
    }
    text
}

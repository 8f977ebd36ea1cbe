//! Metrics of tests: on the host's page while their component is there, and never a danger to that page.
//!
//! The fixture `measures` records what its configuration says. Its cases run once after a deploy.

use std::collections::BTreeMap;

use orbital_tests::{Finished, Host, HostBuilder, granting, guest, last_attempt, orbital};
use serde_json::Value;

use crate::exposition::{Exposition, Family};

/// Lets a case of a component record this.
fn script(component: &str, case: &str, script: &str) -> String {
    format!("[config.{component}]\n{case} = '''\n{script}\n'''\n")
}

/// A host on which `measures` has recorded this.
async fn recorded(builder: HostBuilder, first: &str) -> Host {
    let host = builder.sections(&script("measures", "first", first)).start().await;
    deploy(&host, "measures").await;
    host
}

/// Deploys `measures` under this name, and waits until both cases have run.
async fn deploy(host: &Host, name: &str) {
    let mark = host.deploy_as("measures", name);
    for case in ["first", "other"] {
        host.lines.wait(mark, &[&format!("--- PASS: {name}/{case} (")]).await;
    }
}

async fn page(host: &Host) -> Exposition {
    Exposition::parse(host.metrics().await.text())
}

/// The values of a family by the labels that the tests gave, as `a=1,b=2`.
fn values(family: &Family) -> BTreeMap<String, f64> {
    let samples = family.samples.iter().map(|sample| {
        let own = sample.labels.iter().filter(|(name, _)| !["component", "case"].contains(&name.as_str()));
        let labels = own.map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(",");
        (labels, sample.value)
    });
    samples.collect()
}

/// Runs case `first` of `measures` with this script; gives what became of each value, and the report.
async fn results(first: &str, sections: &str) -> (Vec<String>, Value) {
    let config = granting(&format!(
        "[webhook]\nlisten = \"127.0.0.1:0\"\n{sections}\n{}",
        script("measures", "first", first)
    ));
    let component = guest("measures");
    let arguments = ["run", "--json", "--case", "first", "--config"].map(AsRef::as_ref);
    let Finished { stdout, stderr, .. } =
        orbital(arguments.into_iter().chain([config.path(), component.as_path()])).await;
    let report: Value = serde_json::from_str(&stdout).unwrap_or_else(|_| panic!("{stdout}{stderr}"));
    let steps = last_attempt(&report)["timeline"].as_array().unwrap().iter();
    let logs = steps.filter(|step| step["step"] == "log");
    (logs.map(|step| step["message"].as_str().unwrap().to_owned()).collect(), report)
}

#[tokio::test]
async fn a_counter_a_gauge_and_a_histogram_are_on_the_page_with_component_case_and_labels() {
    let host = recorded(
        Host::builder(),
        "counter items_total 1 kind=new\ncounter items_total 2 kind=old\ncounter items_total 3 kind=new\n\
         gauge depth 7 queue=mail,shard=2\ngauge depth -3 queue=mail,shard=2\n\
         histogram size_seconds 0.3 route=a\nhistogram size_seconds 20 route=a",
    )
    .await;
    let page = page(&host).await;
    let family = |name: &str| &page.families[name];
    let items = family("orbital_test_items_total");
    assert_eq!(items.kind, "counter");
    assert_eq!(values(items), BTreeMap::from([("kind=new".to_owned(), 4.0), ("kind=old".to_owned(), 2.0)]));
    let depth = family("orbital_test_depth");
    assert_eq!(depth.kind, "gauge");
    assert_eq!(values(depth), BTreeMap::from([("queue=mail,shard=2".to_owned(), -3.0)]));
    let size = family("orbital_test_size_seconds");
    assert_eq!(size.kind, "histogram");
    for family in [items, depth, size] {
        for sample in &family.samples {
            assert_eq!((&*sample.labels["component"], &*sample.labels["case"]), ("measures", "first"));
        }
    }
    let metrics = host.metrics().await;
    let route = [("component", "measures"), ("case", "first"), ("route", "a")];
    assert_eq!(metrics.get("orbital_test_size_seconds_count", &route), Some(2.0));
    assert_eq!(metrics.get("orbital_test_size_seconds_sum", &route), Some(20.3));
    let bucket =
        |le| metrics.get("orbital_test_size_seconds_bucket", &[route[0], route[1], route[2], ("le", le)]);
    assert_eq!((bucket("0.25"), bucket("0.5"), bucket("+Inf")), (Some(0.0), Some(1.0), Some(2.0)));
}

#[tokio::test]
async fn fractions_are_counted() {
    let host =
        recorded(Host::builder(), "counter paid_total 0.25\ncounter paid_total 0.5\ncounter paid_total 0")
            .await;
    let family = &page(&host).await.families["orbital_test_paid_total"];
    assert_eq!((family.kind.as_str(), values(family)), ("counter", BTreeMap::from([(String::new(), 0.75)])));
}

#[tokio::test]
async fn a_series_without_labels_and_labels_in_another_order_are_one_series_each() {
    let host = recorded(
        Host::builder(),
        "counter n_total 1\ncounter n_total 1\ncounter n_total 1 a=1,b=2\ncounter n_total 1 b=2,a=1",
    )
    .await;
    let family = &page(&host).await.families["orbital_test_n_total"];
    assert_eq!(values(family), BTreeMap::from([(String::new(), 2.0), ("a=1,b=2".to_owned(), 2.0)]));
}

#[tokio::test]
async fn values_of_labels_may_have_any_character_and_the_page_stays_valid() {
    let host = recorded(Host::builder(), r#"gauge odd 1 text="a\b"}{é_#"#).await;
    let family = &page(&host).await.families["orbital_test_odd"];
    assert_eq!(values(family), BTreeMap::from([(r#"text="a\b"}{é_#"#.to_owned(), 1.0)]));
}

/// The page is shown on terminals too. Labels that would be the same then are one series.
#[tokio::test]
async fn control_characters_in_values_of_labels_are_escaped() {
    let script = "counter odd_total 1 text=a\u{1b}[2J\u{7}\u{202e}b\ncounter odd_total 2 text=a\\u{1b}[2J\\u{7}\\u{202e}b";
    let sections = format!("[config.measures]\nfirst = {}\n", serde_json::json!(script));
    let host = Host::builder().sections(&sections).start().await;
    deploy(&host, "measures").await;
    let text = host.metrics().await.text().to_owned();
    assert!(!text.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{text}");
    let family = &page(&host).await.families["orbital_test_odd_total"];
    assert_eq!(values(family), BTreeMap::from([(r"text=a\u{1b}[2J\u{7}\u{202e}b".to_owned(), 3.0)]));
}

#[tokio::test]
async fn infinite_gauges_and_observations_leave_the_page_valid() {
    let (said, _) = results("gauge up inf\ngauge down -inf\nhistogram long_seconds inf", "").await;
    assert_eq!(said.len(), 3);
    let host = recorded(Host::builder(), "gauge up inf\ngauge down -inf\nhistogram long_seconds inf").await;
    page(&host).await;
}

#[tokio::test]
async fn cases_and_components_share_a_name_of_one_kind() {
    let sections = [
        script("measures", "first", "counter shared_total 1"),
        "other = 'counter shared_total 2'\n".to_owned(),
        script("another", "first", "counter shared_total 4"),
    ];
    let host = Host::builder().sections(&sections.concat()).start().await;
    deploy(&host, "measures").await;
    deploy(&host, "another").await;
    page(&host).await;
    let metrics = host.metrics().await;
    let value = |component, case| {
        metrics.get("orbital_test_shared_total", &[("component", component), ("case", case)])
    };
    assert_eq!(value("measures", "first"), Some(1.0));
    assert_eq!(value("measures", "other"), Some(2.0));
    assert_eq!(value("another", "first"), Some(4.0));
}

#[tokio::test]
async fn a_name_of_another_kind_is_an_error_that_the_test_can_match_on() {
    let (said, report) = results("counter one 1\ngauge one 1\nhistogram one 1\ncounter one 1", "").await;
    assert_eq!((said[0].as_str(), said[3].as_str()), ("ok", "ok"));
    for said in &said[1..3] {
        assert!(said.starts_with("OtherKind(") && said.contains("counter"), "{said}");
    }
    assert_eq!(report["outcome"], "pass");
}

/// Nobody keeps a name from others by being first.
#[tokio::test]
async fn components_may_use_a_name_for_different_kinds() {
    let sections = [
        script("measures", "first", "counter one 1\ncounter own 1"),
        script("another", "first", "gauge one 5\nhistogram own 1"),
        script("third", "first", "histogram one 7"),
    ]
    .concat();
    let host = Host::builder().sections(&sections).start().await;
    for name in ["measures", "another", "third"] {
        deploy(&host, name).await;
    }
    let families = page(&host).await.families;
    let value = |family: &str, component: &str| {
        let mut samples = families[family].samples.iter();
        samples.find(|sample| sample.labels["component"] == component).map(|sample| sample.value)
    };
    assert_eq!(families["orbital_test_one"].kind, "untyped");
    assert_eq!(value("orbital_test_one", "measures"), Some(1.0));
    assert_eq!(value("orbital_test_one", "another"), Some(5.0));
    assert_eq!(value("orbital_test_one_sum", "third"), Some(7.0));
    assert_eq!(value("orbital_test_one_count", "third"), Some(1.0));
    assert_eq!(value("orbital_test_own", "measures"), Some(1.0));

    let mark = host.lines.mark();
    for name in ["measures", "third"] {
        std::fs::remove_file(host.file(name)).unwrap();
        host.lines.wait(mark, &["removed", &format!("component={name}")]).await;
    }
    let families = page(&host).await.families;
    assert_eq!(families["orbital_test_one"].kind, "gauge");
    assert_eq!(families["orbital_test_own"].kind, "histogram");
}

#[tokio::test]
async fn one_series_more_than_a_component_may_have_is_an_error_that_the_test_can_match_on() {
    let script = "counter n_total 1 a=1\ncounter n_total 1 a=2\ncounter n_total 1 a=3\ngauge g 1\n\
                  counter n_total 1 a=1\ncounter n_total 1 a=2";
    let (said, report) = results(script, "[limits]\nmetric_series = 2").await;
    let too_many = "TooManySeries(2)";
    assert_eq!(said, ["ok", "ok", too_many, too_many, "ok", "ok"]);
    assert_eq!(report["outcome"], "pass");
}

#[tokio::test]
async fn the_series_of_a_component_are_counted_over_all_its_cases_and_those_of_others_are_not() {
    let sections = [
        "[limits]\nmetric_series = 2\n".to_owned(),
        script("measures", "first", "counter n_total 1 a=1\ncounter n_total 1 a=2"),
        "other = '''\ncounter n_total 1 a=1\ncounter n_total 1 a=2\n'''\n".to_owned(),
        script("another", "first", "counter n_total 1 a=1\ncounter n_total 1 a=2"),
    ];
    let host = Host::builder().sections(&sections.concat()).start().await;
    deploy(&host, "measures").await;
    deploy(&host, "another").await;
    let page = page(&host).await;
    let of = |component: &str| {
        let samples = page.families["orbital_test_n_total"].samples.iter();
        samples.filter(|sample| sample.labels["component"] == component).count()
    };
    assert_eq!((of("measures"), of("another")), (2, 2));
}

#[tokio::test]
async fn more_values_than_a_run_may_record_are_an_error_of_the_run() {
    let script = "counter n_total 1\ncounter n_total 1\ncounter n_total 1\ncounter n_total 1";
    let (said, report) = results(script, "[limits]\nmetric_samples = 3").await;
    assert_eq!(said, ["ok", "ok", "ok"]);
    assert_eq!(report["outcome"], "error", "{report}");
    let reason = last_attempt(&report)["messages"][0].as_str().unwrap();
    assert!(reason.contains("`limits.metric_samples` allows 3"), "{reason}");
    let (said, report) = results(script, "[limits]\nmetric_samples = 4").await;
    assert_eq!((said.len(), &report["outcome"]), (4, &"pass".into()), "as many as it may");
}

#[tokio::test]
async fn names_labels_and_values_that_cannot_be_are_errors_that_the_test_can_match_on() {
    let long = "n".repeat(101);
    let labels: Vec<String> = (0..9).map(|n| format!("l{n}=x")).collect();
    let mistakes = [
        ("counter 1st 1".to_owned(), "InvalidName(", "1st"),
        ("counter  1".to_owned(), "InvalidName(", "letter"),
        ("counter a-b 1".to_owned(), "InvalidName(", "a-b"),
        ("counter é 1".to_owned(), "InvalidName(", "é"),
        ("gauge a:b 1".to_owned(), "InvalidName(", "a:b"),
        (format!("gauge {long} 1"), "InvalidName(", "100 bytes"),
        ("gauge x_bucket 1".to_owned(), "InvalidName(", "_bucket"),
        ("histogram x_sum 1".to_owned(), "InvalidName(", "_sum"),
        ("counter x_count 1".to_owned(), "InvalidName(", "_count"),
        ("counter n_total 1 component=x".to_owned(), "InvalidLabel(", "component"),
        ("counter n_total 1 case=x".to_owned(), "InvalidLabel(", "case"),
        ("histogram n_seconds 1 le=x".to_owned(), "InvalidLabel(", "le"),
        ("counter n_total 1 1st=x".to_owned(), "InvalidLabel(", "1st"),
        ("counter n_total 1 a=1,a=2".to_owned(), "InvalidLabel(", "twice"),
        (format!("counter n_total 1 a={}", "v".repeat(129)), "InvalidLabel(", "128"),
        (format!("counter n_total 1 {}", labels.join(",")), "InvalidLabel(", "at most 8"),
        ("counter n_total -1".to_owned(), "InvalidValue(", "-1"),
        ("counter n_total NaN".to_owned(), "InvalidValue(", "NaN"),
        ("counter n_total inf".to_owned(), "InvalidValue(", "inf"),
        ("gauge g NaN".to_owned(), "InvalidValue(", "NaN"),
        ("histogram h NaN".to_owned(), "InvalidValue(", "NaN"),
    ];
    let script: Vec<&str> = mistakes.iter().map(|(line, ..)| line.as_str()).collect();
    let (said, report) = results(&script.join("\n"), "").await;
    assert_eq!((report["outcome"].as_str(), said.len()), (Some("pass"), mistakes.len()), "{said:#?}");
    for ((line, variant, text), said) in mistakes.iter().zip(said) {
        assert!(said.starts_with(variant) && said.contains(text), "`{line}`: {said}");
    }
    // And what is refused is nowhere.
    let host = recorded(Host::builder(), &script.join("\n")).await;
    let page = page(&host).await;
    assert!(
        !page.families.keys().any(|name| name.starts_with("orbital_test_")),
        "{:?}",
        page.families.keys()
    );
}

#[tokio::test]
async fn what_is_at_its_limits_is_recorded() {
    let labels: Vec<String> = (0..8).map(|n| format!("l{n}={}", "v".repeat(128))).collect();
    let (said, _) = results(&format!("counter {} 1 {}", "n".repeat(100), labels.join(",")), "").await;
    assert_eq!(said, ["ok"]);
}

#[tokio::test]
async fn a_histogram_of_negative_values_leaves_the_page_valid() {
    let host = recorded(Host::builder(), "histogram change 5\nhistogram change -2").await;
    page(&host).await;
}

#[tokio::test]
async fn the_timeline_has_each_value_and_what_was_refused() {
    let (_, report) = results("counter n_total 1.5 a=1\ngauge n_total 2", "").await;
    let steps = last_attempt(&report)["timeline"].as_array().unwrap();
    let [taken, refused] = &steps.iter().filter(|step| step["step"] == "metric").collect::<Vec<_>>()[..]
    else {
        panic!("{report}")
    };
    assert_eq!(
        (&taken["name"], &taken["kind"], &taken["value"]),
        (&"n_total".into(), &"counter".into(), &1.5.into())
    );
    assert!(taken["error"].is_null(), "{taken}");
    assert_eq!(refused["kind"], "gauge");
    assert!(refused["error"].as_str().unwrap().contains("counter"), "{refused}");
}

#[tokio::test]
async fn the_series_go_when_the_component_goes() {
    let host =
        recorded(Host::builder(), "counter items_total 1\ngauge depth 1\nhistogram size_seconds 1").await;
    assert!(host.metrics().await.text().contains("orbital_test_"));
    let mark = host.lines.mark();
    std::fs::remove_file(host.file("measures")).unwrap();
    host.lines.wait(mark, &["removed", "component=measures"]).await;
    assert!(!host.metrics().await.text().contains("orbital_test_"), "{}", host.metrics().await.text());
    page(&host).await;
}

#[tokio::test]
async fn a_component_that_comes_back_begins_anew() {
    let host = recorded(Host::builder(), "counter items_total 5").await;
    let mark = host.lines.mark();
    std::fs::remove_file(host.file("measures")).unwrap();
    host.lines.wait(mark, &["removed", "component=measures"]).await;
    deploy(&host, "measures").await;
    let case = [("component", "measures"), ("case", "first")];
    assert_eq!(host.metrics().await.get("orbital_test_items_total", &case), Some(5.0));
}

//! Two environments side by side: what differs by more than noise is marked, and what cannot be compared is said.

use axum::Router;
use axum::http::{HeaderMap, Uri};
use axum::response::IntoResponse;
use orbital_tests::{ConfigFile, Finished, Host, Pipeline, config, eventually, orbital_with, serve};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::net::TcpListener;

const TOKEN: &str = "0123456789abcdef0123456789abcdef";

/// A host that knows this token and, of the last two hours, these statistics.
async fn environment(stats: Value) -> String {
    let answer = async move |uri: Uri, headers: HeaderMap| {
        let problem = |status: u16, detail: &str| {
            let body = json!({ "title": "?", "status": status, "detail": detail }).to_string();
            (axum::http::StatusCode::from_u16(status).unwrap(), body).into_response()
        };
        if headers.get("authorization").is_none_or(|token| token != format!("Bearer {TOKEN}").as_str()) {
            return problem(401, "the token is not the one that `admin.token` has");
        }
        match uri.path_and_query().unwrap().as_str() {
            "/api/v1/stats?window=2h" => stats.to_string().into_response(),
            other => problem(404, &format!("there is nothing at `{other}`")),
        }
    };
    serve(Router::new().fallback(answer)).await
}

/// A case with so many runs that passed and that failed, and deliveries that took so many milliseconds.
fn case(id: &str, [pass, fail]: [u32; 2], milliseconds: &[(u32, u32)]) -> Value {
    let all: u32 = milliseconds.iter().map(|(_, count)| count).sum();
    let quantile = |part: f64| {
        let mut below = 0;
        let at = milliseconds.iter().find(|(_, count)| {
            below += count;
            f64::from(below) >= part * f64::from(all)
        });
        f64::from(at.unwrap().0) / 1e3
    };
    let buckets: Vec<_> =
        milliseconds.iter().map(|(value, count)| json!([f64::from(*value) / 1e3, count])).collect();
    let latency = (all > 0).then(|| {
        json!({ "count": all, "p50": quantile(0.5), "p95": quantile(0.95), "p99": quantile(0.99), "buckets": buckets })
    });
    json!({
        "id": id, "runs": { "pass": pass, "fail": fail, "timeout": 0, "error": 0, "cancelled": 3 }, "flaky": 1,
        "pass_ratio": 0.5, "latency": latency, "what a later host says": [1]
    })
}

fn stats(cases: &[Value]) -> Value {
    json!({ "window": { "from": "2026-11-23T00:00:00.000Z", "seconds": 7200 }, "cases": cases })
}

/// A file in which these are the environments, each with the token.
fn file(environments: &[(&str, &str)]) -> ConfigFile {
    let section = |(name, url): &(&str, &str)| {
        format!("[environments.{name}]\nurl = \"{url}\"\ntoken = \"${{secret.token}}\"\n")
    };
    let sections: String = environments.iter().map(section).collect();
    // Whoever compares has no use for the other secret, and does not have it.
    config(&format!("{sections}[secrets.token]\nenv = \"TOKEN\"\n[secrets.other]\nenv = \"NOT_SET\"\n"))
}

async fn compare(file: &ConfigFile, arguments: &[&str]) -> Finished {
    let fixed = ["--window", "2h", "--config", file.path().to_str().unwrap()];
    let all = ["compare"].into_iter().chain(arguments.iter().copied()).chain(fixed);
    orbital_with(&[("TOKEN", TOKEN)], all).await
}

/// Staging, in which a case fails and one is slow, and production.
async fn broken_staging() -> ConfigFile {
    let fast = [(10, 300), (20, 60)];
    let staging = environment(stats(&[
        case("shop/fine", [360, 0], &fast),
        case("shop/fails", [330, 30], &fast),
        case("crm/slow", [360, 0], &[(150, 300), (300, 60)]),
        case("crm/new", [9, 0], &[]),
    ]));
    let production = environment(stats(&[
        case("shop/fine", [359, 1], &fast),
        case("shop/fails", [360, 0], &fast),
        case("crm/slow", [360, 0], &fast),
        case("crm/old\u{1b}[31m", [9, 0], &[]),
    ]));
    file(&[("staging", &staging.await), ("production", &production.await)])
}

#[tokio::test]
async fn what_differs_between_two_environments_is_marked() {
    let file = broken_staging().await;
    let finished = compare(&file, &["staging", "production"]).await;
    assert_eq!((finished.code, finished.stderr.as_str()), (1, ""), "{finished:?}");
    let lines: Vec<&str> = finished.stdout.lines().collect();
    assert_eq!(lines[0], "staging → production, the last 2h");
    let row = |id: &str| {
        lines.iter().find(|line| line.contains(id)).unwrap().split_whitespace().collect::<Vec<_>>()
    };
    assert_eq!(row("shop/fails").join(" "), "! shop/fails 91.66% → 100% ! 10.0ms → 10.0ms 20.0ms → 20.0ms");
    assert_eq!(row("crm/slow").join(" "), "! crm/slow 100% → 100% 150.0ms → 10.0ms ! 300.0ms → 20.0ms !");
    assert_eq!(row("shop/fine").join(" "), "shop/fine 100% → 99.72% 10.0ms → 10.0ms 20.0ms → 20.0ms");
    assert!(lines.contains(&"only in staging: crm/new"), "{finished:?}");
    // What another host says is not obeyed by a terminal.
    assert!(finished.stdout.contains("only in production: crm/old") && !finished.stdout.contains('\u{1b}'));
    assert!(finished.stdout.contains("2 of 3 cases differ by more than noise"), "{finished:?}");
    assert!(lines.iter().all(|line| line.chars().count() <= 100), "{}", finished.stdout);

    let finished = compare(&file, &["staging", "production", "--json", "--cases", "shop/*"]).await;
    assert_eq!(finished.code, 1, "{finished:?}");
    let found: Value = serde_json::from_str(&finished.stdout).unwrap();
    assert_eq!((&found["environments"], &found["window"]), (&json!(["staging", "production"]), &json!("2h")));
    assert_eq!((&found["runs"], &found["only_in"]), (&json!([720, 720]), &json!([[], []])));
    let [fails, fine] = &found["cases"].as_array().unwrap()[..] else { panic!("{found}") };
    assert_eq!((&fails["id"], &fails["differs"]), (&json!("shop/fails"), &json!(true)));
    assert_eq!((&fine["id"], &fine["differs"]), (&json!("shop/fine"), &json!(false)));
    let marks = fails["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["aspect"].as_str().unwrap(), &one["differs"]));
    assert_eq!(
        marks.collect::<Vec<_>>(),
        [("pass_ratio", &json!(true)), ("p50", &json!(false)), ("p95", &json!(false))]
    );
    assert_eq!(fails["sides"][1]["pass_ratio"], 1.0);
}

#[tokio::test]
async fn what_differs_by_no_more_than_noise_is_not_marked() {
    let here = environment(stats(&[case("a/a", [355, 5], &[(10, 340), (20, 20)])])).await;
    let there = environment(stats(&[case("a/a", [358, 2], &[(10, 330), (20, 30)])])).await;
    let file = file(&[("here", &here), ("there", &there)]);
    let finished = compare(&file, &["here", "there"]).await;
    assert_eq!(finished.code, 0, "{finished:?}");
    assert!(finished.stdout.contains("0 of 1 cases differ"), "{finished:?}");
    assert!(!finished.stdout.contains(TOKEN) && !finished.stderr.contains(TOKEN));
}

#[tokio::test]
async fn latencies_without_buckets_are_shown_and_it_is_said_that_they_are_not_tested() {
    let mut slow = case("a/a", [360, 0], &[(150, 360)]);
    slow["latency"].as_object_mut().unwrap().remove("buckets");
    let here = environment(stats(&[slow])).await;
    let there = environment(stats(&[case("a/a", [360, 0], &[(10, 360)])])).await;
    let file = file(&[("here", &here), ("there", &there)]);
    let finished = compare(&file, &["here", "there"]).await;
    assert_eq!(finished.code, 0, "{finished:?}");
    assert!(finished.stdout.contains("150.0ms → 10.0ms"), "{finished:?}");
    let said = "latencies are not tested: here does not say how they are distributed";
    assert_eq!(finished.stdout.matches("latencies are not tested").count(), 1, "{finished:?}");
    assert!(finished.stdout.contains(said), "{finished:?}");
}

#[tokio::test]
async fn what_cannot_be_compared_is_said() {
    let sound = environment(stats(&[case("a/a", [9, 0], &[])])).await;
    let silent = environment(stats(&[])).await;
    let web_site = serve(Router::new().fallback(async || "<html>welcome</html>")).await;
    let older = serve(Router::new().fallback(async || {
        let body = json!({ "title": "Not Found", "status": 404, "detail": "there is nothing at `/stats`" });
        (axum::http::StatusCode::NOT_FOUND, body.to_string())
    }))
    .await;
    // A port that nobody listens on any more.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let nowhere = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let file = file(&[
        ("sound", &sound),
        ("silent", &silent),
        ("site", &web_site),
        ("older", &older),
        ("nowhere", &nowhere),
    ]);
    for (other, code, parts) in [
        ("silent", 2, &["`silent` has no runs within 2h", "nothing can be said"][..]),
        ("site", 3, &["what `site` answers is no statistics of orbital", &web_site, "private listener?"]),
        ("older", 3, &["`older` has no statistics: there is nothing at `/stats`", "older orbital"]),
        ("nowhere", 3, &["`nowhere` cannot be reached at `", &nowhere, "refused"]),
        ("prod", 2, &["there is no environment `prod`", "`nowhere`, `older`, `silent`, `site`, `sound`"]),
        ("sound", 2, &["`sound` cannot be compared with itself"]),
    ] {
        let finished = compare(&file, &["sound", other]).await;
        assert_eq!(finished.code, code, "{finished:?}");
        for part in parts {
            assert!(finished.stderr.contains(part), "no `{part}` in {finished:?}");
        }
    }
    let finished = compare(&file, &["sound", "silent", "--cases", "b/*"]).await;
    assert_eq!(finished.code, 2, "{finished:?}");
    assert!(finished.stderr.contains("`sound` has no runs of `b/*` within 2h"), "{finished:?}");
    // Both are told at once.
    let finished = compare(&file, &["nowhere", "older"]).await;
    assert!(
        finished.stderr.contains("`nowhere` cannot be reached") && finished.stderr.contains("`older` has no")
    );
    let finished = compare(&file, &["sound", "silent", "--window", "soon"]).await;
    assert_eq!(finished.code, 2, "{finished:?}");
}

#[tokio::test]
async fn a_token_that_a_host_does_not_know_is_said_and_not_shown() {
    let sound = environment(stats(&[case("a/a", [9, 0], &[])])).await;
    let file = file(&[("one", &sound), ("other", &sound)]);
    let path = file.path().to_str().unwrap();
    let arguments = ["compare", "one", "other", "--config", path];
    let wrong = "another-secret-that-is-long-enough";
    let finished = orbital_with(&[("TOKEN", wrong)], arguments).await;
    assert_eq!(finished.code, 3, "{finished:?}");
    assert!(finished.stderr.contains("`one` does not let us in: the token is not the one"), "{finished:?}");
    assert!(finished.stderr.contains("`environments.other.token`"), "{finished:?}");
    assert!(!finished.stderr.contains(wrong), "{finished:?}");
    let finished = orbital_with(&[], arguments).await;
    assert_eq!(finished.code, 2, "{finished:?}");
    assert!(
        finished.stderr.contains("secret `token`") && !finished.stderr.contains("NOT_SET"),
        "{finished:?}"
    );
}

#[tokio::test]
async fn a_host_with_a_certificate_of_its_own_is_trusted_by_that_alone() {
    let tls = "[admin.tls]\ncertificate = \"cert.pem\"\nkey = \"key.pem\"\n";
    let certificate = |directory: &std::path::Path| {
        let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
        std::fs::write(directory.join("cert.pem"), made.cert.pem()).unwrap();
        std::fs::write(directory.join("key.pem"), made.signing_key.serialize_pem()).unwrap();
    };
    let host = Host::builder().sections(tls).before(certificate).start().await;
    let (url, ca) = (&host.admin, host.directory().join("cert.pem"));
    let file = config(&format!(
        "[environments.with]\nurl = {url:?}\nca = {ca:?}\n[environments.without]\nurl = {url:?}\n"
    ));
    let finished = compare(&file, &["with", "without"]).await;
    assert_eq!(finished.code, 3, "{finished:?}");
    assert!(
        finished.stderr.contains("`without` cannot be reached") && finished.stderr.contains("ertificate")
    );
    assert!(!finished.stderr.contains("`with` cannot be reached"), "{finished:?}");
    std::fs::write(&ca, "no certificate").unwrap();
    let finished = compare(&file, &["with", "without"]).await;
    assert_eq!(finished.code, 2, "{finished:?}");
    assert!(
        finished.stderr.contains("`environments.with.ca`")
            && finished.stderr.contains("no certificate in PEM")
    );
}

#[tokio::test]
async fn a_host_that_runs_compares_too_and_learns_of_environments_as_it_runs() {
    let staging = environment(stats(&[case("shop/smoke", [300, 60], &[])])).await;
    let production = environment(stats(&[case("shop/smoke", [360, 0], &[])])).await;
    let host = Host::builder().env("TOKEN", TOKEN).start().await;
    let path = "/compare?one=staging&other=production&window=2h";
    let (status, problem) = host.ask(Method::GET, path, None).await;
    assert_eq!(status, 404, "{problem}");
    assert!(problem["detail"].as_str().unwrap().contains("no section `[environments.NAME]`"), "{problem}");

    let text = std::fs::read_to_string(host.config()).unwrap();
    let environments =
        std::fs::read_to_string(file(&[("staging", &staging), ("production", &production)]).path()).unwrap();
    let environments = environments.replace("[secrets.other]\nenv = \"NOT_SET\"\n", "");
    std::fs::write(host.config(), format!("{text}\n{environments}")).unwrap();
    let found = eventually("the environments are known", async || {
        let (status, found) = host.ask(Method::GET, path, None).await;
        (status == 200).then_some(found)
    })
    .await;
    assert_eq!(
        (&found["cases"][0]["id"], &found["cases"][0]["differs"]),
        (&json!("shop/smoke"), &json!(true))
    );
    let (status, page) = host.get(path).await;
    assert_eq!(status, 200, "{page}");
    for text in
        ["1 of 1 cases differ", "≠ 83.3 % → 100 %", "(p &lt; 0.001)", "Mann–Whitney U", "selected>production"]
    {
        assert!(page.contains(text), "no `{text}` in {page}");
    }
    assert!(host.get("/").await.1.contains("href=\"/compare\""));
    let (status, problem) =
        host.ask(Method::GET, "/compare?one=staging&other=production&window=3h", None).await;
    assert_eq!(status, 502, "{problem}");
    assert!(problem["detail"].as_str().unwrap().contains("`production` has no statistics"), "{problem}");
    for (query, status) in
        [("one=staging&other=staging", 400), ("one=staging&other=x", 404), ("one=staging", 400)]
    {
        assert_eq!(host.ask(Method::GET, &format!("/compare?{query}"), None).await.0, status, "{query}");
    }
}

#[tokio::test]
async fn two_hosts_that_run_the_same_tests_are_compared_by_what_they_remember() {
    let pipelines = [Pipeline::start().await, Pipeline::start().await];
    let mut hosts = Vec::new();
    let mut delivering = Vec::new();
    for pipeline in pipelines {
        let often = "[[override]]\ncases = \"rust/smoke\"\nevery = \"50ms\"\nmax_in_flight = 4\n";
        let host =
            Host::builder().sections(&format!("{}\n{often}", pipeline.targets())).with("rust").start().await;
        delivering.push(pipeline.deliver_to(&host));
        hosts.push(host);
    }
    delivering[0].faults(&json!({ "delay_ms": 60, "types": ["signup"] })).await;
    let passed = ["--- PASS: rust/smoke ("];
    for host in &hosts {
        host.lines.wait_n(host.lines.mark(), 40, &passed).await;
    }
    let file = config(&format!(
        "[environments.slow]\nurl = {:?}\n[environments.fast]\nurl = {:?}\n",
        hosts[0].admin, hosts[1].admin
    ));
    let finished = compare(&file, &["slow", "fast", "--cases", "rust/smoke", "--json"]).await;
    assert_eq!(finished.code, 1, "{finished:?}");
    let found: Value = serde_json::from_str(&finished.stdout).unwrap();
    assert_eq!(found["without_buckets"], json!([]), "{found}");
    let differs = |aspect: &str| {
        let findings = found["cases"][0]["findings"].as_array().unwrap();
        findings.iter().find(|finding| finding["aspect"] == aspect).unwrap()["differs"].clone()
    };
    assert_eq!(differs("p50"), json!(true), "{found}");
}

#[tokio::test]
async fn mistakes_in_an_environment_are_all_told() {
    let text = "[environments.a]\ntoken = \"plain-text-token\"\n\
                [environments.b]\nurl = \"ftp://x\"\n\
                [environments.c]\nurl = \"http://me:pw@x/\"\n\
                [environments.d]\nurl = \"http://x/\"\nca = \"ca.pem\"\nwindow = \"1h\"\n";
    let file = config(text);
    let finished = compare(&file, &["a", "b"]).await;
    assert_eq!(finished.code, 2, "{finished:?}");
    for part in [
        "`environments.a`: has no `url`",
        "`environments.a.token`: must be a secret",
        "`environments.b.url`: must start with `http://` or `https://`",
        "`environments.c.url`: must have no user and no password",
        "`environments.d.ca`: is about TLS",
        "`environments.d.window`: unknown setting",
    ] {
        assert!(finished.stderr.contains(part), "no `{part}` in {finished:?}");
    }
}

#[tokio::test]
async fn environments_are_part_of_the_configuration_that_is_shown() {
    let file = file(&[("staging", "https://orbital.example.com:8711")]);
    let path = file.path().to_str().unwrap();
    let finished = orbital_with(&[("TOKEN", TOKEN)], ["config", "show", "--config", path]).await;
    assert_eq!(finished.code, 0, "{finished:?}");
    assert!(
        finished.stdout.contains("environments.staging.url = \"https://orbital.example.com:8711\""),
        "{finished:?}"
    );
    assert!(finished.stdout.contains("environments.staging.token = \"${secret.token}\""), "{finished:?}");
    assert!(
        finished.stdout.contains("environments.staging.timeout = \"10s\"")
            && !finished.stdout.contains(TOKEN)
    );
}

//! `wasi:http`, which client libraries use: the same rules as for events.

use axum::Router;
use axum::extract::Request;
use orbital_tests::{Api, Host, last_attempt, serve};
use reqwest::Method;
use serde_json::{Value, json};

/// A host that runs `http`, with these sections.
async fn start(sections: &str) -> Host {
    Host::builder().sections(sections).with("http").start().await
}

/// The report of one of its cases.
async fn run(host: &Host, case: &str) -> Value {
    host.ask(Method::POST, &format!("/cases/http/{case}/runs?wait=true"), None).await.1
}

fn steps<'a>(report: &'a Value, kind: &str) -> Vec<&'a Value> {
    last_attempt(report)["timeline"].as_array().unwrap().iter().filter(|step| step["step"] == kind).collect()
}

fn logged(report: &Value) -> Vec<&str> {
    steps(report, "log").into_iter().map(|step| step["message"].as_str().unwrap()).collect()
}

/// A server that answers with the path that it was asked for.
async fn echo() -> String {
    serve(Router::new().fallback(async |request: Request| request.uri().to_string())).await
}

#[tokio::test]
async fn a_target_is_reached_by_its_name_with_its_headers_and_those_of_the_host() {
    let mut api = Api::start().await;
    let target = format!("[targets.api]\nurl = \"{}/base\"\nheaders = {{ x-tenant = \"7\" }}", api.url);
    let host = start(&target).await;
    let serving = async {
        let call = api.next().await;
        call.answer("taken");
        call
    };
    let (report, call) = tokio::join!(run(&host, "by-name"), serving);
    assert_eq!(
        (&report["outcome"], logged(&report)),
        (&json!("pass"), vec!["answered 200: taken"]),
        "{report}"
    );
    assert_eq!((call.method.as_str(), call.uri.to_string().as_str()), ("POST", "/base/v1/batch?a=b"));
    assert_eq!(call.body.len(), 10_000);
    assert_eq!((call.header("x-tenant"), call.header("content-type")), ("7", "text/plain"));
    let run = report["run"].as_str().unwrap();
    assert_eq!(call.header("orbital-run"), format!("{run}; case=http/by-name"));
    assert!(call.header("traceparent").contains(&run.replace('-', "")), "{call:?}");

    let send = steps(&report, "send")[0];
    assert_eq!((&send["target"], &send["path"]), (&json!("api"), &json!("/v1/batch?a=b")));
    assert_eq!((&send["status"], &send["answer"]), (&json!(200), &json!("taken")));
    let labels = [("component", "http"), ("target", "api"), ("status_class", "2xx")];
    let sent = host.metrics().await.get("orbital_event_send_duration_seconds_count", &labels);
    assert_eq!(sent, Some(1.0));
}

#[tokio::test]
async fn a_targets_own_url_will_do_and_nothing_beside_it() {
    let url = echo().await;
    let authority = url.trim_start_matches("http://");
    let host =
        start(&format!("[targets.api]\nurl = \"{url}/base\"\n[config.http]\nauthority = {authority:?}"))
            .await;
    let report = run(&host, "by-url").await;
    let answers = logged(&report);
    assert_eq!(answers[0], "answered 200: /base/below", "{report}");
    assert!(answers[1].contains("HttpRequestDenied") && answers[2].contains("HttpRequestDenied"), "{report}");
}

#[tokio::test]
async fn what_is_no_target_is_denied_with_a_reason_in_the_timeline() {
    let url = echo().await;
    let host = start(&format!("[targets.api]\nurl = {url:?}")).await;
    let report = run(&host, "elsewhere").await;
    assert_eq!(report["outcome"], "pass", "{report}");
    assert_eq!(logged(&report)[..2], ["ErrorCode::HttpRequestDenied"; 2]);
    let reason = steps(&report, "send")[0]["error"].as_str().unwrap();
    for text in ["`http://example.com` is no target's", "`http://TARGET/…`", "those are: `api`"] {
        assert!(reason.contains(text), "`{text}` is not in `{reason}`");
    }
}

#[tokio::test]
async fn the_latency_of_a_delivery_is_counted_from_the_request() {
    let mut api = Api::start().await;
    let host = start(&format!("[targets.api]\nurl = {:?}", api.url)).await;
    let serving = async {
        let call = api.next().await;
        let key = String::from_utf8(call.body.to_vec()).unwrap();
        call.answer("taken");
        host.deliver(&json!({ "id": key })).await;
    };
    let (report, ()) = tokio::join!(run(&host, "awaits"), serving);
    assert_eq!(report["outcome"], "pass", "{report}");
    assert!(steps(&report, "delivery")[0]["latency"].as_f64().unwrap() > 0.0, "{report}");
}

#[tokio::test]
async fn a_request_that_only_reads_is_no_event() {
    let mut api = Api::start().await;
    let host = start(&format!("[targets.api]\nurl = {:?}", api.url)).await;
    let serving = async {
        let call = api.next().await;
        assert_eq!(call.method, Method::GET);
        let key = call.uri.path().trim_start_matches('/').to_owned();
        call.answer("read");
        host.deliver(&json!({ "id": key })).await;
    };
    let (report, ()) = tokio::join!(run(&host, "reads-and-awaits"), serving);
    assert_eq!(report["outcome"], "pass", "{report}");
    assert_eq!(steps(&report, "delivery")[0].get("latency"), None, "{report}");
}

#[tokio::test]
async fn all_answers_together_are_bounded() {
    let url = serve(Router::new().fallback(async || "x".repeat(600))).await;
    let host = start(&format!("[targets.api]\nurl = {url:?}\n[limits]\nresponse_bytes = \"1KiB\"")).await;
    let report = run(&host, "floods").await;
    assert_eq!(report["outcome"], "error", "{report}");
    let message = last_attempt(&report)["messages"][0].as_str().unwrap();
    assert!(
        message.contains("`limits.response_bytes` allows 1024 bytes, and it asked for 1200 bytes"),
        "{message}"
    );
}

#[tokio::test]
async fn a_target_that_does_not_answer_ends_the_run_as_timeout_and_is_named() {
    let api = Api::start().await;
    let host = start(&format!("[targets.api]\nurl = {:?}", api.url)).await;
    let report = run(&host, "hangs").await;
    assert_eq!(report["outcome"], "timeout");
    let message = last_attempt(&report)["messages"][0].as_str().unwrap();
    assert!(message.contains("for an answer from `api`"), "{message}");
}

#[tokio::test]
async fn bodies_and_requests_are_bounded() {
    let url = echo().await;
    let host = start(&format!("[targets.api]\nurl = {url:?}\n[limits]\nrequests = 3")).await;
    let report = run(&host, "too-much").await;
    let error = steps(&report, "send")[0]["error"].as_str().unwrap();
    assert!(error.contains("the body has more than 8388608 bytes"), "{report}");

    let report = run(&host, "floods").await;
    assert_eq!(report["outcome"], "error", "{report}");
    let message = last_attempt(&report)["messages"][0].as_str().unwrap();
    assert!(message.contains("`limits.requests` allows 3, and it asked for 4"), "{message}");
}

//! Requests to targets: what the system under test gets, what the test gets back, and what nobody gets to see.

use std::net::SocketAddr;
use std::path::Path;

use axum::Router;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use orbital_tests::{Api, Call, Finished, Host, config, granting, guest, last_attempt, orbital_with, serve};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket};

/// Settings that let `orbital run` stand beside anything else.
const ANY_PORT: &str = "[webhook]\nlisten = \"127.0.0.1:0\"\n";

/// Runs one case of a component with this configuration; gives its report too.
async fn run_case(
    component: &str,
    case: &str,
    sections: &str,
    environment: &[(&str, &str)],
) -> (Value, Finished) {
    let config = granting(&format!("{ANY_PORT}{sections}"));
    let arguments = ["run", "--json", "--case", case, "--config"].map(Path::new);
    let component = guest(component);
    let arguments = arguments.into_iter().chain([config.path(), &component]);
    let finished = orbital_with(environment, arguments).await;
    let report = serde_json::from_str(&finished.stdout);
    (report.unwrap_or_else(|error| panic!("{error}: {finished:?}")), finished)
}

/// Runs a case that must pass, and returns its report.
async fn passes(component: &str, case: &str, sections: &str) -> Value {
    let (report, finished) = run_case(component, case, sections, &[]).await;
    assert_eq!((finished.code, &report["outcome"]), (0, &Value::from("pass")), "{finished:?}");
    report
}

/// Runs `requests/sends` against a server of the test; gives what that got, and the report.
async fn sent(sections: &str, environment: &[(&str, &str)]) -> (Call, Value, Finished) {
    let mut api = Api::start().await;
    let sections = sections.replace("API", &api.url);
    let running = run_case("requests", "sends", &sections, environment);
    let serving = async {
        let call = api.next().await;
        call.answer("taken");
        call
    };
    let ((report, finished), call) = tokio::join!(running, serving);
    assert_eq!(report["outcome"], "pass", "{finished:?}");
    (call, report, finished)
}

/// The step of this kind in a run's timeline.
fn step<'a>(report: &'a Value, kind: &str) -> &'a Value {
    let steps = last_attempt(report)["timeline"].as_array().unwrap();
    steps.iter().find(|step| step["step"] == kind).unwrap_or_else(|| panic!("no `{kind}` in {report}"))
}

/// The lines that the test logged.
fn logged(report: &Value) -> Vec<&str> {
    let steps = last_attempt(report)["timeline"].as_array().unwrap().iter();
    steps.filter(|step| step["step"] == "log").map(|step| step["message"].as_str().unwrap()).collect()
}

/// An address that refuses connections: bound, so that nobody else gets it, and never listening.
fn refusing() -> (TcpSocket, SocketAddr) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = socket.local_addr().unwrap();
    (socket, address)
}

/// A server that answers every request in this way.
async fn always(answer: impl IntoResponse + Clone + Send + Sync + 'static) -> String {
    serve(Router::new().fallback(async move || answer)).await
}

#[tokio::test]
async fn a_target_that_is_down_is_an_error_that_says_so() {
    let (_held, address) = refusing();
    let report = passes("sends", "down", &format!("[targets.down]\nurl = \"http://{address}\"")).await;
    assert!(logged(&report)[0].to_lowercase().contains("connection refused"), "{report}");
}

#[tokio::test]
async fn a_target_that_does_not_answer_in_the_events_time_is_a_timeout() {
    let api = Api::start().await;
    let report = passes("sends", "slow", &format!("[targets.slow]\nurl = {:?}", api.url)).await;
    let error = step(&report, "send")["error"].as_str().unwrap();
    assert!(
        error.contains("no complete answer within 200ms (the test's timeout for this request)"),
        "{error}"
    );
}

#[tokio::test]
async fn a_target_that_does_not_answer_in_its_own_time_is_a_timeout() {
    let api = Api::start().await;
    let target = format!("[targets.api]\nurl = {:?}\ntimeout = \"300ms\"", api.url);
    let report = passes("requests", "times-out", &target).await;
    let error = step(&report, "send")["error"].as_str().unwrap();
    let named = "no complete answer within 300ms (`targets.api.timeout`), while waiting for an answer";
    assert!(error.contains(named), "{error}");
}

#[tokio::test]
async fn a_scheme_that_does_not_fit_the_server_is_named() {
    let plain = serve(Router::new()).await.replace("http://", "https://");
    let report = passes("sends", "down", &format!("[targets.down]\nurl = {plain:?}")).await;
    assert!(logged(&report)[0].contains("its URL must begin with `http://`"), "{report}");

    // What a server of TLS answers to what is none: an alert.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.read(&mut [0; 1024]).await;
            let _ = stream.write_all(b"\x15\x03\x03\x00\x02\x02\x0a").await;
        }
    });
    let report = passes("sends", "down", &format!("[targets.down]\nurl = {url:?}")).await;
    assert!(logged(&report)[0].contains("its URL must begin with `https://`"), "{report}");
}

#[tokio::test]
async fn a_body_that_does_not_end_is_a_timeout() {
    // The head says ten bytes and one comes.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let mut open = Vec::new();
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            // The request first: an answer to nothing would be a fault of another kind.
            stream.read_u8().await.unwrap();
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\na").await.unwrap();
            open.push(stream);
        }
    });
    let target = format!("[targets.api]\nurl = {url:?}\ntimeout = \"300ms\"");
    passes("requests", "times-out", &target).await;
}

#[tokio::test]
async fn any_status_is_a_receipt() {
    let url = always((StatusCode::INTERNAL_SERVER_ERROR, "no luck")).await;
    let report = passes("sends", "status-500", &format!("[targets.broken]\nurl = {url:?}")).await;
    let send = step(&report, "send");
    assert_eq!((&send["status"], &send["answer"]), (&500.into(), &"no luck".into()));
}

#[tokio::test]
async fn an_answer_that_is_larger_than_allowed_is_an_error() {
    let url = always("x".repeat(2000)).await;
    let target = format!("[targets.large]\nurl = {url:?}\nmax_response = \"1KiB\"");
    let report = passes("sends", "too-large", &target).await;
    let error = step(&report, "send")["error"].as_str().unwrap();
    assert!(error.contains("1024") && error.contains("`max_response`"), "{error}");
}

#[tokio::test]
async fn answers_above_the_budget_of_a_run_end_it() {
    let url = always("x".repeat(600)).await;
    let sections = format!("[targets.api]\nurl = {url:?}\n[limits]\nresponse_bytes = \"500B\"");
    let (report, _) = run_case("relies", "target", &sections, &[]).await;
    assert_eq!(report["outcome"], "error", "{report}");
    let message = last_attempt(&report)["messages"][0].as_str().unwrap();
    assert!(message.contains("`limits.response_bytes`"), "{message}");
}

#[tokio::test]
async fn a_redirect_is_a_receipt_and_is_not_followed() {
    let mut api = Api::start().await;
    let target = format!("[targets.api]\nurl = {:?}", api.url);
    let redirecting =
        async { api.next_to("/").await.answer((StatusCode::FOUND, [(header::LOCATION, "/elsewhere")])) };
    let (report, _) = tokio::join!(passes("requests", "receives-redirect", &target), redirecting);
    assert_eq!(step(&report, "send")["status"], 302);
    assert!(api.waiting().is_empty(), "nobody goes elsewhere");
}

#[tokio::test]
async fn a_request_has_the_targets_headers_and_the_tests_own_win() {
    let headers = r#"{ "x-target" = "the target's", "x-both" = "the target's" }"#;
    let (call, ..) = sent(&format!("[targets.api]\nurl = \"API\"\nheaders = {headers}"), &[]).await;
    assert_eq!(call.header("x-target"), "the target's");
    assert_eq!(call.header("x-both"), "the test's");
    assert_eq!(call.headers.get_all("x-both").iter().count(), 1);
}

#[tokio::test]
async fn a_path_is_appended_to_the_targets_url() {
    let (call, ..) = sent("[targets.api]\nurl = \"API/base/\"", &[]).await;
    assert_eq!((call.method.as_str(), call.uri.to_string().as_str()), ("POST", "/base/v1?a=b"));
    assert_eq!(&call.body[..], b"event");
}

#[tokio::test]
async fn a_request_says_which_run_it_belongs_to() {
    let (call, report, _) = sent("[targets.api]\nurl = \"API\"", &[]).await;
    let run = report["run"].as_str().unwrap();
    assert_eq!(call.header("orbital-run"), format!("{run}; case=requests/sends"));
    let parts: Vec<&str> = call.header("traceparent").split('-').collect();
    let [version, trace, span, flags] = parts[..] else { panic!("{parts:?}") };
    assert_eq!((version, flags), ("00", "01"));
    assert_eq!(trace, run.replace('-', ""), "the trace is the run");
    assert!(span.len() == 16 && span.chars().all(|digit| digit.is_ascii_hexdigit()), "{span}");
}

#[tokio::test]
async fn secrets_from_environment_and_file_reach_the_target_and_nothing_else() {
    let file = config("secret-in-file\n");
    let sections = format!(
        "[secrets.token]\nenv = \"TOKEN\"\n[secrets.part]\nfile = {:?}\n[targets.api]\n\
         url = \"API/${{secret.part}}\"\nheaders = {{ authorization = \"Bearer ${{secret.token}}\" }}",
        file.path()
    );
    // All that the host's libraries can say is said.
    let environment = [("TOKEN", "secret-in-env"), ("RUST_LOG", "trace")];
    let (call, report, finished) = sent(&sections, &environment).await;
    assert_eq!(call.header("authorization"), "Bearer secret-in-env");
    assert_eq!(call.uri.path(), "/secret-in-file/v1");
    for secret in ["secret-in-env", "secret-in-file"] {
        assert!(!report.to_string().contains(secret), "{report}");
        let lines = finished.stderr.lines().chain(finished.stdout.lines());
        let shown: Vec<&str> = lines.filter(|line| line.contains(secret)).collect();
        assert!(shown.is_empty(), "{shown:#?}");
    }
}

#[tokio::test]
async fn secrets_are_not_in_the_message_about_a_target_that_is_down() {
    let (_held, address) = refusing();
    let sections = format!(
        "[secrets.part]\nenv = \"PART\"\n[targets.down]\nurl = \"http://user:${{secret.part}}@{address}/${{secret.part}}\""
    );
    let (report, finished) = run_case("sends", "down", &sections, &[("PART", "hush-hush")]).await;
    assert_eq!(report["outcome"], "pass");
    assert!(!format!("{finished:?}").contains("hush-hush"), "{finished:?}");
}

#[tokio::test]
async fn secrets_are_neither_on_the_metrics_page_nor_in_what_a_serving_host_says() {
    let mut api = Api::start().await;
    let target = format!(
        "[secrets.part]\nenv = \"PART\"\n[targets.api]\nurl = \"{}/${{secret.part}}\"\n\
         headers = {{ x-token = \"${{secret.part}}\" }}",
        api.url
    );
    let host = Host::builder().sections(&target).env("PART", "hush-hush").with("relays").start().await;
    let mark = host.lines.mark();
    // The test fails, so that its whole timeline is printed.
    api.next_to("/hush-hush/events").await.answer((StatusCode::FORBIDDEN, "go away"));
    host.lines.wait(mark, &["--- FAIL: relays/relays"]).await;
    host.lines.wait(mark, &["POST to `api`/events", "answered 403: go away"]).await;
    let metrics = host.metrics().await;
    let sent = [("target", "api"), ("status_class", "4xx")];
    assert!(metrics.get("orbital_event_send_duration_seconds_count", &sent).is_some());
    assert!(!metrics.text().contains("hush-hush"), "{}", metrics.text());
    assert!(!host.lines.text().contains("hush-hush"), "{}", host.lines.text());
}

#[tokio::test]
async fn secrets_that_are_missing_or_empty_are_all_named_and_the_host_does_not_start() {
    let (empty, absent) = (config("\n"), "/nowhere/at/all");
    let sections = format!(
        "{ANY_PORT}[secrets]\nunset = {{ env = \"NOT_SET_AT_ALL\" }}\nempty = {{ env = \"EMPTY\" }}\n\
         hollow = {{ file = {:?} }}\nabsent = {{ file = {absent:?} }}\nfine = {{ env = \"FINE\" }}\n",
        empty.path()
    );
    let config = granting(&sections);
    let component = guest("passes");
    let environment = [("EMPTY", ""), ("FINE", "hush-hush")];
    for arguments in [
        &["serve".as_ref(), "--config".as_ref(), config.path()][..],
        &["run".as_ref(), &component, "--config".as_ref(), config.path()],
    ] {
        let finished = orbital_with(&environment, arguments).await;
        assert_eq!(finished.code, 2, "{finished:?}");
        let says = |texts: &[&str]| {
            let lines = finished.stderr.lines();
            assert!(
                lines.into_iter().any(|line| texts.iter().all(|text| line.contains(text))),
                "{texts:?}: {finished:?}"
            );
        };
        says(&["secret `unset`", "`NOT_SET_AT_ALL`", "not set"]);
        says(&["secret `empty`", "is empty"]);
        says(&["secret `hollow`", "is empty"]);
        says(&["secret `absent`", absent, "No such file"]);
        assert!(
            !finished.stderr.contains("`fine`") && !finished.stderr.contains("hush-hush"),
            "{finished:?}"
        );
    }
}

#[tokio::test]
async fn a_secret_that_makes_no_url_or_header_is_not_shown_in_the_message() {
    let config = granting(&format!(
        "{ANY_PORT}[secrets.odd]\nenv = \"ODD\"\n[targets.header]\nurl = \"http://127.0.0.1:1\"\n\
         headers = {{ x-token = \"${{secret.odd}}\" }}\n[targets.url]\nurl = \"http://${{secret.odd}}/\"\n"
    ));
    let component = guest("passes");
    let arguments = ["run".as_ref(), component.as_path(), "--config".as_ref(), config.path()];
    let finished = orbital_with(&[("ODD", "hush hush\u{7}")], arguments).await;
    assert_eq!(finished.code, 2, "{finished:?}");
    assert!(
        finished.stderr.contains("target `header`") && finished.stderr.contains("`x-token`"),
        "{finished:?}"
    );
    assert!(finished.stderr.contains("target `url`"), "{finished:?}");
    assert!(!finished.stderr.contains("hush"), "{finished:?}");
}

#[tokio::test]
async fn a_proxy_in_the_environment_is_ignored() {
    // Nothing listens there: a request that went through it would fail.
    let proxy = "http://127.0.0.1:1";
    let names = ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
    let environment: Vec<(&str, &str)> = names.iter().map(|name| (*name, proxy)).collect();
    let (call, ..) = sent("[targets.api]\nurl = \"API\"", &environment).await;
    assert_eq!(call.uri.path(), "/v1");
}

#[tokio::test]
async fn an_unknown_target_is_an_error_that_lists_those_there_are() {
    let targets = "[targets.one]\nurl = \"http://127.0.0.1:1\"\n[targets.two]\nurl = \"http://127.0.0.1:1\"";
    let report = passes("sends", "unknown-target", targets).await;
    let text = logged(&report)[0];
    assert!(["`nowhere`", "`one`", "`two`"].iter().all(|name| text.contains(name)), "{text}");
    let report = passes("sends", "unknown-target", "").await;
    assert!(logged(&report)[0].contains("[targets.NAME]"), "{report}");
}

#[tokio::test]
async fn a_path_that_leaves_its_target_is_refused_and_nothing_is_sent() {
    let mut api = Api::start().await;
    let report = passes("requests", "escapes", &format!("[targets.api]\nurl = \"{}/v1\"", api.url)).await;
    let reasons = logged(&report);
    assert_eq!(reasons.len(), 6, "{reasons:?}");
    assert!(reasons[0].contains("`/../admin`") && reasons[0].contains("`..`"), "{reasons:?}");
    assert!(reasons[2].contains("does not start with `/`"), "{reasons:?}");
    assert!(api.waiting().is_empty());
}

#[tokio::test]
async fn a_header_that_is_the_hosts_to_set_is_refused_and_nothing_is_sent() {
    let mut api = Api::start().await;
    let report = passes("requests", "reserved-headers", &format!("[targets.api]\nurl = {:?}", api.url)).await;
    for (reason, name) in logged(&report).into_iter().zip(["orbital-run", "traceparent", "Host"]) {
        assert!(reason.contains(&format!("`{name}`")) && reason.contains("the host's to set"), "{reason}");
    }
    assert!(api.waiting().is_empty());
}

#[tokio::test]
async fn a_header_with_a_line_break_is_refused() {
    let report = passes("sends", "bad-header", "[targets.api]\nurl = \"http://127.0.0.1:1\"").await;
    let reason = logged(&report)[0];
    assert!(reason.contains("`x-test`") && reason.contains("control character"), "{reason}");
}

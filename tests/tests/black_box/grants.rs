//! Manifests and grants of components.

use axum::Router;
use axum::extract::Request;
use orbital_tests::{Api, ConfigFile, Host, config, guest, last_attempt, orbital, serve};
use reqwest::Method;
use serde_json::{Value, json};

/// A host with the fixtures `reaches`, which has no manifest, and `asks`, which has one: what they are to do, the other
/// sections, and what is granted.
async fn start(script: &str, sections: &str, grants: &str) -> Host {
    let config =
        format!("[config.reaches]\nscript = {script:?}\n[config.asks]\nscript = {script:?}\n{sections}");
    Host::builder().sections(&config).grants(grants).with("reaches").with("asks").start().await
}

/// Runs the fixture; returns its log for each line of its script, and the report.
async fn acts(host: &Host, component: &str) -> (Vec<String>, Value) {
    let path = format!("/cases/{component}/acts/runs?wait=true");
    let (_, report) = host.ask(Method::POST, &path, None).await;
    assert_eq!(report["outcome"], "pass", "{report}");
    let said =
        steps(&report, "log").iter().map(|step| step["message"].as_str().unwrap().to_owned()).collect();
    (said, report)
}

fn steps<'a>(report: &'a Value, kind: &str) -> Vec<&'a Value> {
    last_attempt(report)["timeline"].as_array().unwrap().iter().filter(|step| step["step"] == kind).collect()
}

/// Why the sends did not go out, as the timeline has it.
fn reasons(report: &Value) -> Vec<&str> {
    let sends = steps(report, "send");
    sends.into_iter().map(|step| step["error"].as_str().unwrap_or_else(|| panic!("{step}"))).collect()
}

/// Replaces `orbital.toml` at once, so that nobody reads half of it.
fn replace(host: &Host, text: &str) {
    let new = host.config().with_extension("new");
    std::fs::write(&new, text).unwrap();
    std::fs::rename(&new, host.config()).unwrap();
}

/// A server that answers with method and path, and tells its port.
async fn echo() -> (String, String) {
    let answer = async |request: Request| format!("{} {}", request.method(), request.uri());
    let url = serve(Router::new().fallback(answer)).await;
    let port = url.rsplit(':').next().unwrap().to_owned();
    (url, port)
}

fn assert_all(found: &[impl AsRef<str>], wanted: &[&str]) {
    assert_eq!(found.len(), wanted.len(), "{:?}", found.iter().map(AsRef::as_ref).collect::<Vec<&str>>());
    for (found, wanted) in found.iter().zip(wanted) {
        assert!(found.as_ref().contains(wanted), "`{wanted}` is not in `{}`", found.as_ref());
    }
}

const MAY_NOT: &str = "`reaches` may not send to the target `api`: add `targets = [\"api\"]` to a section \
                       `[components.\"reaches\"]`";

#[tokio::test]
async fn nothing_is_granted_by_itself() {
    let (url, _) = echo().await;
    let script = "request api GET /v1\nevent api /v1\nfetch http://api/v1\nfetch http://example.com/\nmetric\nconfig currency";
    let host = start(script, &format!("[targets.api]\nurl = {url:?}"), "").await;
    let (said, report) = acts(&host, "reaches").await;
    assert_all(
        &said,
        &[
            MAY_NOT,
            MAY_NOT,
            "ErrorCode::HttpRequestDenied",
            "ErrorCode::HttpRequestDenied",
            "has reached its limit of 0 series",
            "config currency: not set",
        ],
    );
    let hosts =
        "`reaches` may not send to the host `http://example.com`: add `hosts = [\"http://example.com\"]`";
    assert_all(&reasons(&report), &[MAY_NOT, MAY_NOT, MAY_NOT, hosts]);
    let metric = steps(&report, "metric")[0]["error"].as_str().unwrap();
    assert!(metric.contains("`reaches` may not have metrics of its own: add `metrics = true`"), "{metric}");
    let metrics = host.metrics().await;
    assert_eq!(metrics.sum("orbital_test_tries_total", &[]), 0.0);
    assert_eq!(metrics.sum("orbital_event_send_duration_seconds_count", &[]), 0.0);
}

#[tokio::test]
async fn all_sections_that_match_grant_together() {
    let (url, _) = echo().await;
    let targets = format!(
        "[targets.api]\nurl = {url:?}\n[targets.billing]\nurl = {url:?}\n[targets.crm]\nurl = {url:?}"
    );
    let grants = "[components.\"rea*\"]\ntargets = [\"api\"]\n[components.\"*s\"]\ntargets = [\"b*\"]\nmetrics = true\n\
                  [components.\"other\"]\ntargets = [\"*\"]";
    let host = start("event api /\nevent billing /\nevent crm /\nmetric", &targets, grants).await;
    let (said, _) = acts(&host, "reaches").await;
    assert_all(&said, &["/: 200", "/: 200", "may not send to the target `crm`", "metric: ()"]);
    let tries =
        host.metrics().await.get("orbital_test_tries_total", &[("component", "reaches"), ("case", "acts")]);
    assert_eq!(tries, Some(1.0));
}

#[tokio::test]
async fn a_grant_may_be_for_some_methods_and_paths() {
    let (url, _) = echo().await;
    let grants = "[components.reaches]\ntargets = [{ name = \"api\", methods = [\"POST\"], paths = [\"/v1/*\", \"/health\"] }]";
    let script = "event api /v1/items?all=/v2\nrequest api POST /health\nrequest api GET /v1/items\nrequest api post /health\n\
                  event api /v2/items\nevent api /v1\nevent api //v1/items\nevent api /v1%2Fitems\nevent api /v1/%2e%2e/v2\n\
                  event api /v1/%252e%252E/v2\nevent api /v1/.%25252e/v2\n\
                  event api /v1/x%2F..%2F..%2Fv2\nfetch http://api/v1/items\nfetch http://api/v1/../v2";
    let host = start(script, &format!("[targets.api]\nurl = \"{url}/base\""), grants).await;
    let (said, report) = acts(&host, "reaches").await;
    assert_all(
        &said,
        &[
            "200",
            "200",
            "may not send `GET /v1/items` to the target `api`: add `targets = [{ name = \"api\", methods = [\"GET\"], paths = [\"/v1/items\"] }]`",
            "may not send `post /health`",
            "may not send `POST /v2/items`",
            "may not send `POST /v1`",
            "may not send `POST //v1/items`",
            "may not send `POST /v1%2Fitems`",
            "has a segment `.` or `..`",
            "has a segment `.` or `..`",
            "has a segment `.` or `..`",
            "has a segment `.` or `..`",
            "200 POST /base/v1/items",
            "ErrorCode::HttpRequestDenied",
        ],
    );
    let last = steps(&report, "send").last().unwrap()["error"].as_str().unwrap().to_owned();
    assert!(last.contains("`POST /v2`"), "{last}");
}

#[tokio::test]
async fn a_component_that_asks_for_more_is_refused_until_it_is_granted() {
    let (url, _) = echo().await;
    let script = "event api /v1/items\nconfig currency";
    let grants = "[components.asks]\ntargets = [{ name = \"api\", methods = [\"GET\"] }]";
    let host = start(script, &format!("[targets.api]\nurl = {url:?}"), grants).await;
    let wanted = [
        "it asks for what it is not granted; add to the configuration:",
        "[components.\"asks\"]",
        "targets = [{ name = \"api\", methods = [\"POST\"], paths = [\"/v1/*\"] }]",
        "hosts = [\"http://*.localhost:*\"]",
    ];
    let component = host.api("/components/asks").await;
    let error = component["load_error"]["error"].as_str().unwrap();
    for part in wanted {
        assert!(error.contains(part), "`{part}` is not in `{error}`");
    }
    assert!(!error.contains("config") || !error.contains("currency"), "{error}");

    // What it says is what helps, and the file needs no touch.
    let before = std::fs::read_to_string(host.config()).unwrap();
    let granted = before.replace(grants, &error[error.find("[components").unwrap()..]);
    let mark = host.lines.mark();
    replace(&host, &granted);
    host.lines.wait(mark, &["loaded component=asks"]).await;
    assert_all(&acts(&host, "asks").await.0, &["/v1/items: 200", "config currency: not set"]);
    let component = host.api("/components/asks").await;
    assert_eq!((&component["load_error"], &component["running"]["missing"]), (&Value::Null, &Value::Null));
    let (asks, granted_now) = (&component["running"]["asks"], &component["running"]["granted"]);
    assert_eq!(asks["by_manifest"], true);
    assert_eq!(asks["targets"][0], json!({ "name": "api", "methods": ["POST"], "paths": ["/v1/*"] }));
    assert_eq!(granted_now["hosts"][0], json!({ "pattern": "http://*.localhost:*", "private": false }));
    assert_eq!(granted_now["config"], json!(["script"]));

    // What it loses while it runs it is denied.
    let mark = host.lines.mark();
    replace(&host, &before);
    host.lines.wait(mark, &["the configuration was read again"]).await;
    let (said, _) = acts(&host, "asks").await;
    assert_all(&said, &["`asks` may not send `POST /v1/items` to the target `api`", "not set"]);
    let component = host.api("/components/asks").await;
    assert_eq!(component["running"]["missing"]["targets"][0]["name"], "api");
}

#[tokio::test]
async fn a_manifest_bounds_what_is_used_of_a_wider_grant() {
    let (url, port) = echo().await;
    let targets = format!("[targets.api]\nurl = {url:?}\n[targets.crm]\nurl = {url:?}");
    let all = "[components.\"*\"]\ntargets = [\"*\"]\nhosts = [\"http://*:*\"]\nprivate_hosts = true\nmetrics = true";
    let script = format!(
        "event api /v1/x\nevent api /v2/x\nevent crm /v1/x\nfetch http://localhost:{port}/\nmetric\nconfig currency\nconfig other"
    );
    let config = "[[override]]\ncases = \"*\"\nconfig = { currency = \"EUR\", other = \"x\" }";
    let host = start(&script, &format!("{targets}\n{config}"), all).await;
    let (said, report) = acts(&host, "asks").await;
    assert_all(
        &said,
        &[
            "200",
            "as its manifest does not ask for that: add `targets = [{ name = \"api\"",
            "as its manifest does not ask for that: add `targets = [\"crm\"]` to `orbital-manifest.toml`",
            "ErrorCode::HttpRequestDenied",
            "the component has reached its limit of 0 series",
            "config currency: EUR",
            "config other: not set",
        ],
    );
    assert!(
        steps(&report, "metric")[0]["error"].as_str().unwrap().contains("its manifest does not ask for that")
    );
    let wide = acts(&host, "reaches").await.0;
    let fetched = format!("fetch http://localhost:{port}/: 200 POST /");
    assert_all(
        &wide,
        &["200", "200", "200", &fetched, "metric: ()", "config currency: EUR", "config other: x"],
    );
    let read = steps(&report, "read").into_iter().find(|step| step["name"] == "config other");
    assert_eq!(read.unwrap()["value"], "(its manifest does not ask for it)");
}

#[tokio::test]
async fn a_manifest_with_mistakes_is_told_with_their_lines() {
    let checked = orbital(["check".as_ref(), guest("bad_manifest").as_os_str()]).await;
    assert_eq!(checked.code, 1);
    for part in ["line 2: `target`: unknown setting; did you mean `targets`?", "line 3: `hosts[0]`"] {
        assert!(checked.stdout.contains(part), "{checked:?}");
    }
}

#[tokio::test]
async fn a_granted_host_is_reached_with_the_headers_of_the_run() {
    let mut api = Api::start().await;
    let port = api.url.rsplit(':').next().unwrap().to_owned();
    let grants = "[components.reaches]\nhosts = [\"http://local*:*\"]\nprivate_hosts = true";
    let host = start(&format!("fetch http://localhost:{port}/a?b=c"), "", grants).await;
    let serving = async {
        let call = api.next().await;
        call.answer("taken");
        call
    };
    let ((said, report), call) = tokio::join!(acts(&host, "reaches"), serving);
    assert_all(&said, &["200 taken"]);
    assert_eq!((call.method.as_str(), call.uri.to_string().as_str()), ("POST", "/a?b=c"));
    let run = report["run"].as_str().unwrap();
    assert_eq!(call.header("orbital-run"), format!("{run}; case=reaches/acts"));
    assert!(call.header("traceparent").contains(&run.replace('-', "")), "{call:?}");
    // Its name may be anything, so the series has the pattern that grants it.
    let labels = [("component", "reaches"), ("target", "http://local*:*"), ("status_class", "2xx")];
    let sent = host.metrics().await.get("orbital_event_send_duration_seconds_count", &labels);
    assert_eq!(sent, Some(1.0));
    let send = steps(&report, "send")[0];
    assert_eq!(send["path"], format!("http://localhost:{port}/a?b=c"));
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_is_not_followed() {
    let to_metadata = [("location", "http://169.254.169.254/latest/meta-data/")];
    let answer = async move || (axum::http::StatusCode::FOUND, to_metadata, "elsewhere");
    let url = serve(Router::new().fallback(answer)).await;
    let grants = "[components.reaches]\nhosts = [\"http://*:*\"]\nprivate_hosts = true";
    let host = start(&format!("fetch {url}/"), "", grants).await;
    assert_all(&acts(&host, "reaches").await.0, &["302 elsewhere"]);
}

#[tokio::test]
async fn hosts_on_the_own_network_are_denied_however_they_are_written() {
    let (_, port) = echo().await;
    let hosts = [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f.1",
        "0177.0.0.1",
        "0.0.0.0",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "10.0.0.1",
        "100.64.0.1",
        "169.254.169.254",
        "[fd00:ec2::254]",
        "[fe80::1]",
        "localhost",
        "LOCALHOST",
    ];
    let script: Vec<String> = hosts.iter().map(|host| format!("fetch http://{host}:{port}/")).collect();
    let host = start(&script.join("\n"), "", "[components.reaches]\nhosts = [\"http://*:*\"]").await;
    let (said, report) = acts(&host, "reaches").await;
    assert_all(&said, &["ErrorCode::DestinationIpProhibited"; 18]);
    let reasons = reasons(&report);
    assert_all(
        &reasons,
        &["which is no public address; if tests are to reach it, set `private_hosts = true`"; 18],
    );
    assert!(reasons[2].starts_with("`127.0.0.1` is at 127.0.0.1"), "{}", reasons[2]);
    assert!(reasons[16].starts_with("`localhost` is at "), "{}", reasons[16]);
}

#[tokio::test]
async fn a_target_may_be_anywhere() {
    let (url, port) = echo().await;
    let target = format!("[targets.api]\nurl = \"http://localhost:{port}\"\n[targets.other]\nurl = {url:?}");
    let script = format!("event api /\nfetch http://localhost:{port}/a\nfetch http://2130706433:{port}/b");
    let host = start(&script, &target, "[components.reaches]\ntargets = [\"*\"]").await;
    assert_all(&acts(&host, "reaches").await.0, &["200", "200 POST /a", "200 POST /b"]);
}

#[tokio::test]
async fn a_name_with_a_user_or_another_port_or_scheme_is_not_granted() {
    let (_, port) = echo().await;
    let grants = format!("[components.reaches]\nhosts = [\"http://localhost:{port}\"]\nprivate_hosts = true");
    let script = format!(
        "fetch http://localhost:{port}/\nfetch http://localhost/\nfetch https://localhost:{port}/\n\
         fetch http://user:pass@localhost:{port}/\nfetch http://localhost.:{port}/"
    );
    let host = start(&script, "", &grants).await;
    let denied = "ErrorCode::HttpRequestDenied";
    assert_all(&acts(&host, "reaches").await.0, &["200 POST /", denied, denied, denied, denied]);
}

#[tokio::test]
async fn there_are_no_files_no_environment_and_no_sockets() {
    let (url, _) = echo().await;
    let address = url.trim_start_matches("http://");
    let sections = format!("[config.doors]\naddress = {address:?}");
    let host = Host::builder().sections(&sections).with("doors").start().await;
    let (_, report) = host.ask(Method::POST, "/cases/doors/tries/runs?wait=true", None).await;
    assert_eq!(report["outcome"], "pass", "{report}");
    assert_eq!(steps(&report, "log").last().unwrap()["message"], "tried");
}

fn configured(grants: &str) -> ConfigFile {
    config(&format!(
        "[webhook]\nlisten = \"127.0.0.1:0\"\n[targets.api]\nurl = \"http://127.0.0.1:9\"\n[config.asks]\nscript = \"config currency\"\n{grants}"
    ))
}

#[tokio::test]
async fn check_lists_what_is_asked_for_and_granted() {
    let asks = guest("asks");
    let alone = orbital(["check".as_ref(), asks.as_os_str()]).await;
    assert_eq!(alone.code, 0, "{alone:?}");
    for part in [
        "asks for, by its manifest (nothing is granted without a configuration; see `--config`):\n",
        "    target { name = \"api\", methods = [\"POST\"], paths = [\"/v1/*\"] }\n",
        "    config currency, or does without\n",
    ] {
        assert!(alone.stdout.contains(part), "`{part}` is not in:\n{}", alone.stdout);
    }

    let some = configured("[components.\"*\"]\ntargets = [\"api\"]");
    let checked =
        orbital(["check".as_ref(), "--config".as_ref(), some.path().as_os_str(), asks.as_os_str()]).await;
    assert_eq!(checked.code, 1, "{checked:?}");
    let rows: Vec<Vec<&str>> = checked.stdout.lines().map(|line| line.split_whitespace().collect()).collect();
    let row = |words: &[&str]| rows.iter().any(|row| row == words);
    assert!(row(&["host", "http://*.localhost:*", "no"]), "{}", checked.stdout);
    assert!(row(&["config", "script", "set"]), "{}", checked.stdout);
    assert!(checked.stdout.contains(
        "add to the configuration:\n  [components.\"asks\"]\n  hosts = [\"http://*.localhost:*\"]\n"
    ));

    let enough = configured("[components.\"*\"]\ntargets = [\"api\"]\nhosts = [\"http://*:*\"]");
    let reaches = guest("reaches");
    let arguments = [
        "check".as_ref(),
        "--config".as_ref(),
        enough.path().as_os_str(),
        asks.as_os_str(),
        reaches.as_os_str(),
    ];
    let checked = orbital(arguments).await;
    assert_eq!(checked.code, 0, "{checked:?}");
    for part in
        ["asks for, by its imports, as it has no manifest:  granted:", "    targets  ", "    metrics  "]
    {
        assert!(checked.stdout.contains(part), "`{part}` is not in:\n{}", checked.stdout);
    }
}

#[tokio::test]
async fn run_follows_the_same_rules() {
    let asks = guest("asks");
    let run = async |grants: &str| {
        let file = configured(grants);
        orbital(["run".as_ref(), "--config".as_ref(), file.path().as_os_str(), asks.as_os_str()]).await
    };
    let refused = run("").await;
    assert_eq!(refused.code, 1, "{refused:?}");
    assert!(refused.stderr.contains("it asks for what it is not granted"), "{refused:?}");
    let ran = run("[components.asks]\ntargets = [\"api\"]\nhosts = [\"http://*:*\"]").await;
    assert_eq!(ran.code, 0, "{ran:?}");
}

#[tokio::test]
async fn mistakes_in_grants_are_told_with_their_lines() {
    let file = config(
        "[components.\"*\"]\ntargets = [\"\", { methods = [\"get\"] }, { name = \"api\", paths = [] }, \"apo\"]\nhosts = [\"http://a/b\"]\n\
         [components.shop]\nprivate_hosts = true\nmetrics = \"yes\"\ntarget = [\"api\"]\n[targets.api]\nurl = \"http://api\"\n",
    );
    let checked =
        orbital(["config".as_ref(), "check".as_ref(), "--config".as_ref(), file.path().as_os_str()]).await;
    assert_eq!(checked.code, 2, "{checked:?}");
    for part in [
        "line 2: `components.\"*\".targets[0]`: is empty",
        "line 2: `components.\"*\".targets[1]`: has no `name`",
        "line 2: `components.\"*\".targets[1].methods[0]`: `get` is not a method",
        "line 2: `components.\"*\".targets[2].paths`: must name at least one",
        "line 2: `components.\"*\".targets[3]`: there is no target `apo`; those are: `api`",
        "line 3: `components.\"*\".hosts[0]`: `http://a/b` is not a host",
        "line 5: `components.\"shop\".private_hosts`: is about the `hosts`",
        "line 6: `components.\"shop\".metrics`: must be true or false",
        "line 7: `components.\"shop\".target`: unknown setting; did you mean `targets`?",
    ] {
        assert!(checked.stderr.contains(part), "`{part}` is not in:\n{}", checked.stderr);
    }
}

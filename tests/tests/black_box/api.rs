//! The API of the private listener.

use orbital_tests::{Host, client, eventually, guest, orbital};
use reqwest::Method;
use serde_json::{Value, json};

/// A host that has loaded these fixtures.
async fn start(fixtures: &[&str]) -> Host {
    let builder = fixtures.iter().fold(Host::builder(), |builder, name| builder.with(name));
    builder.start().await
}

/// Runs a case and waits for its report.
async fn run(host: &Host, case: &str) -> Value {
    let (status, report) = host.ask(Method::POST, &format!("/cases/{case}/runs?wait=true"), None).await;
    assert_eq!(status, 200, "{report}");
    report
}

/// Asks for what must be refused; gives the reason.
async fn refused(host: &Host, method: Method, path: &str, body: Option<Value>, status: u16) -> String {
    let (got, problem) = host.ask(method, path, body).await;
    assert_eq!((got, &problem["status"]), (status, &json!(status)), "{problem}");
    assert!(problem["title"].is_string(), "{problem}");
    problem["detail"].as_str().unwrap().to_owned()
}

/// Pauses cases; gives the pause.
async fn pause(host: &Host, wish: Value) -> Value {
    let (status, pause) = host.ask(Method::POST, "/pauses", Some(wish)).await;
    assert_eq!(status, 201, "{pause}");
    pause
}

/// A time as the API writes it.
fn is_time(value: &Value) -> bool {
    let time = value.as_str().unwrap_or_default();
    time.starts_with("20") && time.ends_with('Z') && time.len() == "2026-11-23T02:01:46.123Z".len()
}

#[tokio::test]
async fn components_are_shown_with_what_does_not_load() {
    let host = start(&["manual", "tagged"]).await;
    host.write("broken", b"\0asm");
    host.lines.wait(0, &["did not load", "component=broken"]).await;
    std::fs::write(host.file("manual"), b"no component").unwrap();
    host.lines.wait(0, &["did not load", "component=manual"]).await;

    let all = host.api("/components").await;
    assert_eq!(all["ready"], true);
    let [broken, manual, tagged] = &all["components"].as_array().unwrap()[..] else { panic!("{all}") };
    assert_eq!((&broken["name"], &broken["running"]), (&json!("broken"), &Value::Null));
    assert!(broken["load_error"]["path"].as_str().unwrap().ends_with("/broken.wasm"), "{broken}");
    assert!(is_time(&broken["load_error"]["at"]), "{broken}");
    // The last valid version keeps running.
    assert!(manual["load_error"]["error"].as_str().unwrap().contains("not WebAssembly"), "{manual}");
    assert_eq!(manual["running"]["cases"], json!(["manual/manual"]));
    assert_eq!(manual["running"]["digest"].as_str().unwrap().len(), 64);
    assert_eq!(manual["running"]["size_bytes"], std::fs::metadata(guest("manual")).unwrap().len());
    assert!(is_time(&manual["running"]["loaded_at"]), "{manual}");
    assert_eq!(tagged["load_error"], Value::Null);
    assert_eq!(tagged["running"]["cases"], json!(["tagged/crm", "tagged/shop"]));
    assert_eq!(host.api("/components/tagged").await, *tagged);
    assert_eq!(host.api("/components?failing=true&limit=1").await["components"], json!([broken]));
    assert_eq!(host.api("/components?failing=true&limit=1").await["next"], "broken");
    assert_eq!(host.api("/components?before=broken&failing=true").await["components"], json!([manual]));
    assert_eq!(host.api("/components?q=TAG").await["components"], json!([tagged]));
    assert!(
        refused(&host, Method::GET, "/components/tagged?x=1", None, 400).await.contains("unknown field `x`")
    );
    assert!(refused(&host, Method::GET, "/components/x", None, 404).await.contains("no component `x`"));
}

#[tokio::test]
async fn a_case_is_shown_with_its_schedule_and_how_it_stands() {
    let sections = "[[override]]\ncases = \"passes/*\"\nevery = \"100ms\"\ntimeout = \"7s\"\nretries = 1\n";
    let host = Host::builder().sections(sections).with("passes").with("manual").start().await;
    host.lines.wait_n(0, 2, &["--- PASS: passes/passes"]).await;

    let case = host.api("/cases/passes/passes").await;
    assert_eq!(
        (&case["id"], &case["component"], &case["case"]),
        (&json!("passes/passes"), &json!("passes"), &json!("passes"))
    );
    assert_eq!((&case["schedule"], &case["timeout_seconds"]), (&json!("every 100ms"), &json!(7.0)));
    assert_eq!((&case["retries"], &case["max_in_flight"]), (&json!(1), &json!(1)));
    assert_eq!(case["overridden"], json!(["schedule", "timeout", "retries"]));
    assert_eq!((&case["state"], &case["paused"]), (&json!("up"), &Value::Null));
    for time in ["next_run", "since", "last_pass"] {
        assert!(is_time(&case[time]), "{time} of {case}");
    }
    let last = &case["last_runs"][0];
    assert_eq!((&last["outcome"], &last["flaky"]), (&json!("pass"), &json!(false)));
    assert_eq!((&last["trigger"], &last["message"]), (&json!("schedule"), &Value::Null));
    assert!(is_time(&last["started"]) && last["duration"].is_f64(), "{last}");

    let manual = host.api("/cases/manual/manual").await;
    assert_eq!((&manual["schedule"], &manual["next_run"]), (&json!("manual"), &Value::Null));
    assert_eq!((&manual["state"], &manual["last_runs"]), (&json!("unknown"), &json!([])));
    assert!(refused(&host, Method::GET, "/cases/passes/x", None, 404).await.contains("no case `passes/x`"));
}

#[tokio::test]
async fn cases_are_found_by_component_state_and_tag() {
    let host = start(&["tagged", "manual", "fails"]).await;
    run(&host, "fails/error").await;
    host.lines.wait(0, &["--- PASS: tagged/crm"]).await;
    host.lines.wait(0, &["--- PASS: tagged/shop"]).await;
    let ids = async |query: &str| {
        let cases = host.api(&format!("/cases{query}")).await;
        let ids =
            cases["cases"].as_array().unwrap().iter().map(|case| case["id"].as_str().unwrap().to_owned());
        ids.collect::<Vec<_>>().join(" ")
    };
    let all =
        "fails/check fails/error fails/fails-then-traps fails/panics manual/manual tagged/crm tagged/shop";
    assert_eq!(ids("").await, all);
    assert_eq!(ids("?component=tagged").await, "tagged/crm tagged/shop");
    assert_eq!(ids("?tag=team:crm").await, "tagged/crm");
    assert_eq!(ids("?tag=tier:1&state=up").await, "tagged/crm tagged/shop");
    assert_eq!(ids("?state=down").await, "fails/error");
    assert_eq!(ids("?component=nobody").await, "");
    assert_eq!(ids("?q=MANUAL").await, "manual/manual");
    assert_eq!(ids("?q=team:C").await, "tagged/crm");
    assert_eq!(ids("?limit=2").await, "fails/check fails/error");
    assert_eq!(ids("?limit=2&before=fails/panics").await, "manual/manual tagged/crm");
    assert_eq!(host.api("/cases?limit=2").await["next"], "fails/error");
    assert_eq!(host.api("/cases?limit=7").await["next"], Value::Null);
    for (query, reason) in [
        ("?state=broken", "expected one of `up`, `down`, `unknown`"),
        ("?tag=crm", "must be `NAME:VALUE`"),
        ("?color=red", "unknown field `color`"),
    ] {
        assert!(refused(&host, Method::GET, &format!("/cases{query}"), None, 400).await.contains(reason));
    }
}

#[tokio::test]
async fn a_case_runs_when_somebody_asks_and_waits() {
    let host = start(&["fails", "tries"]).await;
    let report = run(&host, "fails/check").await;
    assert_eq!((&report["outcome"], &report["trigger"]), (&json!("fail"), &json!("request")));
    let attempt = &report["attempts"][0];
    assert!(attempt["messages"][0].as_str().unwrap().contains("1 + 1 == 3"), "{report}");
    let steps = attempt["timeline"].as_array().unwrap();
    assert!(steps.iter().any(|step| step["step"] == "log" && step["message"] == "went on"), "{report}");
    // It is a run like any other.
    let id = report["run"].as_str().unwrap();
    assert_eq!(host.api(&format!("/runs/{id}")).await, report);
    assert_eq!(host.api("/cases/fails/check").await["state"], "down");
    let labels = [("component", "fails"), ("case", "check"), ("outcome", "fail")];
    assert_eq!(host.metrics().await.get("orbital_runs_total", &labels), Some(1.0));
    host.lines.wait(0, &["--- FAIL: fails/check"]).await;

    let flaky = run(&host, "tries/traps-first").await;
    assert_eq!((&flaky["outcome"], &flaky["flaky"]), (&json!("pass"), &json!(true)));
    assert_eq!(flaky["attempts"][0]["outcome"], "error");
    assert!(refused(&host, Method::POST, "/cases/fails/x/runs", None, 404).await.contains("`fails/x`"));
}

#[tokio::test]
async fn a_run_that_nobody_waits_for_can_be_looked_up() {
    let host = start(&["slow"]).await;
    let (status, started) = host.ask(Method::POST, "/cases/slow/sleeps/runs", None).await;
    assert_eq!(status, 202, "{started}");
    let id = started["run"].as_str().unwrap();
    let running = host.api(&format!("/runs/{id}")).await;
    assert_eq!((&running["run"], &running["case"]), (&json!(id), &json!("sleeps")));
    assert!(running["outcome"].is_null() && is_time(&running["due"]), "{running}");
    assert_eq!(host.api("/runs").await["in_flight"], json!([running]));
    assert_eq!(host.api("/cases/slow/sleeps").await["in_flight"], json!([id]));

    // As many as the case allows.
    let reason = refused(&host, Method::POST, "/cases/slow/sleeps/runs", None, 409).await;
    assert!(reason.contains("`slow/sleeps`") && reason.contains("(1)"), "{reason}");
    let unknown = "/runs/00000000-0000-7000-8000-000000000000";
    assert!(refused(&host, Method::GET, unknown, None, 404).await.contains("kept no more"));
    assert!(refused(&host, Method::GET, "/runs/x", None, 400).await.contains("UUID"));
}

#[tokio::test]
async fn whoever_goes_away_does_not_end_the_run() {
    let host = start(&["naps"]).await;
    let url = format!("{}/api/v1/cases/naps/naps/runs?wait=true", host.admin);
    let asking = tokio::spawn(client().post(url).send());
    let requested = eventually("a run that was asked for is in flight", async || {
        let runs = host.api("/runs").await;
        let runs = runs["in_flight"].as_array().unwrap().clone();
        runs.into_iter().find(|run| run["trigger"] == "request")
    });
    // The schedule may have taken the only place; then it is asked again.
    let requested = tokio::select! {
        requested = requested => requested,
        answer = asking => {
            let status = answer.unwrap().unwrap().status();
            assert!(status == 409 || status == 200, "{status}");
            return;
        }
    };
    let id = requested["run"].as_str().unwrap().to_owned();
    let report = eventually("it ended", async || {
        let report = host.api(&format!("/runs/{id}")).await;
        (!report["outcome"].is_null()).then_some(report)
    })
    .await;
    assert_eq!(report["outcome"], "pass");
}

#[tokio::test]
async fn runs_are_listed_by_page_and_filter() {
    let host = start(&["manual", "fails"]).await;
    let mut ids = Vec::new();
    for case in ["manual/manual", "fails/error", "manual/manual", "fails/panics", "manual/manual"] {
        ids.insert(0, run(&host, case).await["run"].clone());
    }
    let list = async |query: &str| {
        let page = host.api(&format!("/runs{query}")).await;
        let runs = page["runs"].as_array().unwrap().iter().map(|run| run["run"].clone());
        (runs.collect::<Vec<_>>(), page["next"].clone())
    };
    assert_eq!(list("").await, (ids.clone(), Value::Null));
    let (first, next) = list("?limit=2").await;
    assert_eq!((&first[..], &next), (&ids[..2], &ids[1]));
    let (second, next) = list(&format!("?limit=2&before={}", next.as_str().unwrap())).await;
    assert_eq!((&second[..], &next), (&ids[2..4], &ids[3]));
    let (third, next) = list(&format!("?limit=2&before={}", next.as_str().unwrap())).await;
    assert_eq!((&third[..], &next), (&ids[4..], &Value::Null));
    assert_eq!(list("?outcome=fail").await.0, [ids[1].clone(), ids[3].clone()]);
    assert_eq!(list("?cases=manual/*&outcome=pass").await.0.len(), 3);
    assert_eq!(list("?flaky=true").await.0.len(), 0);
    for (query, reason) in [
        ("limit=0", "a number from 1 to 500"),
        ("limit=501", "a number from 1 to 500"),
        ("limit=x", "limit: invalid digit"),
        ("outcome=good", "unknown variant `good`"),
        ("cases=[", "is not a pattern"),
        ("before=x", "before: "),
    ] {
        let said = refused(&host, Method::GET, &format!("/runs?{query}"), None, 400).await;
        assert!(said.contains(reason), "{said}");
    }
}

#[tokio::test]
async fn passes_do_not_push_failures_out_of_the_journal() {
    let host = Host::builder()
        .sections("[history]\nenabled = false\n[journal]\nruns_per_case = 2")
        .with("tries")
        .with("manual")
        .start()
        .await;
    run(&host, "tries/marks-first").await;
    for _ in 0..4 {
        run(&host, "tries/at-once").await;
        run(&host, "manual/manual").await;
    }
    let kept =
        async |case: &str| host.api(&format!("/runs?cases={case}")).await["runs"].as_array().unwrap().len();
    assert_eq!(kept("tries/marks-first").await, 1);
    assert_eq!(kept("manual/manual").await, 2);
    // What is gone is gone with its runs.
    std::fs::remove_file(host.file("manual")).unwrap();
    host.lines.wait(0, &["removed", "component=manual"]).await;
    assert_eq!(kept("manual/manual").await, 0);
}

#[tokio::test]
async fn a_pause_stops_the_schedule_and_its_end_starts_it_again() {
    let host = start(&["passes", "tagged"]).await;
    let wish = json!({ "cases": "passes/*", "reason": "the CRM is being moved", "author": "ada" });
    let pause = pause(&host, wish).await;
    assert_eq!((&pause["applies_to"], &pause["until"]), (&json!(["passes/passes"]), &Value::Null));
    assert_eq!(pause["survives_a_restart"], true);
    host.lines.wait(0, &["paused", "cases=passes/*", "author=ada", "reason=the CRM is being moved"]).await;

    let skipped = async || {
        let labels = [("component", "passes"), ("case", "passes"), ("reason", "paused")];
        host.metrics().await.get("orbital_runs_skipped_total", &labels).unwrap()
    };
    eventually("two ticks are skipped", async || (skipped().await >= 2.0).then_some(())).await;
    let case = host.api("/cases/passes/passes").await;
    let expected = json!({
        "by": "pause", "pause": pause["id"], "reason": "the CRM is being moved", "author": "ada", "until": null
    });
    assert_eq!(case["paused"], expected);
    assert_eq!(case["last_skip"]["reason"], "paused");
    assert_eq!(host.api("/cases/tagged/crm").await["paused"], Value::Null);
    // Asked for, it runs all the same: that is how one sees whether it is mended.
    assert_eq!(run(&host, "passes/passes").await["outcome"], "pass");

    let path = format!("/pauses/{}", pause["id"].as_str().unwrap());
    let pauses = host.api("/pauses?limit=1").await;
    assert_eq!((pauses["pauses"].as_array().unwrap().len(), &pauses["next"]), (1, &Value::Null));
    assert_eq!(host.ask(Method::DELETE, &path, None).await.0, 200);
    host.lines.wait(0, &["resumed", "cases=passes/*"]).await;
    let mark = host.lines.mark();
    host.lines.wait_n(mark, 2, &["--- PASS: passes/passes"]).await;
    assert_eq!(host.api("/pauses").await["pauses"], json!([]));
    assert!(refused(&host, Method::DELETE, &path, None, 404).await.contains("there is no pause"));
}

#[tokio::test]
async fn a_pause_ends_by_itself() {
    let host = start(&["passes"]).await;
    let wish = json!({ "cases": "*", "reason": "short", "author": "ada", "for": "1s" });
    assert!(pause(&host, wish).await["until"].is_string());
    let mark = host.lines.mark();
    host.lines.wait_n(mark, 3, &["--- PASS: passes/passes"]).await;
    eventually("the pause is over", async || {
        (host.api("/pauses").await["pauses"] == json!([])).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_pause_survives_a_host_that_is_killed() {
    let host = start(&["passes"]).await;
    let wish = json!({ "cases": "passes/*", "reason": "broken", "author": "ada", "for": "2h" });
    let id = pause(&host, wish).await["id"].clone();
    let host = host.killed_and_restarted().await;
    let paused = host.api("/cases/passes/passes").await["paused"].take();
    assert_eq!((&paused["pause"], &paused["reason"]), (&id, &json!("broken")));
    assert!(paused["until"].is_string(), "{paused}");
    assert!(host.lines.find(0, &["--- "]).is_empty(), "{}", host.lines.text());
}

#[tokio::test]
async fn a_wish_that_is_wrong_is_refused_with_a_reason() {
    let host = start(&[]).await;
    let sound = json!({ "cases": "*", "reason": "why", "author": "ada" });
    for (change, reason) in [
        (json!({ "cases": "[" }), "`cases`: `[` is not a pattern"),
        (json!({ "reason": " " }), "`reason` is empty"),
        (json!({ "author": "" }), "`author` is empty"),
        (json!({ "reason": "x".repeat(1001) }), "`reason` has 1001 bytes"),
        (json!({ "for": "soon" }), "`for` must be a duration"),
        (json!({ "for": "0s" }), "`for` must be a duration"),
        (json!({ "until": "2020-01-01T00:00:00Z" }), "must be in the future"),
        (json!({ "until": "soon" }), "until"),
        (json!({ "for": "1h", "until": "2099-01-01T00:00:00Z" }), "contradict each other"),
        (json!({ "untill": "2099-01-01T00:00:00Z" }), "unknown field `untill`"),
        (json!({ "author": null }), "author"),
    ] {
        let mut wish = sound.clone();
        wish.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let said = refused(&host, Method::POST, "/pauses", Some(wish), 422).await;
        assert!(said.contains(reason), "`{reason}` is not in `{said}`");
    }
    assert_eq!(host.api("/pauses").await["pauses"], json!([]));
    let url = format!("{}/api/v1/pauses", host.admin);
    let response = client().post(&url).body(sound.to_string()).send().await.unwrap();
    assert_eq!(response.status(), 415, "a page in a browser cannot send JSON without asking first");
    let response =
        client().post(&url).header("content-type", "application/json").body("{").send().await.unwrap();
    assert_eq!(response.status(), 400);
}

#[tokio::test]
async fn a_pause_that_cannot_be_kept_does_not_begin() {
    let host = start(&[]).await;
    // As a disk that is full or gone: nothing can be written there.
    std::fs::remove_dir_all(host.directory().join("state")).unwrap();
    let wish = json!({ "cases": "*", "reason": "why", "author": "ada" });
    let said = refused(&host, Method::POST, "/pauses", Some(wish), 507).await;
    assert!(said.contains("pauses.json") && said.contains("nothing was changed"), "{said}");
    assert_eq!(host.api("/pauses").await["pauses"], json!([]));
}

#[tokio::test]
async fn what_pauses_and_maintenance_windows_say_is_shown() {
    let sections = "[[override]]\ncases = \"tagged/crm\"\npaused = \"broken, OPS-1\"\n[[maintenance]]\ncases = \
                    \"tagged/shop\"\nreason = \"moving\"\nfrom = 2020-01-01T00:00:00Z\nuntil = 2099-01-01T00:00:00Z\n";
    let host = Host::builder().sections(sections).with("tagged").start().await;
    let crm = host.api("/cases/tagged/crm").await["paused"].take();
    assert_eq!(
        (&crm["by"], &crm["reason"], &crm["until"]),
        (&json!("override"), &json!("broken, OPS-1"), &Value::Null)
    );
    let shop = host.api("/cases/tagged/shop").await["paused"].take();
    assert_eq!((&shop["by"], &shop["reason"]), (&json!("maintenance"), &json!("moving")));
    assert_eq!(shop["until"], "2099-01-01T00:00:00.000Z");
}

#[tokio::test]
async fn what_the_webhook_received_is_shown_with_what_became_of_it() {
    let host = Host::builder().webhook("max_body = \"1KiB\"").with("webhook").start().await;
    host.deliver(&json!({ "no": "key" })).await;
    host.deliver(&json!({ "id": "nobody's" })).await;
    let url = format!("{}/hooks/crm?a=1", host.webhook);
    let send = async |body: String| {
        let request =
            client().post(&url).header("authorization", "Bearer s3cret-value").header("x-tenant", "7");
        request.body(body).send().await.unwrap().status().as_u16()
    };
    assert_eq!(send("x".repeat(2000)).await, 413);
    assert_eq!(send(json!({ "id": "fixed-key" }).to_string()).await, 200);
    // It came before its run.
    let report = run(&host, "webhook/waits-fixed").await;
    assert_eq!(report["outcome"], "pass");
    host.deliver(&json!({ "id": "fixed-key" })).await;

    let all = host.api("/deliveries").await;
    let list = all["deliveries"].as_array().unwrap();
    let results: Vec<_> = list.iter().map(|one| one["result"].as_str().unwrap()).collect();
    assert_eq!(results, ["late", "early", "rejected", "held", "no_key"]);
    let [late, early, rejected, held, no_key] = &list[..] else { panic!("{all}") };
    assert_eq!((&late["run"], &early["run"]), (&report["run"], &report["run"]));
    assert!(late["explanation"].as_str().unwrap().contains("had ended"), "{late}");
    assert_eq!(
        (&early["key"], &early["path"], &early["query"]),
        (&json!("fixed-key"), &json!("/hooks/crm"), &json!("a=1"))
    );
    assert_eq!(early["body"], r#"{"id":"fixed-key"}"#);
    let headers = early["headers"].as_array().unwrap();
    assert!(
        headers.contains(&json!(["x-tenant", "7"])) && headers.contains(&json!(["authorization", "***"]))
    );
    assert!(!all.to_string().contains("s3cret-value"));
    assert!(rejected["explanation"].as_str().unwrap().contains("`webhook.max_body`"), "{rejected}");
    assert!(held["explanation"].as_str().unwrap().contains("`waiter.early_for`"), "{held}");
    assert!(no_key["explanation"].as_str().unwrap().contains("`webhook.keys`"), "{no_key}");

    let found = async |query: &str| host.api(&format!("/deliveries?{query}")).await["deliveries"].take();
    assert_eq!(found("result=held").await, json!([held]));
    assert_eq!(found("key=fixed-key&result=early").await, json!([early]));
    assert_eq!(found(&format!("run={}", report["run"].as_str().unwrap())).await, json!([late, early]));
    let page = host.api("/deliveries?limit=2").await;
    assert_eq!(page["next"], early["number"]);
    assert_eq!(found(&format!("limit=1&before={}", page["next"])).await, json!([rejected]));
    let said = refused(&host, Method::GET, "/deliveries?result=good", None, 400).await;
    assert!(said.contains("unknown variant `good`, expected one of `matched`"), "{said}");
}

#[tokio::test]
async fn what_became_of_the_configuration_is_shown() {
    let host = start(&[]).await;
    let good = host.api("/config").await;
    assert!(
        good["path"].as_str().unwrap().ends_with("orbital.toml") && is_time(&good["loaded_at"]),
        "{good}"
    );
    assert_eq!((&good["error"], &good["at_next_start"]), (&Value::Null, &json!([])));

    let text = std::fs::read_to_string(host.config()).unwrap();
    std::fs::write(host.config(), format!("{text}\n[waiter]\nlate_for = \"soon\"\n")).unwrap();
    host.lines.wait(0, &["the configuration on disk is invalid"]).await;
    let bad = host.api("/config").await;
    assert!(bad["error"].as_str().unwrap().contains("`waiter.late_for`"), "{bad}");
    assert_eq!(bad["loaded_at"], good["loaded_at"]);

    let mark = host.lines.mark();
    std::fs::write(host.config(), format!("{text}\n[waiter]\nlate_for = \"5s\"\n")).unwrap();
    host.lines.wait(mark, &["the configuration was read again"]).await;
    let later = host.api("/config").await;
    assert_eq!((&later["error"], &later["at_next_start"]), (&Value::Null, &json!(["waiter"])));
}

#[tokio::test]
async fn what_is_not_there_is_a_problem_like_any_other() {
    let host = start(&[]).await;
    let said = refused(&host, Method::GET, "/nowhere", None, 404).await;
    assert!(said.contains("`/nowhere`"), "{said}");
    refused(&host, Method::PUT, "/pauses", None, 405).await;
}

#[tokio::test]
async fn state_belongs_to_one_host() {
    let host = start(&[]).await;
    let config = host.config();
    let second = orbital(["serve".as_ref(), "--config".as_ref(), config.as_path()]).await;
    assert_eq!(second.code, 2, "{second:?}");
    assert!(
        second.stderr.contains("in use by another orbital") && second.stderr.contains("`state`"),
        "{second:?}"
    );
}

#[tokio::test]
async fn pauses_that_cannot_be_read_keep_the_host_from_starting() {
    let directory = tempfile::tempdir().unwrap();
    let config = directory.path().join("orbital.toml");
    for folder in ["components", "state"] {
        std::fs::create_dir(directory.path().join(folder)).unwrap();
    }
    let addresses = "[webhook]\nlisten = \"127.0.0.1:0\"\n[admin]\nlisten = \"127.0.0.1:0\"\n";
    std::fs::write(&config, addresses).unwrap();
    std::fs::write(directory.path().join("state/pauses.json"), "[{").unwrap();
    let finished = orbital(["serve".as_ref(), "--config".as_ref(), config.as_path()]).await;
    assert_eq!(finished.code, 2, "{finished:?}");
    assert!(finished.stderr.contains("state/pauses.json` is corrupt"), "{finished:?}");
    assert!(finished.stderr.contains("move it away"), "{finished:?}");

    std::fs::write(&config, format!("state = \"orbital.toml/x\"\n{addresses}")).unwrap();
    let finished = orbital(["serve".as_ref(), "--config".as_ref(), config.as_path()]).await;
    assert_eq!(finished.code, 2, "{finished:?}");
    assert!(finished.stderr.contains("orbital.toml/x` for what must survive a restart"), "{finished:?}");
}

#[tokio::test]
async fn without_a_place_for_state_a_host_runs_and_says_what_it_cannot_keep() {
    let host = Host::builder().before(|directory| {
        // In the way of the directory.
        std::fs::write(directory.join("state"), "").unwrap();
    });
    let host = host.start().await;
    host.lines.wait(0, &["pauses end with this process", "`state`"]).await;
    let wish = json!({ "cases": "*", "reason": "why", "author": "ada" });
    assert_eq!(pause(&host, wish).await["survives_a_restart"], false);
    assert_eq!(host.api("/pauses").await["survives_a_restart"], false);
}

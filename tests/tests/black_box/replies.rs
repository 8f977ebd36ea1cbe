//! Replies of the webhook: those that a test planned, those to challenges, and 200 otherwise.
//!
//! Most tests run `replies`, which plans what the test of the host tells it to.

use axum::Json;
use orbital_tests::{
    Api, Finished, Host, client, client_builder, config, granting, guest, last_attempt, orbital,
};
use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};

/// Runs `replies` once: it gets this plan, then `deliver` plays the system under test, with the webhook's URL and
/// what became of the plans. Gives the run's report.
async fn run(plan: Value, deliver: impl AsyncFnOnce(String, Value)) -> Value {
    let mut api = Api::start().await;
    let config =
        granting(&format!("[webhook]\nlisten = \"127.0.0.1:0\"\n[targets.api]\nurl = {:?}", api.url));
    let component = guest("replies");
    let arguments = ["run".as_ref(), "--json".as_ref(), "--config".as_ref(), config.path(), &component];
    let playing = async {
        let hello = api.next_to("/plan").await;
        hello.answer(Json(plan));
        let planned = api.next_to("/planned").await;
        planned.answer(());
        let webhook = hello.json()["webhook"].as_str().unwrap().to_owned();
        deliver(webhook, planned.json()).await;
    };
    let (finished, ()) = tokio::join!(orbital(arguments), playing);
    let Finished { code, stdout, .. } = &finished;
    let report: Value = serde_json::from_str(stdout).unwrap_or_else(|_| panic!("{finished:?}"));
    assert_eq!((*code, &report["outcome"]), (0, &json!("pass")), "{finished:?}");
    report
}

/// A delivery that is to be sent.
fn delivery(webhook: &str, key: &str) -> RequestBuilder {
    client().post(webhook).header("orbital-key", key)
}

async fn deliver(webhook: &str, key: &str) -> Response {
    delivery(webhook, key).send().await.unwrap()
}

/// Status and body.
async fn seen(response: Response) -> (u16, String) {
    (response.status().as_u16(), response.text().await.unwrap())
}

#[tokio::test]
async fn replies_come_in_the_order_of_the_plan_and_then_it_is_200() {
    let plan = json!({
        "plans": [["planned", [
            { "status": 500, "headers": [["retry-after", "7"], ["x-two", "one"], ["X-Two", "two"]], "body": "not now" },
            { "status": 302, "headers": [["location", "/elsewhere"]] },
            { "status": 202, "body": "taken" },
        ]]],
        "keys": ["planned"],
        "take": 5,
    });
    let report = run(plan, async |webhook, planned| {
        assert_eq!(planned, json!(["ok"]));
        let first = deliver(&webhook, "planned").await;
        assert_eq!(first.headers()["retry-after"], "7");
        assert_eq!(first.headers().get_all("x-two").iter().collect::<Vec<_>>(), ["one", "two"]);
        assert_eq!(seen(first).await, (500, "not now".to_owned()));
        let second = deliver(&webhook, "planned").await;
        assert_eq!(second.headers()["location"], "/elsewhere");
        assert_eq!(seen(second).await, (302, String::new()));
        assert_eq!(seen(deliver(&webhook, "planned").await).await, (202, "taken".to_owned()));
        for _ in 0..2 {
            assert_eq!(seen(deliver(&webhook, "planned").await).await, (200, String::new()));
        }
    })
    .await;
    // All of them are deliveries, whatever they were answered; and the timeline has that too.
    let steps = last_attempt(&report)["timeline"].as_array().unwrap();
    let answered: Vec<&Value> =
        steps.iter().filter(|step| step["step"] == "delivery").map(|step| &step["answered"]).collect();
    assert_eq!(answered, [&json!(500), &json!(302), &json!(202), &Value::Null, &Value::Null]);
}

/// A browser keeps the cookies of all ports of a host name together.
#[tokio::test]
async fn a_planned_reply_does_not_end_the_session_of_an_operator() {
    let plan = json!({
        "plans": [["planned", [{ "status": 200, "headers": [
            ["set-cookie", "orbital-session=tossed; Path=/cases"],
            ["set-cookie", "theme=dark"],
            ["Set-Cookie", "=__Host-orbital-session=tossed"],
            ["clear-site-data", "\"cookies\""],
        ] }]]],
        "keys": ["planned"],
        "take": 1,
    });
    run(plan, async |webhook, planned| {
        assert_eq!(planned, json!(["ok"]));
        let answer = deliver(&webhook, "planned").await;
        let cookies: Vec<_> = answer.headers().get_all("set-cookie").iter().collect();
        assert_eq!(cookies, ["theme=dark"]);
        assert!(!answer.headers().contains_key("clear-site-data"));
    })
    .await;
}

#[tokio::test]
async fn a_planned_reply_has_the_headers_of_its_plan_and_those_that_keep_it_from_acting_as_a_page() {
    let plan = json!({
        "plans": [["planned", [
            { "status": 200, "body": "text" },
            { "status": 204, "headers": [["x-one", "1"]], "body": "that no client expects" },
            { "status": 304 },
            { "status": 500, "headers": [["content-type", "text/x"], ["x-two", "2"]] },
            { "status": 200, "headers": [["Content-Security-Policy", "default-src 'self'"]] },
            { "status": 201, "headers": [["X-Content-Type-Options", "sniff"]] },
        ]]],
        "keys": ["planned"],
        "take": 6,
    });
    run(plan, async |webhook, _| {
        for (status, expected, policy, options) in [
            (200, &["content-length"][..], "sandbox", "nosniff"),
            (204, &["x-one"], "sandbox", "nosniff"),
            (304, &[], "sandbox", "nosniff"),
            (500, &["content-length", "content-type", "x-two"], "sandbox", "nosniff"),
            (200, &["content-length"], "default-src 'self'", "nosniff"),
            (201, &["content-length"], "sandbox", "sniff"),
        ] {
            let mut answer = deliver(&webhook, "planned").await;
            assert_eq!(answer.status(), status);
            let headers = answer.headers_mut();
            assert_eq!(headers.remove("content-security-policy").unwrap(), policy, "{status}");
            assert_eq!(headers.remove("x-content-type-options").unwrap(), options, "{status}");
            assert!(!headers.contains_key("content-security-policy"), "{status}");
            let mut names: Vec<_> = answer.headers().keys().map(|name| name.as_str().to_owned()).collect();
            // The last one comes while the host ends.
            names.retain(|name| !["date", "connection"].contains(&&**name));
            names.sort();
            assert_eq!(names, expected, "{status}");
        }
    })
    .await;
}

/// By HTTP/2 too, where nothing but the host itself would leave the body out.
#[tokio::test]
async fn an_answer_that_cannot_have_a_body_has_none() {
    let replies: Vec<Value> =
        [204, 205, 304, 204, 205, 304].map(|status| json!({ "status": status, "body": "body" })).into();
    let plan = json!({ "plans": [["planned", replies]], "keys": ["planned"], "take": 6 });
    run(plan, async |webhook, _| {
        for client in [client(), client_builder().http2_prior_knowledge().build().unwrap()] {
            for status in [204, 205, 304] {
                let answer = client.post(&webhook).header("orbital-key", "planned").send().await.unwrap();
                assert_eq!(seen(answer).await, (status, String::new()));
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_plan_is_for_its_own_key_only() {
    let plan = json!({
        "plans": [["first", [{ "status": 503 }]], ["second", [{ "status": 409 }]], ["third", []]],
        "keys": ["first", "second", "third"],
        "take": 4,
    });
    run(plan, async |webhook, planned| {
        assert_eq!(planned, json!(["ok", "ok", "ok"]));
        assert_eq!(deliver(&webhook, "a-stranger").await.status(), 200);
        assert_eq!(client().post(&webhook).send().await.unwrap().status(), 200);
        assert_eq!(deliver(&webhook, "third").await.status(), 200);
        assert_eq!(deliver(&webhook, "second").await.status(), 409);
        assert_eq!(deliver(&webhook, "first").await.status(), 503);
        assert_eq!(deliver(&webhook, "second").await.status(), 200);
    })
    .await;
}

#[tokio::test]
async fn a_new_plan_for_a_key_takes_the_place_of_the_old_one() {
    let plan = json!({
        "plans": [["key", [{ "status": 500 }, { "status": 501 }]], ["key", [{ "status": 502 }]]],
        "keys": ["key"],
        "take": 2,
    });
    run(plan, async |webhook, _| {
        assert_eq!(deliver(&webhook, "key").await.status(), 502);
        assert_eq!(deliver(&webhook, "key").await.status(), 200);
    })
    .await;
}

/// The delay of three seconds is what is tested: in it, another delivery is sent and answered.
#[tokio::test]
async fn a_delayed_reply_comes_later_and_holds_up_nobody() {
    let plan = json!({
        "plans": [["slow", [{ "status": 500 }, { "status": 200, "delay_ms": 3000, "body": "late" }]], ["fast", []]],
        "keys": ["slow", "fast"],
        "take": 4,
    });
    let report = run(plan, async |webhook, _| {
        assert_eq!(deliver(&webhook, "slow").await.status(), 500);
        let mut delayed = tokio::spawn(delivery(&webhook, "slow").send());
        let fast = async { deliver(&webhook, "fast").await.status() };
        tokio::select! {
            biased;
            delayed = &mut delayed => panic!("the delayed one was first: {delayed:?}"),
            status = fast => assert_eq!(status, 200),
        }
        assert_eq!(seen(delayed.await.unwrap().unwrap()).await, (200, "late".to_owned()));
        assert_eq!(seen(deliver(&webhook, "slow").await).await, (200, String::new()));
    })
    .await;
    let steps = last_attempt(&report)["timeline"].as_array().unwrap();
    let answered = steps.iter().filter(|step| step["step"] == "delivery" && step["key"] == "slow");
    let answered: Vec<&Value> = answered.map(|step| &step["answered"]).collect();
    assert_eq!(answered, [&json!(500), &json!(200), &Value::Null]);
}

#[tokio::test]
async fn a_test_has_a_delivery_before_its_delayed_reply() {
    // It ends with the delivery, a minute before the reply would be sent.
    let plan = json!({ "plans": [["slow", [{ "delay_ms": 60_000 }]]], "keys": ["slow"], "take": 1 });
    let mut api = Api::start().await;
    let host = Host::builder().sections(&format!("[targets.api]\nurl = {:?}", api.url)).start().await;
    let mark = host.deploy("replies");
    api.next_to("/plan").await.answer(Json(plan));
    api.next_to("/planned").await.answer(());
    let delayed = tokio::spawn(delivery(&host.webhook, "slow").send());
    host.lines.wait(mark, &["--- PASS: replies/replies"]).await;
    assert!(!delayed.is_finished());
    delayed.abort();
}

#[tokio::test]
async fn a_plan_outside_its_limits_is_an_error_that_the_test_can_match_on() {
    let header = |name: &str, value: &str| json!([{ "headers": [["fine", "x"], [name, value]] }]);
    let invalid = [
        (json!([{ "status": 199 }]), "reply 1: the status 199 is not between 200 and 599"),
        (json!([{}, { "status": 600 }]), "reply 2: the status 600 is not between 200 and 599"),
        (json!([{ "status": 101 }]), "reply 1: the status 101"),
        (json!([{ "status": 0 }]), "reply 1: the status 0"),
        (json!([{ "delay_ms": 60_001 }]), "the delay of 60001 ms is longer than 60000 ms"),
        (json!(vec![json!({}); 33]), "33 replies are planned; at most 32 are allowed"),
        (json!([{ "body": "x".repeat(65_537) }]), "the body has 65537 bytes; at most 65536 are allowed"),
        (header("content-length", "1"), "the header `content-length` cannot be set"),
        (header("Transfer-Encoding", "chunked"), "the header `Transfer-Encoding` cannot be set"),
        (header("connection", "close"), "the header `connection` cannot be set"),
        (header("a b", "x"), "the header `a b` cannot be set"),
        (header("", "x"), "the header `` cannot be set"),
        (header("x-value", "one\r\ntwo: 2"), "the value of the header `x-value`"),
    ];
    let plans: Vec<Value> = invalid.iter().map(|(replies, _)| json!(["key", replies])).collect();
    run(json!({ "plans": plans }), async |_, planned| {
        for ((plan, reason), planned) in invalid.iter().zip(planned.as_array().unwrap()) {
            let said = planned["invalid_reply"].as_str().unwrap_or_else(|| panic!("{plan}: {planned}"));
            assert!(said.contains(reason), "no `{reason}` in `{said}`");
        }
    })
    .await;
}

#[tokio::test]
async fn a_plan_at_its_limits_is_taken() {
    let mut replies = vec![json!({ "status": 200, "delay_ms": 60_000 }); 32];
    replies[0] = json!({ "status": 599, "body": "x".repeat(65_536) });
    run(json!({ "plans": [["key", replies]], "keys": ["key"], "take": 1 }), async |webhook, planned| {
        assert_eq!(planned, json!(["ok"]));
        let (status, body) = seen(deliver(&webhook, "key").await).await;
        assert_eq!((status, body.len()), (599, 65_536));
    })
    .await;
}

#[tokio::test]
async fn a_plan_that_is_refused_leaves_the_earlier_one() {
    let plan = json!({
        "plans": [["key", [{ "status": 503 }]], ["key", [{ "status": 700 }]]],
        "keys": ["key"],
        "take": 1,
    });
    run(plan, async |webhook, planned| {
        assert_eq!(planned[0], json!("ok"));
        assert!(planned[1]["invalid_reply"].is_string(), "{planned}");
        assert_eq!(deliver(&webhook, "key").await.status(), 503);
    })
    .await;
}

#[tokio::test]
async fn the_timeline_for_people_shows_what_was_answered() {
    let mut api = Api::start().await;
    // It waits for one more than comes, so that the timeline is shown.
    let plan = json!({ "plans": [["planned", [{ "status": 503 }]]], "keys": ["planned"], "take": 2 });
    let sections = format!("[targets.api]\nurl = {:?}\n[scheduler]\nshutdown_grace = \"100ms\"", api.url);
    let host = Host::builder().sections(&sections).start().await;
    host.deploy("replies");
    api.next_to("/plan").await.answer(Json(plan));
    api.next_to("/planned").await.answer(());
    assert_eq!(deliver(&host.webhook, "planned").await.status(), 503);
    let id = rustix::process::Pid::from_raw(host.id()).unwrap();
    rustix::process::kill_process(id, rustix::process::Signal::TERM).unwrap();
    let (_, said) = host.ended().await;
    assert!(said.contains("--- CANCELLED: replies/replies"), "{said}");
    assert!(said.contains("delivery POST /, key `planned`, answered 503, never waited for"), "{said}");
}

/// A host with one challenge.
async fn with_challenge() -> Host {
    let challenges = "challenges = [{ path = \"/hooks/crm\", query = \"challenge\" }]\n\
                      keys = [{ header = \"orbital-key\" }, { query = \"id\" }]";
    Host::builder().webhook(challenges).start().await
}

/// Requests without a key that were taken as deliveries.
async fn without_key(host: &Host) -> Option<f64> {
    host.metrics().await.get("orbital_deliveries_total", &[("result", "no_key")])
}

#[tokio::test]
async fn a_challenge_is_answered_with_its_token_as_text_and_is_no_delivery() {
    let host = with_challenge().await;
    let get = async |query: &str| {
        let url = format!("{}/hooks/crm?{query}", host.webhook);
        let response = client().get(url).send().await.unwrap();
        assert!(response.headers()["content-type"].to_str().unwrap().starts_with("text/plain"));
        assert_eq!(response.headers()["x-content-type-options"], "nosniff");
        seen(response).await
    };
    assert_eq!(get("challenge=4f8a").await, (200, "4f8a".to_owned()));
    assert_eq!(get("mode=subscribe&challenge=a%3Cb%3E+c%26&x=1").await, (200, "a<b> c&".to_owned()));
    assert_eq!(get("id=a-key&challenge=with-a-key").await, (200, "with-a-key".to_owned()));
    let metrics = host.metrics().await;
    assert_eq!(metrics.sum("orbital_deliveries_total", &[]), 0.0, "{}", metrics.text());
}

#[tokio::test]
async fn whatever_is_not_the_challenge_is_a_delivery() {
    let host = with_challenge().await;
    let others = [
        (Method::POST, "/hooks/crm?challenge=token"),
        (Method::PUT, "/hooks/crm?challenge=token"),
        (Method::GET, "/hooks/crm"),
        (Method::GET, "/hooks/crm?other=token"),
        (Method::GET, "/hooks/crm?Challenge=token"),
        (Method::GET, "/hooks/crm/?challenge=token"),
        (Method::GET, "/hooks?challenge=token"),
        (Method::GET, "/?challenge=token"),
    ];
    for (number, (method, path)) in (1..).zip(others) {
        let url = format!("{}{path}", host.webhook);
        let response = client().request(method.clone(), url).send().await.unwrap();
        assert_eq!(seen(response).await, (200, String::new()), "{method} {path}");
        assert_eq!(without_key(&host).await, Some(f64::from(number)), "{method} {path}");
    }
}

#[tokio::test]
async fn a_challenge_whose_path_is_almost_right_is_pointed_out() {
    let near = "a challenge of `webhook.challenges` is for `/hooks/crm`, byte for byte";
    let host = with_challenge().await;
    for path in ["/hooks/crm/", "/Hooks/CRM"] {
        client().get(format!("{}{path}?challenge=token", host.webhook)).send().await.unwrap();
        let shown = host.api("/deliveries?limit=1").await["deliveries"][0].clone();
        assert_eq!(shown["skipped"], json!([{ "location": "the path", "reason": near }]), "{shown}");
    }
    for other in ["/hooks/crm/?token=challenge", "/hooks/crm/x?challenge=token"] {
        client().get(format!("{}{other}", host.webhook)).send().await.unwrap();
        let shown = host.api("/deliveries?limit=1").await["deliveries"][0].clone();
        assert!(shown.get("skipped").is_none_or(|skipped| *skipped == json!([])), "{shown}");
    }
    // The path that a challenge is for, which no profile is for.
    let profile = "challenges = [{ path = \"/hooks/crm\", query = \"challenge\" }]\n\
                   [[webhook.auth]]\npath = \"/other\"\nby = \"none\"";
    let host = Host::builder().webhook(profile).start().await;
    let response = client().get(format!("{}/hooks/crm/?challenge=token", host.webhook)).send().await.unwrap();
    let (status, text) = seen(response).await;
    assert_eq!(status, 404);
    assert!(text.contains("no profile of `webhook.auth` is for this path; a challenge of"), "{text}");
}

#[tokio::test]
async fn several_challenges_are_each_answered() {
    let challenges = "challenges = [{ path = \"/a\", query = \"x\" }, { path = \"/a\", query = \"y\" }, { path = \"/b\", query = \"x\" }]";
    let host = Host::builder().webhook(challenges).start().await;
    for path in ["/a?x=token", "/a?y=token", "/b?x=token"] {
        let response = client().get(format!("{}{path}", host.webhook)).send().await.unwrap();
        assert_eq!(seen(response).await, (200, "token".to_owned()), "{path}");
    }
    client().get(format!("{}/b?y=token", host.webhook)).send().await.unwrap();
    assert_eq!(without_key(&host).await, Some(1.0));
}

#[tokio::test]
async fn challenges_that_cannot_be_are_refused_with_their_lines() {
    let config = config(
        "[webhook]\nchallenges = [{ path = \"hooks\", query = \"c\" },\n{ path = \"/hooks\" },\n{ query = \"c\" },\n\
         { path = \"/hooks\", query = \"c\", token = \"t\" },\n{ path = 7, query = \"c\" }]\n",
    );
    let finished = orbital(["serve".as_ref(), "--config".as_ref(), config.path()]).await;
    assert_eq!(finished.code, 2, "{finished:?}");
    let said: Vec<&str> = finished.stderr.lines().filter(|line| line.starts_with("  line ")).collect();
    let mistakes: [&[&str]; 5] = [
        &["line 2:", "`webhook.challenges[0].path`", "`hooks` does not start with `/`"],
        &["line 3:", "`webhook.challenges[1]`", "has no `query`", "`{ path = "],
        &["line 4:", "`webhook.challenges[2]`", "has no `path`", "`{ path = "],
        &["line 5:", "`webhook.challenges[3].token`"],
        &["line 6:", "`webhook.challenges[4].path`", "must be a string"],
    ];
    assert_eq!(said.len(), mistakes.len(), "{}", finished.stderr);
    for (said, texts) in said.iter().zip(mistakes) {
        assert!(texts.iter().all(|text| said.contains(text)), "not all of {texts:?} in `{said}`");
    }
}

//! A URL per component: what comes there is for its runs alone.

use std::collections::HashMap;

use axum::Json;
use orbital_tests::{Api, Call, Finished, Host, client, config, orbital};
use serde_json::{Value, json};

/// A host with `relays` on it as two components of different owners, which the test serves as the system under test.
async fn start(settings: &str) -> (Host, Api) {
    let api = Api::start().await;
    let target = format!("[targets.api]\nurl = {:?}\ntimeout = \"50s\"", api.url);
    let builder = Host::builder().webhook(settings).sections(&target);
    (builder.with_as("relays", "shop").with_as("relays", "thief").start().await, api)
}

/// One event of each component.
async fn events(api: &mut Api) -> HashMap<String, Call> {
    let mut events = HashMap::new();
    while events.len() < 2 {
        let event = api.next_to("/events").await;
        let run = event.header("orbital-run").to_owned();
        let component = run.split_once("case=").unwrap().1.split_once('/').unwrap().0;
        events.insert(component.to_owned(), event);
    }
    events
}

async fn deliver(host: &Host, path: &str, key: &str, body: &'static str) -> u16 {
    let request = client().post(format!("{}{path}", host.webhook)).header("orbital-key", key).body(body);
    request.send().await.unwrap().status().as_u16()
}

/// The bodies of the deliveries in the next report, with the case that reports.
async fn report(api: &mut Api) -> (String, Value) {
    let report = api.next_to("/reports").await;
    let case = report.header("orbital-run").split_once("case=").unwrap().1.to_owned();
    let body = report.json()["deliveries"][0]["body"].take();
    report.answer(());
    (case, body)
}

#[tokio::test]
async fn a_component_gets_nothing_that_is_for_another_one_though_it_expects_its_key() {
    let (host, mut api) = start("path_per_component = true").await;
    let events = events(&mut api).await;
    let key = events["shop"].json()["id"].as_str().unwrap().to_owned();
    for component in ["shop", "thief"] {
        assert_eq!(events[component].json()["webhook"], format!("{}/~{component}", host.webhook));
    }
    // Whose expectation comes first does not matter: the other one is told nothing of it.
    events["thief"].answer(Json(json!({ "key": key })));
    assert_eq!(deliver(&host, "/~shop", &key, "for shop").await, 200);
    events["shop"].answer(Json(json!({})));
    assert_eq!(report(&mut api).await, ("shop/relays".to_owned(), json!(b"for shop")));
    // The thief had the key all the time, and gets what comes to its own URL.
    assert_eq!(deliver(&host, "/a/proxy/~thief/and/more?x=~shop", &key, "for thief").await, 200);
    assert_eq!(report(&mut api).await, ("thief/relays".to_owned(), json!(b"for thief")));
}

#[tokio::test]
async fn a_path_that_names_no_component_is_refused() {
    let (host, _api) = start("path_per_component = true").await;
    for path in ["/", "/shop", "/~", "/x?~shop"] {
        assert_eq!(deliver(&host, path, "key", "").await, 404, "{path}");
    }
    let refused = host.api("/deliveries?limit=1").await["deliveries"][0].take();
    let explanation = refused["explanation"].as_str().unwrap();
    assert!(explanation.contains("`webhook.path_per_component`"), "{explanation}");
    let metrics = host.metrics().await;
    assert_eq!(metrics.get("orbital_webhook_rejected_total", &[("reason", "no_component")]), Some(4.0));
}

#[tokio::test]
async fn a_profile_can_guard_one_component_alone() {
    let api = Api::start().await;
    let sections =
        format!("[secrets.shop]\nenv = \"SHOP\"\n[targets.api]\nurl = {:?}\ntimeout = \"50s\"", api.url);
    let profiles = "path_per_component = true\n[[webhook.auth]]\npath = \"/*\"\nby = \"none\"\n\
                    [[webhook.auth]]\npath = \"/~shop/*\"\nby = \"bearer\"\nsecrets = \"${secret.shop}\"";
    let builder = Host::builder().webhook(profiles).sections(&sections).env("SHOP", "only for shop");
    let host = builder.with_as("relays", "shop").with_as("relays", "thief").start().await;
    let mut api = api;
    let events = events(&mut api).await;
    let key = events["shop"].json()["id"].as_str().unwrap().to_owned();
    events["shop"].answer(Json(json!({})));
    for path in ["/~shop", "/~shop/", "/~shop/more", "/in/front/~shop", "//~shop/~thief"] {
        assert_eq!(deliver(&host, path, &key, "forged").await, 401, "{path}");
    }
    // Ways around it lead to nobody, or to another component.
    for path in ["/~thief", "/~thief/~shop"] {
        assert_eq!(deliver(&host, path, &key, "forged").await, 200, "{path}");
    }
    for path in ["/%7Eshop", "/"] {
        assert_eq!(deliver(&host, path, &key, "forged").await, 404, "{path}");
    }
    let request = client().post(format!("{}/~shop", host.webhook)).bearer_auth("only for shop");
    let answer = request.header("orbital-key", &key).body("right").send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(report(&mut api).await, ("shop/relays".to_owned(), json!(b"right")));
}

#[tokio::test]
async fn without_the_setting_all_share_one_url() {
    let (host, mut api) = start("").await;
    let events = events(&mut api).await;
    for event in events.values() {
        assert_eq!(event.json()["webhook"], host.webhook);
    }
    let mark = host.lines.mark();
    let text = std::fs::read_to_string(host.config()).unwrap();
    let text = text.replace("[webhook]\n", "[webhook]\npath_per_component = true\n");
    std::fs::write(host.config(), text).unwrap();
    host.lines.wait(mark, &["need a restart: `webhook.path_per_component`"]).await;
    let key = events["shop"].json()["id"].as_str().unwrap().to_owned();
    events["shop"].answer(Json(json!({})));
    assert_eq!(deliver(&host, "/anywhere", &key, "x").await, 200);
    assert_eq!(report(&mut api).await.1, json!(b"x"));
}

#[tokio::test]
async fn a_profile_that_can_match_no_path_is_a_mistake() {
    let check = async |path: &str| -> Finished {
        let profile =
            format!("[[webhook.auth]]\npath = \"{path}\"\nby = \"bearer\"\nsecrets = \"${{secret.crm}}\"\n");
        let secret = "[secrets.crm]\nenv = \"PATH\"\n";
        let config = config(&format!("[webhook]\npath_per_component = true\n{profile}{secret}"));
        std::fs::create_dir(config.path().with_file_name("components")).unwrap();
        orbital(["config".as_ref(), "check".as_ref(), "--config".as_ref(), config.path()]).await
    };
    for path in ["/hooks/~shop/*", "/hooks/*"] {
        let Finished { code, stderr, .. } = check(path).await;
        assert!(code == 2 && stderr.contains("can match no path") && stderr.contains(path), "{stderr}");
    }
    for path in ["/~shop/*", "/*"] {
        let Finished { code, stderr, .. } = check(path).await;
        assert_eq!(code, 0, "{path}: {stderr}");
    }
}

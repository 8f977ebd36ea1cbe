//! Who may deliver: each profile lets its own in and nobody else, and no secret shows anywhere.

use std::time::{SystemTime, UNIX_EPOCH};

use axum::Json;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use orbital_tests::{Api, Finished, Host, client, config, orbital_with};
use reqwest::Method;
use ring::hmac;
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use serde_json::{Value, json};

/// All that is secret here; none of it may be seen.
const SECRETS: [(&str, &str); 4] = [
    ("OLD", "0123456789abcdef-old"),
    ("NEW", "0123456789abcdef-new"),
    ("WHSEC", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
    ("WHSEC2", "whsec_bmV3IGtleSBmb3IgdGhlIHN0YW5kYXJkIQ=="),
];

fn secret(name: &str) -> &'static str {
    SECRETS.iter().find(|(known, _)| *known == name).unwrap().1
}

/// A host with `relays` on it, which the test serves as the system under test, and these profiles.
async fn start(profiles: &str) -> (Host, Api) {
    let api = Api::start().await;
    let sections: String =
        SECRETS.iter().map(|(name, _)| format!("[secrets.{name}]\nenv = \"{name}\"\n")).collect();
    let target = format!("{sections}[targets.api]\nurl = {:?}\ntimeout = \"50s\"", api.url);
    let mut builder = Host::builder().webhook(profiles).sections(&target).with("relays");
    for (name, value) in SECRETS {
        builder = builder.env(name, value);
    }
    (builder.start().await, api)
}

/// Lets the next run send its event; gives its key.
async fn next_run(api: &mut Api) -> String {
    let event = api.next_to("/events").await;
    let key = event.json()["id"].as_str().unwrap().to_owned();
    event.answer(Json(json!({})));
    key
}

/// The only delivery that the run got.
async fn delivery(api: &mut Api) -> Value {
    let report = api.next_to("/reports").await;
    let mut value = report.json();
    report.answer(());
    value["deliveries"][0].take()
}

async fn deliver(host: &Host, path: &str, headers: &[(&str, &str)], body: &str) -> u16 {
    let mut request = client().post(format!("{}{path}", host.webhook)).body(body.to_owned());
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.send().await.unwrap().status().as_u16()
}

/// How many requests were refused for this reason.
async fn rejected(host: &Host, reason: &str) -> f64 {
    host.metrics().await.get("orbital_webhook_rejected_total", &[("reason", reason)]).unwrap()
}

/// Returns the newest request from the API.
async fn newest(host: &Host) -> Value {
    host.api("/deliveries?limit=1").await["deliveries"][0].take()
}

/// Nothing that this host has said, shows or has delivered has one of the secrets in it.
async fn assert_no_secret_shows(host: &Host) {
    let pages = [
        host.lines.text(),
        host.api("/deliveries?limit=100").await.to_string(),
        host.api("/runs?limit=100").await.to_string(),
        host.metrics().await.text().to_owned(),
    ];
    for (name, secret) in SECRETS {
        for page in &pages {
            assert!(!page.contains(secret), "{name} shows in {page}");
        }
    }
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn signature(algorithm: hmac::Algorithm, secret: &[u8], text: &str) -> hmac::Tag {
    hmac::sign(&hmac::Key::new(algorithm, secret), text.as_bytes())
}

fn segment(secret: &str, text: &str) -> String {
    hex(signature(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret.as_bytes(), text).as_ref())
}

fn github(secret: &str, text: &str) -> String {
    format!("sha256={}", hex(signature(hmac::HMAC_SHA256, secret.as_bytes(), text).as_ref()))
}

/// A symmetric signature of Standard Webhooks.
fn v1(secret: &str, id: &str, timestamp: u64, body: &str) -> String {
    let key = BASE64.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
    let tag = signature(hmac::HMAC_SHA256, &key, &format!("{id}.{timestamp}.{body}"));
    format!("v1,{}", BASE64.encode(tag.as_ref()))
}

#[tokio::test]
async fn a_secret_segment_of_the_path_lets_in_and_shows_nowhere() {
    let (host, mut api) = start(
        "keys = [{ path = 3 }]\n[[webhook.auth]]\npath = \"/hooks/{secret}/*\"\nby = \"path\"\n\
         secrets = [\"${secret.OLD}\", \"${secret.NEW}\"]",
    )
    .await;
    for name in ["OLD", "NEW"] {
        let key = next_run(&mut api).await;
        assert_eq!(deliver(&host, &format!("/hooks/{}/{key}", secret(name)), &[], "").await, 200);
        assert_eq!(delivery(&mut api).await["path"], format!("/hooks/***/{key}"));
    }
    // Proxies repeat the path in headers.
    let key = next_run(&mut api).await;
    let path = format!("/hooks/{}/{key}", secret("OLD"));
    assert_eq!(deliver(&host, &path, &[("x-original-uri", &path), ("x-other", "seen")], "").await, 200);
    let headers = delivery(&mut api).await["headers"].take();
    for header in [json!(["x-original-uri", "***"]), json!(["x-other", "seen"])] {
        assert!(headers.as_array().unwrap().contains(&header), "{headers}");
    }
    let large = "x".repeat(2 << 20);
    assert_eq!(deliver(&host, &path, &[("x-original-uri", &path)], &large).await, 413);
    let key = next_run(&mut api).await;
    for wrong in ["x", "", "%30123456789abcdef-old", &secret("OLD")[1..], &format!("{}0", secret("OLD"))] {
        assert_eq!(deliver(&host, &format!("/hooks/{wrong}/{key}"), &[], "").await, 401, "{wrong}");
    }
    let refused = newest(&host).await;
    assert_eq!(refused["path"], format!("/hooks/***/{key}"));
    assert!(refused["explanation"].as_str().unwrap().contains("secret segment"), "{refused}");
    assert_eq!(rejected(&host, "wrong_proof").await, 5.0);
    // In a wrong place it is as secret.
    assert_eq!(deliver(&host, &format!("/other/{}/{key}", secret("OLD")), &[], "").await, 404);
    assert_eq!(newest(&host).await["path"], format!("/other/***/{key}"));
    assert_eq!(rejected(&host, "no_profile").await, 1.0);
    assert_no_secret_shows(&host).await;
    // None of them has reached the run, which still waits.
    assert_eq!(deliver(&host, &format!("/hooks/{}/{key}", secret("NEW")), &[], "right").await, 200);
    assert_eq!(delivery(&mut api).await["body"], json!(b"right"));
}

#[tokio::test]
async fn a_signature_of_segment_covers_a_single_event() {
    let (host, mut api) = start(
        "[[webhook.auth]]\npath = \"/segment\"\nby = \"segment\"\nsecrets = [\"${secret.OLD}\", \"${secret.NEW}\"]",
    )
    .await;
    let key = next_run(&mut api).await;
    let body = format!(r#"{{"id":"{key}","type":"track"}}"#);
    let other = format!(r#"{{"id":"{key}","type":"alias"}}"#);
    let good = segment(secret("NEW"), &body);
    assert_eq!(deliver(&host, "/segment", &[], &body).await, 401);
    assert_eq!(rejected(&host, "no_proof").await, 1.0);
    for (signature, body) in
        [(&*good, &other), (&good[1..], &body), ("", &body), (&*segment("no secret of ours", &body), &body)]
    {
        assert_eq!(deliver(&host, "/segment", &[("x-signature", signature)], body).await, 401, "{signature}");
    }
    assert_eq!(rejected(&host, "wrong_proof").await, 4.0);
    assert_eq!(deliver(&host, "/segment", &[("x-signature", &good)], &body).await, 200);
    assert_eq!(delivery(&mut api).await["body"], json!(body.as_bytes()));
    assert_no_secret_shows(&host).await;
}

#[tokio::test]
async fn of_a_batch_of_segment_only_what_is_signed_is_delivered() {
    let (host, mut api) = start(
        "keys = [{ header = \"orbital-key\" }, { query = \"id\" }, { path = 2 }, { json = \"/id\" }, { json = \"/1/id\" }]\n\
         [[webhook.auth]]\npath = \"/segment/*\"\nby = \"segment\"\nsecrets = [\"${secret.OLD}\"]",
    )
    .await;
    let key = next_run(&mut api).await;
    // Another event, and other places that say whose this is, which nobody has signed.
    let first = format!(r#"{{"id":"{key}","n":1}}"#);
    let body = format!(r#"[{first},{{"id":"forged","n":2}}]"#);
    let headers = [("x-signature", &*segment(secret("OLD"), &first)), ("orbital-key", "forged-header")];
    assert_eq!(deliver(&host, "/segment/forged-path?id=forged-query", &headers, &body).await, 200);
    let delivery = delivery(&mut api).await;
    assert_eq!((&delivery["key"], &delivery["body"]), (&json!(key), &json!(first.as_bytes())));
    assert_eq!(newest(&host).await["body"], first);

    // What is signed must come first.
    let body = format!(r#"[{{"id":"forged","n":2}},{first}]"#);
    assert_eq!(deliver(&host, "/segment/x", &headers, &body).await, 401);
}

#[tokio::test]
async fn a_signature_in_the_manner_of_github_lets_in() {
    let (host, mut api) = start(
        "keys = [{ header = \"orbital-key\" }, { json = \"/id\" }]\n[[webhook.auth]]\npath = \"/gh\"\nby = \"github\"\n\
         secrets = [\"${secret.OLD}\", \"${secret.NEW}\"]",
    )
    .await;
    for name in ["OLD", "NEW"] {
        let key = next_run(&mut api).await;
        let body = json!({ "id": key }).to_string();
        let good = github(secret(name), &body);
        for (wrong, body) in [
            (&*good, r#"{"id":"another"}"#),
            (good.strip_prefix("sha256=").unwrap(), &body),
            (&good.to_uppercase(), &body),
            (&github("no secret of ours", &body), &body),
        ] {
            assert_eq!(deliver(&host, "/gh", &[("x-hub-signature-256", wrong)], body).await, 401, "{wrong}");
        }
        // A header is not signed, so the key is that of the body.
        let headers = [("X-Hub-Signature-256", &*good), ("orbital-key", "forged")];
        assert_eq!(deliver(&host, "/gh", &headers, &body).await, 200);
        assert_eq!(delivery(&mut api).await["key"], key);
    }
    assert_eq!(deliver(&host, "/gh", &[], "{}").await, 401);
    assert_no_secret_shows(&host).await;
}

#[tokio::test]
async fn standard_webhooks_let_in_who_signed_now_with_one_of_the_keys() {
    let pair = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap();
    let public = format!("whpk_{}", BASE64.encode(pair.public_key()));
    let (host, mut api) = start(&format!(
        "keys = [{{ header = \"orbital-key\" }}, {{ json = \"/id\" }}, {{ header = \"webhook-id\" }}]\n\
         [[webhook.auth]]\npath = \"/std\"\nby = \"standard-webhooks\"\n\
         secrets = [\"${{secret.WHSEC}}\", \"${{secret.WHSEC2}}\", {public:?}]"
    ))
    .await;
    let v1a = |id: &str, timestamp: u64, body: &str| {
        let signature = pair.sign(format!("{id}.{timestamp}.{body}").as_bytes());
        format!("v1a,{}", BASE64.encode(signature))
    };
    let headers = |id: &str, timestamp: u64, signature: &str| {
        [
            ("webhook-id", id.to_owned()),
            ("webhook-timestamp", timestamp.to_string()),
            ("webhook-signature", signature.to_owned()),
        ]
    };
    let send = async |id: &str, timestamp: u64, signature: &str, body: &str| {
        let headers = headers(id, timestamp, signature);
        let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, &**value)).collect();
        deliver(&host, "/std", &headers, body).await
    };

    // By the old secret, the new one and the public key; among signatures that are of no use.
    for number in 0..3 {
        let key = next_run(&mut api).await;
        let body = json!({ "id": key, "n": number }).to_string();
        let signature = match number {
            0 => v1(secret("WHSEC"), "msg_1", now(), &body),
            1 => format!("v1,AAAA v9,x {}", v1(secret("WHSEC2"), "msg_1", now(), &body)),
            _ => v1a("msg_1", now(), &body),
        };
        assert_eq!(send("msg_1", now(), &signature, &body).await, 200, "{number}");
        assert_eq!(delivery(&mut api).await["body"], json!(body.as_bytes()));
    }

    // With a `.` in the id, the signed text could be divided elsewhere.
    let key = next_run(&mut api).await;
    let (time, body) = (now(), json!({ "id": key }).to_string());
    for id in ["msg.1", ".", "msg_1.", &format!("msg_1.{time}")] {
        let signature = v1(secret("WHSEC"), id, time, &body);
        assert_eq!(send(id, time, &signature, &body).await, 401, "{id}");
        assert!(
            newest(&host).await["explanation"].as_str().unwrap().contains("`webhook-id` has a `.`"),
            "{id}"
        );
    }
    let signature = v1(secret("WHSEC"), "msg_1", time, &body);
    assert_eq!(send("msg_1", time, &signature, &body).await, 200);
    delivery(&mut api).await;

    // The id is signed, so it can be a key.
    let key = next_run(&mut api).await;
    let signature = v1(secret("WHSEC"), &key, now(), "");
    for (id, timestamp, body) in [("other", now(), ""), (&*key, now() + 60, ""), (&*key, now(), "more")] {
        assert_eq!(send(id, timestamp, &signature, body).await, 401);
    }
    let own = format!("v1,{}", v1a(&key, now(), "").strip_prefix("v1a,").unwrap());
    assert_eq!(send(&key, now(), &own, "").await, 401, "of another kind");
    assert_eq!(rejected(&host, "wrong_proof").await, 8.0);
    for stale in [now() - 310, now() + 310, 0] {
        let signature = v1(secret("WHSEC"), &key, stale, "");
        assert_eq!(send(&key, stale, &signature, "").await, 401);
    }
    assert_eq!(rejected(&host, "stale_proof").await, 3.0);
    assert!(newest(&host).await["explanation"].as_str().unwrap().contains("more than 5m off"));
    assert_eq!(deliver(&host, "/std", &[("webhook-id", &key)], "").await, 401);
    assert_eq!(rejected(&host, "no_proof").await, 1.0);
    assert_eq!(send(&key, now(), &v1(secret("WHSEC"), &key, now(), ""), "").await, 200);
    assert_eq!(delivery(&mut api).await["key"], key);
    assert_no_secret_shows(&host).await;
}

/// Whoever may deliver without a proof on one path takes no room from those who prove who they are on another one.
#[tokio::test]
async fn early_deliveries_without_a_proof_make_none_with_a_proof_go() {
    let (host, mut api) = start(
        "[[webhook.auth]]\npath = \"/open\"\nby = \"none\"\n[[webhook.auth]]\npath = \"/crm\"\nby = \"bearer\"\n\
         secrets = [\"${secret.NEW}\"]\n[waiter]\nearly_count = 10",
    )
    .await;
    let event = api.next_to("/events").await;
    let bearer = format!("Bearer {}", secret("NEW"));
    let proof = [("authorization", &*bearer), ("orbital-key", "made-by-the-system")];
    assert_eq!(deliver(&host, "/crm", &proof, "early").await, 200);
    for number in 0..30 {
        let key = format!("unknown-{number}");
        assert_eq!(deliver(&host, "/open", &[("orbital-key", &key)], "x").await, 200);
    }
    event.answer(Json(json!({ "key": "made-by-the-system" })));
    assert_eq!(delivery(&mut api).await["body"], json!(b"early"));
}

#[tokio::test]
async fn a_tolerance_can_be_set() {
    let (host, _api) = start(
        "[[webhook.auth]]\npath = \"/*\"\nby = \"standard-webhooks\"\nsecrets = \"${secret.WHSEC}\"\ntolerance = \"1h\"",
    )
    .await;
    for (age, status) in [(3000, 200), (4000, 401)] {
        let timestamp = now() - age;
        let signature = v1(secret("WHSEC"), "m", timestamp, "");
        let timestamp = timestamp.to_string();
        let headers =
            [("webhook-id", "m"), ("webhook-timestamp", &*timestamp), ("webhook-signature", &*signature)];
        assert_eq!(deliver(&host, "/", &headers, "").await, status, "{age}");
    }
}

#[tokio::test]
async fn basic_and_bearer_let_in_and_their_secret_reaches_no_test() {
    let (host, mut api) = start(
        "[[webhook.auth]]\npath = \"/bearer\"\nby = \"bearer\"\nsecrets = [\"${secret.OLD}\", \"${secret.NEW}\"]\n\
         [[webhook.auth]]\npath = \"/basic\"\nby = \"basic\"\nuser = \"crm\"\nsecrets = [\"${secret.OLD}\", \"${secret.NEW}\"]",
    )
    .await;
    let basic = |pair: String| format!("Basic {}", BASE64.encode(pair));
    for name in ["OLD", "NEW"] {
        let (bearer, basic) = (format!("bearer {}", secret(name)), basic(format!("crm:{}", secret(name))));
        for (path, good) in [("/bearer", bearer), ("/basic", basic)] {
            let key = next_run(&mut api).await;
            let body = json!({ "id": key }).to_string();
            assert_eq!(deliver(&host, path, &[("authorization", &good)], &body).await, 200, "{path}");
            let headers = delivery(&mut api).await["headers"].take();
            assert!(headers.as_array().unwrap().contains(&json!(["authorization", "***"])), "{headers}");
        }
    }
    for (path, wrong) in [
        ("/bearer", "Bearer ".to_owned()),
        ("/bearer", format!("Bearer {}x", secret("OLD"))),
        ("/bearer", format!("Basic {}", secret("OLD"))),
        ("/basic", basic(format!("other:{}", secret("OLD")))),
        ("/basic", basic("crm:".to_owned())),
        ("/basic", format!("Basic crm:{}", secret("OLD"))),
    ] {
        assert_eq!(deliver(&host, path, &[("authorization", &wrong)], "{}").await, 401, "{path} {wrong}");
    }
    assert_no_secret_shows(&host).await;
}

#[tokio::test]
async fn the_most_specific_profile_counts_and_without_one_nothing_is_taken() {
    let (host, _api) = start(
        "challenges = [{ path = \"/guarded/challenge\", query = \"token\" }]\n\
         [[webhook.auth]]\npath = \"/open/*\"\nby = \"none\"\n\
         [[webhook.auth]]\npath = \"/open/not/*\"\nby = \"bearer\"\nsecrets = \"${secret.OLD}\"\n\
         [[webhook.auth]]\npath = \"/open/not/really\"\nby = \"none\"\n\
         [[webhook.auth]]\npath = \"/guarded/*\"\nby = \"bearer\"\nsecrets = \"${secret.OLD}\"",
    )
    .await;
    for (path, status) in [
        ("/open/", 200),
        ("/open/x?y", 200),
        ("/open", 200),
        ("/open/not", 401),
        ("/open/not/x", 401),
        ("/open/not/really", 200),
        ("/open/not/really/x", 401),
        ("/guarded/x", 401),
        ("/", 404),
        ("/opener", 404),
        ("/OPEN/x", 404),
        ("/%6fpen/x", 404),
        ("//open/x", 404),
    ] {
        assert_eq!(deliver(&host, path, &[], "").await, status, "{path}");
    }
    assert_eq!(rejected(&host, "no_profile").await, 5.0);
    let metrics = host.metrics().await;
    assert_eq!(metrics.get("orbital_deliveries_total", &[("result", "rejected")]), Some(9.0));
    assert_eq!(metrics.get("orbital_deliveries_total", &[("result", "no_key")]), Some(4.0));
    // A challenge is answered as ever.
    let url = format!("{}/guarded/challenge?token=abc", host.webhook);
    assert_eq!(client().get(url).send().await.unwrap().text().await.unwrap(), "abc");
}

#[tokio::test]
async fn who_is_not_let_in_is_told_before_the_body_is_read() {
    let (host, _api) =
        start("[[webhook.auth]]\npath = \"/*\"\nby = \"bearer\"\nsecrets = \"${secret.OLD}\"").await;
    let address = host.webhook.strip_prefix("http://").unwrap();
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let head = b"POST / HTTP/1.1\r\nHost: any\r\nContent-Length: 1000\r\n\r\n";
    tokio::io::AsyncWriteExt::write_all(&mut stream, head).await.unwrap();
    let mut answer = [0; 12];
    let read = tokio::io::AsyncReadExt::read_exact(&mut stream, &mut answer);
    tokio::time::timeout(orbital_tests::PATIENCE, read).await.unwrap().unwrap();
    assert_eq!(&answer, b"HTTP/1.1 401");
}

#[tokio::test]
async fn secrets_and_profiles_change_while_the_host_runs() {
    let host = Host::builder()
        .before(|directory| std::fs::write(directory.join("key"), "first secret\n").unwrap())
        .webhook("[[webhook.auth]]\npath = \"/a\"\nby = \"bearer\"\nsecrets = \"${secret.key}\"")
        .sections("[secrets.key]\nfile = \"key\"")
        .start()
        .await;
    let bearer = async |path: &str, token: &str| {
        deliver(&host, path, &[("authorization", &format!("Bearer {token}"))], "").await
    };
    assert_eq!(bearer("/a", "first secret").await, 200);
    let mark = host.lines.mark();
    std::fs::write(host.directory().join("key"), "second secret\n").unwrap();
    host.lines.wait(mark, &["the configuration was read again"]).await;
    assert_eq!((bearer("/a", "first secret").await, bearer("/a", "second secret").await), (401, 200));

    let mark = host.lines.mark();
    let text = std::fs::read_to_string(host.config()).unwrap();
    std::fs::write(host.config(), text.replace("path = \"/a\"", "path = \"/b\"")).unwrap();
    host.lines.wait(mark, &["the configuration was read again"]).await;
    assert_eq!((bearer("/a", "second secret").await, bearer("/b", "second secret").await), (404, 200));

    // A secret that cannot be one for its profile changes nothing.
    let mark = host.lines.mark();
    let text = std::fs::read_to_string(host.config()).unwrap();
    std::fs::write(host.config(), text.replace("by = \"bearer\"", "by = \"standard-webhooks\"")).unwrap();
    let line = host.lines.wait(mark, &["the configuration on disk is invalid"]).await;
    assert!(line.contains("`webhook.auth` for `/b`") && line.contains("`whsec_`"), "{line}");
    assert!(!line.contains("second secret"), "{line}");
    assert_eq!(bearer("/b", "second secret").await, 200);
}

#[tokio::test]
async fn bad_profiles_are_told_all_at_once() {
    let text = "[webhook]\n[[webhook.auth]]\npath = \"hooks\"\nby = \"none\"\n\
                [[webhook.auth]]\nby = \"magic\"\n\
                [[webhook.auth]]\npath = \"/a\"\nby = \"bearer\"\nsecrets = \"in the open\"\n\
                [[webhook.auth]]\npath = \"/b\"\nby = \"basic\"\nsecrets = \"${secret.a}\"\n\
                [[webhook.auth]]\npath = \"/c\"\nby = \"path\"\nsecrets = \"${secret.a}\"\n\
                [[webhook.auth]]\npath = \"/d/{secret}\"\nby = \"github\"\nsecrets = \"${secret.a}\"\n\
                [[webhook.auth]]\npath = \"/e\"\nby = \"segment\"\n\
                [[webhook.auth]]\npath = \"/f\"\nby = \"none\"\ntolerance = \"1m\"\n\
                [[webhook.auth]]\npath = \"/f\"\nby = \"none\"\nsecrets = [1]\n\
                [[webhook.auth]]\npath = \"/g\"\n\
                [secrets.a]\nenv = \"A\"\n";
    let file = config(text);
    let arguments = ["config".as_ref(), "check".as_ref(), "--config".as_ref(), file.path()];
    let Finished { code, stderr, .. } = orbital_with(&[("A", "abc")], arguments).await;
    assert_eq!(code, 2, "{stderr}");
    for mistake in [
        "line 3: `webhook.auth[0].path`: `hooks` does not start with `/`",
        "line 5: `webhook.auth[1]`: has no `path`",
        "line 6: `webhook.auth[1].by`: `magic` is not `none`, `path`, `bearer`",
        "line 10: `webhook.auth[2].secrets`: must be secrets",
        "line 11: `webhook.auth[3]`: needs a `user`",
        "line 16: `webhook.auth[4].path`: has the segment `{secret}` with `by = \"path\"` and only then",
        "line 20: `webhook.auth[5].path`: has the segment `{secret}`",
        "line 23: `webhook.auth[6]`: has no `secrets`",
        "line 29: `webhook.auth[7].tolerance`: unknown setting",
        "line 33: `webhook.auth[8].secrets[0]`: must be a string, not a number",
        "line 34: `webhook.auth[9]`: has no `by`",
    ] {
        assert!(stderr.contains(mistake), "`{mistake}` is not in {stderr}");
    }
}

#[tokio::test]
async fn a_secret_that_cannot_be_what_it_is_for_is_told_before_the_start() {
    let text = "[webhook]\n[[webhook.auth]]\npath = \"/{secret}\"\nby = \"path\"\nsecrets = \"${secret.a}\"\n\
                [[webhook.auth]]\npath = \"/std\"\nby = \"standard-webhooks\"\nsecrets = [\"${secret.a}\"]\n\
                [secrets.a]\nenv = \"A\"\n";
    let file = config(text);
    let arguments = ["config".as_ref(), "check".as_ref(), "--config".as_ref(), file.path()];
    let Finished { code, stderr, .. } = orbital_with(&[("A", "hunter2")], arguments).await;
    assert_eq!(code, 2, "{stderr}");
    for text in
        ["for `/{secret}`: it needs at least 16 characters", "for `/std`: it begins neither with `whsec_`"]
    {
        assert!(stderr.contains(text), "`{text}` is not in {stderr}");
    }
    assert!(!stderr.contains("hunter2"), "{stderr}");
}

/// Any method may deliver, and any must prove who it is.
#[tokio::test]
async fn no_method_is_a_way_around() {
    let (host, _api) =
        start("[[webhook.auth]]\npath = \"/*\"\nby = \"bearer\"\nsecrets = \"${secret.OLD}\"").await;
    for method in [Method::GET, Method::HEAD, Method::OPTIONS, Method::PUT, Method::DELETE, Method::TRACE] {
        let response = client().request(method.clone(), &host.webhook).send().await.unwrap();
        assert_eq!(response.status(), 401, "{method}");
    }
}

//! Secrets that tests send without knowing them: they reach the target, and come back to nobody.

use std::path::Path;

use axum::http::HeaderMap;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use orbital_tests::{Api, Call, Host, client, config, eventually, granting, last_attempt, orbital_with};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

/// With signs that every way of writing it must escape.
const TOKEN: &str = "s3cr3t/+ \"q\"\\=&%41~t0ken";

fn percent(value: &str, all: bool) -> String {
    let escape = |byte: u8| match byte {
        byte if byte.is_ascii_alphanumeric() && !all => char::from(byte).to_string(),
        byte if all => format!("%{byte:02x}"),
        byte => format!("%{byte:02X}"),
    };
    value.bytes().map(escape).collect()
}

fn in_json(value: &str) -> String {
    let text = json!(value).to_string();
    text[1..text.len() - 1].to_owned()
}

/// Texts in which the value stands, in forms that nobody may see; each with the part that the value alone decides.
fn forms(value: &str) -> Vec<(String, String)> {
    let hex: String = value.bytes().map(|byte| format!("{byte:02x}")).collect();
    let mut forms: Vec<(String, String)> =
        [value.to_owned(), percent(value, false), percent(value, true), in_json(value), hex]
            .into_iter()
            .map(|form| (format!("<{form}>"), form))
            .collect();
    for before in ["", "a", "ab"] {
        for alphabet in [STANDARD, URL_SAFE_NO_PAD] {
            let text = alphabet.encode(format!("{before}{value}z"));
            let (start, end) = (8 * before.len(), 8 * (before.len() + value.len()));
            let part = text[start.div_ceil(6)..end / 6].to_owned();
            forms.push((text, part));
        }
    }
    forms
}

/// All texts in a value of JSON, without its escapes.
fn texts(value: &Value) -> String {
    match value {
        Value::String(text) => format!("{text}\n"),
        Value::Array(list) => list.iter().map(texts).collect(),
        Value::Object(map) => map.iter().map(|(name, value)| format!("{name}\n{}", texts(value))).collect(),
        _ => String::new(),
    }
}

fn assert_hidden(value: &str, text: &str) {
    for (_, part) in forms(value) {
        assert!(!text.contains(&part), "`{part}` is in:\n{text}");
    }
}

/// Returns headers with the value in each form, for responses and deliveries.
fn telling_headers(value: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (form, _) in forms(value) {
        headers.append("x-echo", form.parse().unwrap());
    }
    headers.insert("s3cr3t-in-a-name", "1".parse().unwrap());
    headers
}

fn telling_body(value: &str) -> String {
    forms(value).into_iter().map(|(form, _)| form).collect::<Vec<_>>().join(" | ")
}

fn sections(api: &str) -> String {
    let backwards: String = TOKEN.chars().rev().collect();
    format!(
        "[secrets.token]\nenv = \"TOKEN\"\n[secrets.other]\nenv = \"OTHER\"\n[secrets.named]\nenv = \"NAMED\"\n\
         [targets.api]\nurl = \"{api}/base\"\nsecrets = [\"token\"]\nsecrets_in_body = true\n\
         [config.secrets]\nbackwards = {backwards:?}\n"
    )
}

async fn start(sections: &str) -> Host {
    Host::builder()
        .sections(sections)
        .env("TOKEN", TOKEN)
        .env("OTHER", "other-secret")
        .env("NAMED", "s3cr3t-in-a-name")
        // All that the host's libraries can say is said.
        .env("RUST_LOG", "trace")
        .with("secrets")
        .start()
        .await
}

async fn run(host: &Host, case: &str) -> Value {
    host.ask(Method::POST, &format!("/cases/secrets/{case}/runs?wait=true"), None).await.1
}

fn logged(report: &Value) -> Vec<&str> {
    let steps = last_attempt(report)["timeline"].as_array().unwrap().iter();
    steps.filter(|step| step["step"] == "log").map(|step| step["message"].as_str().unwrap()).collect()
}

fn send(report: &Value) -> &Value {
    let steps = last_attempt(report)["timeline"].as_array().unwrap();
    steps.iter().find(|step| step["step"] == "send").unwrap_or_else(|| panic!("{report}"))
}

/// The test got its request through with the token in all places.
fn assert_filled(call: &Call) {
    let token = percent(TOKEN, false).replace("%7E", "~");
    assert_eq!(call.uri.path(), format!("/base/of/{token}/x"));
    assert_eq!(call.uri.query(), Some(&*format!("a={token}&b=${{other}}")));
    assert_eq!(call.header("x-token"), format!("Bearer {TOKEN}"));
    assert_eq!((&call.json()["token"], &call.json()["other"]), (&json!(TOKEN), &json!("${other}")));
}

#[tokio::test]
async fn a_secret_reaches_the_target_and_comes_back_to_nobody() {
    let mut api = Api::start().await;
    let host = start(&sections(&api.url)).await;
    let playing = async {
        let call = api.next().await;
        assert_filled(&call);
        call.answer((telling_headers(TOKEN), telling_body(TOKEN)));
        let id = call.json()["id"].as_str().unwrap().to_owned();
        let body = json!({ "id": id, "value": TOKEN, "text": telling_body(TOKEN) });
        let url = format!("{}/in/{}?q={}", host.webhook, percent(TOKEN, true), percent(TOKEN, false));
        let delivery = client().post(url).headers(telling_headers(TOKEN)).body(body.to_string());
        assert_eq!(delivery.send().await.unwrap().status(), 200);
    };
    let (report, ()) = tokio::join!(run(&host, "sends"), playing);
    assert_eq!(report["outcome"], "pass", "{report}");

    // It got everything, but for the token; the name of a header that is a secret has no other name.
    let seen = logged(&report);
    assert!(seen.iter().any(|line| line.starts_with("x-echo: ") && line.contains("<***>")), "{seen:#?}");
    assert!(!seen.iter().any(|line| line.contains("s3cr3t-in-a-name")), "{seen:#?}");
    assert_eq!(seen.iter().filter(|line| line.contains("<***> | <***> | <***>")).count(), 2, "{seen:#?}");
    assert_hidden(TOKEN, &texts(&report));

    // The timeline has what the test wrote.
    let send = send(&report);
    assert_eq!(send["path"], "/of/${secret.token}/x?a=${secret.token}&b=${other}");
    assert!(send["body"].as_str().unwrap().contains("\"${secret.token}\""), "{send}");

    // A request that is refused is kept for people too, and one without a key, wherever it is cut.
    let path = format!("{}/{}{}", host.webhook, "p".repeat(480), percent(TOKEN, true));
    for body in [telling_body(TOKEN), "x".repeat(2 << 20)] {
        let request = client().post(&path).headers(telling_headers(TOKEN)).body(body);
        // A host that refuses may close before it has read all.
        let _ = request.send().await;
    }
    let deliveries = eventually("all are there", async || {
        let deliveries = host.api("/deliveries").await;
        (deliveries["deliveries"].as_array().unwrap().len() == 3).then_some(deliveries)
    })
    .await;
    assert!(deliveries.to_string().contains("\"rejected\""), "{deliveries}");
    assert_hidden(TOKEN, &texts(&deliveries));
    assert!(!deliveries.to_string().contains(&percent(TOKEN, true)[..12]), "{deliveries}");
    let kept = host.api(&format!("/runs/{}", report["run"].as_str().unwrap())).await;
    assert_hidden(TOKEN, &texts(&kept));
    assert_hidden(TOKEN, host.metrics().await.text());
    assert_hidden(TOKEN, &host.lines.text());
}

/// Answers one request with the token in two pieces, which come as two; gives the request.
async fn answers_in_pieces(listener: &TcpListener, end: &[u8]) -> String {
    let (mut stream, _) = listener.accept().await.unwrap();
    let mut request = Vec::new();
    while !request.ends_with(end) {
        request.push(stream.read_u8().await.unwrap());
    }
    stream.set_nodelay(true).unwrap();
    let head = format!("HTTP/1.1 200 OK\r\nx-echo: {TOKEN}\r\ntransfer-encoding: chunked\r\n\r\n");
    let (first, second) = TOKEN.split_at(7);
    for piece in
        [head, format!("9\r\n<<{first}\r\n"), format!("{:x}\r\n{second}>\r\n0\r\n\r\n", second.len() + 1)]
    {
        stream.write_all(piece.as_bytes()).await.unwrap();
        stream.flush().await.unwrap();
    }
    String::from_utf8(request).unwrap()
}

#[tokio::test]
async fn the_same_rules_hold_for_client_libraries_and_for_what_comes_in_pieces() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = start(&sections(&format!("http://{}", listener.local_addr().unwrap()))).await;
    let sent = format!("<{TOKEN}>");
    let (report, request) =
        tokio::join!(run(&host, "over-http"), answers_in_pieces(&listener, sent.as_bytes()));
    assert_eq!(report["outcome"], "pass", "{report}");
    let token = percent(TOKEN, false).replace("%7E", "~");
    assert!(request.starts_with(&format!("POST /base/of/{token}?a={token} HTTP/1.1\r\n")), "{request}");
    assert!(request.contains(&format!("x-token: Bearer {TOKEN}\r\n")), "{request}");
    let seen = logged(&report);
    assert!(seen.contains(&"x-echo: ***") && seen.contains(&"body: <<***>"), "{seen:#?}");
    assert_hidden(TOKEN, &texts(&report));
    assert_hidden(TOKEN, &host.lines.text());
}

#[tokio::test]
async fn a_placeholder_that_cannot_be_filled_is_an_error_that_says_what_the_operator_adds() {
    let mut api = Api::start().await;
    let sections = format!(
        "[secrets]\ntoken = {{ env = \"TOKEN\" }}\nother = {{ env = \"OTHER\" }}\ndots = {{ env = \"DOTS\" }}\n\
         dot = {{ env = \"DOT\" }}\nbroken = {{ env = \"BROKEN\" }}\n[webhook]\nlisten = \"127.0.0.1:0\"\n\
         [targets.api]\nurl = {:?}\nsecrets = [\"token\", \"dots\", \"dot\", \"broken\"]\n",
        api.url
    );
    let config = granting(&sections);
    let component = orbital_tests::guest("secrets");
    let environment = [
        ("TOKEN", TOKEN),
        ("OTHER", "other-secret"),
        ("DOTS", ".."),
        ("DOT", "."),
        ("BROKEN", "bro\nken-value"),
    ];
    let arguments = |case| {
        let words = ["run", "--json", "--case", case, "--config"].map(Path::new);
        words.into_iter().chain([config.path(), component.as_path()])
    };
    let finished = orbital_with(&environment, arguments("refused")).await;
    assert_eq!(finished.code, 0, "{finished:?}");
    let report = serde_json::from_str(&finished.stdout).unwrap();
    let reasons = logged(&report);
    let expected: [&[&str]; 7] = [
        &[
            "the path",
            "`api` is not granted the secret `other`",
            "`secrets = [\"other\"]` in `[targets.api]`",
        ],
        &["the header `x-token`", "not granted the secret `other`"],
        &["the header `x-token`", "there is no secret `nothing`", "`[secrets.nothing]`"],
        &["the body", "`secrets_in_body = true` in `[targets.api]`"],
        &["the path `/${secret.dots}/x`", "`..`"],
        &["the path `/a/.${secret.dot}/x`", "`..`"],
        &["the header `x-token`", "control character"],
    ];
    assert_eq!(reasons.len(), expected.len(), "{reasons:#?}");
    for (reason, texts) in reasons.iter().zip(expected) {
        assert!(texts.iter().all(|text| reason.contains(text)), "{texts:?}: {reason}");
    }
    assert!(!finished.stdout.contains("ken-value"), "{finished:?}");
    // Too short to be hidden.
    for name in ["dots", "dot"] {
        assert!(finished.stderr.contains(&format!("secret `{name}` has less than 6 bytes")), "{finished:?}");
    }
    assert!(api.waiting().is_empty(), "nothing was sent");

    let answering = async {
        let call = api.next().await;
        call.answer(());
        call
    };
    let (finished, call) = tokio::join!(orbital_with(&environment, arguments("alike")), answering);
    assert_eq!(finished.code, 0, "{finished:?}");
    assert_eq!(&call.body[..], b"${secret.nothing} ${name} ${");
}

#[tokio::test]
async fn a_grant_of_what_is_not_there_is_a_mistake() {
    let config = config(
        "[secrets.\"a b\"]\nenv = \"A\"\n[targets.one]\nurl = \"http://127.0.0.1:1\"\nsecrets = [\"nothing\", \"a b\", 7]\n\
         [targets.two]\nurl = \"http://127.0.0.1:1\"\nsecrets_in_body = true\n",
    );
    let finished =
        orbital_with(&[], ["config".as_ref(), "check".as_ref(), "--config".as_ref(), config.path()]).await;
    assert_eq!(finished.code, 2, "{finished:?}");
    for text in [
        "line 5: `targets.one.secrets[0]`: there is no secret `nothing`; add a section `[secrets.nothing]`",
        "line 5: `targets.one.secrets[1]`: a test cannot write `${secret.a b}`",
        "line 5: `targets.one.secrets[2]`: must be a string",
        "line 8: `targets.two.secrets_in_body`: says where tests may use secrets, and none is granted",
    ] {
        assert!(finished.stderr.contains(text), "{text}: {finished:?}");
    }
}

#[tokio::test]
async fn a_value_that_stands_in_the_file_too_is_not_shown() {
    let config = config(
        "[secrets.token]\nenv = \"TOKEN\"\n[targets.api]\nurl = \"http://127.0.0.1:1/a-secret-value\"\n\
         [config.x]\nbasic = \"YTphLXNlY3JldC12YWx1ZQ==\"\n",
    );
    let arguments = ["config".as_ref(), "show".as_ref(), "--config".as_ref(), config.path()];
    let finished = orbital_with(&[("TOKEN", "a-secret-value")], arguments).await;
    assert_eq!(finished.code, 0, "{finished:?}");
    assert!(finished.stdout.contains("http://127.0.0.1:1/***"), "{finished:?}");
    assert!(finished.stdout.contains("config.x.basic = \"YTp***"), "{finished:?}");
}

#[tokio::test]
async fn the_hosts_own_log_hides_them_too() {
    // A pattern that matches nothing is told.
    let host = start(&format!(
        "{}[[override]]\ncases = \"s3cr3t-in-a-name/*\"\nretries = 1\n",
        sections("http://127.0.0.1:1")
    ))
    .await;
    host.lines.wait(0, &["no case matches this pattern", "***/*"]).await;
    assert!(!host.lines.text().contains("s3cr3t-in-a-name"), "{}", host.lines.text());
}

#[tokio::test]
async fn a_secret_that_changes_is_sent_and_hidden_and_the_old_one_stays_hidden() {
    let mut api = Api::start().await;
    let sections = sections(&api.url).replace("env = \"TOKEN\"", "file = \"token\"");
    let host = Host::builder()
        .sections(&sections)
        .env("OTHER", "other-secret")
        .env("NAMED", "s3cr3t-in-a-name")
        .before(|directory| std::fs::write(directory.join("token"), format!("{TOKEN}\n")).unwrap())
        .with("secrets")
        .start()
        .await;
    let second = "another-t0ken/2";
    for token in [TOKEN, second] {
        if token == second {
            let (file, new) = (host.directory().join("token"), host.directory().join("token.new"));
            let mark = host.lines.mark();
            std::fs::write(&new, second).unwrap();
            std::fs::rename(&new, &file).unwrap();
            host.lines.wait(mark, &["the configuration was read again"]).await;
        }
        let playing = async {
            let call = api.next().await;
            assert_eq!(call.header("x-token"), format!("Bearer {token}"));
            call.answer(format!("{TOKEN} {second}"));
            host.deliver(&json!({ "id": call.json()["id"], "old": TOKEN, "new": second })).await;
        };
        let (report, ()) = tokio::join!(run(&host, "sends"), playing);
        assert_eq!(report["outcome"], "pass", "{report}");
        let body = format!("body: *** {}", if token == second { "***" } else { second });
        assert!(logged(&report).contains(&&*body), "{report}");
        assert_hidden(token, &texts(&report));
        assert_hidden(TOKEN, &texts(&report));
    }
}

//! Who may ask the private listener: with a token, whoever shows it; without one, programs on this machine.

use orbital_tests::{Finished, Host, client, config, orbital, orbital_with};

const TOKEN: &str = "0123456789abcdef0123456789abcdef";

const WITH_TOKEN: &str = "[admin]\nlisten = \"127.0.0.1:0\"\ntoken = \"${secret.admin}\"\n[secrets.admin]\nenv = \"ADMIN_TOKEN\"\n";

/// Everything that is served: each of these wants the token.
const PATHS: [&str; 7] =
    ["/healthz", "/readyz", "/metrics", "/api/v1/cases", "/api/v1/components", "/api/v1/nowhere", "/nowhere"];

/// A host with a token, whose section `[admin]` has these settings besides.
async fn guarded(settings: &str) -> Host {
    Host::builder().token(TOKEN).admin(settings).start().await
}

/// The status for a request with these headers.
async fn status(host: &Host, path: &str, headers: &[(&str, &str)]) -> u16 {
    let mut request = client().get(format!("{}{path}", host.admin));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.send().await.unwrap().status().as_u16()
}

fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}

#[tokio::test]
async fn with_a_token_everything_wants_it() {
    let host = guarded("").await;
    for path in PATHS {
        assert_eq!(status(&host, path, &[]).await, 401, "{path}");
        for wrong in ["", "x", &TOKEN[1..], &format!("{TOKEN}0"), &TOKEN.replace('a', "b")] {
            assert_eq!(
                status(&host, path, &[("authorization", &bearer(wrong))]).await,
                401,
                "{path} {wrong}"
            );
        }
        assert_eq!(status(&host, path, &[("authorization", TOKEN)]).await, 401, "{path} without its scheme");
    }
    for path in &PATHS[..5] {
        assert_eq!(status(&host, path, &[("authorization", &bearer(TOKEN))]).await, 200, "{path}");
    }
    assert!(!host.lines.text().contains(TOKEN));
}

/// Strangers guess over more connections than a peer may have; whoever has the token gets in all the same.
#[tokio::test]
async fn wrong_tokens_are_counted_and_logged_sparingly_and_lock_nobody_out() {
    const GUESSES: usize = 60;
    let host = guarded("").await;
    let guesses: Vec<_> = (0..GUESSES)
        .map(|number| {
            let url = host.admin.clone();
            tokio::spawn(async move {
                let request = match number % 2 {
                    0 => client().get(format!("{url}/api/v1/cases")).bearer_auth(format!("guess-{number}")),
                    _ => client()
                        .post(format!("{url}/sign-in"))
                        .header("content-type", "application/x-www-form-urlencoded")
                        .body(format!("token=guess-{number}")),
                };
                request.send().await.unwrap().status().as_u16()
            })
        })
        .collect();
    let token = bearer(TOKEN);
    for _ in 0..5 {
        assert_eq!(status(&host, "/api/v1/cases", &[("authorization", &token)]).await, 200);
    }
    for guess in guesses {
        let status = guess.await.unwrap();
        assert!([401, 429].contains(&status), "{status}");
    }
    let page = client().get(format!("{}/metrics", host.admin)).bearer_auth(TOKEN).send().await.unwrap();
    let page = orbital_tests::Metrics::new(page.text().await.unwrap());
    let counted = [("listener", "admin"), ("reason", "token")];
    assert_eq!(
        page.get("orbital_listener_turned_away_total", &counted),
        Some(GUESSES as f64),
        "{}",
        page.text()
    );
    host.lines.wait(0, &["WARN", "a request to the private listener had a wrong token", "127.0.0.1"]).await;
    let said = host.lines.find(0, &["had a wrong token"]).len();
    assert!(said < GUESSES / 2, "{said} lines");
    assert!(!host.lines.text().contains("guess-"), "{}", host.lines.text());
}

#[tokio::test]
async fn who_is_refused_is_told_how_to_ask() {
    let host = guarded("").await;
    let response = client().get(format!("{}/api/v1/cases", host.admin)).send().await.unwrap();
    assert_eq!(response.headers()["www-authenticate"], "Bearer realm=\"orbital\"");
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    let problem: serde_json::Value = serde_json::from_str(&response.text().await.unwrap()).unwrap();
    assert_eq!(problem["status"], 401);
    assert!(problem["detail"].as_str().unwrap().contains("Authorization: Bearer TOKEN"), "{problem}");
}

#[tokio::test]
async fn health_and_metrics_can_be_left_open() {
    for (settings, open) in [
        ("open_health = true", &["/healthz", "/readyz"][..]),
        ("open_metrics = true", &["/metrics"][..]),
        ("open_health = true\nopen_metrics = true", &["/healthz", "/readyz", "/metrics"][..]),
    ] {
        let host = guarded(settings).await;
        for path in PATHS {
            let expected = if open.contains(&path) { 200 } else { 401 };
            assert_eq!(status(&host, path, &[]).await, expected, "{path} with {settings}");
        }
    }
}

#[tokio::test]
async fn a_token_in_a_file_can_be_changed_while_the_host_runs() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("token");
    std::fs::write(&file, format!("{TOKEN}\n")).unwrap();
    let sections = format!("token = \"${{secret.admin}}\"\n[secrets.admin]\nfile = {file:?}\n");
    let host = Host::builder().admin(&sections).start().await;
    assert_eq!(status(&host, "/healthz", &[("authorization", &bearer(TOKEN))]).await, 200);

    // A browser that has shown the token.
    let signed_in = async |token: &str| {
        let form = client().post(format!("{}/sign-in", host.admin)).body(format!("token={token}&next=/"));
        let form = form.header("content-type", "application/x-www-form-urlencoded");
        let answer = form.send().await.unwrap();
        let cookie = answer.headers()["set-cookie"].to_str().unwrap();
        cookie.split(';').next().unwrap().to_owned()
    };
    let with_cookie = async |cookie: &str| status(&host, "/api/v1/cases", &[("cookie", cookie)]).await;
    let cookie = signed_in(TOKEN).await;
    assert_eq!(with_cookie(&cookie).await, 200);

    let newer = TOKEN.to_uppercase();
    std::fs::write(&file, &newer).unwrap();
    host.lines.wait(0, &["the configuration was read again"]).await;
    assert_eq!(status(&host, "/healthz", &[("authorization", &bearer(&newer))]).await, 200);
    assert_eq!(status(&host, "/healthz", &[("authorization", &bearer(TOKEN))]).await, 401);

    assert_eq!(with_cookie(&cookie).await, 401, "a session ends with the token that it was begun with");
    let cookie = signed_in(&newer).await;

    let mark = host.lines.mark();
    std::fs::write(&file, "short").unwrap();
    host.lines
        .wait(
            mark,
            &["the configuration on disk is invalid", "`admin.token` has 5 characters", "at least 16"],
        )
        .await;
    assert_eq!(status(&host, "/healthz", &[("authorization", &bearer(&newer))]).await, 200);
    assert_eq!(with_cookie(&cookie).await, 200, "the token is the same as before");
}

#[tokio::test]
async fn an_address_that_others_can_reach_needs_a_token() {
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:0"] {
        let config = config(&format!("[admin]\nlisten = \"{address}\"\n"));
        let Finished { code, stderr, .. } =
            orbital(["serve".as_ref(), "--config".as_ref(), config.path()]).await;
        assert_eq!(code, 2, "{stderr}");
        for text in ["line 2: `admin.listen`", "not a loopback address", "token = \"${secret.admin}\""] {
            assert!(stderr.contains(text), "`{text}` is not in {stderr}");
        }
    }
}

#[tokio::test]
async fn with_a_token_any_address_will_do() {
    let host = Host::builder().admin_address("0.0.0.0:0").token(TOKEN).start().await;
    // A name that leads here from elsewhere is nobody's secret, so it needs no check then.
    let headers = [("authorization", bearer(TOKEN)), ("host", "orbital.example".to_owned())];
    let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(status(&host, "/healthz", &headers).await, 200);
}

#[tokio::test]
async fn a_token_that_is_none_is_refused_at_the_start() {
    for (token, reason) in [
        ("short", "`admin.token` has 5 characters; it needs at least 16"),
        ("with a space in between", "a character that is not allowed in an HTTP header"),
    ] {
        let config = config(WITH_TOKEN);
        for command in [&["serve"][..], &["config", "check"][..]] {
            let mut arguments: Vec<&std::ffi::OsStr> = command.iter().map(AsRef::as_ref).collect();
            arguments.extend(["--config".as_ref(), config.path().as_os_str()]);
            let Finished { code, stderr, .. } = orbital_with(&[("ADMIN_TOKEN", token)], arguments).await;
            assert_eq!(code, 2, "{stderr}");
            assert!(stderr.contains(reason) && !stderr.contains(&format!("{token}\n")), "{stderr}");
        }
    }
    let config = config(WITH_TOKEN);
    let missing = orbital(["serve".as_ref(), "--config".as_ref(), config.path()]).await;
    assert!(missing.stderr.contains("`ADMIN_TOKEN` is not set"), "{missing:?}");
}

#[tokio::test]
async fn a_token_stands_in_no_configuration() {
    let config = config(&format!("[admin]\ntoken = \"{TOKEN}\"\n"));
    let Finished { code, stderr, .. } = orbital(["serve".as_ref(), "--config".as_ref(), config.path()]).await;
    assert_eq!(code, 2, "{stderr}");
    assert!(
        stderr.contains("line 2: `admin.token`: must be a secret") && !stderr.contains(TOKEN),
        "{stderr}"
    );
}

#[tokio::test]
async fn without_a_token_a_page_in_a_browser_has_no_say() {
    let host = Host::builder().start().await;
    let local = host.admin.trim_start_matches("http://").to_owned();
    let port = local.rsplit(':').next().unwrap();
    let own_page = format!("http://{local}");
    for headers in [
        &[("host", &*local)][..],
        &[("host", &*format!("localhost:{port}"))],
        &[("host", &*local), ("origin", &*own_page)],
    ] {
        assert_eq!(status(&host, "/api/v1/cases", headers).await, 200, "{headers:?}");
    }
    for headers in [
        // A page of another site, and one whose name was made to point here.
        &[("origin", "https://evil.example")][..],
        &[("origin", "null")],
        &[("host", "evil.example")],
        &[("host", &*format!("localhost.evil.example:{port}"))],
    ] {
        assert_eq!(status(&host, "/api/v1/cases", headers).await, 403, "{headers:?}");
    }
}

#[tokio::test]
async fn a_path_that_takes_no_body_rejects_one_and_closes_the_connection() {
    let host = guarded("").await;
    for (method, path, expected) in [
        ("GET", "/", 400),
        ("GET", "/metrics", 400),
        ("GET", "/api/v1/pauses", 400),
        ("DELETE", "/api/v1/pauses/00000000-0000-0000-0000-000000000000", 400),
        ("POST", "/api/v1/cases/some/case/runs", 400),
        ("POST", "/sign-out", 400),
        ("DELETE", "/api/v1/pauses", 405),
        ("POST", "/metrics", 405),
        ("POST", "/nowhere", 404),
        // Only whoever is let in learns more, and a body is read only where there is a use for it.
        ("POST", "/api/v1/pauses", 415),
        ("POST", "/sign-in", 415),
    ] {
        let request = client().request(method.parse().unwrap(), format!("{}{path}", host.admin));
        let answer = request.bearer_auth(TOKEN).body("a body").send().await.unwrap();
        let closes = answer.headers().get("connection").is_some_and(|value| value == "close");
        assert_eq!((answer.status().as_u16(), closes), (expected, expected != 415), "{method} {path}");
    }
}

/// Browsers that do not send `sec-fetch-site` send `origin` with what a page loads for its script.
#[tokio::test]
async fn a_page_of_another_origin_loads_nothing() {
    let [host, open] = [guarded("open_health = true").await, Host::builder().start().await];
    let form = client().post(format!("{}/sign-in", host.admin)).body(format!("token={TOKEN}&next=/"));
    let form = form.header("content-type", "application/x-www-form-urlencoded");
    let answer = form.send().await.unwrap();
    let session = answer.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    for (host, cookie) in [(&host, session.as_str()), (&open, "none=")] {
        for path in ["/live", "/api/v1/cases", "/", "/healthz"] {
            for origin in ["http://localhost:3000", "http://127.0.0.1:3000", "null"] {
                let headers = [("cookie", cookie), ("origin", origin)];
                assert_eq!(status(host, path, &headers).await, 403, "{path} {origin}");
            }
            let headers = [("cookie", cookie), ("origin", host.admin.as_str())];
            assert_eq!(status(host, path, &headers).await, 200, "{path}");
        }
    }
    // No page of another site knows the token.
    let headers = [("authorization", &*bearer(TOKEN)), ("origin", "http://localhost:3000")];
    assert_eq!(status(&host, "/api/v1/cases", &headers).await, 200);
}

#[tokio::test]
async fn cookies_of_the_same_name_do_not_hide_a_session() {
    let host = guarded("").await;
    let form = client().post(format!("{}/sign-in", host.admin)).body(format!("token={TOKEN}&next=/"));
    let form = form.header("content-type", "application/x-www-form-urlencoded");
    let answer = form.send().await.unwrap();
    let session = answer.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let cookies = format!("orbital-session=tossed; {session}; orbital-session=too");
    assert_eq!(status(&host, "/api/v1/cases", &[("cookie", &cookies)]).await, 200);
    assert_eq!(status(&host, "/api/v1/cases", &[("cookie", "orbital-session=tossed")]).await, 401);
    let out = client().post(format!("{}/sign-out", host.admin)).header("cookie", &cookies).send().await;
    assert_eq!(out.unwrap().headers()["location"], "/sign-in");
    assert_eq!(status(&host, "/api/v1/cases", &[("cookie", &cookies)]).await, 401);
}

#[tokio::test]
async fn every_answer_tells_browsers_to_take_it_for_data() {
    let host = guarded("open_health = true").await;
    // What has an entity tag may be kept, to ask whether it is still the same; nothing else may.
    for (path, token, keeping) in [
        ("/healthz", "", "no-store"),
        ("/metrics", TOKEN, "no-store"),
        ("/api/v1/cases", TOKEN, "no-cache"),
        ("/api/v1/cases", "", "no-store"),
        ("/api/v1/nowhere", TOKEN, "no-store"),
        ("/", TOKEN, "no-store"),
    ] {
        let request = client().get(format!("{}{path}", host.admin)).bearer_auth(token);
        let answer = request.send().await.unwrap();
        let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
        let policy = header("content-security-policy");
        assert!(
            policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
            "{policy}"
        );
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            // Of a page that is not to say where it is from, browsers say so of its forms, too.
            ("referrer-policy", if path == "/" { "same-origin" } else { "no-referrer" }),
            ("cache-control", keeping),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(header(name), value, "{name} of {path}");
        }
    }
}

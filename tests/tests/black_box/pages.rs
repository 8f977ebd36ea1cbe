//! Pages as HTML alone: what is in them, who gets them, and what may change anything.

use orbital_tests::{Host, PATIENCE, client};
use reqwest::{Method, Response};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

const TOKEN: &str = "0123456789abcdef0123456789abcdef";

/// A host that wants the token.
async fn guarded() -> Host {
    Host::builder().token(TOKEN).with("tagged").start().await
}

/// Asks with these headers.
async fn ask(host: &Host, method: Method, path: &str, headers: &[(&str, &str)]) -> Response {
    let mut request = client().request(method, format!("{}{path}", host.admin));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.send().await.unwrap()
}

/// Sends a form.
async fn send(host: &Host, path: &str, form: &str, headers: &[(&str, &str)]) -> Response {
    let request = client().post(format!("{}{path}", host.admin)).body(form.to_owned());
    let mut request = request.header("content-type", "application/x-www-form-urlencoded");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.send().await.unwrap()
}

fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    response.headers().get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
}

/// The session that signing in gives: a cookie as browsers send it.
async fn signed_in(host: &Host) -> String {
    let answer = send(host, "/sign-in", &format!("token={TOKEN}&next=/components"), &[]).await;
    assert_eq!((answer.status().as_u16(), header(&answer, "location")), (303, "/components"));
    header(&answer, "set-cookie").split(';').next().unwrap().to_owned()
}

#[tokio::test]
async fn the_overview_says_without_a_script_what_is_wrong() {
    let host = Host::builder().with("fails").with("tagged").with("bad_cron").start().await;
    host.lines.wait(0, &["--- PASS: tagged/crm"]).await;
    let (status, _) = host.ask(Method::POST, "/cases/fails/check/runs?wait=true", None).await;
    assert_eq!(status, 200);
    let (status, page) = host.get("/").await;
    assert_eq!(status, 200);
    for text in [
        "fails/<wbr>check",
        "fail at step 1 of 2",
        "fail: ",
        "the last 24 hours",
        "The component <a href=\"/components/bad_cron\">",
        "team:crm",
        "no run was skipped",
    ] {
        assert!(page.contains(text), "no `{text}` in {page}");
    }
    // What is down stands before what is not.
    let at = |id: &str| page.find(&format!("data-id=\"{id}\"")).unwrap();
    assert!(at("fails/check") < at("fails/error") && at("fails/error") < at("tagged/crm"));

    let (status, page) = host.get("/?tag=team:crm&window=1h").await;
    assert!(status == 200 && page.contains("1 of 6 cases") && page.contains("the last hour"), "{page}");
    let (_, page) = host.get("/?window=90m").await;
    assert!(page.contains("the last 1h 30m"), "{page}");
    assert_eq!(host.get("/?window=1s").await.0, 400);
}

#[tokio::test]
async fn every_page_is_html_that_loads_nothing_from_elsewhere() {
    let host = Host::builder().with("fails").start().await;
    let (_, report) = host.ask(Method::POST, "/cases/fails/check/runs?wait=true", None).await;
    let run = format!("/runs/{}", report["run"].as_str().unwrap());
    for (path, expected) in [
        ("/", 200),
        ("/cases/fails/check", 200),
        (&run, 200),
        ("/cases/fails/check?window=30d", 200),
        ("/runs", 200),
        ("/runs?cases=fails/*&how=wrong", 200),
        ("/runs?how=flaky", 200),
        ("/runs?how=never", 400),
        ("/runs?cases=[", 400),
        ("/components", 200),
        ("/components/fails", 200),
        ("/compare", 200),
        ("/webhook", 200),
        ("/nowhere", 404),
        ("/cases/fails/nothing", 404),
        ("/runs/01a205bc-07b0-74ee-985b-00655839eeb7", 404),
        ("/runs/x", 404),
        ("/components/nothing", 404),
        ("/webhook?run=x", 400),
    ] {
        let answer = ask(&host, Method::GET, path, &[]).await;
        assert_eq!(answer.status(), expected, "{path}");
        assert_eq!(header(&answer, "content-type"), "text/html; charset=utf-8", "{path}");
        let policy = header(&answer, "content-security-policy").to_owned();
        for rule in ["default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'"]
        {
            assert!(policy.contains(rule), "{path}: {policy}");
        }
        let page = answer.text().await.unwrap();
        for text in ["<main", "<nav", "lang=\"en\"", "Skip to the content"] {
            assert!(page.contains(text), "{path}: no `{text}`");
        }
        for text in ["src=\"http", "src=\"//", "style=\"", "<style", " onclick="] {
            assert!(!page.contains(text), "{path}: `{text}`");
        }
    }
}

#[tokio::test]
async fn style_and_script_may_be_kept_for_ever() {
    let host = Host::builder().start().await;
    let (_, page) = host.get("/").await;
    let assets: Vec<&str> = page.split('"').filter(|text| text.starts_with("/assets/")).collect();
    assert_eq!(assets.len(), 3, "{assets:?}");
    for asset in assets {
        let answer = ask(&host, Method::GET, asset, &[]).await;
        assert_eq!(answer.status(), 200, "{asset}");
        assert!(header(&answer, "cache-control").contains("immutable"), "{asset}");
    }
    assert_eq!(host.get("/assets/style-0.css").await.0, 404);
}

#[tokio::test]
async fn a_run_is_shown_with_all_attempts_and_where_it_went_wrong() {
    let host = Host::builder().with("fails").start().await;
    let (_, report) = host.ask(Method::POST, "/cases/fails/check/runs?wait=true", None).await;
    let (status, page) = host.get(&format!("/runs/{}", report["run"].as_str().unwrap())).await;
    assert_eq!(status, 200);
    for text in
        ["Here it went wrong", "#step-1-1", "went on", "the version that runs now", "left: ", "log lines"]
    {
        assert!(page.contains(text), "no `{text}` in {page}");
    }
}

#[tokio::test]
async fn runs_are_found_by_case_and_by_how_they_ended_over_restarts() {
    let host = Host::builder().with("fails").with("tries").with("manual").start().await;
    let mut runs = Vec::new();
    for case in ["manual/manual", "fails/check", "tries/traps-first", "fails/check"] {
        let (status, report) = host.ask(Method::POST, &format!("/cases/{case}/runs?wait=true"), None).await;
        assert_eq!(status, 200, "{report}");
        runs.push(report["run"].as_str().unwrap().replace('-', ""));
    }
    let host = host.stopped_and_restarted(|_| {}).await;
    for (query, expected) in [
        ("", &[3, 2, 1, 0][..]),
        ("?cases=manual/*", &[0]),
        ("?how=wrong", &[3, 1]),
        ("?how=fail&cases=*/check", &[3, 1]),
        ("?how=flaky", &[2]),
        ("?how=timeout", &[]),
        (&*format!("?before={}", runs[2]), &[1, 0]),
    ] {
        let (_, page) = host.get(&format!("/runs{query}")).await;
        let links: Vec<_> =
            page.match_indices("href=\"/runs/").map(|(at, link)| &page[at + link.len()..][..32]).collect();
        let expected: Vec<_> = expected.iter().map(|index: &usize| &*runs[*index]).collect();
        assert_eq!(links, expected, "{query}");
    }
    // What happened before the restart is shown as what happened after it: why the case is down, and what is beside a run.
    let (_, page) = host.get("/?q=fails/check").await;
    for text in ["data-say=\"fails/check is down\"", "fail at step 1 of 2", &*format!("/runs/{}", runs[3])] {
        assert!(page.contains(text), "no `{text}` in {page}");
    }
    let (_, page) = host.get(&format!("/runs/{}", runs[3])).await;
    assert!(page.contains(&*format!("<a href=\"/runs/{}\">← the run before", runs[1])), "{page}");
    assert!(page.contains("Here it went wrong") && !page.contains("the run after"), "{page}");
    let (_, page) = host.get("/cases/fails/check").await;
    assert!(
        page.contains("2</strong>") && page.contains("<svg") && page.contains("The plot in numbers"),
        "{page}"
    );
}

#[tokio::test]
async fn without_a_history_pages_are_of_what_is_in_memory_and_say_so() {
    let host = Host::builder().sections("[history]\nenabled = false\n").with("fails").start().await;
    let (_, report) = host.ask(Method::POST, "/cases/fails/check/runs?wait=true", None).await;
    let (_, page) = host.get("/").await;
    for text in ["as far as runs are kept in memory", "no history is kept", "fail at step 1 of 2", "0 %"] {
        assert!(page.contains(text), "no `{text}` in {page}");
    }
    let (_, page) = host.get("/cases/fails/check").await;
    assert!(page.contains("The plot in numbers") && page.contains("check failed"), "{page}");
    assert_eq!(host.get(&format!("/runs/{}", report["run"].as_str().unwrap())).await.0, 200);
}

#[tokio::test]
async fn the_webhook_page_says_why_a_delivery_found_no_run() {
    let host = Host::builder().webhook("keys = [{ json = \"/id\" }]").start().await;
    host.deliver(&json!({ "ID": 7 })).await;
    let (_, page) = host.get("/webhook").await;
    for text in ["no key", "none had a key where the configuration looks", "{&quot;ID&quot;:7}"] {
        assert!(page.contains(text), "no `{text}` in {page}");
    }
    host.deliver(&json!({ "id": "k-1" })).await;
    let (_, page) = host.get("/webhook?key=k-1").await;
    assert!(page.contains("no run expects its key yet") && !page.contains("{&quot;ID&quot;:7}"), "{page}");
    let (_, page) = host.get("/webhook?result=late").await;
    assert!(page.contains("Nothing like that came"), "{page}");
}

#[tokio::test]
async fn only_a_post_of_a_page_from_here_changes_anything() {
    let host = Host::builder().with("manual").start().await;
    for path in ["/cases/manual/manual/run", "/cases/manual/manual/pause", "/sign-out"] {
        assert_eq!(host.get(path).await.0, 405, "{path}");
    }
    let port = host.admin.rsplit(':').next().unwrap();
    let other_page = format!("http://localhost:{}", if port == "3000" { "3001" } else { "3000" });
    for headers in [
        &[("origin", &*other_page)][..],
        &[("origin", "null")],
        &[("origin", &*host.admin), ("sec-fetch-site", "cross-site")],
    ] {
        let answer = send(&host, "/cases/manual/manual/run", "", headers).await;
        assert_eq!(answer.status(), 403, "{headers:?}");
        let answer = send(&host, "/api/v1/cases/manual/manual/runs", "", headers).await;
        assert_eq!(answer.status(), 403, "{headers:?}");
    }
    assert_eq!(host.api("/runs").await["runs"], json!([]));
    let answer = send(&host, "/cases/manual/manual/run", "", &[("origin", &host.admin)]).await;
    assert!(answer.status() == 303 && header(&answer, "location").starts_with("/runs/"), "{answer:?}");

    for (form, status) in [
        ("reason=&author=ada&lasting=2h", 422),
        ("reason=why&author=ada&lasting=soon", 422),
        ("reason=why", 422),
        ("reason=why&author=ada&lasting=", 303),
    ] {
        assert_eq!(send(&host, "/cases/manual/manual/pause", form, &[]).await.status(), status, "{form}");
    }
    let pause = host.api("/pauses").await["pauses"][0].clone();
    assert_eq!(pause["until"], json!(null));
    let form = format!("pause={}", pause["id"].as_str().unwrap());
    assert_eq!(send(&host, "/cases/manual/manual/resume", &form, &[]).await.status(), 303);
    assert_eq!(send(&host, "/cases/manual/manual/resume", &form, &[]).await.status(), 404);
}

#[tokio::test]
async fn a_browser_without_a_session_is_led_to_where_it_gets_one() {
    let host = guarded().await;
    let html = ("accept", "text/html,*/*");
    let answer = ask(&host, Method::GET, "/cases/tagged/crm?window=24h", &[html]).await;
    assert_eq!(answer.status(), 303);
    assert_eq!(header(&answer, "location"), "/sign-in?next=%2Fcases%2Ftagged%2Fcrm%3Fwindow%3D24h");
    // Programs are told, as ever.
    for (path, headers) in
        [("/", &[][..]), ("/api/v1/cases", &[html][..]), ("/live", &[("accept", "text/event-stream")])]
    {
        assert_eq!(ask(&host, Method::GET, path, headers).await.status(), 401, "{path}");
    }
    // Whoever follows a link from elsewhere has a cookie that was not sent.
    let answer = ask(&host, Method::GET, "/components", &[html, ("sec-fetch-site", "cross-site")]).await;
    assert_eq!(answer.status(), 200);
    assert!(answer.text().await.unwrap().contains("content=\"0;url=/components\""));

    let answer = send(&host, "/sign-in", "token=0123456789abcdef&next=/", &[]).await;
    assert_eq!((answer.status().as_u16(), header(&answer, "set-cookie")), (401, ""));
    let answer = send(&host, "/sign-in", &format!("token={TOKEN}&next=//evil.example"), &[]).await;
    assert_eq!(header(&answer, "location"), "/");
    let cookie = header(&answer, "set-cookie");
    assert!(
        cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict") && !cookie.contains(TOKEN),
        "{cookie}"
    );
    let answer =
        send(&host, "/sign-in", &format!("token={TOKEN}"), &[("origin", "https://evil.example")]).await;
    assert_eq!(answer.status(), 403);
}

#[tokio::test]
async fn nobody_is_led_elsewhere() {
    let host = guarded().await;
    let session = signed_in(&host).await;
    let html = ("accept", "text/html");
    for path in ["//evil.example/x", "//evil.example//..", "/%01", "/a?next=//evil.example"] {
        // With the path as it is: a client would change it.
        let url = format!("{}{path}", host.admin);
        for site in ["cross-site", "same-origin"] {
            let answer = client()
                .get(&url)
                .header(html.0, html.1)
                .header("sec-fetch-site", site)
                .send()
                .await
                .unwrap();
            let (status, location) = (answer.status(), header(&answer, "location").to_owned());
            let text = answer.text().await.unwrap();
            assert!([200, 303].contains(&status.as_u16()), "{path}: {status}");
            for wrong in ["url=//", "href=\"//", "url=http", "next=%2F%2F"] {
                assert!(!text.contains(wrong) && !location.starts_with("//"), "{path}: {location} {text}");
            }
        }
    }
    for next in [
        "//evil.example",
        "/%01",
        "%2F%2Fevil.example",
        "/%5Cevil.example",
        "https:evil.example",
        "/%0d%0ax",
        "/%C3%A9",
    ] {
        let answer = send(&host, "/sign-in", &format!("token={TOKEN}&next={next}"), &[]).await;
        assert_eq!((answer.status().as_u16(), header(&answer, "location")), (303, "/"), "{next}");
        let path = format!("/sign-in?next={next}");
        assert_eq!(ask(&host, Method::GET, &path, &[("cookie", &session)]).await.status(), 200, "{next}");
    }
    // Nobody needs to sign in here, so the page leads on at once.
    let open = Host::builder().start().await;
    for next in ["//evil.example", "/%01", "/%5Cevil.example"] {
        let answer = ask(&open, Method::GET, &format!("/sign-in?next={next}"), &[]).await;
        assert_eq!((answer.status().as_u16(), header(&answer, "location")), (303, "/"), "{next}");
    }
}

/// Neither with a token nor without one; images and scripts send no `Origin`.
#[tokio::test]
async fn pages_of_other_sites_may_link_to_pages_and_load_nothing() {
    let host = Host::builder().with("manual").start().await;
    let navigation = [("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")];
    let pages = ["/", "/runs?cases=a", "/components", "/webhook"];
    let others = ["/api/v1/cases", "/metrics", "/healthz", "/readyz", "/live", "/api/v1/runs?cases=a"];
    for site in ["cross-site", "same-site"] {
        let site = ("sec-fetch-site", site);
        for path in pages.into_iter().chain(others) {
            for (mode, dest) in
                [("no-cors", "image"), ("no-cors", "script"), ("navigate", "iframe"), ("cors", "empty")]
            {
                let headers = [site, ("sec-fetch-mode", mode), ("sec-fetch-dest", dest)];
                assert_eq!(ask(&host, Method::GET, path, &headers).await.status(), 403, "{path} {headers:?}");
                assert_eq!(
                    ask(&host, Method::HEAD, path, &headers).await.status(),
                    403,
                    "{path} {headers:?}"
                );
            }
            let status = ask(&host, Method::GET, path, &[site, navigation[0], navigation[1]]).await.status();
            assert_eq!(status, if pages.contains(&path) { 200 } else { 403 }, "{path}");
            assert_eq!(ask(&host, Method::GET, path, &[site]).await.status(), 403, "{path}");
        }
    }
    // Its own pages, what somebody types, and programs.
    for path in pages.into_iter().chain(others) {
        for headers in [&[("sec-fetch-site", "same-origin")][..], &[("sec-fetch-site", "none")], &[]] {
            assert_eq!(ask(&host, Method::GET, path, headers).await.status(), 200, "{path} {headers:?}");
        }
    }
}

#[tokio::test]
async fn a_session_is_good_for_everything_until_it_ends() {
    let host = guarded().await;
    let cookie = signed_in(&host).await;
    let session = ("cookie", &*cookie);
    for path in ["/", "/api/v1/cases", "/metrics"] {
        assert_eq!(ask(&host, Method::GET, path, &[session]).await.status(), 200, "{path}");
    }
    let wrong = format!("{}0", &cookie[..cookie.len() - 1]);
    assert!(wrong == cookie || ask(&host, Method::GET, "/", &[("cookie", &wrong)]).await.status() == 401);
    let run = "/cases/tagged/crm/run";
    assert_eq!(send(&host, run, "", &[session, ("origin", "https://evil.example")]).await.status(), 403);
    assert_ne!(send(&host, run, "", &[session, ("origin", &host.admin)]).await.status(), 403);

    let other = signed_in(&host).await;
    assert_eq!(send(&host, "/sign-out", "", &[session]).await.status(), 303);
    assert_eq!(ask(&host, Method::GET, "/", &[session]).await.status(), 401);
    assert_eq!(ask(&host, Method::GET, "/", &[("cookie", &other)]).await.status(), 200);
}

/// Reads a stream until all of these are in it.
async fn read_until(stream: &mut Response, texts: &[&str]) -> String {
    let reading = async {
        let mut said = String::new();
        while !texts.iter().all(|text| said.contains(text)) {
            let chunk = stream.chunk().await.unwrap().expect("the stream goes on");
            said.push_str(std::str::from_utf8(&chunk).unwrap());
        }
        said
    };
    tokio::time::timeout(PATIENCE, reading).await.expect("it is never said")
}

#[tokio::test]
async fn a_stream_tells_what_changes_and_ends_with_the_host() {
    let host = Host::builder().with("tagged").start().await;
    let mut stream = ask(&host, Method::GET, "/live", &[]).await;
    assert_eq!(header(&stream, "content-type"), "text/event-stream");
    read_until(&mut stream, &["event: case\ndata: tagged/crm ", "event: case\ndata: tagged/shop "]).await;
    host.deliver(&json!({ "id": "k-1" })).await;
    host.deploy("manual");
    read_until(&mut stream, &["event: deliveries\n", "event: all\n"]).await;

    // Nobody waits for streams when the host stops.
    kill_process(Pid::from_raw(host.id()).unwrap(), Signal::TERM).unwrap();
    while stream.chunk().await.unwrap().is_some() {}
    let (status, said) = host.ended().await;
    assert!(status.success(), "{said}");
}

/// Reads a stream until the host ends it.
async fn read_to_end(mut stream: Response) {
    let reading = async { while stream.chunk().await.unwrap().is_some() {} };
    tokio::time::timeout(PATIENCE, reading).await.expect("the stream goes on");
}

#[tokio::test]
async fn a_stream_ends_with_its_session_and_with_its_token() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("token");
    std::fs::write(&file, TOKEN).unwrap();
    let sections = format!("token = \"${{secret.admin}}\"\n[secrets.admin]\nfile = {file:?}\n");
    let host = Host::builder().admin(&sections).with("tagged").start().await;
    let (one, other, token) = (signed_in(&host).await, signed_in(&host).await, format!("Bearer {TOKEN}"));
    let live = async |header: (&str, &str)| {
        let mut stream = ask(&host, Method::GET, "/live", &[header]).await;
        assert_eq!(stream.status(), 200);
        read_until(&mut stream, &["event: "]).await;
        stream
    };
    let (of_one, mut of_other, mut of_token) =
        (live(("cookie", &one)).await, live(("cookie", &other)).await, live(("authorization", &token)).await);
    assert_eq!(send(&host, "/sign-out", "", &[("cookie", &one)]).await.status(), 303);
    read_to_end(of_one).await;
    // The others go on.
    read_until(&mut of_other, &["event: case\n"]).await;
    read_until(&mut of_token, &["event: case\n"]).await;

    std::fs::write(&file, TOKEN.to_uppercase()).unwrap();
    read_to_end(of_other).await;
    read_to_end(of_token).await;
}

#[tokio::test]
async fn there_is_an_end_to_streams() {
    let host = Host::builder().start().await;
    let mut streams = Vec::new();
    for _ in 0..64 {
        let stream = ask(&host, Method::GET, "/live", &[]).await;
        assert_eq!(stream.status(), 200);
        streams.push(stream);
    }
    let refused = ask(&host, Method::GET, "/live", &[]).await;
    assert_eq!((refused.status().as_u16(), header(&refused, "retry-after")), (503, "30"));
    // Pages are not streams.
    assert_eq!(host.get("/").await.0, 200);
    streams.pop();
    orbital_tests::eventually("a place is free again", async || {
        (ask(&host, Method::GET, "/live", &[]).await.status() == 200).then_some(())
    })
    .await;
}

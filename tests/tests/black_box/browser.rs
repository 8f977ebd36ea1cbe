//! Pages in a real browser: they are up to date by themselves, do what their buttons say, take no text for markup, and can be
//! used by everybody.

use orbital_tests::{Api, Browser, Host, Pipeline, axe, browse, eventually};
use serde_json::{Value, json};

/// The row of a case.
fn row(case: &str) -> String {
    format!("document.querySelector('[data-id=\"{case}\"]')")
}

/// The state that the overview shows of a case.
fn is(case: &str, state: &str) -> String {
    format!("{}?.dataset.say === '{case} is {state}'", row(case))
}

/// The page was loaded once: what is noted in it now is there later.
async fn note(browser: &Browser) {
    browser.run("window.noted = true").await;
}

async fn assert_same_page(browser: &Browser) {
    assert_eq!(browser.run("return window.noted").await, true, "the page was loaded again");
}

async fn assert_no_complaint(browser: &Browser) {
    let complaints = browser.complaints().await;
    assert!(complaints.is_empty(), "{complaints:#?}");
}

/// The ids of all cases that the overview shows, in its order.
async fn shown(browser: &Browser) -> Vec<String> {
    let ids = browser
        .run("return [...document.querySelectorAll('#cases > li')].map((row) => row.dataset.id)")
        .await;
    serde_json::from_value(ids).unwrap()
}

#[tokio::test]
async fn a_case_turns_red_and_green_again_before_ones_eyes() {
    browse(async |browser| {
        let pipeline = Pipeline::start().await;
        let host = Host::builder().sections(&pipeline.targets()).start().await;
        let pipeline = pipeline.deliver_to(&host);
        host.deploy("rust");
        host.lines.wait(0, &["--- PASS: rust/smoke ("]).await;
        browser.open(&host.admin).await;
        browser.until("document.querySelector('#connection.live')").await;
        note(browser).await;
        browser.until(&is("rust/smoke", "up")).await;

        pipeline.faults(&json!({ "status": 503, "types": ["signup"] })).await;
        browser.until(&is("rust/smoke", "down")).await;
        // What is wrong stands first, and which step it was stands with it.
        let ids = shown(browser).await;
        let at = |id: &str| ids.iter().position(|other| other == id).unwrap();
        assert!(at("rust/smoke") < at("rust/fan-out"), "{ids:?}");
        let why = browser.text("[data-id='rust/smoke'] .why").await;
        assert!(why.contains("at step") && why.contains("answered with 503"), "{why}");
        browser.until("document.getElementById('said').textContent.includes(' is down')").await;
        browser.until("document.querySelector('#summary').textContent.includes('down')").await;

        pipeline.faults(&json!({})).await;
        browser.until(&is("rust/smoke", "up")).await;
        browser.until(&format!("!{}.querySelector('.why')", row("rust/smoke"))).await;
        assert_same_page(browser).await;

        // What is deployed or removed comes and goes, too.
        host.deploy("tagged");
        browser.until(&row("tagged/crm")).await;
        std::fs::remove_file(host.file("tagged")).unwrap();
        browser.until(&format!("!{}", row("tagged/crm"))).await;
        assert_same_page(browser).await;
        assert_no_complaint(browser).await;
    })
    .await;
}

#[tokio::test]
async fn cases_are_chosen_by_name_tag_component_and_state() {
    browse(async |browser| {
        let host = Host::builder().with("tagged").with("manual").start().await;
        host.lines.wait(0, &["--- PASS: tagged/crm"]).await;
        host.lines.wait(0, &["--- PASS: tagged/shop"]).await;
        browser.open(&host.admin).await;
        assert_eq!(shown(browser).await.len(), 3);

        browser.click("select[name=tag] option[value='team:crm']").await;
        browser.click("form[role=search] button").await;
        browser.until("location.search.includes('tag=team%3Acrm')").await;
        assert_eq!(shown(browser).await, ["tagged/crm"]);
        // The address alone shows the same; and what changes does not bring in what was not chosen.
        let url = browser.url().await;
        browser.open(&url).await;
        browser.until("document.querySelector('#connection.live')").await;
        let mark = host.lines.mark();
        host.lines.wait_n(mark, 3, &["--- PASS: tagged/shop"]).await;
        assert_eq!(shown(browser).await, ["tagged/crm"]);

        for (query, expected) in [
            ("?q=SHO", &["tagged/shop"][..]),
            ("?component=manual", &["manual/manual"]),
            ("?state=unknown", &["manual/manual"]),
            ("?state=up&q=tagged", &["tagged/crm", "tagged/shop"]),
            ("?state=down", &[]),
        ] {
            browser.open(&format!("{}/{query}", host.admin)).await;
            assert_eq!(shown(browser).await, expected, "{query}");
        }
        browser.click("select[name=window] option[value='7d']").await;
        browser.click("form[role=search] button").await;
        browser.until("document.getElementById('count').textContent.includes('last 7 days')").await;
        assert_no_complaint(browser).await;
    })
    .await;
}

#[tokio::test]
async fn a_case_is_run_paused_and_resumed_by_its_buttons() {
    browse(async |browser| {
        let mut api = Api::start().await;
        let target = format!("[targets.api]\nurl = \"{}\"\n", api.url);
        let host = Host::builder().sections(&target).with("holds").start().await;
        let page = format!("{}/cases/holds/holder", host.admin);
        browser.open(&page).await;
        browser.click("form[action$='/run'] button").await;
        browser.until("location.pathname.startsWith('/runs/')").await;
        // It goes on until its delivery comes, and the page tells by itself that it has ended.
        browser.until("document.querySelector('#connection.live')").await;
        assert!(browser.text("#run").await.contains("in flight"));
        note(browser).await;
        api.next().await.answer("");
        host.deliver(&json!({ "id": "shared-key", "for": "holder" })).await;
        browser.until("document.getElementById('run').dataset.say === 'the run ended: pass'").await;
        assert_same_page(browser).await;
        let timeline = browser.text(".timeline").await;
        for text in [
            "started",
            "POST to `api`",
            "answered 200",
            "to connect",
            "to the answer's first byte",
            "delivery POST /",
            "after the event",
            "ended: pass",
        ] {
            assert!(timeline.contains(text), "no `{text}` in {timeline}");
        }

        browser.open(&page).await;
        browser.click("#pausing summary").await;
        browser.type_in("input[name=reason]", "the CRM is being moved").await;
        browser.type_in("input[name=author]", "ada").await;
        browser.click("select[name=lasting] option[value='2h']").await;
        browser.click("form[action$='/pause'] button").await;
        browser.until("document.querySelector('#standing .paused')").await;
        assert!(browser.text("#standing").await.contains("of ada"));
        let pauses = host.api("/pauses").await;
        assert_eq!(pauses["pauses"][0]["cases"], "holds/holder");
        assert_eq!(pauses["pauses"][0]["reason"], "the CRM is being moved");
        browser.click("form[action$='/resume'] button").await;
        browser.until("document.querySelector('#standing .up')").await;
        assert_eq!(host.api("/pauses").await["pauses"], json!([]));
        assert_no_complaint(browser).await;
    })
    .await;
}

#[tokio::test]
async fn whatever_a_test_or_a_delivery_says_stays_text() {
    const MARKUP: &str = "<script>window.hacked = 4</script><img src=x onerror='window.hacked = 5'>";
    browse(async |browser| {
        let mut api = Api::start().await;
        let target = format!("[targets.api]\nurl = \"{}\"\n", api.url);
        let host = Host::builder().sections(&target).with("markup").with("shouts").with("bad_name").start().await;
        let run = async |id: &str| {
            let (status, report) = host.ask(reqwest::Method::POST, &format!("/cases/{id}/runs?wait=true"), None).await;
            assert_eq!(status, 200, "{report}");
            report["run"].as_str().unwrap().to_owned()
        };
        let markup = run("markup/markup").await;
        let shouting = async { tokio::join!(run("shouts/shouts"), async { api.next().await.answer(MARKUP) }).0 };
        let shouts = shouting.await;
        host.deliver(&json!({ "id": MARKUP, "text": MARKUP })).await;
        let pages = [
            "/".to_owned(),
            "/cases/markup/markup".to_owned(),
            format!("/runs/{markup}"),
            format!("/runs/{shouts}"),
            "/components".to_owned(),
            "/components/bad_name".to_owned(),
            "/webhook".to_owned(),
            format!("/webhook?key={}", "%3Cscript%3Ewindow.hacked%20=%206%3C/script%3E"),
            "/%3Cscript%3Ewindow.hacked%20=%207%3C/script%3E".to_owned(),
        ];
        for page in &pages {
            browser.open(&format!("{}{page}", host.admin)).await;
            browser.run("document.querySelectorAll('details').forEach((details) => details.open = true)").await;
            let made = browser.run("return [window.hacked ?? null, document.querySelectorAll('main script, main img').length]").await;
            assert_eq!(made, json!([null, 0]), "{page}");
            // Nor does it clear, forge or turn around anything.
            let odd = browser.run("return document.body.innerText.match(/[\\u001b\\u009b\\u202e\\u2028]/)").await;
            assert_eq!(odd, Value::Null, "{page}");
        }
        browser.open(&format!("{}/runs/{markup}", host.admin)).await;
        assert!(browser.text(".timeline").await.contains("<script>window.hacked = 1</script>"));
        browser.open(&format!("{}/webhook", host.admin)).await;
        browser.run("document.querySelectorAll('details').forEach((details) => details.open = true)").await;
        assert!(browser.text("#deliveries").await.contains("<script>window.hacked = 4</script>"));
        // The page that is not there is one complaint, and no other.
        let complaints = browser.complaints().await;
        assert!(complaints.iter().all(|complaint| complaint.contains("404")), "{complaints:#?}");
    })
    .await;
}

#[tokio::test]
async fn everybody_can_use_every_page() {
    let Some(axe) = axe() else { return };
    browse(async |browser| {
        let pipeline = Pipeline::start().await;
        let host =
            Host::builder().sections(&pipeline.targets()).with("bad_cron").with("tagged").start().await;
        let pipeline = pipeline.deliver_to(&host);
        let mark = host.deploy("rust");
        host.lines.wait(mark, &["--- PASS: rust/fan-out ("]).await;
        pipeline.faults(&json!({ "corrupt": true, "types": ["signup"] })).await;
        host.lines.wait(mark, &["--- FAIL: rust/smoke ("]).await;
        let failed = eventually("there is a run that failed", async || {
            let runs = host.api("/runs?cases=rust/smoke&outcome=fail").await;
            runs["runs"][0]["run"].as_str().map(str::to_owned)
        })
        .await;
        let pages = [
            "/".to_owned(),
            "/cases/rust/smoke".to_owned(),
            "/cases/rust/fan-out".to_owned(),
            "/runs".to_owned(),
            format!("/runs/{failed}"),
            "/components".to_owned(),
            "/components/rust".to_owned(),
            "/components/bad_cron".to_owned(),
            "/webhook".to_owned(),
            "/nowhere".to_owned(),
        ];
        for scheme in ["light", "dark"] {
            browser.prefer(scheme).await;
            for page in &pages {
                browser.at_a_desk().await;
                browser.open(&format!("{}{page}", host.admin)).await;
                browser
                    .run("document.querySelectorAll('details').forEach((details) => details.open = true)")
                    .await;
                let flaws = browser.flaws(&axe).await;
                assert!(flaws.is_empty(), "{page}, {scheme}: {flaws:#?}");
                let width = browser.run("return document.documentElement.scrollWidth").await;
                assert!(width.as_u64() <= Some(1000), "{page} is {width} wide at a desk");
                browser.on_a_phone().await;
                let flaws = browser.flaws(&axe).await;
                assert!(flaws.is_empty(), "{page} on a phone, {scheme}: {flaws:#?}");
                let width = browser.run("return document.documentElement.scrollWidth").await;
                assert!(width.as_u64() <= Some(375), "{page} is {width} wide on a phone");
            }
        }
        // The first thing that the keyboard reaches leads past what is on every page.
        browser.at_a_desk().await;
        browser.open(&host.admin).await;
        browser.type_in("body", "\u{e004}").await;
        assert_eq!(browser.run("return document.activeElement.getAttribute('href')").await, "#main");
        browser.run("document.activeElement.click()").await;
        assert_eq!(browser.run("return document.activeElement.id").await, "main");
    })
    .await;
}

#[tokio::test]
async fn one_signs_in_with_the_token_and_out_again() {
    const TOKEN: &str = "0123456789abcdef0123456789abcdef";
    browse(async |browser| {
        let host = Host::builder().token(TOKEN).with("manual").start().await;
        // Where one wanted to go is where one comes out.
        browser.open(&format!("{}/cases/manual/manual?window=24h", host.admin)).await;
        assert!(browser.url().await.contains("/sign-in?next="));
        browser.type_in("input[name=token]", "not the token at all").await;
        browser.click("main button").await;
        assert!(browser.text("[role=alert]").await.contains("not the token"));
        browser.type_in("input[name=token]", TOKEN).await;
        browser.click("main button").await;
        browser
            .until("location.pathname === '/cases/manual/manual' && location.search === '?window=24h'")
            .await;
        browser.until("document.querySelector('#connection.live')").await;
        assert_eq!(browser.run("return document.cookie").await, "", "scripts cannot read the cookie");
        // Buttons work, too.
        browser.click("form[action$='/run'] button").await;
        browser.until("location.pathname.startsWith('/runs/')").await;
        browser.click("form[action='/sign-out'] button").await;
        browser.until("location.pathname === '/sign-in'").await;
        browser.open(&host.admin).await;
        assert!(browser.url().await.contains("/sign-in"));
        assert!(!host.lines.text().contains(TOKEN));
    })
    .await;
}

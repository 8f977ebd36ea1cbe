//! Settings that depend on each other, of which one needs a restart and the other takes effect at once: until the
//! restart, what takes effect is judged by what the host really does.

use std::path::Path;

use orbital_tests::{Host, client, client_builder};
use reqwest::{Certificate, Client};
use rustix::process::{Pid, Signal, kill_process};

const TOKEN: &str = "0123456789abcdef0123456789abcdef";

const READ_AGAIN: &str = "the configuration was read again";

const REJECTED: &str = "the configuration on disk is invalid";

const ADMIN_TLS: &str = "[admin.tls]\ncertificate = \"cert.pem\"\nkey = \"key.pem\"\n";

/// Changes `orbital.toml` and has it read at once; gives the line about it.
async fn change(host: &Host, change: impl FnOnce(&str) -> String, line: &str) -> String {
    let before = std::fs::read_to_string(host.config()).unwrap();
    let after = change(&before);
    assert_ne!(before, after);
    let (mark, new) = (host.lines.mark(), host.config().with_extension("new"));
    std::fs::write(&new, after).unwrap();
    std::fs::rename(&new, host.config()).unwrap();
    kill_process(Pid::from_raw(host.id()).unwrap(), Signal::HUP).unwrap();
    host.lines.wait(mark, &[line]).await
}

async fn status(client: &Client, host: &Host, token: Option<&str>) -> u16 {
    let mut request = client.get(format!("{}/api/v1/cases", host.admin));
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    request.send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn a_listener_that_others_reach_keeps_its_token_until_it_is_bound_elsewhere() {
    let host = Host::builder().token(TOKEN).admin_address("0.0.0.0:0").start().await;
    let open =
        |text: &str| text.replace("0.0.0.0:0", "127.0.0.1:0").replace("token = \"${secret.admin}\"\n", "");
    let line = change(&host, open, REJECTED).await;
    for part in [
        "`admin.token` would take effect at once",
        "`admin.listen`",
        "only after a restart",
        "restart the host",
    ] {
        assert!(line.contains(part), "no `{part}` in {line}");
    }
    assert_eq!(status(&client(), &host, None).await, 401);
    assert_eq!(status(&client(), &host, Some(TOKEN)).await, 200);
    let request = client().get(format!("{}/readyz", host.admin)).bearer_auth(TOKEN);
    let page = request.send().await.unwrap().text().await.unwrap();
    assert!(page.contains("`admin.token` would take effect at once"), "{page}");

    // With the token, the new address may wait for the restart.
    let keep = |text: &str| text.replace("[admin]\n", "[admin]\ntoken = \"${secret.admin}\"\n");
    let line = change(&host, keep, READ_AGAIN).await;
    assert!(line.contains("`admin.listen`"), "{line}");
    assert_eq!(status(&client(), &host, None).await, 401);
}

#[tokio::test]
async fn a_listener_on_loopback_may_lose_its_token() {
    let host = Host::builder().token(TOKEN).start().await;
    change(&host, |text| text.replace("token = \"${secret.admin}\"\n", ""), READ_AGAIN).await;
    assert_eq!(status(&client(), &host, None).await, 200);
}

fn make_certificate(directory: &Path) {
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    std::fs::write(directory.join("cert.pem"), made.cert.pem()).unwrap();
    std::fs::write(directory.join("key.pem"), made.signing_key.serialize_pem()).unwrap();
}

/// Signs in; gives the header that sets the cookie, which must be good for what the listener speaks now.
async fn signed_in(client: &Client, host: &Host) -> String {
    let form = client.post(format!("{}/sign-in", host.admin)).body(format!("token={TOKEN}&next=/"));
    let form = form.header("content-type", "application/x-www-form-urlencoded");
    let answer = form.send().await.unwrap();
    let cookie = answer.headers()["set-cookie"].to_str().unwrap().to_owned();
    let request = client.get(format!("{}/api/v1/cases", host.admin));
    let request = request.header("cookie", cookie.split(';').next().unwrap());
    assert_eq!(request.send().await.unwrap().status(), 200, "{cookie}");
    cookie
}

#[tokio::test]
async fn a_session_needs_tls_if_the_listener_has_it_whatever_the_file_says() {
    let host = Host::builder().token(TOKEN).before(make_certificate).start().await;
    let is_secure =
        |cookie: &str| cookie.starts_with("__Host-orbital-session=") && cookie.contains("; Secure");
    let cookie = signed_in(&client(), &host).await;
    assert!(cookie.starts_with("orbital-session=") && !cookie.contains("Secure"), "{cookie}");
    let line = change(&host, |text| format!("{text}\n{ADMIN_TLS}"), READ_AGAIN).await;
    assert!(line.contains("`admin.tls`"), "{line}");
    let cookie = signed_in(&client(), &host).await;
    assert!(cookie.starts_with("orbital-session=") && !cookie.contains("Secure"), "{cookie}");

    let host = host.stopped_and_restarted(|_| {}).await;
    let certificate =
        Certificate::from_pem(&std::fs::read(host.directory().join("cert.pem")).unwrap()).unwrap();
    let client = client_builder().tls_certs_only([certificate]).build().unwrap();
    let cookie = signed_in(&client, &host).await;
    assert!(is_secure(&cookie) && cookie.contains("; Path=/") && !cookie.contains("Domain"), "{cookie}");
    change(&host, |text| text.replace(ADMIN_TLS, ""), READ_AGAIN).await;
    let cookie = signed_in(&client, &host).await;
    assert!(is_secure(&cookie), "{cookie}");
    // Under the other name, which a page of the same host without TLS could set, it is none.
    let request = client.get(format!("{}/api/v1/cases", host.admin));
    let plain = cookie.split(';').next().unwrap().trim_start_matches("__Host-");
    assert_eq!(request.header("cookie", plain).send().await.unwrap().status(), 401);
}

#[tokio::test]
async fn a_peer_may_have_as_many_connections_as_there_are_now() {
    let host = Host::builder().start().await;
    let line =
        change(&host, |text| text.replace("[webhook]\n", "[webhook]\nmax_connections = 1\n"), READ_AGAIN)
            .await;
    assert!(line.contains("`webhook.max_connections`"), "{line}");
    // Two at once: the first one is still there when the second one is answered.
    let [one, two] = [client(), client()];
    for _ in 0..2 {
        for client in [&one, &two] {
            assert_eq!(client.post(&host.webhook).send().await.unwrap().status(), 200);
        }
    }
    let evicted = [("listener", "webhook"), ("reason", "evicted")];
    assert_eq!(host.metrics().await.get("orbital_listener_turned_away_total", &evicted), Some(0.0));
}

#[tokio::test]
async fn components_keep_their_paths_and_the_profiles_for_them() {
    let profile = "[[webhook.auth]]\npath = \"/~shop\"\nby = \"none\"\n";
    let host = Host::builder().webhook(&format!("path_per_component = true\n{profile}")).start().await;
    let post = async |path: &str| {
        let answer = client().post(format!("{}{path}", host.webhook)).send().await.unwrap();
        answer.status().as_u16()
    };
    assert_eq!((post("/~shop").await, post("/hooks").await), (200, 404));
    let change_path = |text: &str| text.replace("path_per_component = true", "path_per_component = false");
    let line = change(&host, change_path, READ_AGAIN).await;
    assert!(line.contains("`webhook.path_per_component`"), "{line}");
    // The profile is for the new kind of paths, which is not in effect.
    let line = change(&host, |text| text.replace("/~shop", "/*"), REJECTED).await;
    assert!(line.contains("`webhook.auth`") && line.contains("`webhook.path_per_component`"), "{line}");
    assert_eq!((post("/~shop").await, post("/~other").await, post("/hooks").await), (200, 404, 404));
}

/// Each of these would be correct after a restart. Before it, they would apply to something else than the operator meant.
#[tokio::test]
async fn what_depends_on_a_setting_that_needs_a_restart_waits_for_it() {
    let token = "[secrets.crm]\nenv = \"ADMIN_TOKEN\"";
    let profile = "[[webhook.auth]]\npath = \"/*\"\nby = \"bearer\"\nsecrets = [\"${secret.crm}\"]\n";
    let host = Host::builder().token(TOKEN).webhook(profile).sections(token);
    let host = host.components("external_links = true").start().await;
    let original = std::fs::read_to_string(host.config()).unwrap();
    let grants = "[components.\"shop\"]\nhosts = [\"https://*\"]\n";
    let pins = format!("[trust.pinned]\nshop = \"{}\"\n", "0".repeat(64));
    let at = "[webhook]\nlisten = \"127.0.0.";
    let elsewhere = |text: &str| text.replace(&format!("{at}1"), &format!("{at}2"));
    let changes: [(&str, &str, String); 6] = [
        ("webhook.listen", "webhook.auth", elsewhere(&original).replace(profile, "")),
        (
            "webhook.listen",
            "webhook.auth",
            elsewhere(&original).replace("by = \"bearer\"", "by = \"github\""),
        ),
        ("trust", "components.\"PATTERN\"", format!("{original}\n{grants}{pins}")),
        ("trust", "targets", format!("{original}\n{pins}[targets.new]\nurl = \"http://localhost:1\"\n")),
        ("components.external_links", "config", {
            original.replace("external_links = true", "external_links = false")
                + "\n[config.shop]\nname = \"value\"\n"
        }),
        (
            "history.path",
            "history.max_age",
            format!("{original}\n[history]\npath = \"new.db\"\nmax_age = \"1d\"\n"),
        ),
    ];
    for (fixed, live, text) in changes {
        let line = change(&host, |_| text, REJECTED).await;
        assert!(line.contains(&format!("`{live}` would take effect at once, but `{fixed}`")), "{line}");
        let post = client().post(&host.webhook).send().await.unwrap();
        assert_eq!(post.status(), 401, "{fixed} {live}");
    }
    // Alone, either may change.
    for text in [elsewhere(&original), format!("{original}\n{pins}"), format!("{original}\n{grants}")] {
        change(&host, |_| text, READ_AGAIN).await;
    }
    change(&host, |_| original.replace(profile, ""), READ_AGAIN).await;
    assert_eq!(client().post(&host.webhook).send().await.unwrap().status(), 200);
}

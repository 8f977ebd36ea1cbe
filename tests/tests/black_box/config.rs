//! The configuration file: every mistake is reported at once, with its line; and what is set reaches the test.

use orbital_tests::{Finished, config, guest, last_attempt, orbital};
use serde_json::Value;
use tempfile::TempDir;
use tokio::net::TcpListener;

/// Starts a host with this file.
async fn serve(toml: &str) -> Finished {
    let config = config(toml);
    orbital(["serve".as_ref(), "--config".as_ref(), config.path()]).await
}

/// Starts a host with this file, which must be refused with exactly these mistakes, each with all of its texts.
async fn refused(toml: &str, mistakes: &[&[&str]]) {
    let finished = serve(toml).await;
    assert_eq!(finished.code, 2, "{finished:?}");
    let said: Vec<&str> = finished.stderr.lines().filter(|line| line.starts_with("  line ")).collect();
    assert_eq!(said.len(), mistakes.len(), "{}", finished.stderr);
    for (said, texts) in said.iter().zip(mistakes) {
        assert!(texts.iter().all(|text| said.contains(text)), "not all of {texts:?} in `{said}`");
    }
}

#[tokio::test]
async fn an_unknown_setting_is_named_with_what_may_have_been_meant() {
    refused(
        "[webhook]\nlisten = \"127.0.0.1:0\"\nlisen = \"127.0.0.1:0\"\n[scheduler]\nqwerty = 1\n",
        &[
            &["line 3:", "`webhook.lisen`", "did you mean `listen`?"],
            &["line 5:", "`scheduler.qwerty`", "`max_in_flight`", "`shutdown_grace`"],
        ],
    )
    .await;
}

#[tokio::test]
async fn an_unknown_section_is_named() {
    refused("\n[webhok]\nlisten = \"127.0.0.1:0\"\n", &[&["line 2:", "`webhok`", "did you mean `webhook`?"]])
        .await;
}

#[tokio::test]
async fn a_value_of_a_wrong_type_is_told_what_it_must_be() {
    refused(
        "environment = 7\n[webhook]\nlisten = 8710\nmax_connections = \"many\"\nkeys = \"id\"\n[targets]\napi = 1\n\
         [config.shop]\nplan = true\n",
        &[
            &["line 1:", "`environment`", "must be a string, not a number"],
            &["line 3:", "`webhook.listen`", "must be a string, not a number"],
            &["line 4:", "`webhook.max_connections`", "must be a whole number from 1 to"],
            &["line 5:", "`webhook.keys`", "must be a list of tables"],
            &["line 7:", "`targets.api`", "must be a table"],
            &["line 7:", "`targets.api`", "has no `url`"],
            &["line 9:", "`config.shop.plan`", "must be a string, not true or false"],
        ],
    )
    .await;
}

#[tokio::test]
async fn bad_durations_sizes_and_addresses_say_what_good_ones_look_like() {
    refused(
        "[webhook]\nlisten = \"localhost:8710\"\nmax_body = \"ten\"\nbody_timeout = \"10\"\n\
         [waiter]\nearly_for = \"0s\"\nlate_for = \"1 year\"\n[limits]\nmemory = \"1KiB\"\n",
        &[
            &["line 2:", "`webhook.listen`", "`localhost:8710`", "`127.0.0.1:8710`"],
            &["line 3:", "`webhook.max_body`", "`ten`", "`64KiB`"],
            &["line 4:", "`webhook.body_timeout`", "`10`", "`300ms`"],
            &["line 6:", "`waiter.early_for`", "above zero"],
            &["line 7:", "`waiter.late_for`", "`1 year`", "longer than 49 days"],
            &["line 9:", "`limits.memory`", "`1KiB`", "between 1.0 MiB and 1.0 GiB"],
        ],
    )
    .await;
}

#[tokio::test]
async fn places_of_keys_and_targets_that_cannot_work_are_refused() {
    refused(
        "[webhook]\nkeys = [{ query = \"id\" }, { json = \"id\" },\n{ header = \"a b\" },\n{ path = 1, query = \"id\" }]\n\
         [targets.ftp]\nurl = \"ftp://h\"\n[targets.query]\nurl = \"http://h?a\"\n[targets.header.headers]\n\"a b\" = \"x\"\n",
        &[
            &["line 2:", "`webhook.keys[1].json`", "not a JSON pointer"],
            &["line 3:", "`webhook.keys[2].header`", "not the name of a header"],
            &["line 4:", "`webhook.keys[3]`", "must be one of"],
            &["line 6:", "`targets.ftp.url`", "`http://`", "not `ftp:`"],
            &["line 8:", "`targets.query.url`", "no `?`"],
            &["line 9:", "`targets.header`", "has no `url`"],
            &["line 10:", "`targets.header.headers.a b`", "not the name of a header"],
        ],
    )
    .await;
}

#[tokio::test]
async fn a_list_of_no_places_for_keys_is_refused() {
    refused("[webhook]\nkeys = []\n", &[&["line 2:", "`webhook.keys`", "at least one place"]]).await;
}

#[tokio::test]
async fn a_list_of_wrong_places_for_keys_is_not_said_to_be_empty() {
    refused("[webhook]\nkeys = [{ json = \"id\" }]\n", &[&["line 2:", "not a JSON pointer"]]).await;
}

#[tokio::test]
async fn a_wrong_header_is_reported_in_its_own_line() {
    refused(
        "[targets.api]\nurl = \"http://h\"\n[targets.api.headers]\nfine = \"x\"\n\"a b\" = \"x\"\n",
        &[&["line 5:", "`targets.api.headers.a b`", "not the name of a header"]],
    )
    .await;
}

#[tokio::test]
async fn a_secret_that_is_used_must_be_set() {
    refused(
        "[secrets.known]\nenv = \"X\"\n[targets.api]\nurl = \"http://h/${secret.unknown}\"\n\
         headers = { a = \"${env.HOME}\", b = \"${secret.known\" }\n[secrets.both]\nenv = \"X\"\nfile = \"x\"\n",
        &[
            &["line 4:", "`targets.api.url`", "no secret `unknown`", "`[secrets.unknown]`"],
            &["line 5:", "`targets.api.headers.a`", "`${env.HOME}`", "`${secret.NAME}`"],
            &["line 5:", "`targets.api.headers.b`", "no `}`"],
            &["line 6:", "`secrets.both`", "either", "`env = ", "`file = "],
        ],
    )
    .await;
}

#[tokio::test]
async fn a_mistake_of_syntax_is_reported_alone_as_the_rest_can_only_be_guessed() {
    refused("[webhook]\nmax_body = \"ten\"\n[admin\n", &[&["line 3:", "unclosed table", "`]`"]]).await;
}

#[tokio::test]
async fn a_mistake_of_syntax_in_a_value_is_reported_in_its_own_line_only() {
    let finished = serve("[webhook]\nlisten = = 3\n").await;
    assert!(finished.stderr.contains("line 2: "), "{finished:?}");
    assert!(!finished.stderr.contains("line 1: "), "{finished:?}");
}

#[tokio::test]
async fn settings_that_contradict_are_refused() {
    refused(
        "[webhook]\nlisten = \"127.0.0.1:9999\"\n[admin]\nlisten = \"127.0.0.1:9999\"\nopen_metrics = true\n",
        &[
            &["line 1:", "`webhook`", "`admin.listen` is 127.0.0.1:9999 too"],
            &["line 5:", "`admin.open_metrics`", "there is no `token` here"],
        ],
    )
    .await;
}

#[tokio::test]
async fn a_file_that_is_not_there_is_named() {
    let finished = orbital(["serve", "--config", "/nowhere/orbital.toml"]).await;
    assert_eq!(finished.code, 2, "{finished:?}");
    assert!(finished.stderr.contains("`/nowhere/orbital.toml`"), "{finished:?}");
    assert!(finished.stderr.contains("No such file"), "{finished:?}");
}

#[tokio::test]
async fn a_file_that_is_not_text_is_named() {
    let file = config("");
    std::fs::write(file.path(), b"\xff\xfe").unwrap();
    let finished = orbital(["serve".as_ref(), "--config".as_ref(), file.path()]).await;
    assert_eq!(finished.code, 2, "{finished:?}");
    assert!(finished.stderr.contains(file.path().to_str().unwrap()), "{finished:?}");
}

#[tokio::test]
async fn a_directory_of_components_that_is_not_there_is_named() {
    let finished = serve(
        "[components]\ndirectory = \"/nowhere/at/all\"\n[webhook]\nlisten = \"127.0.0.1:0\"\n[admin]\nlisten = \"127.0.0.1:0\"",
    )
    .await;
    assert_eq!(finished.code, 2, "{finished:?}");
    assert!(finished.stderr.contains("`/nowhere/at/all`"), "{finished:?}");
    assert!(finished.stderr.contains("`components.directory`"), "{finished:?}");
}

#[tokio::test]
async fn a_port_in_use_is_a_fault_that_names_the_setting() {
    let directory = TempDir::new().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    let any = "127.0.0.1:0".to_owned();
    for (webhook, admin, setting) in [(&taken, &any, "`webhook.listen`"), (&any, &taken, "`admin.listen`")] {
        let path = directory.path();
        let finished = serve(&format!(
            "[components]\ndirectory = {path:?}\n[webhook]\nlisten = {webhook:?}\n[admin]\nlisten = {admin:?}\n"
        ))
        .await;
        assert_eq!(finished.code, 3, "{finished:?}");
        let said = [&taken, "in use", setting].iter().all(|text| finished.stderr.contains(text));
        assert!(said, "{finished:?}");
    }
}

#[tokio::test]
async fn a_run_that_cannot_listen_names_the_setting_and_the_option() {
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    let component = guest("manual");
    let arguments = ["run".as_ref(), component.as_os_str(), "--listen".as_ref(), taken.as_ref()];
    let finished = orbital(arguments).await;
    assert_eq!(finished.code, 3, "{finished:?}");
    let said =
        [&*taken, "in use", "`webhook.listen`", "`--listen`"].map(|text| finished.stderr.contains(text));
    assert_eq!(said, [true; 4], "{finished:?}");
}

#[tokio::test]
async fn config_and_environment_reach_the_component_they_are_set_for() {
    let config = config(
        "environment = \"staging\"\n[webhook]\nlisten = \"127.0.0.1:0\"\npublic_url = \"https://hooks.example.com/orbital/\"\n\
         [config.reads]\nplan = \"gold\"\nregion = \"eu\"\n[config.other]\nabsent = \"of another component\"\n",
    );
    let component = guest("reads");
    let arguments =
        ["run".as_ref(), component.as_path(), "--json".as_ref(), "--config".as_ref(), config.path()];
    let finished = orbital(arguments).await;
    assert_eq!(finished.code, 0, "{finished:?}");
    let report: Value = serde_json::from_str(&finished.stdout).unwrap();
    let steps = last_attempt(&report)["timeline"].as_array().unwrap();
    let logs: Vec<&Value> = steps.iter().filter(|step| step["step"] == "log").collect();
    let messages: Vec<&str> = logs.iter().map(|log| log["message"].as_str().unwrap()).collect();
    assert_eq!(messages, ["context", "plan is Some(\"gold\")", "region is Some(\"eu\")", "absent is None"]);
    let fields: Vec<(&str, &str)> = logs[0]["fields"]
        .as_array()
        .unwrap()
        .iter()
        .map(|field| (field[0].as_str().unwrap(), field[1].as_str().unwrap()))
        .collect();
    assert_eq!(
        fields,
        [
            ("run_id", report["run"].as_str().unwrap()),
            ("component", "reads"),
            ("case", "reads"),
            ("attempt", "1"),
            ("environment", "staging"),
            ("webhook_url", "https://hooks.example.com/orbital"),
        ]
    );
}

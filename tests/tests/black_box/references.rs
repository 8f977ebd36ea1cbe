//! `${…}` in the configuration: what cannot be put in is a mistake, and never a text.

use orbital_tests::{config, orbital};

#[tokio::test]
async fn a_variable_in_any_setting_is_a_mistake_that_shows_what_is_right() {
    let file = config(
        r#"environment = "${ENVIRONMENT}"
state = "/var/lib/${HOST}"
[components]
directory = "${DIRECTORY}"
poll = "${POLL}"
[webhook]
listen = "${LISTEN}"
max_connections = "${CONNECTIONS}"
keys = [{ json = "${KEY}" }]
[secrets.api]
env = "${TOKEN}"
[targets.api]
url = "https://${API_HOST}/v1"
headers = { authorization = "Bearer ${TOKEN}" }
[config.shop]
email = "${EMAIL}"
greeting = "Hello ${name}, this text is the test's own"
token = "${secret.api}"
[[override]]
cases = "${CASES}"
config = { plan = "${PLAN:-free}" }
[[maintenance]]
cases = "*"
reason = "moving ${WHAT}"
cron = "0 2 * * *"
duration = "1h"
"#,
    );
    for command in [&["serve"][..], &["config", "check"]] {
        let options = ["--config", file.path().to_str().unwrap()];
        let finished = orbital(command.iter().chain(&options)).await;
        assert_eq!(finished.code, 2, "{finished:?}");
        let said: Vec<&str> =
            finished.stderr.lines().filter(|line| line.contains("is not known: variables")).collect();
        let variables = [
            ("environment", "ENVIRONMENT"),
            ("state", "HOST"),
            ("components.directory", "DIRECTORY"),
            ("components.poll", "POLL"),
            ("webhook.listen", "LISTEN"),
            ("webhook.max_connections", "CONNECTIONS"),
            ("webhook.keys[0].json", "KEY"),
            ("secrets.api.env", "TOKEN"),
            ("targets.api.url", "API_HOST"),
            ("targets.api.headers.authorization", "TOKEN"),
            ("config.shop.email", "EMAIL"),
            ("override[0].cases", "CASES"),
            ("override[0].config.plan", "PLAN"),
            ("maintenance[0].reason", "WHAT"),
        ];
        for (setting, variable) in variables {
            let line = said.iter().find(|line| line.contains(&format!("`{setting}`")));
            let line = line.unwrap_or_else(|| panic!("nothing is said of `{setting}`: {}", finished.stderr));
            assert!(line.contains(&format!("`env = \"{variable}\"`")), "{line}");
            assert!(line.contains("`${secret.NAME}`"), "{line}");
        }
        assert_eq!(said.len(), variables.len(), "{}", finished.stderr);
        assert!(!finished.stderr.contains("config.shop.greeting"), "{}", finished.stderr);
        assert!(!finished.stderr.contains("config.shop.token"), "{}", finished.stderr);
    }
}

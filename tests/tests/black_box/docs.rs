//! The examples of the documents: each block of TOML is a whole `orbital.toml`, which must be good. One that is no
//! `orbital.toml`, or only a part of one, has another word than `toml` alone behind its fence, such as `toml part`.

use orbital_tests::{Block, blocks, orbital_with};
use tempfile::TempDir;
use toml::{Table, Value};

/// The value of all other secrets: as long as a token must be.
const SECRET: &str = "0123456789abcdef0123456789abcdef";

/// The value of secrets whose name says that they are keys of Standard Webhooks.
const KEY: &str = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";

fn secret(name: &str) -> &'static str {
    if name.contains("whsec") { KEY } else { SECRET }
}

/// Certificates and keys of both listeners.
fn of_tls(example: &str) -> Vec<(String, String)> {
    let file: Table = example.parse().unwrap();
    let tls = ["webhook", "admin"].into_iter().filter_map(|name| file.get(name)?.get("tls"));
    let path = |tls: &Value, name: &str| tls[name].as_str().unwrap().to_owned();
    tls.map(|tls| (path(tls, "certificate"), path(tls, "key"))).collect()
}

/// Certificates that those of other hosts must lead to.
fn of_authorities(example: &str) -> Vec<String> {
    let file: Table = example.parse().unwrap();
    let environments = file.get("environments").and_then(Value::as_table).into_iter().flatten();
    environments.filter_map(|(_, environment)| Some(environment.get("ca")?.as_str()?.to_owned())).collect()
}

/// The texts of all `[secrets.…]` under this name.
fn of_secrets(example: &str, name: &str) -> Vec<String> {
    let file: Table = example.parse().unwrap();
    let secrets = file.get("secrets").and_then(Value::as_table).into_iter().flatten();
    secrets.filter_map(|(_, secret)| Some(secret.get(name)?.as_str()?.to_owned())).collect()
}

/// Writes each block into a directory of its own, provides the secrets that it names, and has it checked.
async fn assert_all_are_good(document: &str, least: usize) {
    let mut examples = blocks(document);
    examples.retain(|block| block.language == "toml");
    assert!(examples.len() >= least, "{document} has {} blocks of TOML, and had {least}", examples.len());
    for Block { line, text: example, .. } in examples {
        let directory = TempDir::new().unwrap();
        let file = directory.path().join("orbital.toml");
        std::fs::write(&file, &example).unwrap();
        let write = |name: &str, text: &str| {
            let file = directory.path().join(name);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, text).unwrap();
        };
        for file in of_secrets(&example, "file") {
            write(&file, &format!("{}\n", secret(&file)));
        }
        for (certificate, key) in of_tls(&example) {
            let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
            write(&certificate, &made.cert.pem());
            write(&key, &made.signing_key.serialize_pem());
        }
        for authority in of_authorities(&example) {
            let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
            write(&authority, &made.cert.pem());
        }
        let variables = of_secrets(&example, "env");
        let environment: Vec<(&str, &str)> =
            variables.iter().map(|variable| (variable.as_str(), secret(variable))).collect();
        let arguments = ["config".as_ref(), "check".as_ref(), "--config".as_ref(), file.as_os_str()];
        let checked = orbital_with(&environment, arguments).await;
        let is_good = checked.code == 0 && checked.stdout.ends_with(": good\n") && checked.stderr.is_empty();
        assert!(is_good, "{document}, line {line}: {checked:?}\n{example}");
    }
}

#[tokio::test]
async fn every_example_of_the_readme_is_good() {
    assert_all_are_good("README.md", 1).await;
}

#[tokio::test]
async fn every_example_of_operating_is_good() {
    assert_all_are_good("docs/operating.md", 10).await;
}

#[tokio::test]
async fn every_example_of_configuration_is_good() {
    assert_all_are_good("docs/configuration.md", 4).await;
}

#[tokio::test]
async fn every_example_of_comparing_is_good() {
    assert_all_are_good("docs/comparing.md", 1).await;
}

#[tokio::test]
async fn every_example_of_the_book_of_recipes_is_good() {
    assert_all_are_good("docs/write-a-test.md", 1).await;
}

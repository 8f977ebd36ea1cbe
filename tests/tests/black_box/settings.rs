//! `orbital config`: checking a configuration, and showing what holds.

use std::path::{Path, PathBuf};

use orbital_tests::{Finished, orbital};
use tempfile::TempDir;

async fn config(action: &str, file: &Path) -> Finished {
    orbital(["config".as_ref(), action.as_ref(), "--config".as_ref(), file.as_os_str()]).await
}

fn file(directory: &TempDir, text: &str) -> PathBuf {
    let path = directory.path().join("orbital.toml");
    std::fs::write(&path, text).unwrap();
    path
}

#[tokio::test]
async fn a_good_file_is_said_to_be_good_and_each_mistake_of_a_bad_one_is_told() {
    let directory = TempDir::new().unwrap();
    let good = config("check", &file(&directory, "[targets.api]\nurl = \"http://127.0.0.1:1\"\n")).await;
    assert_eq!((good.code, good.stdout.contains("good")), (0, true), "{good:?}");
    let bad = config("check", &file(&directory, "[targets.api]\nurl = \"x\"\nnonsense = 1\n")).await;
    assert_eq!(bad.code, 2, "{bad:?}");
    for part in ["line 2: `targets.api.url`", "line 3: `targets.api.nonsense`"] {
        assert!(bad.stderr.contains(part), "no `{part}` in: {}", bad.stderr);
    }
}

#[tokio::test]
async fn a_secret_that_is_missing_is_named_by_check() {
    let directory = TempDir::new().unwrap();
    let text =
        "[secrets.token]\nfile = \"nowhere\"\n[targets.api]\nurl = \"http://127.0.0.1:1/${secret.token}\"\n";
    let checked = config("check", &file(&directory, text)).await;
    assert_eq!(checked.code, 2, "{checked:?}");
    let path = directory.path().join("nowhere").display().to_string();
    for part in ["secret `token`", &path] {
        assert!(checked.stderr.contains(part), "no `{part}` in: {}", checked.stderr);
    }
}

#[tokio::test]
async fn every_setting_is_shown_with_its_origin_and_no_secret_is() {
    let directory = TempDir::new().unwrap();
    let text = "[webhook]\nmax_body = \"2MiB\"\n[secrets.token]\nenv = \"ORBITAL_TEST_TOKEN\"\n\
                [targets.api]\nurl = \"http://127.0.0.1:1\"\n[targets.api.headers]\n\
                authorization = \"Bearer plain\"\nx-token = \"${secret.token}\"\n";
    let shown = config("show", &file(&directory, text)).await;
    assert_eq!(shown.code, 0, "{shown:?}");
    for line in [
        "webhook.max_body = \"2MiB\"  # line 2",
        "webhook.max_connections = 4096  # default",
        "targets.api.headers.authorization = \"***\"  # line 8",
        "targets.api.headers.x-token = \"${secret.token}\"  # line 9",
        "secrets.token.env = \"ORBITAL_TEST_TOKEN\"  # line 4",
    ] {
        assert!(shown.stdout.lines().any(|shown| shown == line), "no `{line}` in:\n{}", shown.stdout);
    }
    assert!(!shown.stdout.contains("plain"));
}

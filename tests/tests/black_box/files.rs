//! Files that are not what they should be: pipes, devices, links, and files that others can read.

use std::fs::Permissions;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::Path;

use orbital_tests::{Finished, Host, config, guest, orbital};
use rustix::fs::{CWD, FileType, Mode, mknodat};
use wasmsign2::{KeyPair, Module};

/// More than the host loads at once.
const MANY: usize = 20;

/// The content of a file that belongs to somebody else.
const SECRET: &[u8] = b"s3cr";

fn make_pipe(path: &Path) {
    mknodat(CWD, path, FileType::Fifo, Mode::from_raw_mode(0o600), 0).unwrap();
}

fn signed(key: &KeyPair, component: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let module = Module::deserialize(&mut &*component).unwrap();
    key.sk.sign(module, None).unwrap().serialize(&mut bytes).unwrap();
    bytes
}

#[tokio::test]
async fn pipes_beside_components_hold_up_nothing() {
    let key = KeyPair::generate();
    let trust = format!("[trust.keys.team]\nkey = \"\"\"{}\"\"\"\ncomponents = \"good\"\n", key.pk.to_pem());
    let host = Host::builder().sections(&trust).start().await;
    let passes = std::fs::read(guest("passes")).unwrap();
    for number in 0..MANY {
        make_pipe(&host.components.join(format!("bad{number}.wasm.sig")));
        host.write(&format!("bad{number}"), &passes);
    }
    let mark = host.write("good", &signed(&key, &passes));
    host.lines.wait(mark, &["--- PASS: good/passes"]).await;
    for number in 0..MANY {
        let component = format!("component=bad{number} ");
        let line = host.lines.wait(0, &["did not load", &component]).await;
        assert!(line.contains(".wasm.sig`: it is a named pipe, not a regular file"), "{line}");
    }
}

#[tokio::test]
async fn a_component_that_becomes_a_pipe_or_a_device_keeps_its_last_version_and_delays_no_other() {
    let host = Host::builder().components("external_links = true").with("passes").start().await;
    host.lines.wait(0, &["--- PASS: passes/passes"]).await;
    let aside = host.directory().join("aside");
    for (kind, make) in
        [("a named pipe", make_pipe as fn(&Path)), ("a device", |path| symlink("/dev/zero", path).unwrap())]
    {
        let mark = host.lines.mark();
        for name in (0..MANY).map(|number| format!("bad{number}")).chain(["passes".to_owned()]) {
            make(&aside);
            std::fs::rename(&aside, host.file(&name)).unwrap();
        }
        let line = host.lines.wait(mark, &["did not load", "component=passes "]).await;
        assert!(line.contains(&format!("it is {kind}, not a regular file")), "{line}");
        host.assert_passes_is_undisturbed().await;
        let mark = host.deploy_as("passes", "good");
        host.lines.wait(mark, &["--- PASS: good/passes"]).await;
        std::fs::remove_file(host.file("good")).unwrap();
        host.lines.wait(mark, &["removed", "component=good"]).await;
    }
    let mark = host.deploy_over("passes");
    host.lines.wait(mark, &["its file is the running version again", "component=passes"]).await;
}

#[tokio::test]
async fn no_file_that_the_configuration_names_may_be_a_pipe() {
    let admin = "[admin]\ntoken = \"${secret.admin}\"\n[secrets.admin]\nfile = \"pipe\"\n";
    let tls = "[webhook.tls]\ncertificate = \"pipe\"\nkey = \"pipe\"\n";
    let trust = "[trust.keys.a]\nkey = \"pipe\"\ncomponents = \"*\"\n";
    let environment = "[environments.other]\nurl = \"https://other.example\"\nca = \"pipe\"\n";
    for (section, toml) in
        [("secret `admin`", admin), ("webhook.tls", tls), ("trust.keys.a", trust), ("other", environment)]
    {
        let file = config(toml);
        make_pipe(&file.path().with_file_name("pipe"));
        assert_refused(&check(file.path()).await, section);
    }
    let folder = tempfile::tempdir().unwrap();
    make_pipe(&folder.path().join("orbital.toml"));
    assert_refused(&check(&folder.path().join("orbital.toml")).await, "orbital.toml");
}

async fn check(config: &Path) -> Finished {
    orbital(["config".as_ref(), "check".as_ref(), "--config".as_ref(), config.as_os_str()]).await
}

fn assert_refused(checked: &Finished, place: &str) {
    assert_ne!(checked.code, 0, "{checked:?}");
    for part in [place, "it is a named pipe, not a regular file"] {
        assert!(checked.stderr.contains(part), "no `{part}` in {checked:?}");
    }
}

#[tokio::test]
async fn a_project_of_pipes_is_refused() {
    for (file, others) in [("orbital-manifest.toml", "Cargo.toml"), ("Cargo.lock", "Cargo.toml")] {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(others), "").unwrap();
        make_pipe(&folder.path().join(file));
        let finished = orbital(["build".as_ref(), folder.path().as_os_str()]).await;
        assert_eq!(finished.code, 1, "{finished:?}");
    }
}

#[tokio::test]
async fn a_secret_that_becomes_a_pipe_does_not_stop_later_changes() {
    let sections = "[targets.api]\nurl = \"http://127.0.0.1:9\"\nheaders = { x = \"${secret.one}\" }\n\
                    [secrets.one]\nfile = \"one\"\n";
    let write: fn(&Path) = |folder| std::fs::write(folder.join("one"), "value-of-one").unwrap();
    let host = Host::builder().sections(sections).before(write).with("passes").start().await;
    let (file, mark) = (host.directory().join("one"), host.lines.mark());
    std::fs::remove_file(&file).unwrap();
    make_pipe(&file);
    host.lines.wait(mark, &["ERROR", "configuration", "it is a named pipe, not a regular file"]).await;
    std::fs::remove_file(&file).unwrap();
    write(host.directory());
    host.lines.wait(mark, &["INFO", "the configuration was read again"]).await;
}

#[tokio::test]
async fn a_link_out_of_the_directory_does_not_load_and_shows_nothing_of_its_file() {
    let outside: fn(&Path) = |folder| {
        std::fs::create_dir(folder.join("secrets")).unwrap();
        std::fs::write(folder.join("secrets/db"), SECRET).unwrap();
        symlink("../secrets/db", folder.join("components/peek.wasm")).unwrap();
        std::fs::copy(guest("passes"), folder.join("secrets/passes")).unwrap();
        symlink("../secrets/passes", folder.join("components/passes.wasm")).unwrap();
    };
    let trust =
        "[trust.pinned]\nother = \"0000000000000000000000000000000000000000000000000000000000000000\"\n";
    // Of `SECRET`, as `sha256sum` prints it.
    let digest = "f1e524a4";
    for (sections, settings, told) in [
        ("", "", "is a link to a file outside the directory of components"),
        (trust, "", "`components.external_links = true`"),
        ("", "external_links = true", "not WebAssembly"),
        (trust, "external_links = true", "not WebAssembly"),
    ] {
        let host = Host::builder().sections(sections).components(settings).before(outside).start().await;
        let line = host.lines.wait(0, &["did not load", "component=peek "]).await;
        assert!(line.contains(told), "{line}");
        let (_, ready) = host.get("/readyz").await;
        let api = host.api("/components").await.to_string();
        for text in [host.lines.text(), ready, api] {
            assert!(!text.contains("s3cr") && !text.contains(digest), "{text}");
        }
        if settings.is_empty() {
            host.lines.wait(0, &["did not load", "component=passes "]).await;
        } else if sections.is_empty() {
            host.lines.wait(0, &["--- PASS: passes/passes"]).await;
        }
    }
}

#[tokio::test]
async fn links_that_stay_in_the_directory_load_as_those_of_a_config_map_do() {
    let mounted: fn(&Path) = |folder| {
        let components = folder.join("components");
        std::fs::create_dir(components.join("..2026_11_30")).unwrap();
        std::fs::copy(guest("passes"), components.join("..2026_11_30/passes.wasm")).unwrap();
        symlink("..2026_11_30", components.join("..data")).unwrap();
        symlink("..data/passes.wasm", components.join("passes.wasm")).unwrap();
    };
    let host = Host::builder().before(mounted).start().await;
    host.lines.wait(0, &["--- PASS: passes/passes"]).await;
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().mode() & 0o777
}

fn assert_private(state: &Path) {
    assert_eq!(mode(state), 0o700);
    let files: Vec<_> = std::fs::read_dir(state).unwrap().map(|entry| entry.unwrap().path()).collect();
    for name in ["history.db", "history.db-wal", "history.db-shm", "history.db.lock", "lock", "pauses.json"] {
        assert!(files.contains(&state.join(name)), "no `{name}` in {files:?}");
    }
    for file in files {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
}

#[tokio::test]
async fn what_survives_a_restart_is_for_the_hosts_user_alone() {
    let open_mask = ["sh", "-c", "umask 000; exec \"$0\" \"$@\""];
    let host = Host::builder().through(&open_mask).with("passes").start().await;
    let state = host.directory().join("state");
    let pause = serde_json::json!({ "cases": "passes/*", "reason": "to have a file", "author": "ada" });
    let (status, answer) = host.ask(reqwest::Method::POST, "/pauses", Some(pause)).await;
    assert!(status < 300, "{answer}");
    assert_private(&state);

    // As a host of an older version left it.
    let host = host
        .stopped_and_restarted(|folder| {
            let state = folder.join("state");
            for entry in std::fs::read_dir(&state).unwrap() {
                std::fs::set_permissions(entry.unwrap().path(), Permissions::from_mode(0o644)).unwrap();
            }
            std::fs::set_permissions(&state, Permissions::from_mode(0o755)).unwrap();
        })
        .await;
    host.lines.wait(0, &["WARN", "others could read this directory; now they cannot"]).await;
    assert_private(&state);
}

#[tokio::test]
async fn a_state_that_others_can_write_is_refused() {
    let file = config("[admin]\nlisten = \"127.0.0.1:0\"\n[webhook]\nlisten = \"127.0.0.1:0\"\n");
    let state = file.path().with_file_name("state");
    std::fs::create_dir(&state).unwrap();
    std::fs::create_dir(file.path().with_file_name("components")).unwrap();
    std::fs::set_permissions(&state, Permissions::from_mode(0o777)).unwrap();
    let finished = orbital(["serve".as_ref(), "--config".as_ref(), file.path().as_os_str()]).await;
    assert_ne!(finished.code, 0, "{finished:?}");
    for part in ["must belong to the host's user alone", "its mode is 777", "`chmod 700` it"] {
        assert!(finished.stderr.contains(part), "no `{part}` in {finished:?}");
    }
}

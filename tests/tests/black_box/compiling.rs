//! Compiling: large components run with quickly made code first; what was compiled is kept; what breaks is told.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use orbital_tests::{Host, command, config, enlarged, orbital};

/// The files of compiled code in a host's cache.
fn kept(host: &Host) -> Vec<PathBuf> {
    let files = std::fs::read_dir(host.directory().join("cache")).unwrap();
    files
        .map(|file| file.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ext| ext == "cwasm"))
        .collect()
}

#[tokio::test]
async fn a_large_component_runs_at_once_and_gets_better_code_while_it_runs() {
    let host = Host::builder().components("cache = \"cache\"").start().await;
    let mark = host.write("large", &enlarged("passes"));
    host.lines.wait(mark, &["--- PASS: large/passes"]).await;
    let mark = host.lines.mark();
    host.lines.wait(0, &["optimised", "component=large"]).await;
    host.lines.wait_n(mark, 2, &["--- PASS: large/passes"]).await;
    assert_eq!(kept(&host).len(), 1, "what was made quickly is not kept");

    let host = host.killed_and_restarted().await;
    host.lines.wait_n(0, 2, &["--- PASS: large/passes"]).await;
    assert!(host.lines.find(0, &["optimised"]).is_empty(), "it is compiled no more: {}", host.lines.text());
}

#[tokio::test]
async fn compiled_code_that_is_broken_is_made_again() {
    let host = Host::builder().components("cache = \"cache\"").with("passes").start().await;
    host.lines.wait(0, &["--- PASS: passes/passes"]).await;
    // As a disk that was full, and then as a disk that lies.
    for damage in [|bytes: &mut Vec<u8>| bytes.truncate(100), |bytes: &mut Vec<u8>| bytes.clear()] {
        let file = kept(&host).remove(0);
        let mut bytes = std::fs::read(&file).unwrap();
        damage(&mut bytes);
        // Another file under its name: that of the running host stays as it is.
        std::fs::remove_file(&file).unwrap();
        std::fs::write(&file, bytes).unwrap();
        let copy = host.directory().join("passes.wasm");
        std::fs::copy(host.file("passes"), &copy).unwrap();
        let config = host.directory().join("other.toml");
        std::fs::write(&config, "[components]\ncache = \"cache\"\n").unwrap();
        let arguments = ["check".as_ref(), copy.as_os_str(), "--config".as_ref(), config.as_os_str()];
        let checked = orbital(arguments).await;
        assert_eq!(checked.code, 0, "{checked:?}");
        assert!(checked.stderr.contains("compiled code is of no use"), "{checked:?}");
    }
}

/// Runs `orbital check` on a fixture with this directory as its cache.
async fn check_with_cache(cache: &Path) -> orbital_tests::Finished {
    let config = config(&format!("[components]\ncache = {cache:?}\n"));
    let component = orbital_tests::guest("passes");
    orbital(["check".as_ref(), component.as_path(), "--config".as_ref(), config.path()]).await
}

#[tokio::test]
async fn check_says_what_compiling_cost_and_that_it_is_paid_once() {
    let directory = tempfile::tempdir().unwrap();
    for cost in ["compiled and loaded in ", "compiled before, loaded in "] {
        let checked = check_with_cache(directory.path()).await;
        assert_eq!(checked.code, 0, "{checked:?}");
        for text in ["contract orbital:test@0.1.0", "size ", cost] {
            assert!(checked.stdout.contains(text), "`{text}` is not in {checked:?}");
        }
    }
}

#[tokio::test]
async fn a_cache_that_others_can_write_to_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::set_permissions(directory.path(), std::fs::Permissions::from_mode(0o777)).unwrap();
    let refused = check_with_cache(directory.path()).await;
    assert_eq!(refused.code, 2, "{refused:?}");
    assert!(
        refused.stderr.contains("others can write there") && refused.stderr.contains("chmod go-w"),
        "{refused:?}"
    );
}

#[tokio::test]
async fn a_cache_is_bounded_and_what_was_used_least_recently_goes_first() {
    let directory = tempfile::tempdir().unwrap();
    let config = config(&format!("[components]\ncache = {:?}\ncache_size = \"1MiB\"\n", directory.path()));
    for name in ["passes", "manual", "fails", "tagged"] {
        let component = orbital_tests::guest(name);
        let checked =
            orbital(["check".as_ref(), component.as_path(), "--config".as_ref(), config.path()]).await;
        assert_eq!(checked.code, 0, "{checked:?}");
    }
    let sizes =
        std::fs::read_dir(directory.path()).unwrap().map(|file| file.unwrap().metadata().unwrap().len());
    let sizes: Vec<u64> = sizes.collect();
    assert!(!sizes.is_empty() && sizes.iter().sum::<u64>() <= 1 << 20, "{sizes:?}");
}

#[tokio::test]
async fn a_component_that_is_not_valid_is_refused_in_the_compilers_words() {
    let directory = tempfile::tempdir().unwrap();
    // The contract's outline, and code that no machine runs.
    let mut bytes = std::fs::read(orbital_tests::guest("passes")).unwrap();
    let code = bytes.windows(4).rposition(|window| window == [0x20, 0x00, 0x20, 0x01]).unwrap();
    bytes[code..code + 4].copy_from_slice(&[0xff, 0xff, 0xff, 0xff]);
    let file = directory.path().join("invalid.wasm");
    std::fs::write(&file, bytes).unwrap();
    let finished = orbital(["check".as_ref(), file.as_path()]).await;
    assert_eq!(finished.code, 1, "{finished:?}");
    assert!(
        finished.stdout.contains("cannot be compiled: ") || finished.stdout.contains("broken at byte"),
        "{finished:?}"
    );
}

#[tokio::test]
async fn what_compiles_says_why_it_does_not() {
    let directory = tempfile::tempdir().unwrap();
    let output = directory.path().join("out");
    // Standard input is empty.
    let child = command(["compile-component".as_ref(), output.as_os_str()]).spawn().unwrap();
    let ended = child.wait_with_output().await.unwrap();
    assert_eq!(ended.status.code(), Some(1));
    assert!(!ended.stderr.is_empty() && !output.exists());
}

//! Compiling: large components run with quickly made code first; what was compiled is kept; what breaks is told.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use orbital_tests::{Host, bomb, command, config, enlarged, eventually, orbital};

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
async fn a_large_component_that_was_checked_is_not_compiled_for_the_next_command() {
    let folder = tempfile::tempdir().unwrap();
    let component = folder.path().join("large.wasm");
    std::fs::write(&component, enlarged("passes")).unwrap();
    let (cache, key) = (folder.path().join("cache"), folder.path().join("key/of-code"));
    let config = config(&format!("[components]\ncache = {cache:?}\ncache_key = {key:?}\n"));
    for cost in ["compiled quickly and loaded in ", "compiled quickly before, loaded in "] {
        let checked =
            orbital(["check".as_ref(), component.as_path(), "--config".as_ref(), config.path()]).await;
        assert_eq!((checked.code, checked.stderr.as_str()), (0, ""), "{checked:?}");
        assert!(checked.stdout.contains(cost), "{checked:?}");
    }
}

#[tokio::test]
async fn compiled_code_that_was_changed_is_told_of_and_made_again() {
    let builder = Host::builder().components("cache = \"cache\"\ncache_key = \"key/of-code\"");
    let mut host = builder.with("passes").start().await;
    host.lines.wait(0, &["--- PASS: passes/passes"]).await;
    let damages: [fn(&mut Vec<u8>); 4] = [
        |entry| entry.truncate(100),
        |entry| entry.clear(),
        // In the seal, and in the code.
        |entry| entry[7] ^= 1,
        |entry| *entry.last_mut().unwrap() ^= 1,
    ];
    for damage in damages {
        let entry = kept(&host).remove(0);
        let mut bytes = std::fs::read(&entry).unwrap();
        damage(&mut bytes);
        std::fs::write(&entry, bytes).unwrap();
        host = host.killed_and_restarted().await;
        let warning = host.lines.wait(0, &["WARN", "compiled code is of no use", "this host's seal"]).await;
        assert!(warning.contains(entry.to_str().unwrap()), "{warning}");
        host.lines.wait(0, &["--- PASS: passes/passes"]).await;
    }
    host = host.killed_and_restarted().await;
    host.lines.wait(0, &["--- PASS: passes/passes"]).await;
    assert!(host.lines.find(0, &["of no use"]).is_empty(), "{}", host.lines.text());
}

/// A directory for compiled code, and a key.
struct Cache {
    folder: tempfile::TempDir,
    key: &'static str,
}

impl Cache {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), key: "key" }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Checks a fixture with it.
    async fn check(&self, fixture: &str) -> orbital_tests::Finished {
        let (cache, key) = (self.path("cache"), self.path(self.key));
        let config = config(&format!("[components]\ncache = {cache:?}\ncache_key = {key:?}\n"));
        let component = orbital_tests::guest(fixture);
        orbital(["check".as_ref(), component.as_path(), "--config".as_ref(), config.path()]).await
    }

    fn entries(&self) -> Vec<PathBuf> {
        let files = std::fs::read_dir(self.path("cache")).unwrap();
        files.map(|file| file.unwrap().path()).collect()
    }
}

#[tokio::test]
async fn code_of_another_component_or_of_another_host_is_not_loaded() {
    let mut cache = Cache::new();
    for fixture in ["passes", "fails"] {
        let checked = cache.check(fixture).await;
        assert_eq!((checked.code, checked.stderr.as_str()), (0, ""), "{checked:?}");
    }
    let [one, other] = cache.entries().try_into().unwrap();
    let between = cache.path("between");
    for (from, to) in [(&one, &between), (&other, &one), (&between, &other)] {
        std::fs::rename(from, to).unwrap();
    }
    for _ in ["swapped", "by another host"] {
        for fixture in ["passes", "fails"] {
            let checked = cache.check(fixture).await;
            assert_eq!(checked.code, 0, "{checked:?}");
            assert!(checked.stderr.contains("does not bear this host's seal"), "{checked:?}");
            assert!(checked.stdout.contains("compiled and loaded in "), "{checked:?}");
            let again = cache.check(fixture).await;
            assert!(again.stdout.contains("compiled before, loaded in "), "{again:?}");
        }
        cache.key = "another-key";
    }
}

#[tokio::test]
async fn a_cache_or_a_key_that_others_can_touch_is_refused() {
    let cache = Cache::new();
    assert_eq!(cache.check("passes").await.code, 0);
    let modes = [
        ("cache", 0o777, "`chmod 700` it"),
        ("cache", 0o750, "`chmod 700` it"),
        ("key", 0o640, "`chmod 600` it"),
    ];
    for (name, mode, remedy) in modes {
        let path = cache.path(name);
        let before = std::fs::metadata(&path).unwrap().permissions();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        let refused = cache.check("passes").await;
        std::fs::set_permissions(&path, before).unwrap();
        assert_eq!(refused.code, 2, "{refused:?}");
        for part in [remedy, path.to_str().unwrap(), "(set by `components.cache"] {
            assert!(refused.stderr.contains(part), "no `{part}` in {refused:?}");
        }
    }
    assert_eq!(cache.check("passes").await.code, 0);
}

#[tokio::test]
async fn a_component_that_is_too_much_for_the_compiler_is_refused_and_nothing_else() {
    // A busy machine may take longer than 5 s to reach the limit of memory, so the limits belong to different hosts.
    let brief = Host::builder().components("compile_timeout = \"5s\"").with("passes").start().await;
    let reason = "longer than `components.compile_timeout` allows, 5s; make the component simpler";
    refuses(&brief, "long", &bomb(400, 400), reason).await;
    brief.assert_passes_is_undisturbed().await;

    let host = Host::builder().components("compile_memory = \"512MiB\"").with("passes").start().await;
    let reason = "more memory than `components.compile_memory` allows, 512.0 MiB";
    refuses(&host, "fat", &bomb(3_900, 4_900), reason).await;
    let reason = "at least 100000 nested blocks in one function, and this host compiles up to 4000";
    refuses(&host, "deep", &bomb(100_000, 1), reason).await;
    host.assert_passes_is_undisturbed().await;
    let mark = host.deploy("tagged");
    host.lines.wait(mark, &["component=tagged", " loaded"]).await;
}

/// Deploys a component, and waits until the host refuses it for this reason.
async fn refuses(host: &Host, name: &str, bytes: &[u8], reason: &str) {
    let mark = host.write(name, bytes);
    host.lines.wait(mark, &["did not load", &format!("component={name} "), reason]).await;
}

/// The processes that this one has started and that have not ended.
fn children(process: i32) -> Vec<String> {
    let threads = std::fs::read_dir(format!("/proc/{process}/task")).unwrap();
    let children =
        threads.filter_map(|thread| std::fs::read_to_string(thread.unwrap().path().join("children")).ok());
    children.flat_map(|ids| ids.split_whitespace().map(str::to_owned).collect::<Vec<_>>()).collect()
}

#[tokio::test]
async fn what_takes_long_to_compile_holds_up_nothing_and_is_dropped_once_it_is_replaced() {
    let host = Host::builder().with("passes").env("TOP_SECRET", "hunter2hunter2").start().await;
    let mark = host.lines.mark();
    for name in ["one", "two"] {
        host.write(name, &bomb(1_000, 1_000));
    }
    let child = eventually("something is compiled", async || children(host.id()).pop()).await;
    let about = |file: &str| std::fs::read_to_string(format!("/proc/{child}/{file}")).unwrap();
    // It says of itself what it may use, before it does anything else.
    eventually("it has limits", async || (about("oom_score_adj").trim() == "1000").then_some(())).await;
    eventually("it has limits", async || {
        about("limits")
            .lines()
            .any(|line| line.starts_with("Max data size ") && line.contains("2147483648"))
            .then_some(())
    })
    .await;
    assert!(!about("environ").contains("TOP_SECRET"), "{}", about("environ"));
    for name in ["one", "two"] {
        host.lines.wait(mark, &[&format!("component=\"{name}\""), "takes long to compile"]).await;
    }
    let mark = host.deploy("tagged");
    host.lines.wait(mark, &["component=tagged", " loaded"]).await;
    host.assert_passes_is_undisturbed().await;
    for name in ["one", "two"] {
        let mark = host.deploy_as("passes", name);
        host.lines.wait(mark, &[&format!("--- PASS: {name}/passes")]).await;
    }
    eventually("nothing is compiled any more", async || children(host.id()).is_empty().then_some(())).await;
}

/// The images of components' initial memory that a process has mapped, by inode.
fn images(process: i32) -> BTreeSet<String> {
    let maps = std::fs::read_to_string(format!("/proc/{process}/maps")).unwrap();
    let images = maps.lines().filter(|line| line.contains("/memfd:wasm-memory-image"));
    images.filter_map(|line| line.split_whitespace().nth(4).map(str::to_owned)).collect()
}

#[tokio::test]
async fn components_with_the_same_file_share_its_code() {
    let host = Host::builder().with("passes").start().await;
    host.lines.wait(0, &["--- PASS: passes/passes"]).await;
    let alone = images(host.id());
    assert!(!alone.is_empty());
    let mark = host.deploy_as("passes", "twin");
    host.lines.wait(mark, &["--- PASS: twin/passes"]).await;
    assert_eq!(images(host.id()), alone);
    let mark = host.write("other", &enlarged("passes"));
    host.lines.wait(mark, &["--- PASS: other/passes"]).await;
    assert!(images(host.id()).len() > alone.len());
    // The code outlives the component that it was compiled for.
    std::fs::remove_file(host.file("passes")).unwrap();
    host.lines.wait(mark, &["removed", "component=passes"]).await;
    let mark = host.lines.mark();
    host.lines.wait_n(mark, 2, &["--- PASS: twin/passes"]).await;
}

#[tokio::test]
async fn who_is_slow_to_list_its_cases_holds_up_few() {
    let host = Host::builder().start().await;
    let mark = host.lines.mark();
    for number in 0..12 {
        host.deploy_as("hostile/cases_sleeps", &format!("slow-{number}"));
    }
    host.deploy("passes");
    host.lines.wait(mark, &["component=passes", " loaded"]).await;
    let ended = host.lines.find(mark, &["did not load"]).len();
    assert!(ended < 10, "it had to wait for {ended} of them: {}", host.lines.text());
}

#[tokio::test]
async fn check_says_what_compiling_cost_and_that_it_is_paid_once() {
    let cache = Cache::new();
    for cost in ["compiled and loaded in ", "compiled before, loaded in "] {
        let checked = cache.check("passes").await;
        assert_eq!(checked.code, 0, "{checked:?}");
        for text in ["contract orbital:test@0.1.0", "size ", cost] {
            assert!(checked.stdout.contains(text), "`{text}` is not in {checked:?}");
        }
    }
}

#[tokio::test]
async fn a_cache_is_bounded_and_what_was_used_least_recently_goes_first() {
    let folder = tempfile::tempdir().unwrap();
    let (directory, key) = (folder.path().join("cache"), folder.path().join("key"));
    let config =
        config(&format!("[components]\ncache = {directory:?}\ncache_key = {key:?}\ncache_size = \"1MiB\"\n"));
    for name in ["passes", "manual", "fails", "tagged"] {
        let component = orbital_tests::guest(name);
        let checked =
            orbital(["check".as_ref(), component.as_path(), "--config".as_ref(), config.path()]).await;
        assert_eq!(checked.code, 0, "{checked:?}");
    }
    let sizes = std::fs::read_dir(directory).unwrap().map(|file| file.unwrap().metadata().unwrap().len());
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
    // Standard input is empty.
    let arguments = ["compile-component", "--memory=1000000000", "--processor-time=60"];
    let ended = command(arguments).spawn().unwrap().wait_with_output().await.unwrap();
    assert_eq!(ended.status.code(), Some(1));
    assert!(!ended.stderr.is_empty() && ended.stdout.is_empty());
}

//! `orbital dev`: from a save to a result, through all that can go wrong in between.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use axum::Router;
use axum::http::StatusCode;
use orbital_tests::{
    Lines, PATIENCE, command, conformance, eventually, granting, guest, orbital, serve, zig,
};
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use tempfile::TempDir;
use tokio::process::{Child, Command};

/// `orbital dev` on a project of its own. It is killed when this is dropped.
struct Dev {
    lines: Lines,
    project: PathBuf,
    child: Child,
    place: TempDir,
}

impl Dev {
    /// A project, made by `orbital new`.
    async fn project(language: &str) -> (TempDir, PathBuf) {
        let place = TempDir::new().unwrap();
        let project = place.path().join("shop");
        let made = orbital(["new".as_ref(), project.as_os_str(), "--lang".as_ref(), language.as_ref()]).await;
        assert_eq!(made.code, 0, "{made:?}");
        (place, project)
    }

    /// With Cargo.
    async fn real(options: &[&str]) -> Self {
        let (place, project) = Self::project("rust").await;
        // What projects depend on is built once, which takes longer than a test waits for a line. All of it was downloaded
        // when the fixtures were built.
        let target = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("target/tests-dev");
        let environment = [("CARGO_TARGET_DIR", target.as_os_str()), ("CARGO_NET_OFFLINE", "true".as_ref())];
        let mut cargo = Command::new("cargo");
        cargo.args(["build", "--quiet", "--target", "wasm32-wasip2"]).current_dir(&project);
        cargo.args(["--config", r#"profile.dev.debug = "line-tables-only""#]);
        assert!(cargo.envs(environment).status().await.unwrap().success());
        Self::start(place, project, options, |command| command.envs(environment))
    }

    /// With Zig, which is C's compiler too; if it is there.
    async fn by_zig(language: &str, options: &[&str]) -> Option<Self> {
        let environment = zig()?;
        let (place, project) = Self::project(language).await;
        // The first one ever has parts of Zig compiled, which takes longer than a test waits for a line.
        let made = place.path().join("shop.wasm");
        let mut build = command([
            "build".as_ref(),
            project.as_os_str(),
            "--dev".as_ref(),
            "-o".as_ref(),
            made.as_os_str(),
        ]);
        let built = build.envs(environment.clone()).output().await.unwrap();
        assert!(built.status.success(), "{built:?}");
        Some(Self::start(place, project, options, |command| command.envs(environment)))
    }

    /// With a stand-in for Cargo, so that the test says how each build goes: what the file `src/lib.rs` says, a shell runs. The
    /// component is the fixture that the file `fixture` names.
    async fn scripted(fixture: &str, script: &str, options: &[&str]) -> Self {
        let (place, project) = Self::project("rust").await;
        let tools = place.path().join("tools");
        std::fs::create_dir(&tools).unwrap();
        let made = place.path().join("made.wasm");
        std::fs::copy(guest(fixture), &made).unwrap();
        let message = format!(
            r#"{{"reason":"compiler-artifact","target":{{"kind":["cdylib"]}},"package_id":"path+file:///x#0.1.0","filenames":[{made:?}]}}"#
        );
        tool(&tools, "rustc", "echo /");
        tool(&tools, "cargo", &format!("set -e\n. src/lib.rs\necho '{message}'"));
        std::fs::write(project.join("src/lib.rs"), script).unwrap();
        let path = format!("{}:/usr/bin:/bin", tools.display());
        Self::start(place, project, options, |command| command.env("PATH", path))
    }

    fn start(
        place: TempDir,
        project: PathBuf,
        options: &[&str],
        prepare: impl FnOnce(&mut Command) -> &mut Command,
    ) -> Self {
        let mut command = command(
            ["dev".as_ref(), project.as_os_str()].into_iter().chain(options.iter().map(AsRef::as_ref)),
        );
        let mut child = prepare(&mut command).spawn().unwrap();
        let lines = Lines::default();
        lines.read(child.stdout.take().unwrap());
        lines.read(child.stderr.take().unwrap());
        Self { lines, project, child, place }
    }

    /// Saves a file as many editors do, by a rename; gives the mark before it.
    fn save(&self, file: &str, content: &str) -> usize {
        let mark = self.lines.mark();
        let draft = self.place.path().join("draft");
        std::fs::write(&draft, content).unwrap();
        std::fs::rename(draft, self.project.join(file)).unwrap();
        mark
    }

    /// Saves a file with a text of it replaced.
    fn edit(&self, file: &str, from: &str, to: &str) -> usize {
        let text = std::fs::read_to_string(self.project.join(file)).unwrap();
        assert!(text.contains(from), "no `{from}` in {file}: {text}");
        self.save(file, &text.replace(from, to))
    }

    /// Ends it as Ctrl-C does.
    async fn interrupt(mut self) -> String {
        let id = Pid::from_raw(i32::try_from(self.child.id().unwrap()).unwrap()).unwrap();
        kill_process(id, Signal::INT).unwrap();
        let status = tokio::time::timeout(PATIENCE, self.child.wait()).await;
        let status = status.expect("it does not end").unwrap();
        assert!(status.success(), "{status}: {}", self.lines.text());
        self.lines.text()
    }
}

/// The rounds that a save began, by what was saved.
fn changes(text: &str) -> Vec<&str> {
    text.lines().filter_map(|line| line.strip_suffix(" changed")).collect()
}

fn tool(folder: &Path, name: &str, script: &str) {
    let path = folder.join(name);
    std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// The process whose number a build has said.
fn process(line: &str) -> Pid {
    Pid::from_raw(line.rsplit(' ').next().unwrap().parse().unwrap()).unwrap()
}

async fn has_ended(process: Pid) {
    eventually("the process has ended", async || test_kill_process(process).is_err().then_some(())).await;
}

#[tokio::test]
async fn a_project_is_built_and_run_at_every_save_whatever_goes_wrong_in_between() {
    let dev = Dev::real(&["--pipeline"]).await;
    dev.lines.wait(0, &["webhook on http://127.0.0.1:"]).await;
    dev.lines.wait(0, &["pipeline on http://127.0.0.1:", "`api`"]).await;
    dev.lines.wait(0, &["--- PASS: shop/ready ("]).await;
    dev.lines.wait(0, &["built in ", "loaded in ", "ran in ", ": 1 of 1 passed"]).await;

    // A case that sends to the pipeline, and waits for what comes to the webhook.
    let mark = dev.edit("src/lib.rs", "suite!(ready::ready)", "suite!(ready::ready, smoke::smoke)");
    dev.lines.wait(mark, &["src/lib.rs changed"]).await;
    dev.lines.wait(mark, &["--- PASS: shop/smoke ("]).await;
    dev.lines.wait(mark, &[": 2 of 2 passed, ", " after the save"]).await;

    let mark = dev.edit("src/smoke.rs", "[\"processed\"], true)", "[\"processed\"], \"soon\")");
    dev.lines.wait(mark, &["--- FAIL: shop/smoke ("]).await;
    dev.lines.wait(mark, &["\"soon\""]).await;
    dev.lines.wait(mark, &["timeline of run "]).await;
    dev.lines.wait(mark, &["delivery POST /hooks/crm"]).await;
    dev.lines.wait(mark, &[": 1 of 2 passed"]).await;

    let mark = dev.edit("src/smoke.rs", "let id = t.new_id();", "let id: u8 = \"no number\";");
    dev.lines.wait(mark, &["error[E0308]"]).await;
    dev.lines.wait(mark, &["src/smoke.rs:"]).await;
    dev.lines.wait(mark, &["not built, after "]).await;
    assert!(dev.lines.find(mark, &["--- ", ": shop/"]).is_empty(), "{}", dev.lines.text());

    let mark = dev.edit("src/smoke.rs", "let id: u8 = \"no number\";", "let id = t.new_id();");
    dev.lines.wait(mark, &[": 1 of 2 passed"]).await;
    let mark = dev.edit("src/smoke.rs", "\"soon\"", "true");
    dev.lines.wait(mark, &[": 2 of 2 passed"]).await;

    // What it asks for must be granted, here as anywhere.
    let mark = dev.edit("orbital-manifest.toml", "targets = [\"api\"]", "targets = [\"api\", \"pipeline\"]");
    dev.lines.wait(mark, &["orbital: `shop`: it asks for what it is not granted"]).await;
    dev.lines.wait(mark, &["targets = [\"pipeline\"]"]).await;
    dev.lines.wait(mark, &["and not loaded"]).await;
    let mark = dev.edit("orbital.toml", "targets = [\"api\"]", "targets = [\"*\"]");
    dev.lines.wait(mark, &["orbital.toml changed"]).await;
    dev.lines.wait(mark, &["webhook on http://127.0.0.1:"]).await;
    dev.lines.wait(mark, &[": 2 of 2 passed"]).await;

    let mark = dev.edit("orbital.toml", "targets = [\"*\"]", "target = [\"*\"]");
    dev.lines.wait(mark, &[".target`: unknown setting; did you mean `targets`?"]).await;
    let mark = dev.edit("orbital.toml", "target = [\"*\"]", "targets = [\"*\"]");
    dev.lines.wait(mark, &[": 2 of 2 passed"]).await;
    dev.interrupt().await;
}

#[tokio::test]
async fn c_is_built_at_every_save_and_says_where_it_broke() {
    let Some(dev) = Dev::by_zig("c", &["--pipeline"]).await else { return };
    dev.lines.wait(0, &[": 1 of 1 passed"]).await;
    let mark = dev.edit("smoke.c", "#if 0", "#if 1");
    dev.lines.wait(mark, &["--- PASS: shop/smoke ("]).await;
    dev.lines.wait(mark, &[": 2 of 2 passed, ", " after the save"]).await;

    let check = "ORBITAL_CHECK(orbital_bool_at(delivery, \"/processed\"));";
    let mark = dev.edit("smoke.c", check, "ORBITAL_CHECK(!orbital_bool_at(delivery, \"/processed\"));");
    dev.lines.wait(mark, &["check failed", "(smoke.c:12)"]).await;
    dev.lines.wait(mark, &[": 1 of 2 passed"]).await;

    let mark = dev.edit("smoke.c", "ORBITAL_CHECK(!orbital_bool_at", "ORBITAL_CHECK(!orbital_bol_at");
    dev.lines.wait(mark, &["smoke.c:12:", "error: ", "orbital_bol_at"]).await;
    dev.lines.wait(mark, &["orbital: `", "zig build-exe ", "…` failed with exit code 1"]).await;
    dev.lines.wait(mark, &["not built, after "]).await;

    // What the SDK has the compiler look for, and what it does not.
    let mark = dev.edit("smoke.c", "ORBITAL_CHECK(!orbital_bol_at", "ORBITAL_CHECK(orbital_bool_at");
    dev.lines.wait(mark, &[": 2 of 2 passed"]).await;
    let mark = dev.edit("smoke.c", check, "volatile int numbers[2] = {}, at = 2;\n    numbers[at] = 1;");
    dev.lines.wait(mark, &["--- FAIL: shop/smoke ("]).await;
    dev.lines.wait(mark, &["index 2 is out of bounds of 'volatile int[2]' (smoke.c:13)"]).await;
    dev.lines.wait(mark, &["in smoke (smoke.c:13)"]).await;
    dev.lines.wait(mark, &[": 1 of 2 passed"]).await;
    let mark = dev.edit("smoke.c", "numbers[at] = 1;", "__builtin_trap();");
    dev.lines.wait(mark, &["--- ERROR: shop/smoke ("]).await;
    dev.lines.wait(mark, &["in smoke (smoke.c:13)"]).await;
    dev.lines.wait(mark, &[": 1 of 2 passed"]).await;
    let mark = dev.edit("smoke.c", "__builtin_trap();", check);
    dev.lines.wait(mark, &[": 2 of 2 passed"]).await;
    let text = dev.interrupt().await;
    assert_eq!(changes(&text), ["smoke.c"; 7], "{text}");
}

#[tokio::test]
async fn zig_is_built_at_every_save_and_once_more_for_the_lines_where_it_broke() {
    let Some(dev) = Dev::by_zig("zig", &["--pipeline"]).await else { return };
    dev.lines.wait(0, &[": 1 of 1 passed"]).await;
    // What is built here, and what `zig build` by hand leaves behind.
    assert!(dev.project.join(".zig-cache").is_dir());
    std::fs::create_dir_all(dev.project.join("zig-out/bin")).unwrap();
    std::fs::write(dev.project.join("zig-out/bin/suite"), "new").unwrap();
    let mark = dev.edit("src/main.zig", "// @import(\"smoke.zig\")", "@import(\"smoke.zig\")");
    dev.lines.wait(mark, &["--- PASS: shop/smoke ("]).await;
    dev.lines.wait(mark, &[": 2 of 2 passed, ", " after the save"]).await;

    let mark = dev.edit("src/smoke.zig", "got.processed, true", "got.processed, false");
    dev.lines.wait(mark, &["check failed: true is not false (smoke.zig:15)"]).await;
    dev.lines.wait(mark, &[": 1 of 2 passed"]).await;

    let mark = dev.edit("src/smoke.zig", "got.processed, false", "got.processed, none");
    dev.lines.wait(mark, &["src/smoke.zig:15:", "error: use of undeclared identifier 'none'"]).await;
    dev.lines.wait(mark, &["not built, after "]).await;

    // A check that did not hold has its place, and needs no other build.
    let mark = dev.edit("src/smoke.zig", "got.processed, none", "got.processed, true");
    dev.lines.wait(mark, &[": 2 of 2 passed"]).await;
    assert!(dev.lines.find(0, &["once more"]).is_empty(), "{}", dev.lines.text());

    let check = "orbital.checkEq(@src(), got.processed, true);";
    let broken =
        "const numbers = [_]u8{ 1, 2 };\n    orbital.checkEq(@src(), got.processed, numbers[id.len]);";
    let mark = dev.edit("src/smoke.zig", check, broken);
    dev.lines.wait(mark, &["panicked: index out of bounds: index 36, len 2"]).await;
    dev.lines.wait(mark, &["in smoke.smoke"]).await;
    dev.lines.wait(mark, &[": 1 of 2 passed, ", " after the save"]).await;
    dev.lines.wait(mark, &["once more, for the lines where it broke"]).await;
    dev.lines.wait(mark, &["(src/smoke.zig:16)"]).await;
    dev.lines.wait(mark, &[": 0 of 1 passed"]).await;

    // A save ends that, too.
    let mark = dev.edit("src/smoke.zig", "numbers[id.len]", "numbers[id.len + 1]");
    dev.lines.wait(mark, &["once more, for the lines where it broke"]).await;
    let mark = dev.edit("src/smoke.zig", "numbers[id.len + 1]", "numbers.len == 2");
    dev.lines.wait(mark, &[": 2 of 2 passed"]).await;
    let text = dev.interrupt().await;
    assert_eq!(changes(&text)[1..], ["src/smoke.zig"; 6], "{text}");
}

#[tokio::test]
async fn what_is_no_source_starts_no_round() {
    let dev = Dev::scripted(
        "passes",
        "mkdir -p target && date >> target/log && date >> Cargo.lock",
        &["--listen=127.0.0.1:0"],
    )
    .await;
    dev.lines.wait(0, &["--- PASS: shop/passes ("]).await;
    dev.lines.wait(0, &[": 1 of 1 passed"]).await;
    for file in ["target/log", "shop.wasm", ".orbital/x", "node_modules/x/index.js", ".src.rs.swp", "lib.rs~"]
    {
        let path = dev.project.join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, "new").unwrap();
    }
    // One that comes and goes, as some editors try whether they may write.
    std::fs::write(dev.project.join("src/4913"), "").unwrap();
    std::fs::remove_file(dev.project.join("src/4913")).unwrap();
    // In a directory that was not there, beside another one.
    std::fs::create_dir_all(dev.project.join("src/new/deep")).unwrap();
    std::fs::write(dev.project.join("src/new/deep/a.rs"), "").unwrap();
    std::fs::write(dev.project.join("src/new/b.rs"), "").unwrap();
    dev.lines.wait(0, &["src/new/deep/a.rs", "changed"]).await;
    dev.lines.wait_n(0, 2, &[": 1 of 1 passed"]).await;
    let mark = dev.save("src/new/deep/a.rs", "// again");
    dev.lines.wait(mark, &["src/new/deep/a.rs changed"]).await;
    dev.lines.wait(mark, &[": 1 of 1 passed"]).await;
    let text = dev.interrupt().await;
    assert!(changes(&text).iter().all(|files| files.starts_with("src/new/")), "{text}");
}

/// Who builds somebody else's project lets its configuration decide nothing about files outside it.
#[tokio::test]
async fn the_configuration_of_a_project_does_not_say_where_compiled_code_is_kept() {
    let settings = "[components]\ncache = \"../victim/cache\"\ncache_key = \"../victim/key\"\n\
                    [components.shop]\ntargets = [\"*\"]\n[targets.api]\nurl = \"http://localhost:1\"\n";
    let dev = Dev::scripted("passes", "", &["--listen=127.0.0.1:0"]).await;
    dev.lines.wait(0, &[": 1 of 1 passed"]).await;
    let mark = dev.save("orbital.toml", settings);
    dev.lines.wait(mark, &["orbital.toml changed"]).await;
    dev.lines.wait(mark, &[": 1 of 1 passed"]).await;
    assert!(!dev.place.path().join("victim").exists(), "{}", dev.lines.text());
}

#[tokio::test]
async fn a_save_during_a_build_ends_that_with_all_that_it_has_started() {
    let endless = "sleep 1000 &\necho sleeps as $! >&2\necho builds as $$ >&2\nwait";
    let dev = Dev::scripted("passes", endless, &["--listen=127.0.0.1:0"]).await;
    let builds = process(&dev.lines.wait(0, &["builds as "]).await);
    let sleeps = process(&dev.lines.wait(0, &["sleeps as "]).await);
    let mark = dev.save("src/lib.rs", "");
    dev.lines.wait(mark, &[": 1 of 1 passed"]).await;
    has_ended(builds).await;
    has_ended(sleeps).await;
    // What was given up says nothing.
    assert!(dev.lines.find(0, &["not built"]).is_empty(), "{}", dev.lines.text());

    let mark = dev.save("src/lib.rs", endless);
    let sleeps = process(&dev.lines.wait(mark, &["sleeps as "]).await);
    dev.interrupt().await;
    has_ended(sleeps).await;
}

#[tokio::test]
async fn a_save_during_a_run_ends_that() {
    let (came, mut coming) = tokio::sync::mpsc::unbounded_channel();
    let take = move || {
        came.send(()).unwrap();
        std::future::ready(StatusCode::ACCEPTED)
    };
    let url = serve(Router::new().fallback(take)).await;
    let file = granting(&format!("[targets.api]\nurl = {url:?}\n"));
    let options = ["--listen=127.0.0.1:0", "--config", file.path().to_str().unwrap()];
    let dev = Dev::scripted("holds", "", &options).await;
    // From now on it waits for what never comes.
    coming.recv().await.unwrap();
    let mark = dev.save("src/lib.rs", "echo builds again >&2; exit 1");
    dev.lines.wait(mark, &["builds again"]).await;
    dev.lines.wait(mark, &["`cargo build ", "failed with exit code 1"]).await;
    dev.lines.wait(mark, &["not built"]).await;
    assert!(dev.lines.find(0, &["---"]).is_empty(), "{}", dev.lines.text());
    // A configuration elsewhere is a source too.
    let mark = dev.lines.mark();
    std::fs::write(file.path(), "environmet = 1").unwrap();
    dev.lines.wait(mark, &["did you mean `environment`?"]).await;
    dev.interrupt().await;
}

#[tokio::test]
async fn cases_are_chosen_and_a_timeline_is_shown_if_it_is_wanted() {
    let options = ["--listen=127.0.0.1:0", "--case", "check", "--timeline"];
    let dev = Dev::scripted("fails", "", &options).await;
    dev.lines.wait(0, &[": 0 of 1 passed"]).await;
    assert_eq!(dev.lines.find(0, &["--- "]).len(), 1, "{}", dev.lines.text());
    std::fs::copy(guest("passes"), dev.place.path().join("made.wasm")).unwrap();
    let mark = dev.save("src/lib.rs", "");
    dev.lines.wait(mark, &["no case matches `check`; there are `passes`"]).await;
    dev.lines.wait(mark, &[": 0 of 0 passed"]).await;
    dev.interrupt().await;

    let dev = Dev::scripted("passes", "", &["--listen=127.0.0.1:0", "--timeline"]).await;
    dev.lines.wait(0, &["info: hello from passes"]).await;
    dev.lines.wait(0, &[": 1 of 1 passed"]).await;
    dev.interrupt().await;
}

/// On a save of JavaScript, the component is created in another way than by `orbital build`.
async fn javascript_is_made_quickly(suite: &str, place_of_sources: &str) {
    if conformance(suite).is_none() {
        return;
    }
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("conformance").join(suite);
    let place = TempDir::new().unwrap();
    // The engine's own toolchain runs the first time, which takes longer than a test waits for a line.
    let made = place.path().join("made.wasm");
    let options = ["--dev", "--unchecked", "--output"].map(AsRef::as_ref);
    let build = ["build".as_ref(), project.as_os_str()].into_iter().chain(options).chain([made.as_os_str()]);
    let built = command(build).output().await.unwrap();
    assert!(built.status.success(), "{built:?}");

    let options = ["--listen=127.0.0.1:0", "--case", "differs"];
    let dev = Dev::start(place, project.clone(), &options, |command| command);
    dev.lines.wait(0, &["built in "]).await;
    dev.lines.wait(0, &[&format!("--- FAIL: {suite}/differs (")]).await;
    dev.lines.wait(0, &["check failed", &format!("({place_of_sources}/outcomes.ts:")]).await;
    // What is not ASCII is as it was.
    dev.lines.wait(0, &["  \u{2026}"]).await;
    dev.lines.wait(0, &[": 0 of 1 passed"]).await;
    dev.interrupt().await;
    let kept = std::fs::read_dir(project.join("node_modules/.cache/orbital")).unwrap();
    assert_eq!(kept.count(), 1, "in `{}`", project.display());
}

#[tokio::test]
async fn a_suite_on_quickjs_is_made_quickly() {
    javascript_is_made_quickly("quickjs", "../typescript/src").await;
}

#[tokio::test]
async fn a_suite_on_starlingmonkey_is_made_quickly() {
    javascript_is_made_quickly("typescript", "src").await;
}

#[tokio::test]
async fn what_is_no_project_or_no_configuration_is_told_at_once() {
    let place = TempDir::new().unwrap();
    let finished = orbital(["dev".as_ref(), place.path().as_os_str()]).await;
    assert_eq!(finished.code, 1, "{finished:?}");
    assert!(finished.stderr.contains("so it is no project"), "{finished:?}");
    std::fs::write(place.path().join("Cargo.toml"), "").unwrap();
    std::fs::write(place.path().join("orbital.toml"), "environmet = 1").unwrap();
    let finished = orbital(["dev".as_ref(), place.path().as_os_str()]).await;
    assert_eq!(finished.code, 2, "{finished:?}");
    assert!(finished.stderr.contains("did you mean `environment`?"), "{finished:?}");
}

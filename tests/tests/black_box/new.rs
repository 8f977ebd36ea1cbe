//! `orbital new`: which files a project has, and what is refused. Whether they build is for the toolchains to say.

use std::path::Path;

use orbital_tests::{Finished, orbital};
use tempfile::TempDir;

/// Makes a project of this name in a directory of its own.
async fn new(place: &Path, name: &str, options: &[&str]) -> Finished {
    let directory = place.join(name);
    let mut arguments = vec!["new".to_owned(), directory.to_str().unwrap().to_owned()];
    arguments.extend(options.iter().map(|option| (*option).to_owned()));
    orbital(arguments).await
}

/// Files of every project.
const COMMON: [&str; 6] = [
    "README.md",
    ".gitignore",
    ".vscode/settings.json",
    ".vscode/extensions.json",
    "orbital.toml",
    "orbital-manifest.toml",
];

/// Makes a project in this language, which must have all of these files, and refer to its SDK.
async fn has(language: &str, manifest: &str, reference: &str, files: &[&str]) {
    let place = TempDir::new().unwrap();
    let finished = new(place.path(), "shop", &["--lang", language]).await;
    assert_eq!((finished.code, finished.stderr.as_str()), (0, ""), "{finished:?}");
    assert!(finished.stdout.contains("orbital run shop.wasm"), "{finished:?}");
    let project = place.path().join("shop");
    for file in COMMON.iter().chain(files) {
        assert!(project.join(file).is_file(), "{language} has no `{file}`");
    }
    let manifest = std::fs::read_to_string(project.join(manifest)).unwrap();
    assert!(manifest.contains(reference), "{language}: {manifest}");
    let ignored = std::fs::read_to_string(project.join(".gitignore")).unwrap();
    assert!(ignored.lines().any(|line| line == "/.orbital/"), "{language}: {ignored}");
}

#[tokio::test]
async fn a_project_has_a_manifest_cases_unit_tests_and_its_sdk() {
    let files = [
        "src/lib.rs",
        "src/ready.rs",
        "src/smoke.rs",
        ".orbital/sdk/rust/wit/suite.wit",
        "rust-toolchain.toml",
    ];
    has("rust", "Cargo.toml", ".orbital/sdk/rust", &files).await;
    let files = ["main.go", "smoke_test.go", ".orbital/sdk/go/go.mod"];
    has("go", "go.mod", "=> ./.orbital/sdk/go", &files).await;
    let files = ["ready.c", "smoke.c", ".orbital/sdk/c/include/orbital.h", ".orbital/sdk/c/bindings/test.c"];
    has("c", "compile_flags.txt", "-I.orbital/sdk/c/include", &files).await;
    let files = ["build.zig", "src/main.zig", "src/ready.zig", ".orbital/sdk/zig/c/bindings/test.c"];
    has("zig", "build.zig.zon", ".orbital/sdk/zig", &files).await;
    let files =
        ["pyproject.toml", "cases/ready.py", "tests/test_smoke.py", ".orbital/sdk/python/pyproject.toml"];
    has("python", "requirements.txt", "./.orbital/sdk/python", &files).await;
    let files = ["tsconfig.json", "src/index.ts", "test/smoke.test.ts", ".orbital/sdk/js/wit/suite.wit"];
    has("typescript", "package.json", "file:.orbital/sdk/js", &files).await;
    let files = ["tsconfig.json", "src/index.js", "test/smoke.test.js", ".orbital/sdk/js/src/index.ts"];
    has("javascript", "package.json", "file:.orbital/sdk/js", &files).await;
}

#[tokio::test]
async fn the_engine_is_chosen_where_there_is_one() {
    let place = TempDir::new().unwrap();
    let finished = new(place.path(), "shop", &["--lang", "ts", "--engine", "starlingmonkey"]).await;
    assert_eq!(finished.code, 0, "{finished:?}");
    let manifest = std::fs::read_to_string(place.path().join("shop/package.json")).unwrap();
    assert!(manifest.contains("\"engine\": \"starlingmonkey\""), "{manifest}");
    assert!(manifest.contains("@bytecodealliance/componentize-js"), "{manifest}");

    let finished = new(place.path(), "other", &["--lang", "go", "--engine", "quickjs"]).await;
    assert_eq!(finished.code, 2, "{finished:?}");
    assert!(finished.stderr.contains("leave out `--engine`"), "{finished:?}");
    assert!(!place.path().join("other").exists());
}

#[tokio::test]
async fn what_is_there_is_not_overwritten() {
    let place = TempDir::new().unwrap();
    std::fs::create_dir(place.path().join("shop")).unwrap();
    std::fs::write(place.path().join("shop/go.mod"), "mine").unwrap();
    let finished = new(place.path(), "shop", &["--lang", "go"]).await;
    assert_eq!(finished.code, 2, "{finished:?}");
    assert!(finished.stderr.contains("is not an empty directory"), "{finished:?}");
    assert_eq!(std::fs::read_to_string(place.path().join("shop/go.mod")).unwrap(), "mine");
    assert_eq!(std::fs::read_dir(place.path().join("shop")).unwrap().count(), 1);

    std::fs::write(place.path().join("file"), "mine").unwrap();
    let finished = new(place.path(), "file", &["--lang", "go"]).await;
    assert_eq!(finished.code, 2, "{finished:?}");

    std::fs::create_dir(place.path().join("empty")).unwrap();
    let finished = new(place.path(), "empty", &["--lang", "go"]).await;
    assert_eq!(finished.code, 0, "{finished:?}");
}

#[tokio::test]
async fn a_name_that_no_component_can_have_is_refused_with_the_reason() {
    let place = TempDir::new().unwrap();
    let finished = new(place.path(), "my shop", &["--lang", "rust"]).await;
    assert_eq!(finished.code, 2, "{finished:?}");
    assert!(finished.stderr.contains("`my shop` cannot be the name of a component"), "{finished:?}");
    assert!(finished.stderr.contains("the character ` `"), "{finished:?}");
    assert!(!place.path().join("my shop").exists());

    let finished = new(place.path(), "shop", &["--lang", "cobol"]).await;
    assert_eq!(finished.code, 2, "{finished:?}");
    assert!(finished.stderr.contains("rust, typescript, javascript, python, go, c, zig"), "{finished:?}");
}

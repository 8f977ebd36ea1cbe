//! `orbital build`: what it says when it cannot build. Whole builds are the work of `cargo xtask guests`.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use orbital_tests::{Finished, command};

/// Builds a directory with nothing on the PATH.
async fn build(directory: &Path) -> Finished {
    build_with(directory, Path::new("/nowhere")).await
}

/// Builds a project with only this folder on the `PATH`.
async fn build_with(directory: &Path, path: &Path) -> Finished {
    let output = directory.join("out.wasm");
    let arguments = ["build".as_ref(), directory.as_os_str(), "-o".as_ref(), output.as_os_str()];
    let ended = command(arguments).env("PATH", path).env_remove("VIRTUAL_ENV").output().await.unwrap();
    assert!(!output.exists());
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Finished { code: ended.status.code().unwrap(), stdout: text(ended.stdout), stderr: text(ended.stderr) }
}

#[tokio::test]
async fn a_directory_that_is_no_project_is_told() {
    let directory = tempfile::tempdir().unwrap();
    let finished = build(directory.path()).await;
    assert_eq!(finished.code, 1, "{finished:?}");
    assert!(finished.stderr.contains("`go.mod`, `compile_flags.txt` and `build.zig.zon`"), "{finished:?}");
    let finished = build(Path::new("/nowhere")).await;
    assert!(finished.stderr.contains("cannot read `/nowhere`"), "{finished:?}");
}

#[tokio::test]
async fn a_missing_tool_is_named_with_what_installs_it() {
    for (manifest, tool, remedy) in [
        ("Cargo.toml", "Rust is needed, and it is not on the PATH", "https://rustup.rs"),
        (
            "go.mod",
            "Go is needed, and it is not on the PATH",
            "install Go 1.25 or newer from https://go.dev/dl",
        ),
        ("package.json", "Node is needed, and it is not on the PATH", "install Node 20.11 or newer"),
        ("build.zig.zon", "Zig is needed, and it is not on the PATH", "pip install ziglang"),
        ("pyproject.toml", "a virtual environment with the SDK", "python3 -m venv"),
    ] {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join(manifest), "{}").unwrap();
        let finished = build(directory.path()).await;
        assert_eq!(finished.code, 1, "{finished:?}");
        assert!(finished.stderr.contains(tool) && finished.stderr.contains(remedy), "{finished:?}");
    }
}

#[tokio::test]
async fn a_tool_that_is_too_old_is_named_with_what_it_says_of_itself() {
    for (manifest, tool, says, remedy) in [
        ("go.mod", "go", "go1.21.4", "install Go 1.25 or newer"),
        ("package.json", "node", "v18.20.1", "install Node 20.11 or newer"),
        ("build.zig.zon", "zig", "0.13.0", "install Zig 0.17 or newer"),
    ] {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join(manifest), "{}").unwrap();
        let script = directory.path().join(tool);
        std::fs::write(&script, format!("#!/bin/sh\necho {says}\n")).unwrap();
        std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
        let finished = build_with(directory.path(), directory.path()).await;
        assert_eq!(finished.code, 1, "{finished:?}");
        assert!(finished.stderr.contains(says) && finished.stderr.contains(remedy), "{finished:?}");
    }
}

#[tokio::test]
async fn a_manifest_with_mistakes_is_told_before_any_tool_runs() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("go.mod"), "").unwrap();
    let manifest = "# What it wants.\ntarget = [\"api\"]\nmetrics = 1\n";
    std::fs::write(directory.path().join("orbital-manifest.toml"), manifest).unwrap();
    let finished = build(directory.path()).await;
    assert_eq!(finished.code, 1, "{finished:?}");
    for part in [
        "orbital-manifest.toml` is wrong:",
        "line 2: `target`: unknown setting; did you mean `targets`?",
        "line 3: `metrics`: must be true or false",
    ] {
        assert!(finished.stderr.contains(part), "{finished:?}");
    }
}

#[tokio::test]
async fn a_directory_that_is_several_projects_asks_which() {
    let directory = tempfile::tempdir().unwrap();
    for manifest in ["Cargo.toml", "go.mod"] {
        std::fs::write(directory.path().join(manifest), "").unwrap();
    }
    let finished = build(directory.path()).await;
    assert!(
        finished.stderr.contains("`Cargo.toml` and `go.mod`; say which counts with `--lang`"),
        "{finished:?}"
    );
}

#[tokio::test]
async fn a_project_whose_links_lead_out_of_it_is_refused_and_nothing_outside_changes() {
    for (link, leads_to) in [
        (".orbital", "../victim"),
        (".orbital/sdk", "../../victim"),
        (".orbital/sdk/rust", "../../../victim/rust"),
        (".orbital/.gitignore", "../../victim/file"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let (project, victim) = (folder.path().join("project"), folder.path().join("victim"));
        std::fs::create_dir_all(victim.join("rust")).unwrap();
        let kept = [victim.join("file"), victim.join("rust/file")];
        kept.iter().for_each(|file| std::fs::write(file, "kept").unwrap());
        let link = project.join(link);
        std::fs::create_dir_all(link.parent().unwrap()).unwrap();
        symlink(leads_to, &link).unwrap();
        let manifest = "[dependencies]\norbital-sdk = { path = \".orbital/sdk/rust\" }\n";
        std::fs::write(project.join("Cargo.toml"), manifest).unwrap();

        let finished = build(&project).await;
        assert_eq!(finished.code, 1, "{finished:?}");
        let told = format!("`{}` is a link", link.display());
        assert!(
            finished.stderr.contains(&told) && finished.stderr.contains("remove the link"),
            "{finished:?}"
        );
        for file in kept {
            assert_eq!(std::fs::read_to_string(&file).unwrap(), "kept", "{}", link.display());
        }
        assert!(link.is_symlink());
    }
}

#[tokio::test]
async fn a_file_of_a_project_that_is_also_one_elsewhere_is_not_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let (project, victim) = (folder.path().join("project"), folder.path().join("victim"));
    std::fs::create_dir_all(project.join(".orbital")).unwrap();
    std::fs::write(&victim, "kept").unwrap();
    std::fs::hard_link(&victim, project.join(".orbital/.gitignore")).unwrap();
    std::fs::write(project.join("Cargo.toml"), "# .orbital/sdk\n").unwrap();
    build(&project).await;
    assert_eq!(std::fs::read_to_string(&victim).unwrap(), "kept");
    assert_eq!(std::fs::read_to_string(project.join(".orbital/.gitignore")).unwrap(), "*\n");
}

#[tokio::test]
async fn tools_install_nothing_through_a_link() {
    for (link, manifest, tools) in
        [(".venv", "pyproject.toml", &["python3"][..]), ("node_modules", "package.json", &["node", "npm"])]
    {
        let (folder, path) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (project, victim) = (folder.path().join("project"), folder.path().join("victim"));
        std::fs::create_dir_all(&project).unwrap();
        std::fs::create_dir(&victim).unwrap();
        std::fs::write(project.join(manifest), "{}").unwrap();
        std::fs::write(project.join("requirements.txt"), "").unwrap();
        symlink("../victim", project.join(link)).unwrap();
        for tool in tools {
            let tool = path.path().join(tool);
            let touch = project.join(link).join("touched");
            let otherwise = format!("else : > {}; fi", touch.display());
            let script = format!("#!/bin/sh\nif [ \"$1\" = --version ]; then echo 22.0.0; {otherwise}\n");
            std::fs::write(&tool, script).unwrap();
            std::fs::set_permissions(&tool, PermissionsExt::from_mode(0o755)).unwrap();
        }
        let finished = build_with(&project, path.path()).await;
        assert_eq!(finished.code, 1, "{finished:?}");
        assert!(finished.stderr.contains(&format!("{link}` is a link")), "{finished:?}");
        assert_eq!(std::fs::read_dir(&victim).unwrap().count(), 0);
    }
}

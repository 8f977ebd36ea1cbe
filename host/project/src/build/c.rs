//! Builds C projects with the compiler that is part of Zig and its libc for WASI 0.1, and wraps the result.

use std::path::{Path, PathBuf};

use orbital_files::file;

use crate::build::{Artifact, BuildError, contract, read, run, scratch, zig};

/// The project's file of flags, one in each line. clangd reads it too.
pub(super) const FLAGS: &str = "compile_flags.txt";

/// The folder of the SDK that contains its header, and the name of the header.
const INCLUDE: &str = "include";
const HEADER: &str = "orbital.h";

/// The prefix of a flag that names a folder of headers.
const FOLDER_FLAG: &str = "-I";

/// The flags for the author's files. Undefined behaviour calls the SDK, which reports its kind and location, and so
/// does `assert`.
const OWN: [&str; 6] = [
    "-std=gnu23",
    "-g",
    "-fsanitize=undefined",
    "-fno-sanitize-recover=undefined",
    "-UNDEBUG",
    "-D__assert_fail=orbital_assert_fail_",
];

/// The flags for the SDK's files.
const SDK: [&str; 4] = ["-std=gnu23", "-g", "-fno-sanitize=undefined", "-w"];

pub(super) fn build(directory: &Path) -> Result<Artifact, BuildError> {
    let flags = flags(directory)?;
    let sdk = sdk(directory, &flags)?;
    let mut own = Vec::new();
    sources(directory, Path::new(""), &mut own)?;
    if own.is_empty() {
        let path = directory.display();
        return Err(BuildError::Output(format!("there is no `.c` file in `{path}`, and so no case")));
    }
    let core = scratch(".wasm")?;
    let mut command = zig::compiler(directory)?;
    command.args([
        "build-exe",
        "-target",
        "wasm32-wasi",
        "-mexec-model=reactor",
        "-lc",
        "-O",
        "ReleaseSmall",
    ]);
    command.args(["-fno-strip", "-fsanitize-c=full", "-fno-ubsan-rt", "-fno-entry"]);
    let mut emit = std::ffi::OsString::from("-femit-bin=");
    emit.push(&core);
    command.arg(emit);
    command.arg("-cflags").args(OWN).args(&flags).arg("--").args(own);
    let mut carried = Vec::new();
    for folder in ["src", "bindings"] {
        sources(&sdk, Path::new(folder), &mut carried)?;
    }
    let (include, bindings) = (including(&sdk.join(INCLUDE)), including(&sdk.join("bindings")));
    command.arg("-cflags").args(SDK).args([include, bindings]).arg("--");
    command.args(carried.into_iter().map(|file| sdk.join(file)));
    run(&mut command, "Zig", zig::REMEDY)?;
    Ok(Artifact { bytes: contract::wrap(read(&core)?)?, version: None, sdk: version(&sdk) })
}

fn including(folder: &Path) -> std::ffi::OsString {
    let mut flag = std::ffi::OsString::from(FOLDER_FLAG);
    flag.push(folder);
    flag
}

fn flags(directory: &Path) -> Result<Vec<String>, BuildError> {
    let text = read(&directory.join(FLAGS))?;
    let lines = String::from_utf8_lossy(&text);
    Ok(lines.lines().map(str::trim).filter(|line| !line.is_empty()).map(ToOwned::to_owned).collect())
}

/// Returns the folder of the SDK, which a flag for the folder of its header determines.
fn sdk(directory: &Path, flags: &[String]) -> Result<PathBuf, BuildError> {
    let folders = flags.iter().filter_map(|flag| flag.strip_prefix(FOLDER_FLAG));
    let found = folders.map(|folder| directory.join(folder)).find(|folder| folder.join(HEADER).is_file());
    found.and_then(|folder| Some(folder.parent()?.to_owned())).ok_or_else(|| BuildError::Tool {
        tool: "the SDK",
        problem: format!("no flag of `{FLAGS}` names the folder of `{HEADER}`"),
        remedy: format!("add the line `{FOLDER_FLAG}{}/c/{INCLUDE}`, and build again", crate::sdk::FOLDER),
    })
}

/// Collects all C files below a folder, without hidden ones. They are sorted, so that the same files produce the same
/// component.
fn sources(root: &Path, folder: &Path, found: &mut Vec<PathBuf>) -> Result<(), BuildError> {
    let path = root.join(folder);
    let failed = |source| BuildError::File { what: "read", path: path.clone(), source };
    let mut entries: Vec<_> =
        std::fs::read_dir(&path).and_then(Iterator::collect::<Result<_, _>>).map_err(failed)?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let name = entry.file_name();
        if name.as_encoded_bytes().starts_with(b".") {
            continue;
        }
        let inner = folder.join(&name);
        if entry.file_type().map_err(failed)?.is_dir() {
            sources(root, &inner, found)?;
        } else if inner.extension().is_some_and(|extension| extension == "c") {
            found.push(inner);
        }
    }
    Ok(())
}

/// Returns the SDK's version, which is in its header.
fn version(sdk: &Path) -> Option<String> {
    let header = file::read_text(&sdk.join(INCLUDE).join(HEADER), file::MAX_SMALL).ok()?;
    let (_, after) = header.split_once("#define ORBITAL_VERSION \"")?;
    Some(after.split_once('"')?.0.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sdk_is_where_its_header_is() {
        let folder = tempfile::tempdir().unwrap();
        let error = sdk(folder.path(), &["-Wall".to_owned()]).err().unwrap().to_string();
        assert!(error.contains("-I.orbital/sdk/c/include"), "{error}");
        let include = folder.path().join("own/include");
        std::fs::create_dir_all(&include).unwrap();
        std::fs::write(include.join(HEADER), "#define ORBITAL_VERSION \"1.2.3\"\n").unwrap();
        let found = sdk(folder.path(), &["-Wall".to_owned(), "-Iown/include".to_owned()]).unwrap();
        assert_eq!(found, folder.path().join("own"));
        assert_eq!(version(&found).unwrap(), "1.2.3");
    }

    #[test]
    fn files_are_found_in_all_folders_but_hidden_ones() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("src")).unwrap();
        std::fs::create_dir_all(folder.path().join(".orbital")).unwrap();
        for file in ["b.c", "a.h", "src/a.c", ".orbital/c.c"] {
            std::fs::write(folder.path().join(file), "").unwrap();
        }
        let mut found = Vec::new();
        sources(folder.path(), Path::new(""), &mut found).unwrap();
        assert_eq!(found, [PathBuf::from("b.c"), PathBuf::from("src/a.c")]);
    }
}

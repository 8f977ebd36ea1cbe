//! Fixture components.

use std::path::{Path, PathBuf};

use crate::binary::root;
use crate::missing;

/// The file of a fixture component, such as `passes`, of an attack, such as `hostile/spins`, or of the example suite,
/// `rust`.
pub fn guest(name: &str) -> PathBuf {
    let built = |build: &str| root().join(build).join("target/wasm32-wasip2/release");
    let path = match name {
        "rust" => built("example-tests/rust").join("rust.wasm"),
        "hello" => built("tests/guests").join("hello.wasm"),
        name => {
            let (build, name) = match name.strip_prefix("hostile/") {
                Some(name) => ("tests/hostile", name),
                None => ("tests/guests", name),
            };
            built(build).join("examples").join(format!("{name}.wasm"))
        }
    };
    assert!(path.exists(), "`{}` is not built; `cargo xtask guests` builds it", path.display());
    path
}

/// The file of the conformance suite in a language, such as `go`, if its toolchain was there. See
/// [`missing`](crate::missing) for what happens if it was not.
pub fn conformance(language: &str) -> Option<PathBuf> {
    suite("target/conformance", language)
}

/// Returns the path of the example suite in a language, if it could be built.
pub fn example(language: &str) -> Option<PathBuf> {
    suite("target/components", language)
}

fn suite(folder: &str, language: &str) -> Option<PathBuf> {
    let path = root().join(folder).join(format!("{language}.wasm"));
    if path.exists() {
        return Some(path);
    }
    missing(&format!("`{}` is not built; `cargo xtask guests` builds it", path.display()))
}

/// A component with every occurrence of a text replaced by another one of the same length, so that it stays
/// well formed.
pub fn patched(component: &Path, from: &str, to: &str) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let mut bytes = std::fs::read(component).unwrap();
    let mut found = false;
    for start in 0..bytes.len() - from.len() {
        if bytes[start..].starts_with(from.as_bytes()) {
            bytes[start..start + to.len()].copy_from_slice(to.as_bytes());
            found = true;
        }
    }
    assert!(found, "no `{from}` in `{}`", component.display());
    bytes
}

/// Returns the content of a fixture as if it had been rebuilt: with the same behaviour, and one more custom section,
/// of 5 bytes with a name of 4 and no data.
pub fn rebuilt(name: &str) -> Vec<u8> {
    [std::fs::read(guest(name)).unwrap().as_slice(), b"\0\x05\x04anew"].concat()
}

/// The content of a fixture, made large: it does the same, and has a custom section more, of 2 MiB.
pub fn enlarged(name: &str) -> Vec<u8> {
    // The section's id, its length of 2^21 + 4 in LEB128, and its own name.
    let head = b"\0\x84\x80\x80\x01\x03big";
    let data = vec![0; 1 << 21];
    [std::fs::read(guest(name)).unwrap().as_slice(), head, &data].concat()
}

//! Rebuilds the host when a file appears in a folder that it embeds: the embedding macro only notices changes of files
//! that existed before.

use std::path::Path;

fn main() {
    let folders = [
        "templates",
        "../../wit",
        "../../guest-sdk/c",
        "../../guest-sdk/go",
        "../../guest-sdk/js/src",
        "../../guest-sdk/python/src",
        "../../guest-sdk/rust/src",
        "../../guest-sdk/zig/src",
    ];
    println!("cargo::rerun-if-changed=build.rs");
    // A folder that does not exist would cause a rebuild each time.
    for folder in folders.iter().filter(|folder| Path::new(folder).exists()) {
        println!("cargo::rerun-if-changed={folder}");
    }
}

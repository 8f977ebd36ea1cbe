//! The file `digest` next to generated bindings: hashes of the contract and of each generated file. It shows that bindings
//! are out of date, or edited by hand, without the generator.

use std::collections::BTreeSet;

use sha2::{Digest as _, Sha256};

use super::files::Files;

/// The name of the file.
pub(super) const NAME: &str = "digest";

/// Returns the text of the file: a line per file, and one for the contract as this generator reads it.
pub(super) fn digest(generator: &str, contract: &Files, generated: &Files) -> String {
    let mut whole = Sha256::new();
    whole.update(generator);
    for (name, content) in &contract.0 {
        // The lengths keep the end of one file and the start of the next one apart.
        whole.update(format!("\n{} {name} {}\n", name.len(), content.len()));
        whole.update(content);
    }
    let mut lines = format!("{}  {CONTRACT}\n", hex(&whole.finalize()));
    for (name, content) in generated.0.iter().filter(|(name, _)| *name != NAME) {
        lines += &format!("{}  {name}\n", hex(&Sha256::digest(content)));
    }
    lines
}

/// Returns the files that `digest` shows to be out of date, changed, missing or new. Every file is, if the contract has
/// changed.
pub(super) fn stale(generator: &str, contract: &Files, present: &Files) -> Vec<String> {
    let recorded = present.0.get(NAME).map(|text| String::from_utf8_lossy(text)).unwrap_or_default();
    let wanted = digest(generator, contract, present);
    let (recorded, wanted): (BTreeSet<_>, BTreeSet<_>) =
        (recorded.lines().collect(), wanted.lines().collect());
    let differing: BTreeSet<_> = recorded
        .symmetric_difference(&wanted)
        .filter_map(|line| line.split_once("  "))
        .map(|(_, name)| name)
        .collect();
    if differing.contains(CONTRACT) {
        return present.0.keys().cloned().collect();
    }
    differing.into_iter().map(str::to_owned).collect()
}

/// Stands for the contract in the list of files.
const CONTRACT: &str = "wit/*";

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(contents: &[(&str, &str)]) -> Files {
        Files(contents.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec())).collect())
    }

    fn generated(contract: &Files) -> Files {
        let mut generated = files(&[("test.c", "1"), ("test.h", "2")]);
        generated.0.insert(NAME.to_owned(), digest("generator 1", contract, &generated).into_bytes());
        generated
    }

    #[test]
    fn generated_files_are_up_to_date() {
        let contract = files(&[("a.wit", "interface a {}")]);
        assert!(stale("generator 1", &contract, &generated(&contract)).is_empty());
    }

    #[test]
    fn every_file_is_stale_after_a_change_of_the_contract_or_the_generator() {
        let contract = files(&[("a.wit", "interface a {}")]);
        let other = files(&[("a.wit", "interface b {}")]);
        assert_eq!(stale("generator 1", &other, &generated(&contract)), ["digest", "test.c", "test.h"]);
        assert_eq!(stale("generator 2", &contract, &generated(&contract)), ["digest", "test.c", "test.h"]);
    }

    #[test]
    fn a_file_that_was_edited_added_or_removed_is_stale() {
        let contract = files(&[("a.wit", "interface a {}")]);
        let mut present = generated(&contract);
        present.0.insert("test.c".to_owned(), b"3".to_vec());
        assert_eq!(stale("generator 1", &contract, &present), ["test.c"]);
        present.0.insert("extra.c".to_owned(), b"4".to_vec());
        present.0.remove("test.h");
        assert_eq!(stale("generator 1", &contract, &present), ["extra.c", "test.c", "test.h"]);
    }

    #[test]
    fn bindings_that_are_missing_or_have_no_digest_are_stale() {
        let contract = files(&[("a.wit", "interface a {}")]);
        assert_eq!(stale("generator 1", &contract, &files(&[("test.c", "1")])), ["test.c"]);
    }
}

//! The documents of this repository.

use crate::binary::root;

/// A block of code in a document.
pub struct Block {
    /// Where its fence stands.
    pub line: usize,
    /// All that stands behind the fence.
    pub language: String,
    /// The last line of text before it that is not empty.
    pub before: String,
    /// Its lines.
    pub text: String,
}

/// All of them, in order.
pub fn blocks(document: &str) -> Vec<Block> {
    let text = std::fs::read_to_string(root().join(document)).unwrap();
    let mut lines = text.lines().zip(1..);
    let (mut blocks, mut before) = (Vec::new(), "");
    while let Some((line, number)) = lines.next() {
        if let Some(language) = line.strip_prefix("```") {
            let block = lines.by_ref().map(|(line, _)| line).take_while(|line| *line != "```");
            let text = block.map(|line| format!("{line}\n")).collect();
            let (language, before) = (language.to_owned(), before.to_owned());
            blocks.push(Block { line: number, language, before, text });
        } else if !line.is_empty() {
            before = line;
        }
    }
    blocks
}

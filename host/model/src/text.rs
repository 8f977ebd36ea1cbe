//! Untrusted text: of any length, with any characters. In errors, pages and logs it is cut, and control characters are
//! replaced or escaped.

mod printable;

use std::borrow::Cow;
use std::fmt::{self, Write as _};

pub use printable::{Printable, PrintableWriter, is_trouble, message, printable_json};

/// The characters shown of a name. Valid names are not longer.
const NAME: usize = 100;

/// The characters shown of a text of several lines.
const TEXT: usize = 2000;

/// A name as messages show it: cut and escaped. The name may be invalid.
pub struct Shown<'a>(&'a str);

/// Returns a name as messages show it: cut and escaped.
pub fn shown(name: &str) -> Shown<'_> {
    Shown(name)
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut characters = self.0.chars();
        for character in characters.by_ref().take(NAME) {
            write!(formatter, "{}", character.escape_debug())?;
        }
        if characters.as_str().is_empty() { Ok(()) } else { formatter.write_char('…') }
    }
}

/// Returns bytes as text, with replacements for those that are none. `String::from_utf8_lossy` takes much longer for bytes
/// that are text, because it looks at each character.
pub fn lossy(bytes: &[u8]) -> Cow<'_, str> {
    std::str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed)
}

/// Returns the beginning of a text of one or more lines, with control characters replaced.
pub fn beginning(text: &str) -> Cow<'_, str> {
    let disturbs = |character: char| character != '\n' && is_trouble(character);
    let end = text.char_indices().nth(TEXT).map(|(end, _)| end);
    if end.is_none() && !text.contains(disturbs) {
        return Cow::Borrowed(text);
    }
    let mut beginning = text[..end.unwrap_or(text.len())].replace(disturbs, "\u{fffd}");
    if end.is_some() {
        let _ = write!(beginning, "… ({} bytes)", text.len());
    }
    Cow::Owned(beginning)
}

/// Returns a text as one line, for logs that are read line by line.
pub fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::printable::TROUBLE;
    use super::*;

    #[test]
    fn a_name_that_is_allowed_is_shown_as_it_is() {
        let name = "x".repeat(NAME);
        assert_eq!(shown(&name).to_string(), name);
        assert_eq!(shown("a-b_c.d").to_string(), "a-b_c.d");
    }

    #[test]
    fn what_is_no_name_is_cut_and_escaped() {
        assert_eq!(shown(&"x".repeat(1 << 20)).to_string(), format!("{}…", "x".repeat(NAME)));
        assert_eq!(shown("a\u{1b}[31m\n").to_string(), "a\\u{1b}[31m\\n");
    }

    #[test]
    fn a_text_keeps_its_lines_and_nothing_that_a_terminal_obeys() {
        assert_eq!(beginning("one\n\ttwo"), "one\n\ttwo");
        assert_eq!(beginning("\u{1b}[2J"), "\u{fffd}[2J");
        for character in TROUBLE.into_iter().flatten() {
            let text = format!("a{character}b");
            let expected = if character == '\n' { text.clone() } else { "a\u{fffd}b".to_owned() };
            assert_eq!(beginning(&text), expected, "U+{:04X}", u32::from(character));
            assert!(!shown(&text).to_string().contains(character), "U+{:04X}", u32::from(character));
        }
        let cut = beginning(&"é".repeat(TEXT + 1)).into_owned();
        assert_eq!(cut, format!("{}… ({} bytes)", "é".repeat(TEXT), 2 * (TEXT + 1)));
    }
}

//! Texts that somebody else chose, such as a test: of any length, and with anything in them. Where they are put into an
//! error, a page or a log they are cut, and what a terminal would obey is made visible.

use std::borrow::Cow;
use std::fmt::{self, Write as _};

use crate::report::is_trouble;

/// How many characters of a name are shown. No name that is allowed is longer.
const NAME: usize = 100;

/// How many characters of a text of several lines are shown.
const TEXT: usize = 2000;

/// A name that may be none, for a message about it.
pub(crate) struct Shown<'a>(&'a str);

/// Shows a name.
pub(crate) fn shown(name: &str) -> Shown<'_> {
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

/// The beginning of a text, which may have lines.
pub(crate) fn beginning(text: &str) -> Cow<'_, str> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::TROUBLE;

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

//! Untrusted text, made safe for terminals and logs.

use std::borrow::Cow;
use std::fmt::{self, Write as _};

/// Displays a text in which U+FFFD replaces each character that moves the cursor, colours the terminal, ends the line,
/// or changes the order in which the following text is read.
pub struct Printable<'a>(pub &'a str);

impl fmt::Display for Printable<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        PrintableWriter(formatter).write_str(self.0)
    }
}

/// Returns a message that may quote untrusted text. Its lines after the first are indented, so that none of them looks
/// like a line of its own, and each line is [`Printable`].
pub fn message(error: &dyn fmt::Display) -> String {
    let text = error.to_string();
    let mut lines = text.split('\n');
    let mut shown = lines.next().map(|first| Printable(first).to_string()).unwrap_or_default();
    for line in lines {
        let margin = if line.starts_with(' ') { "" } else { "  " };
        // Writing to a string cannot fail.
        let _ = write!(shown, "\n{margin}{}", Printable(line));
    }
    shown
}

/// A writer that makes all text [`Printable`] and passes it on.
pub struct PrintableWriter<W>(pub W);

impl<W: fmt::Write> fmt::Write for PrintableWriter<W> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut rest = text;
        while let Some(at) = rest.find(is_trouble) {
            self.0.write_str(&rest[..at])?;
            self.0.write_char(char::REPLACEMENT_CHARACTER)?;
            rest = &rest[at..];
            rest = &rest[rest.chars().next().map_or(0, char::len_utf8)..];
        }
        self.0.write_str(rest)
    }
}

/// Returns JSON in which each character that is not [`Printable`] is escaped. In valid JSON, they occur in strings
/// only.
pub fn printable_json(json: &str) -> Cow<'_, str> {
    let is_raw = |character| is_trouble(character) && !is_space_of_json(character);
    if !json.contains(is_raw) {
        return Cow::Borrowed(json);
    }
    let mut escaped = String::with_capacity(json.len() + 16);
    for character in json.chars() {
        if is_raw(character) {
            for unit in character.encode_utf16(&mut [0; 2]) {
                // Writing to a string cannot fail.
                let _ = write!(escaped, "\\u{unit:04x}");
            }
        } else {
            escaped.push(character);
        }
    }
    Cow::Owned(escaped)
}

/// Returns whether a character is space between values. In strings, these characters are escaped anyway.
fn is_space_of_json(character: char) -> bool {
    matches!(character, '\n' | '\r')
}

/// Returns whether a character has an effect where it is shown, or is invisible there.
pub fn is_trouble(character: char) -> bool {
    match character {
        '\t' => false,
        // Ends of lines and paragraphs.
        '\u{2028}' | '\u{2029}' => true,
        // Marks, embeddings, overrides and isolates of texts that go from right to left.
        '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => true,
        // Invisible tags and marks.
        '\u{feff}' | '\u{e0000}'..='\u{e007f}' => true,
        character => character.is_control(),
    }
}

/// The characters that must not be shown, from the tables of Unicode instead of the code above: control characters (Cc)
/// other than the tab, separators of lines and paragraphs (Zl, Zp), all of Bidi_Control, the byte order mark, and tags.
#[cfg(test)]
pub(crate) const TROUBLE: [std::ops::RangeInclusive<char>; 10] = [
    '\0'..='\u{8}',
    '\u{a}'..='\u{1f}',
    '\u{7f}'..='\u{9f}',
    '\u{61c}'..='\u{61c}',
    '\u{200e}'..='\u{200f}',
    '\u{2028}'..='\u{2029}',
    '\u{202a}'..='\u{202e}',
    '\u{2066}'..='\u{2069}',
    '\u{feff}'..='\u{feff}',
    '\u{e0000}'..='\u{e007f}',
];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn is_in_the_table(character: char) -> bool {
        TROUBLE.iter().any(|range| range.contains(&character))
    }

    #[test]
    fn each_character_that_acts_where_it_is_shown_is_replaced() {
        for character in '\0'..=char::MAX {
            let shown = Printable(character.encode_utf8(&mut [0; 4])).to_string();
            let expected = if is_in_the_table(character) { char::REPLACEMENT_CHARACTER } else { character };
            assert_eq!(shown, expected.to_string(), "U+{:04X}", u32::from(character));
        }
    }

    #[test]
    fn what_would_act_on_a_terminal_is_replaced() {
        let shown = Printable("a\u{1b}[2J\r\n\u{2028}\u{202e}b\tc\u{9b}é\u{7f}").to_string();
        assert_eq!(shown, "a\u{fffd}[2J\u{fffd}\u{fffd}\u{fffd}\u{fffd}b\tc\u{fffd}é\u{fffd}");
    }

    #[test]
    fn of_a_message_only_the_first_line_begins_at_the_margin() {
        assert_eq!(message(&"a\r\n\u{1b}b\n  c\n"), "a\u{fffd}\n  \u{fffd}b\n  c\n  ");
    }

    #[test]
    fn json_is_the_same_with_each_such_character_escaped() {
        let text: String = TROUBLE.into_iter().flatten().chain("aé\t\u{1f600}\"\\".chars()).collect();
        let value = serde_json::json!({ text.clone(): [text] });
        let pretty = serde_json::to_string_pretty(&value).unwrap();
        let shown = printable_json(&pretty);
        assert!(!shown.contains(|character| is_trouble(character) && character != '\n'), "{shown}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).unwrap(), value);
        assert!(matches!(printable_json("{\n  \"é\": 1}"), Cow::Borrowed(_)));
    }

    proptest! {
        #[test]
        fn only_trouble_is_replaced(text in any::<String>()) {
            let shown = Printable(&text).to_string();
            let replaced = |one| if is_in_the_table(one) { char::REPLACEMENT_CHARACTER } else { one };
            let expected: String = text.chars().map(replaced).collect();
            prop_assert_eq!(shown, expected);
        }
    }
}

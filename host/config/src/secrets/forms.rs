//! The forms in which a secret value may appear in received data.
//!
//! Some forms are separate texts (base64, hexadecimal digits); others are ways to write any text, of which parts may be
//! escaped and other parts not. The former are searched for directly; the latter are unescaped first. The common ones
//! of the latter are also searched for directly: an incomplete escape before the value would consume its beginning.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};

/// Returns the texts to search for, for one value.
pub(super) fn forms(value: &str) -> Vec<Vec<u8>> {
    let mut forms = vec![
        value.to_owned(),
        // A value that is used as the name of a header loses its case.
        value.to_lowercase(),
        value.to_uppercase(),
        each(value, |byte| format!("{byte:02x}")),
        each(value, |byte| format!("{byte:02X}")),
    ];
    for upper in [true, false] {
        let in_url = percent(value, upper);
        forms.push(in_url.replace("%20", "+"));
        forms.push(in_url);
    }
    // Any text can be written as JSON.
    let in_json = serde_json::to_string(value).unwrap_or_default();
    let in_json = in_json.get(1..in_json.len().saturating_sub(1)).unwrap_or(value);
    forms.extend([in_json.to_owned(), in_json.replace('/', "\\/")]);
    // A form writes spaces in this way; its other escapes are undone.
    forms.push(value.replace(' ', "+"));
    for alphabet in [STANDARD, URL_SAFE] {
        forms.extend((0..3).map(|before| base64_at(&alphabet, value.as_bytes(), before)));
    }
    forms.sort_unstable();
    forms.dedup();
    forms.into_iter().map(String::into_bytes).collect()
}

/// Percent-encodes everything that has a meaning somewhere in a URL.
fn percent(value: &str, upper: bool) -> String {
    each(value, |byte| match byte {
        b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        byte if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
        byte if upper => format!("%{byte:02X}"),
        byte => format!("%{byte:02x}"),
    })
}

fn each(value: &str, write: impl Fn(u8) -> String) -> String {
    value.bytes().map(write).collect()
}

/// Returns the base64 characters that depend only on the value, if `before` bytes precede it in their group of three.
/// The other characters depend on the surrounding bytes, so padding is never included.
fn base64_at(alphabet: &impl Engine, value: &[u8], before: usize) -> String {
    let text = alphabet.encode([&[0; 2][..before], value].concat());
    let bits = 8 * (before + value.len());
    text[(8 * before).div_ceil(6)..bits / 6].to_owned()
}

/// A way to escape bytes that cannot, or need not, be written literally.
pub(super) struct Escape {
    /// The first byte of each escape.
    sign: u8,
    /// Reads an escape or a literal byte, appends the bytes that it means, and returns the number of bytes read. The
    /// text is not empty.
    read: fn(&[u8], &mut Vec<u8>) -> usize,
}

/// All escapes that are undone.
pub(super) const ESCAPES: [Escape; 3] = [
    Escape { sign: b'%', read: read_percent },
    Escape { sign: b'\\', read: read_json },
    Escape { sign: b'&', read: read_html },
];

impl Escape {
    /// Returns the text without its escapes, or `None` if it has none.
    pub(super) fn undo(&self, text: &[u8]) -> Option<Vec<u8>> {
        let position = |text: &[u8]| text.iter().position(|byte| *byte == self.sign);
        let mut next = position(text)?;
        let (mut plain, mut rest) = (Vec::with_capacity(text.len()), text);
        loop {
            let (before, escape) = rest.split_at(next);
            plain.extend_from_slice(before);
            let taken = (self.read)(escape, &mut plain);
            rest = &escape[taken..];
            match position(rest) {
                Some(position) => next = position,
                None => break,
            }
        }
        plain.extend_from_slice(rest);
        Some(plain)
    }

    /// Returns the ranges in the escaped text that correspond to `parts` of the unescaped text. The parts are in order
    /// and do not overlap.
    pub(super) fn places(
        &self,
        text: &[u8],
        parts: &[std::ops::Range<usize>],
    ) -> Vec<std::ops::Range<usize>> {
        let (mut at, mut plain, mut read) = (0, 0, Vec::new());
        let mut place = |part: &std::ops::Range<usize>| {
            let mut start = None;
            while plain < part.end {
                read.clear();
                let taken = (self.read)(&text[at..], &mut read);
                if plain + read.len() > part.start {
                    start.get_or_insert(at);
                }
                at += taken;
                plain += read.len();
            }
            start.unwrap_or(at)..at
        };
        parts.iter().map(&mut place).collect()
    }
}

/// Reads an escape such as `%2F`.
fn read_percent(text: &[u8], plain: &mut Vec<u8>) -> usize {
    let byte = text.strip_prefix(b"%").and_then(|rest| number(rest.get(..2)?, 16));
    let Some(byte) = byte.and_then(|byte| u8::try_from(byte).ok()) else { return itself(text, plain) };
    plain.push(byte);
    3
}

/// Reads an escape such as `\"`, `\/`, `\n` or `\u00e9`, or two of the latter if one character needs two.
fn read_json(text: &[u8], plain: &mut Vec<u8>) -> usize {
    let [b'\\', escaped, ..] = text else { return itself(text, plain) };
    let byte = match escaped {
        b'"' | b'\\' | b'/' | b'\'' => *escaped,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'b' => 8,
        b'f' => 12,
        b'u' => {
            let unit = |at: usize| {
                let digits = text.get(at..at + 6)?.strip_prefix(b"\\u")?;
                number(digits, 16).and_then(|unit| u16::try_from(unit).ok())
            };
            let mut units = unit(0).into_iter().chain(unit(6));
            let Some(Ok(character)) = char::decode_utf16(&mut units).next() else {
                return itself(text, plain);
            };
            add(character, plain);
            return 6 * character.len_utf16();
        }
        _ => return itself(text, plain),
    };
    plain.push(byte);
    2
}

/// Reads an escape such as `&amp;`, `&#39;` or `&#x27;`.
fn read_html(text: &[u8], plain: &mut Vec<u8>) -> usize {
    const NAMED: [(&[u8], u8); 5] =
        [(b"&amp;", b'&'), (b"&lt;", b'<'), (b"&gt;", b'>'), (b"&quot;", b'"'), (b"&apos;", b'\'')];
    if let Some((name, byte)) = NAMED.iter().find(|(name, _)| text.starts_with(name)) {
        plain.push(*byte);
        return name.len();
    }
    let numbered = || {
        let digits = text.strip_prefix(b"&#")?;
        let (digits, radix, head) = match digits {
            [b'x' | b'X', digits @ ..] => (digits, 16, 3),
            digits => (digits, 10, 2),
        };
        // A character never needs more than eight digits.
        let end = digits.iter().take(9).position(|byte| *byte == b';')?;
        let character = char::from_u32(number(&digits[..end], radix)?)?;
        Some((character, head + end + 1))
    };
    match numbered() {
        Some((character, taken)) => {
            add(character, plain);
            taken
        }
        None => itself(text, plain),
    }
}

fn itself(text: &[u8], plain: &mut Vec<u8>) -> usize {
    plain.push(text[0]);
    1
}

fn add(character: char, plain: &mut Vec<u8>) {
    plain.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
}

fn number(digits: &[u8], radix: u32) -> Option<u32> {
    let digits = std::str::from_utf8(digits).ok().filter(|digits| !digits.starts_with('+'))?;
    u32::from_str_radix(digits, radix).ok()
}

//! Text in UTF-16, which some systems write instead of UTF-8.

/// The byte order mark, with which a text may begin.
pub const MARK: char = '\u{feff}';

/// A form of UTF-16, named by its byte order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Utf16 {
    /// Little-endian UTF-16.
    Little,
    /// Big-endian UTF-16.
    Big,
}

impl Utf16 {
    /// Recognises UTF-16 by its byte order mark, or by its first two characters if these are ASCII, as in all JSON
    /// (RFC 4627, section 3).
    pub fn of(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [0xff, 0xfe, ..] => Some(Self::Little),
            [0xfe, 0xff, ..] => Some(Self::Big),
            [1..=0x7f, 0, 1..=0x7f, 0, ..] => Some(Self::Little),
            [0, 1..=0x7f, 0, 1..=0x7f, ..] => Some(Self::Big),
            _ => None,
        }
    }

    /// Decodes a text, including its byte order mark if it has one. Invalid code units become U+FFFD.
    pub fn decode(self, bytes: &[u8]) -> String {
        let units = bytes.chunks_exact(2).map(|unit| match self {
            Self::Little => u16::from_le_bytes([unit[0], unit[1]]),
            Self::Big => u16::from_be_bytes([unit[0], unit[1]]),
        });
        char::decode_utf16(units).map(|one| one.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
    }

    /// Encodes a text as UTF-16.
    pub fn encode(self, text: &str) -> Vec<u8> {
        let bytes = |unit: u16| match self {
            Self::Little => unit.to_le_bytes(),
            Self::Big => unit.to_be_bytes(),
        };
        text.encode_utf16().flat_map(bytes).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn it_is_recognised_by_its_mark_or_by_its_first_characters() {
        let cases: [(&[u8], Option<Utf16>); 8] = [
            (b"\xff\xfe{\0", Some(Utf16::Little)),
            (b"\xfe\xff\0{", Some(Utf16::Big)),
            (b"{\0\"\0", Some(Utf16::Little)),
            (b"\0{\0\"", Some(Utf16::Big)),
            (b"{\"id\":1}", None),
            (b"\xef\xbb\xbf{}", None),
            (b"{\0\0\0", None),
            (b"{", None),
        ];
        for (bytes, expected) in cases {
            assert_eq!(Utf16::of(bytes), expected, "{bytes:?}");
        }
    }

    #[test]
    fn broken_text_is_read_as_far_as_it_goes() {
        assert_eq!(Utf16::Little.decode(b"a\0\x00\xd8b\0c"), "a\u{fffd}b");
        assert_eq!(Utf16::Big.decode(b"\xfe"), "");
    }

    proptest! {
        #[test]
        fn a_text_is_the_same_afterwards(text in any::<String>()) {
            for utf16 in [Utf16::Little, Utf16::Big] {
                let marked = format!("{MARK}{text}");
                let bytes = utf16.encode(&marked);
                prop_assert_eq!(Utf16::of(&bytes), Some(utf16));
                prop_assert_eq!(utf16.decode(&bytes), marked);
            }
        }
    }
}

//! The names under which files appear in the snapshot, whether or not they are valid names of components.

use std::ffi::OsStr;

use orbital_model::text::is_trouble;

/// Returns a file's name without `.wasm`. Characters that no component's name has and that would affect terminals or
/// pages, and bytes that are not text, are escaped. Different names stay different.
pub(super) fn stem(name: &OsStr) -> String {
    let bytes = name.as_encoded_bytes();
    let mut stem = String::new();
    for chunk in bytes.strip_suffix(b".wasm").unwrap_or(bytes).utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                '\\' => stem.push_str("\\\\"),
                character if character.is_control() || is_trouble(character) => {
                    stem.extend(character.escape_unicode());
                }
                character => stem.push(character),
            }
        }
        stem.extend(chunk.invalid().iter().flat_map(|byte| byte.escape_ascii()).map(char::from));
    }
    stem
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStrExt as _;

    use super::*;

    #[test]
    fn characters_that_would_act_where_they_are_shown_are_escaped() {
        let name = "a\u{9b}31m\u{202e}\n\t\\é.wasm";
        assert_eq!(stem(OsStr::new(name)), "a\\u{9b}31m\\u{202e}\\u{a}\\u{9}\\\\é");
    }

    #[test]
    fn names_that_are_no_text_stay_different() {
        let stems = [&b"caf\xe9.wasm"[..], b"caf\xe8.wasm", "caf\u{e9}.wasm".as_bytes(), b"a.wasm.wasm"];
        assert_eq!(
            stems.map(|name| stem(OsStr::from_bytes(name))),
            ["caf\\xe9", "caf\\xe8", "caf\u{e9}", "a.wasm"]
        );
    }
}

//! The correlation id that links a delivery to its run.

use std::time::SystemTime;

/// The longest key, in bytes.
const MAX_KEY: usize = 256;

/// Why a text is not a valid key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidKey {
    /// The key has no characters.
    #[error("the key is empty")]
    Empty,
    /// The key is too long.
    #[error("the key has {0} bytes; at most {MAX_KEY} are allowed")]
    TooLong(usize),
    /// The key has a character that cannot be printed.
    #[error("the key has a control character")]
    ControlCharacter,
}

/// Returns a new key, which is unguessable, and unique over all runs: a UUID, version 7, sorted by time, with 74 random
/// bits. (The library's own constructor counts up within a millisecond, so fewer of its bits are random.)
pub fn new_key() -> String {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let milliseconds = u64::try_from(now.as_millis()).unwrap_or_default();
    uuid::Builder::from_unix_timestamp_millis(milliseconds, &rand::random()).into_uuid().to_string()
}

/// Checks whether a text is a valid key.
///
/// # Errors
/// The first rule that the text breaks.
pub fn check_key(key: &str) -> Result<(), InvalidKey> {
    if key.is_empty() {
        Err(InvalidKey::Empty)
    } else if key.len() > MAX_KEY {
        Err(InvalidKey::TooLong(key.len()))
    } else if key.chars().any(char::is_control) {
        Err(InvalidKey::ControlCharacter)
    } else {
        Ok(())
    }
}

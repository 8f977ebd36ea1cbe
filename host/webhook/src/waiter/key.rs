//! The correlation id that ties a delivery to its run.

use std::time::SystemTime;

/// The longest key, in bytes.
const MAX_KEY: usize = 256;

/// Why a text cannot be a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidKey {
    /// It has no characters.
    #[error("the key is empty")]
    Empty,
    /// It is too long.
    #[error("the key has {0} bytes; at most {MAX_KEY} are allowed")]
    TooLong(usize),
    /// It has a character that cannot be printed.
    #[error("the key has a control character")]
    ControlCharacter,
}

/// A new key: unguessable, and unique over all runs. A UUID, version 7: sorted by time, with 74 random bits.
/// (The library's own constructor counts up within a millisecond, and so gives fewer random ones.)
pub fn new_key() -> String {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let milliseconds = u64::try_from(now.as_millis()).unwrap_or_default();
    uuid::Builder::from_unix_timestamp_millis(milliseconds, &rand::random()).into_uuid().to_string()
}

/// Refuses what cannot be a key.
///
/// # Errors
/// The first rule that it breaks.
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

//! Names of components and cases.

/// The longest name, in bytes.
const MAX_NAME: usize = 100;

/// Checks the name of a case or a component, which is part of ids, labels and URLs.
///
/// # Errors
/// The name is invalid; the text continues a sentence that begins with the name.
pub fn check_name(name: &str) -> Result<(), String> {
    let allowed = |character: char| character.is_ascii_alphanumeric() || "-_.".contains(character);
    if name.is_empty() {
        return Err("is empty".to_owned());
    }
    if name.len() > MAX_NAME {
        return Err(format!("has {} bytes; at most {MAX_NAME} are allowed", name.len()));
    }
    match name.chars().find(|character| !allowed(*character)) {
        Some(character) => Err(format!(
            "has the character `{}`; letters, digits, `-`, `_` and `.` are allowed",
            character.escape_debug()
        )),
        None => Ok(()),
    }
}

//! The contract's limits for names, tags and retries. Each error names the fix.

/// The maximum number of retries of a case.
const MOST_RETRIES: u32 = 10;

/// The maximum number of tags of a case.
const MOST_TAGS: usize = 16;

pub(crate) fn check_name(name: &str) -> Result<(), String> {
    let allowed = |character: char| character.is_ascii_alphanumeric() || "-_.".contains(character);
    if name.is_empty() || name.len() > 100 || !name.chars().all(allowed) {
        return Err(format!(
            "`{name}` cannot be a case's name; use 1 to 100 letters, digits, `-`, `_` and `.`, as in `name = \"fan-out\"`"
        ));
    }
    Ok(())
}

/// Checks a tag before it is added to the tags of the case.
pub(crate) fn check_tag(tags: &[(String, String)], name: &str, value: &str) -> Result<(), String> {
    let allowed = |character: char| character.is_ascii_alphanumeric() || character == '_';
    if !name.starts_with(|first: char| first.is_ascii_alphabetic())
        || name.len() > 64
        || !name.chars().all(allowed)
    {
        return Err(format!(
            "`{name}` cannot be a tag's name; use a letter, then letters, digits and `_`, 64 bytes at most"
        ));
    }
    if value.len() > 256 {
        return Err(format!("the value of the tag `{name}` has {} bytes; at most 256", value.len()));
    }
    if tags.iter().any(|(other, _)| other == name) {
        return Err(format!("the tag `{name}` is set twice; remove one"));
    }
    if tags.len() == MOST_TAGS {
        return Err(format!("too many tags; at most {MOST_TAGS}"));
    }
    Ok(())
}

pub(crate) fn check_retries(retries: u32) -> Result<(), String> {
    if retries > MOST_RETRIES {
        return Err(format!("{retries} retries are too many; at most {MOST_RETRIES}"));
    }
    Ok(())
}

/// Checks the number of fields. The host parses them.
pub(crate) fn check_cron(expression: &str) -> Result<(), String> {
    let fields = expression.split_whitespace().count();
    if fields != 5 {
        return Err(format!(
            "a cron expression has five fields (minute, hour, day of month, month, day of week), this one has {fields}"
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_letters_digits_and_three_signs() {
        assert!(check_name("fan-out_2.b").is_ok());
        assert!(check_name("").is_err());
        assert!(check_name("a/b").is_err());
        assert!(check_name(&"a".repeat(101)).is_err());
    }

    #[test]
    fn a_tag_is_set_once() {
        let tags = vec![("team".to_owned(), "growth".to_owned())];
        assert!(check_tag(&tags, "tier", "1").is_ok());
        assert!(check_tag(&tags, "team", "core").unwrap_err().contains("set twice"));
        assert!(check_tag(&tags, "_team", "core").unwrap_err().contains("a letter, then"));
    }

    #[test]
    fn cron_has_five_fields() {
        assert!(check_cron("0 7 * * *").is_ok());
        assert!(check_cron("0 0 7 * * *").unwrap_err().contains("this one has 6"));
    }
}

//! Parsing of durations into milliseconds, the unit of the contract.

/// Parses a duration such as `1m 30s` into milliseconds. The error names the fix.
pub(crate) fn milliseconds(text: &str) -> Result<u32, String> {
    let duration = humantime::parse_duration(text)
        .map_err(|error| format!("not a duration: {error}; write one such as \"1s\" or \"250ms\""))?;
    if !duration.subsec_nanos().is_multiple_of(1_000_000) {
        return Err(format!("`{text}` is not a whole number of milliseconds, which is the host's unit"));
    }
    u32::try_from(duration.as_millis())
        .map_err(|_| format!("`{text}` is too long; the maximum is 49 days; use `cron` for longer periods"))
}

/// Parses a duration that is not zero into milliseconds.
pub(crate) fn nonzero_milliseconds(text: &str) -> Result<u32, String> {
    match milliseconds(text)? {
        0 => Err("must be longer than zero; the shortest is \"1ms\"".to_owned()),
        milliseconds => Ok(milliseconds),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_people_write_them() {
        assert_eq!(milliseconds("250ms"), Ok(250));
        assert_eq!(milliseconds("1m 30s"), Ok(90_000));
        assert_eq!(milliseconds("0s"), Ok(0));
    }

    #[test]
    fn what_is_not_a_duration_is_refused_with_an_example() {
        let error = nonzero_milliseconds("soon").unwrap_err();
        assert!(error.contains("write one such as \"1s\""), "{error}");
    }

    #[test]
    fn durations_the_host_cannot_count_are_refused() {
        assert!(milliseconds("10us").unwrap_err().contains("whole number of milliseconds"));
        assert!(milliseconds("1ms 5us").unwrap_err().contains("whole number of milliseconds"));
        assert!(milliseconds("50days").unwrap_err().contains("too long"));
        assert!(nonzero_milliseconds("0s").unwrap_err().contains("longer than zero"));
    }
}

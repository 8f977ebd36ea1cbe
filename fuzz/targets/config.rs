//! Any text is a configuration, or has mistakes with lines; what is shown of one is a line for each setting.
#![no_main]

use std::path::Path;

use libfuzzer_sys::{Corpus, fuzz_target};
use orbital_host::fuzzing::settings;

fuzz_target!(|data: &[u8]| -> Corpus {
    let Ok(text) = str::from_utf8(data) else { return Corpus::Reject };
    // A key of `[trust]` may be a file, and files of the machine are none of a fuzzer's business.
    if text.contains("/dev") || text.contains("/proc") {
        return Corpus::Reject;
    }
    let lines = 1 + text.bytes().filter(|byte| *byte == b'\n').count();
    let is_line = |text: &str| !text.chars().any(|one| one.is_control() && one != '\t');
    match settings(text, Path::new("/nowhere")) {
        Ok((settings, shown)) => {
            assert!(settings.fixed_changes(&settings.clone()).is_empty());
            for setting in shown {
                assert!(setting.line.is_none_or(|line| (1..=lines).contains(&line)), "{setting}");
                assert!(is_line(&setting.to_string()), "{setting:?}");
            }
        }
        Err(mistakes) => {
            assert!(!mistakes.is_empty());
            for mistake in mistakes {
                assert!((1..=lines).contains(&mistake.line), "{mistake}");
                assert!(!mistake.reason.is_empty());
            }
        }
    }
    Corpus::Keep
});

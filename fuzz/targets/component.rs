//! Any file is a component that is told what it is, or refused: its outline, its dimensions, and its signatures.
#![no_main]

use std::path::Path;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use orbital_guest::ContractError;
use orbital_host::fuzzing::{check_dimensions, inspect, settings, vouched};
use orbital_run::registry::TrustSettings;

static TRUST: LazyLock<TrustSettings> = LazyLock::new(|| {
    let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJdD7y3aLq454yWBdwLWbieU1ebz9/cu7/QEXn9OIeZJ";
    let text = format!("[trust.keys.team]\nkey = \"{key}\"\ncomponents = \"*\"\n");
    let (settings, _) = settings(&text, Path::new("/nowhere")).expect("the settings are good");
    settings.fixed.trust.expect("a key is listed")
});

fuzz_target!(|data: &[u8]| {
    for broken in [inspect(data).map(drop), check_dimensions(data)] {
        if let Err(ContractError::Broken { offset, size, reason }) = broken {
            assert!(offset <= size as u64 && !reason.is_empty());
        }
    }
    // The fuzzer has no secret key.
    let half = data.len() / 2;
    assert!(vouched(&TRUST, data, None).is_err());
    assert!(vouched(&TRUST, &data[..half], Some(&data[half..])).is_err());
});

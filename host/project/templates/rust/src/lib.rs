//! The suite. Each case has its own file.

mod ready;
pub mod smoke;

use orbital_sdk::suite;

// `smoke` needs a target: add it, `suite!(ready::ready, smoke::smoke)`, when `[targets.api]` in `orbital.toml` is your system.
suite!(ready::ready);

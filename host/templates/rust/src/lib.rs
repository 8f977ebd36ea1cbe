//! The suite. Each case is in a file of its own.

mod ready;
pub mod smoke;

use orbital_sdk::suite;

// `smoke` needs a target: add it, `suite!(ready::ready, smoke::smoke)`, when `[targets.api]` in `orbital.toml` is yours.
suite!(ready::ready);

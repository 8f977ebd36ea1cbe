//! The attribute `#[case]` of `orbital-sdk`. Use it from there.

#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a panic is how a test fails"))]

mod arguments;
mod case;
mod duration;
mod limits;

use proc_macro::TokenStream;

/// Makes a function a case. The function takes a `&Test` and returns a `Result`.
///
/// | argument | meaning |
/// | --- | --- |
/// | `every = "1s"` | runs periodically, with this period |
/// | `cron = "0 7 * * *"`, `zone = "Europe/Madrid"` | runs at the times of a cron expression; the default zone is UTC |
/// | `manual` | runs only on request, such as `orbital run` |
/// | `timeout = "3s"` | timeout of one attempt; the default is in the host's configuration |
/// | `tags(team = "growth", tier = "1")` | labels for filters, maintenance windows and metrics; at most 16 |
/// | `retries = 2`, `retry_delay = "1s"` | maximum number of retries (at most 10), and the delay before each |
/// | `max_in_flight = 2` | maximum number of concurrent runs; the default is 1 |
/// | `name = "other-name"` | name of the case; the default is the function's name with `-` for each `_` |
///
/// Exactly one of `every`, `cron` and `manual` is required. Durations are whole milliseconds, such as `"1m 30s"` or
/// `"250ms"`. A case that is missing in `suite!` does not run; the compiler warns that it is unused.
#[proc_macro_attribute]
pub fn case(arguments: TokenStream, function: TokenStream) -> TokenStream {
    case::expand(arguments.into(), function.into()).unwrap_or_else(|error| error.into_compile_error()).into()
}

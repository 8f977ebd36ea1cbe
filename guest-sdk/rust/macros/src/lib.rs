//! The attribute `#[case]` of `orbital-sdk`, which is where to read about it and to use it from.

#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a panic is how a test fails"))]

mod arguments;
mod case;
mod duration;
mod limits;

use proc_macro::TokenStream;

/// Makes a function a case of the suite. It takes a `&Test` and returns a `Result`.
///
/// | argument | meaning |
/// | --- | --- |
/// | `every = "1s"` | runs at multiples of this period |
/// | `cron = "0 7 * * *"`, `zone = "Europe/Madrid"` | runs at these times; without a zone, in UTC |
/// | `manual` | runs only when somebody asks for it |
/// | `timeout = "3s"` | how long one attempt may take; without it, what the host's configuration says |
/// | `tags(team = "growth", tier = "1")` | labels for filters, maintenance windows and metrics; at most 16 |
/// | `retries = 2`, `retry_delay = "1s"` | further attempts after one that did not pass (at most 10), and the time between them |
/// | `max_in_flight = 2` | how many runs may go on at once; 1 without it |
/// | `name = "other-name"` | the case's name; without it, the function's with `-` for each `_` |
///
/// Exactly one of `every`, `cron` and `manual` is required. Durations are whole milliseconds, such as
/// `"1m 30s"` or `"250ms"`. A case that is not named in `suite!` does not run; the compiler warns of it as
/// unused.
#[proc_macro_attribute]
pub fn case(arguments: TokenStream, function: TokenStream) -> TokenStream {
    case::expand(arguments.into(), function.into()).unwrap_or_else(|error| error.into_compile_error()).into()
}

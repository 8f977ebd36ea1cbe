//! The public listener, which the system under test delivers to.
//!
//! Any method, any path. It answers at once, whatever the tests are doing: 200 for a delivery that is
//! expected, that nobody expects or that has no key, unless a test planned another answer; 413 over the size limit; 408 if the body does not come.

mod extract;
mod router;
mod settings;

pub use router::Webhook;
pub use settings::{Challenge, KeyPlace, WebhookSettings};

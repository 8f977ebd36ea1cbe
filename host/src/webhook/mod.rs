//! The public listener, which the system under test delivers to.
//!
//! It answers at once, whatever the tests are doing: 200 for a delivery that is expected, that no run expects or that has
//! no key, unless a test planned another answer. Requests that it rejects are answered 400, 401 (see `auth`), 404, 405, 408,
//! 413, 431 or 503, and delivered to no run.

mod auth;
mod extract;
mod head;
mod refusal;
mod room;
mod router;
mod settings;

pub use auth::{AuthError, Gate, ProfileSettings};
#[cfg(fuzzing)]
pub(crate) use extract::{Pointer, extract};
pub use router::{Webhook, component_url};
pub use settings::{Challenge, KeyPlace, WebhookSettings};

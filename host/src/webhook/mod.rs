//! The public listener, which the system under test delivers to.
//!
//! Any method, any path. It answers at once, whatever the tests are doing: 200 for a delivery that is
//! expected, that nobody expects or that has no key, unless a test planned another answer. What it does not take is
//! answered 401 (see `auth`), 404, 408, 413 or 503, and delivered to nobody.

mod auth;
mod extract;
mod refusal;
mod room;
mod router;
mod settings;

pub use auth::{AuthError, Gate, ProfileSettings};
#[cfg(fuzzing)]
pub(crate) use extract::{Pointer, extract};
pub use router::{Webhook, component_url};
pub use settings::{Challenge, KeyPlace, WebhookSettings};

//! The public listener, to which the system under test delivers, and the waiter, which passes each delivery to the run
//! that expects it.
//!
//! The listener answers immediately, whatever the tests are doing: 200 for a delivery that is expected, that no run
//! expects or that has no key, unless a test planned another reply. Rejected requests are answered 400, 401 (see
//! `auth`), 404, 405, 408, 413, 431 or 503, and are delivered to no run.
//!
//! May depend on: the model, configuration, the listener. Must not depend on: guests, the scheduler, sinks.

mod auth;
mod body_budget;
mod extract;
mod head;
mod receive;
mod refusal;
pub mod session_cookie;
mod settings;
pub mod waiter;

pub use auth::{AuthError, Authenticator, ProfileSettings};
pub use extract::{Pointer, extract};
pub use receive::{Webhook, component_url};
pub use settings::{Challenge, FixedWebhookSettings, KeyPlace, LiveWebhookSettings, WebhookSettings};

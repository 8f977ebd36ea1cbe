//! Webhook authentication: profiles, one per path.
//!
//! Everything that does not need the body is checked before the body is read, so that unauthenticated senders use no
//! memory. A proof that covers only the body covers nothing else: keys are then looked for only in the body.

mod authenticator;
mod pattern;
mod settings;
mod signed;
mod standard;
mod tokens;

pub(super) use authenticator::Admitted;
pub use authenticator::{AuthError, Authenticator};
pub use settings::ProfileSettings;
pub(super) use settings::read;

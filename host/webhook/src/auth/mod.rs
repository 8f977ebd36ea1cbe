//! Who may deliver: profiles, one per path.
//!
//! What needs no body is proved before the body is read, so that strangers have us keep nothing. A proof that
//! covers the body alone vouches for nothing else: keys are then looked for only there.

mod gate;
mod pattern;
mod settings;
mod signed;
mod standard;
mod tokens;

pub(super) use gate::Admitted;
pub use gate::{AuthError, Gate};
pub use settings::ProfileSettings;
pub(super) use settings::read;

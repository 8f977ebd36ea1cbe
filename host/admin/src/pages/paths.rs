//! Paths of pages that other pages link to.

/// The page that compares environments.
pub(super) const COMPARE: &str = "/compare";

/// The page that takes a token.
pub(super) const SIGN_IN: &str = "/sign-in";

/// The form that ends a session.
pub(super) const SIGN_OUT: &str = "/sign-out";

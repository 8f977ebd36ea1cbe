//! Telling what is better not shown, where nothing but a name tells it.

/// Parts of the names of settings and headers whose values are not shown.
const DELICATE: [&str; 7] = ["authorization", "cookie", "token", "secret", "password", "api-key", "apikey"];

/// What is shown instead.
pub(crate) const MASK: &str = "***";

/// Whether what has this name may be a secret.
pub(crate) fn is_delicate(name: &str) -> bool {
    let name = name.to_lowercase();
    DELICATE.iter().any(|part| name.contains(part))
}

//! Values that may be secret, recognised by their name alone.

/// Parts of the names of settings and headers whose values are not shown.
const SENSITIVE: [&str; 7] = ["authorization", "cookie", "token", "secret", "password", "api-key", "apikey"];

/// The text shown in place of a sensitive value.
pub const MASK: &str = "***";

/// Returns whether a value with this name may be secret.
pub fn is_sensitive(name: &str) -> bool {
    let name = name.to_lowercase();
    SENSITIVE.iter().any(|part| name.contains(part))
}

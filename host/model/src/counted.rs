//! The part of a benchmark that is a hot path.

/// Calls a function. `cargo xtask instructions` counts the instructions that this takes, and no others. It finds this function
/// by its name.
#[inline(never)]
pub fn counted<T>(operation: impl FnOnce() -> T) -> T {
    operation()
}

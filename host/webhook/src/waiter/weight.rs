//! Estimates of memory usage.

/// Returns the bytes that the allocator uses for an allocation of this size: a header in addition, and at least 32
/// bytes.
pub(super) fn allocation(bytes: usize) -> usize {
    if bytes == 0 { 0 } else { (bytes + 16).max(32) }
}

/// Returns the average bytes per element of a queue, which grows by doubling: one and a half times the element's size.
pub(super) fn slot<T>() -> usize {
    size_of::<T>() * 3 / 2
}

//! How much memory things take.

/// Bytes that the allocator takes for so many: a header, and at least 32 of them.
pub(super) fn allocation(bytes: usize) -> usize {
    if bytes == 0 { 0 } else { (bytes + 16).max(32) }
}

/// Bytes of a place in a queue, which grows by doubling: half as much again as the element, on average.
pub(super) fn slot<T>() -> usize {
    size_of::<T>() * 3 / 2
}

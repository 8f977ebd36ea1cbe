//! Locks of threads that share a value.

use std::sync::{Mutex, MutexGuard};

/// Locks a value.
///
/// # Panics
/// A thread panicked while it held the lock; the threads of this program only note things under locks.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("no thread panics while it holds the lock")
}

//! Suites in use, by the content of their files: components with the same file share its code, which then takes memory
//! and processor caches only once.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::engine::Code;
use crate::suite::{Suite, WeakSuite};

/// Suites in use. Clones share them.
#[derive(Clone, Default)]
pub(super) struct InUse(Arc<Mutex<HashMap<(String, Code), WeakSuite>>>);

impl InUse {
    /// Returns the suite of the file with this digest.
    pub(super) fn find(&self, digest: &str, kind: Code) -> Option<Suite> {
        self.0.lock().get(&(digest.to_owned(), kind))?.upgrade()
    }

    /// Returns the suite to use for the file with this digest: the one in use, or else this one.
    pub(super) fn share(&self, digest: &str, kind: Code, suite: Suite) -> Suite {
        let mut suites = self.0.lock();
        let key = (digest.to_owned(), kind);
        if let Some(other) = suites.get(&key).and_then(WeakSuite::upgrade) {
            return other;
        }
        suites.retain(|_, suite| suite.upgrade().is_some());
        suites.insert(key, suite.downgrade());
        suite
    }
}

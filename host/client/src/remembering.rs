//! Remembers addresses that were found a moment ago.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

use crate::dns::{Resolve, Resolving};

/// How long addresses are used for new connections without another lookup. A name that has moved is noticed after
/// that time, and whenever connections are replaced at their maximum age, since each pool begins empty.
const FRESH: Duration = Duration::from_secs(5);

/// The most names that are remembered. Tests may choose any number of them.
const MAX_NAMES: usize = 256;

/// Addresses by name, with the time when they were found.
type Found = HashMap<String, (Vec<SocketAddr>, Instant)>;

/// A resolver that asks another one only once for many connections that are made at the same time.
pub(super) struct Remembering {
    resolver: Arc<dyn Resolve>,
    found: Arc<Mutex<Found>>,
}

impl Remembering {
    pub(super) fn new(resolver: Arc<dyn Resolve>) -> Self {
        Self { resolver, found: Arc::default() }
    }
}

impl Resolve for Remembering {
    fn resolve(&self, name: &str) -> Resolving {
        let host = name.to_ascii_lowercase();
        let found = self.found.clone();
        let fresh = |(addresses, since): &(Vec<SocketAddr>, Instant)| {
            (since.elapsed() < FRESH).then(|| addresses.clone())
        };
        let known = found.lock().get(&host).and_then(fresh);
        if let Some(addresses) = known {
            return Box::pin(async move { Ok(addresses) });
        }
        let finding = self.resolver.resolve(name);
        Box::pin(async move {
            let addresses = finding.await?;
            let mut found = found.lock();
            if found.len() >= MAX_NAMES {
                found.retain(|_, (_, since)| since.elapsed() < FRESH);
            }
            if found.len() < MAX_NAMES {
                found.insert(host, (addresses.clone(), Instant::now()));
            }
            Ok(addresses)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    /// A resolver that counts its lookups.
    #[derive(Default)]
    struct Counting(AtomicUsize);

    impl Resolve for Counting {
        fn resolve(&self, name: &str) -> Resolving {
            self.0.fetch_add(1, Ordering::Relaxed);
            let is_known = name.ends_with(".example");
            Box::pin(async move {
                let address = SocketAddr::from(([192, 0, 2, 1], 0));
                let found = is_known.then(|| vec![address]);
                found.ok_or_else(|| "there is no such name".into())
            })
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_name_is_looked_up_once_for_a_moment_and_failures_are_not_remembered() {
        let counting = Arc::new(Counting::default());
        let resolver = Remembering::new(counting.clone());
        let asked = async |name: &str| {
            let before = counting.0.load(Ordering::Relaxed);
            let result = resolver.resolve(name).await;
            (result.map(|found| found.len()).ok(), counting.0.load(Ordering::Relaxed) - before)
        };
        assert_eq!(asked("api.example").await, (Some(1), 1));
        assert_eq!(asked("API.example").await, (Some(1), 0));
        assert_eq!(asked("unknown").await, (None, 1));
        assert_eq!(asked("unknown").await, (None, 1));
        tokio::time::advance(FRESH).await;
        assert_eq!(asked("api.example").await, (Some(1), 1));
        for number in 0..2 * MAX_NAMES {
            asked(&format!("{number}.example")).await;
        }
        assert!(resolver.found.lock().len() <= MAX_NAMES);
    }
}

//! Requests whose bodies are being received, for the messages of runs that are waiting at the same time.

use std::collections::BTreeMap;

use parking_lot::{Mutex, MutexGuard};

use crate::waiter::Scope;

/// The maximum number of requests that are described. Others are only counted.
const DESCRIBED: usize = 64;

/// All requests whose bodies are being received.
#[derive(Debug, Default)]
pub(super) struct Receiving(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    next: u64,
    count: usize,
    /// The described requests, by number.
    described: BTreeMap<u64, Request>,
}

#[derive(Debug)]
struct Request {
    component: Option<String>,
    /// The method and path.
    line: String,
}

/// Counts one request until it is dropped.
#[derive(Debug)]
pub struct BeingReceived<'a> {
    receiving: &'a Receiving,
    number: u64,
}

impl Receiving {
    /// Counts a request until the returned value is dropped.
    pub(super) fn begin(&self, component: Option<&str>, method: &str, path: &str) -> BeingReceived<'_> {
        let mut state = self.lock();
        state.next += 1;
        state.count += 1;
        let number = state.next;
        if state.described.len() < DESCRIBED {
            let request =
                Request { component: component.map(str::to_owned), line: format!("{method} {path}") };
            state.described.insert(number, request);
        }
        BeingReceived { receiving: self, number }
    }

    /// Returns how many requests within a scope are being received, with the method and path of the oldest one.
    /// Requests that are not described count as within the scope.
    pub(super) fn within(&self, scope: &Scope) -> Option<(usize, String)> {
        let state = self.lock();
        let is_within = |request: &&Request| scope.has(request.component.as_deref());
        let oldest = state.described.values().find(is_within)?;
        let described = state.described.values().filter(is_within).count();
        Some((state.count - state.described.len() + described, oldest.line.clone()))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // No code under this lock leaves the state in an inconsistent state if it panics.
        self.0.lock()
    }
}

impl Drop for BeingReceived<'_> {
    fn drop(&mut self) {
        let mut state = self.receiving.lock();
        state.count -= 1;
        state.described.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_counted_while_they_are_received_and_few_are_described() {
        let receiving = Receiving::default();
        let own = Scope::component("shop");
        let first = receiving.begin(Some("shop"), "POST", "/~shop/first");
        let other = receiving.begin(Some("bank"), "POST", "/~bank");
        assert_eq!(receiving.within(&own), Some((1, "POST /~shop/first".to_owned())));
        assert_eq!(receiving.within(&Scope::ALL).unwrap().0, 2);
        let more: Vec<_> = (0..DESCRIBED).map(|_| receiving.begin(Some("shop"), "PUT", "/~shop")).collect();
        assert_eq!(receiving.lock().described.len(), DESCRIBED);
        assert_eq!(receiving.within(&Scope::ALL).unwrap().0, DESCRIBED + 2);
        drop((first, other));
        assert_eq!(receiving.within(&own), Some((DESCRIBED, "PUT /~shop".to_owned())));
        drop(more);
        assert_eq!(receiving.within(&Scope::ALL), None);
        assert!(receiving.lock().described.is_empty());
    }
}

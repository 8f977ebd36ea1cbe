//! A case that needs no system under test: it passes if the component runs and gets no delivery for a new key.

use orbital_sdk::prelude::*;

#[case(every = "1m", timeout = "1s")]
pub(crate) fn ready(t: &Test) -> Result {
    let key = t.new_id();
    t.info(format!("nobody knows the key {key}, so nothing can come"));
    t.no_delivery_within(&key, Duration::from_millis(10))
}

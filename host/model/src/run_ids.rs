//! Ids of runs: UUIDs of version 7, in the order in which the runs were started.
//!
//! A run that was started later has a greater id, whatever the wall clock shows. Lists are in the order of the ids, so
//! a clock that was ahead for a while would otherwise keep the runs of that time at the top.

use std::sync::Mutex;

use uuid::timestamp::context::ContextV7;
use uuid::{Timestamp, Uuid};

/// While the clock is behind the newest id, new ids keep the time of that id and count up.
static CONTEXT: Mutex<ContextV7> = Mutex::new(ContextV7::new());

/// Returns the id of a run that starts now.
pub fn next() -> Uuid {
    Uuid::new_v7(Timestamp::now(&CONTEXT))
}

/// Makes all later ids greater than this one, which an earlier host made.
pub fn continue_after(newest: Uuid) {
    let Some((seconds, nanos)) = newest.get_timestamp().map(|time| time.to_unix()) else { return };
    // A new id in the same millisecond may be smaller.
    let next = std::time::Duration::new(seconds, nanos) + std::time::Duration::from_millis(1);
    Timestamp::from_unix(&CONTEXT, next.as_secs(), next.subsec_nanos());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_go_on_after_one_of_a_clock_that_was_ahead() {
        let first = next();
        assert!(next() > first);
        let ahead = uuid::NoContext;
        let (seconds, nanos) = Timestamp::now(ahead).to_unix();
        let future = Uuid::new_v7(Timestamp::from_unix(ahead, seconds + 40 * 24 * 3600, nanos));
        continue_after(future);
        let (one, two) = (next(), next());
        assert!(future < one && one < two, "{future} {one} {two}");
        continue_after(first);
        assert!(next() > two, "an older one changes nothing");
    }
}

//! Log lines about what strangers can cause as often as they like.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// From one line to the next.
const INTERVAL: Duration = Duration::from_secs(10);

/// Lets one line through in ten seconds, and counts the others.
#[derive(Debug, Default)]
pub struct Sparing(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    last: Option<Instant>,
    left_out: u64,
}

impl Sparing {
    /// Writes a line, unless there was one a short time ago. The line gets the number of those that were left out
    /// before it, as words; they are empty if there were none.
    pub fn say(&self, write: impl FnOnce(&str)) {
        if let Some(left_out) = self.due(Instant::now()) {
            match left_out {
                0 => write(""),
                more => write(&format!(" ({more} more like this before)")),
            }
        }
    }

    fn due(&self, now: Instant) -> Option<u64> {
        // Nothing that runs under this lock leaves the state half changed if it panics.
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if state.last.is_some_and(|last| now.duration_since(last) < INTERVAL) {
            state.left_out += 1;
            return None;
        }
        state.last = Some(now);
        Some(std::mem::take(&mut state.left_out))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_one_line_with_the_number_of_the_others() {
        let (sparing, now) = (Sparing::default(), Instant::now());
        let due: Vec<_> = (0..5).map(|seconds| sparing.due(now + Duration::from_secs(3 * seconds))).collect();
        assert_eq!(due, [Some(0), None, None, None, Some(3)]);
        assert_eq!(sparing.due(now + Duration::from_secs(60)), Some(0));
    }
}

//! Log lines about events that strangers can cause at any rate.

use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

/// The interval between two lines.
const INTERVAL: Duration = Duration::from_secs(10);

/// Writes at most one line in ten seconds, and counts the omitted ones.
#[derive(Debug, Default)]
pub struct Sparing(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    last: Option<Instant>,
    left_out: u64,
}

impl Sparing {
    /// Writes a line, unless one was written a short time ago. The line gets the number of lines omitted before it, as
    /// words; they are empty if none were omitted.
    pub fn say(&self, write: impl FnOnce(&str)) {
        if let Some(left_out) = self.due(Instant::now()) {
            match left_out {
                0 => write(""),
                more => write(&format!(" ({more} more like this before)")),
            }
        }
    }

    fn due(&self, now: Instant) -> Option<u64> {
        // If code under this lock panics, it never leaves the state half changed.
        let mut state = self.0.lock();
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

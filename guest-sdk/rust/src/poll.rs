//! Polling until a condition holds.

use std::time::Duration;

use crate::{Failure, Result};

/// The first pause. It is short because most systems are ready at the second attempt.
const FIRST_PAUSE: Duration = Duration::from_millis(10);

/// The longest pause, which limits how late a success is noticed.
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

/// Calls `attempt` until it succeeds or the time is up, with pauses that double. The last attempt is at the end of
/// the time, so none of it is wasted.
#[track_caller]
pub(crate) fn poll<T>(
    within: Duration,
    elapsed: impl Fn() -> Duration,
    sleep: impl Fn(Duration),
    mut attempt: impl FnMut() -> Result<T>,
) -> Result<T> {
    let end = elapsed() + within;
    let mut pause = FIRST_PAUSE;
    loop {
        let failure = match attempt() {
            Ok(value) => return Ok(value),
            Err(failure) => failure,
        };
        let left = end.saturating_sub(elapsed());
        if left.is_zero() {
            return Err(Failure::new(format!("{failure}, still so after {within:?}")));
        }
        sleep(pause.min(left));
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};

    use super::*;

    #[test]
    fn it_returns_the_first_success() {
        let mut attempts = 0;
        let result = poll(
            Duration::from_secs(1),
            || Duration::ZERO,
            |_| (),
            || {
                attempts += 1;
                if attempts < 3 { Err(Failure::new("not yet")) } else { Ok(attempts) }
            },
        );
        assert_eq!(result.unwrap(), 3);
    }

    #[test]
    fn pauses_double_up_to_the_longest_and_end_with_the_time() {
        let now = Cell::new(Duration::ZERO);
        let pauses = RefCell::new(Vec::new());
        let sleep = |pause: Duration| {
            now.set(now.get() + pause);
            pauses.borrow_mut().push(pause.as_millis());
        };
        let result = poll(
            Duration::from_millis(1500),
            || now.get(),
            sleep,
            || -> Result { Err(Failure::new("the counter is 3")) },
        );
        assert_eq!(*pauses.borrow(), [10, 20, 40, 80, 160, 320, 500, 370]);
        let text = result.unwrap_err().to_string();
        assert!(text.starts_with("the counter is 3 ("), "{text}");
        assert!(text.contains("), still so after 1.5s ("), "{text}");
    }
}

//! A line on the terminal for what takes longer than a moment.

use std::io::{IsTerminal as _, Write as _};
use std::time::Duration;

/// After this time, and again each time it has passed, the line is written.
const PERIOD: Duration = Duration::from_secs(1);

/// Goes back to the start of the line and erases it.
const ERASE: &str = "\r\x1b[K";

/// Waits for some work. If it takes longer than a second, a line on standard error says what is done and for how long it has
/// been; it is gone when the work is done. Where standard error is no terminal, nothing is written.
pub(super) async fn shown<T>(what: &str, work: impl Future<Output = T>) -> T {
    if !std::io::stderr().is_terminal() {
        return work.await;
    }
    let mut work = std::pin::pin!(work);
    let mut is_written = false;
    for seconds in 1_u64.. {
        if let Ok(done) = tokio::time::timeout(PERIOD, &mut work).await {
            if is_written {
                write(ERASE);
            }
            return done;
        }
        write(&format!("{ERASE}{what} … {seconds}s"));
        is_written = true;
    }
    work.await
}

/// Writes to the terminal. Nothing depends on whether it takes it.
fn write(text: &str) {
    let mut stderr = std::io::stderr().lock();
    let _ = stderr.write_all(text.as_bytes()).and_then(|()| stderr.flush());
}

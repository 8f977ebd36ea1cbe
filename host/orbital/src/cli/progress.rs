//! A progress line on the terminal, for work that takes longer than a moment.

use std::io::{IsTerminal as _, Write as _};
use std::time::Duration;

/// The interval at which the line is written, and the delay before the first time.
const PERIOD: Duration = Duration::from_secs(1);

/// The control characters that return to the start of the line and erase it.
const ERASE: &str = "\r\x1b[K";

/// Waits for some work. If it takes longer than a second, a line on standard error shows what is done and for how long;
/// the line is erased when the work is done. Nothing is written if standard error is not a terminal.
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

/// Writes to the terminal. Errors are ignored.
fn write(text: &str) {
    let mut stderr = std::io::stderr().lock();
    let _ = stderr.write_all(text.as_bytes()).and_then(|()| stderr.flush());
}

//! Sessions of browsers that have shown the token: they cannot send it with every request, and need not keep it.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::time::Duration;

use parking_lot::{Mutex, MutexGuard};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use tokio::time::Instant;

/// How long a session lasts.
pub(super) const LIFETIME: Duration = Duration::from_secs(12 * 3600);

/// The maximum number of sessions. A further one ends the oldest.
const MOST: usize = 1000;

/// The current sessions.
#[derive(Default)]
pub(super) struct Sessions(Mutex<VecDeque<Session>>);

struct Session {
    /// The digest of the session's id, which only the browser has.
    digest: [u8; 32],
    until: Instant,
}

impl Sessions {
    /// Begins a session, and returns its id.
    pub(super) fn begin(&self) -> String {
        let id = rand::random::<[u8; 32]>().iter().fold(String::new(), |mut id, byte| {
            // Writing to a string cannot fail.
            let _ = write!(id, "{byte:02x}");
            id
        });
        let mut sessions = self.current();
        if sessions.len() >= MOST {
            sessions.pop_front();
        }
        sessions.push_back(Session { digest: digest(&id), until: Instant::now() + LIFETIME });
        id
    }

    /// Returns when a session ends, if there is one with this id.
    pub(super) fn until(&self, id: &str) -> Option<Instant> {
        let digest = digest(id);
        let sessions = self.current();
        sessions.iter().find(|session| session.digest.ct_eq(&digest).into()).map(|session| session.until)
    }

    /// Ends a session.
    pub(super) fn end(&self, id: &str) {
        let digest = digest(id);
        self.current().retain(|session| !bool::from(session.digest.ct_eq(&digest)));
    }

    /// Ends all sessions.
    pub(super) fn end_all(&self) {
        self.current().clear();
    }

    /// Returns the sessions that have not expired, oldest first.
    fn current(&self) -> MutexGuard<'_, VecDeque<Session>> {
        let mut sessions = self.0.lock();
        let now = Instant::now();
        while sessions.front().is_some_and(|session| session.until <= now) {
            sessions.pop_front();
        }
        sessions
    }
}

fn digest(id: &str) -> [u8; 32] {
    Sha256::digest(id.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_goes_on_until_it_is_ended() {
        let sessions = Sessions::default();
        let (one, other) = (sessions.begin(), sessions.begin());
        assert!(
            one != other
                && sessions.until(&one).is_some()
                && sessions.until(&other).is_some()
                && sessions.until("").is_none()
        );
        sessions.end(&one);
        assert!(sessions.until(&one).is_none() && sessions.until(&other).is_some());
        sessions.end_all();
        assert!(sessions.until(&other).is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn a_session_expires_twelve_hours_after_it_began() {
        let sessions = Sessions::default();
        let first = sessions.begin();
        tokio::time::advance(LIFETIME / 2).await;
        let second = sessions.begin();
        tokio::time::advance(LIFETIME / 2 - Duration::from_millis(1)).await;
        assert!(sessions.until(&first).is_some() && sessions.until(&second).is_some());
        tokio::time::advance(Duration::from_millis(1)).await;
        assert!(sessions.until(&first).is_none() && sessions.until(&second).is_some());
        tokio::time::advance(LIFETIME / 2).await;
        assert!(sessions.until(&second).is_none());
    }

    #[test]
    fn there_is_an_end_to_sessions() {
        let sessions = Sessions::default();
        let first = sessions.begin();
        let second = sessions.begin();
        for _ in 1..MOST {
            sessions.begin();
        }
        assert!(sessions.until(&first).is_none() && sessions.until(&second).is_some());
    }
}

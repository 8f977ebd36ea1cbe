//! Pauses that are requested while the host runs, and kept across restarts.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use orbital_files::state::{State, StateError};
use orbital_model::Pattern;
use parking_lot::Mutex;
use tokio::sync::watch;
use uuid::Uuid;

use crate::scheduler::{Pause, Pauses};

/// The name of the file that holds the pauses.
const FILE: &str = "pauses.json";

/// The maximum number of pauses at once.
const MOST: usize = 1000;

/// All pauses. Subscribers always see the current ones.
pub struct PauseBook {
    /// The storage for the pauses. Without one, they end with the host.
    state: Option<State>,
    pauses: watch::Sender<Arc<Pauses>>,
    /// Held during a change, so that each change builds on the previous one.
    changing: Mutex<()>,
}

/// A request for a pause.
pub struct NewPause {
    /// The pattern of the ids of the paused cases.
    pub cases: Pattern,
    /// The reason for the pause.
    pub reason: String,
    /// The person who requests the pause.
    pub author: String,
    /// The end of the pause, if it is known.
    pub until: Option<Timestamp>,
}

/// The reason why a pause cannot begin or end.
#[derive(Debug, thiserror::Error)]
pub enum PauseError {
    /// There are too many pauses.
    #[error(
        "there are {MOST} pauses already, as many as there may be; end some, or pause with a wider pattern"
    )]
    TooMany,
    /// There is no such pause, or it has ended.
    #[error("there is no pause `{0}`")]
    NoSuchPause(Uuid),
    /// The change cannot be stored, so nothing was changed.
    #[error("{0}; nothing was changed")]
    NotKept(#[from] StateError),
}

impl PauseBook {
    /// Opens the book with the stored pauses.
    ///
    /// # Errors
    /// The file of the pauses cannot be read.
    pub fn open(state: Option<State>) -> Result<Self, StateError> {
        let pauses: Pauses = state.as_ref().map(|state| state.read(FILE)).transpose()?.unwrap_or_default();
        Ok(Self { state, pauses: watch::Sender::new(Arc::new(pauses)), changing: Mutex::default() })
    }

    /// Returns a receiver that always has the current pauses.
    pub fn subscribe(&self) -> watch::Receiver<Arc<Pauses>> {
        self.pauses.subscribe()
    }

    /// Returns whether pauses survive a restart.
    pub fn survives_a_restart(&self) -> bool {
        self.state.is_some()
    }

    /// Returns the pauses that have not ended, the oldest first.
    pub fn current(&self) -> Vec<Pause> {
        let now = now();
        let pauses = self.pauses.borrow().clone();
        pauses.0.iter().filter(|pause| !pause.is_over(now)).cloned().collect()
    }

    /// Begins a pause. Writes to the disk, so call it only where blocking is allowed.
    ///
    /// # Errors
    /// There are too many pauses, or the new one cannot be stored.
    pub fn begin(&self, new: NewPause) -> Result<Pause, PauseError> {
        let NewPause { cases, reason, author, until } = new;
        let pause = Pause { id: Uuid::now_v7(), cases, reason, author, since: Timestamp::now(), until };
        self.change(|pauses| {
            // Pauses that have ended are kept as long as there is room: the clock may be wrong for a while.
            if pauses.len() >= MOST {
                let now = now();
                pauses.retain(|pause| !pause.is_over(now));
            }
            if pauses.len() >= MOST {
                return Err(PauseError::TooMany);
            }
            pauses.push(pause.clone());
            Ok(())
        })?;
        Ok(pause)
    }

    /// Ends a pause. Writes to the disk, so call it only where blocking is allowed.
    ///
    /// # Errors
    /// There is no pause with this id, or the change cannot be stored.
    pub fn end(&self, id: Uuid) -> Result<Pause, PauseError> {
        self.change(|pauses| {
            let now = now();
            let index = pauses.iter().position(|pause| pause.id == id && !pause.is_over(now));
            index.map(|index| pauses.remove(index)).ok_or(PauseError::NoSuchPause(id))
        })
    }

    fn change<T>(
        &self,
        change: impl FnOnce(&mut Vec<Pause>) -> Result<T, PauseError>,
    ) -> Result<T, PauseError> {
        let _alone = self.changing.lock();
        let mut pauses = self.pauses.borrow().0.clone();
        let result = change(&mut pauses)?;
        let pauses = Pauses(pauses);
        if let Some(state) = &self.state {
            state.write(FILE, &pauses)?;
        }
        self.pauses.send_replace(Arc::new(pauses));
        Ok(result)
    }
}

fn now() -> Duration {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn new(cases: &str, until: Option<Timestamp>) -> NewPause {
        let cases = Pattern::parse(cases).unwrap();
        NewPause { cases, reason: "why".to_owned(), author: "ada".to_owned(), until }
    }

    #[test]
    fn pauses_are_kept_until_they_end() {
        let folder = tempfile::tempdir().unwrap();
        let open = || PauseBook::open(Some(State::open(folder.path()).unwrap())).unwrap();
        let book = open();
        let over = Timestamp::now() - Duration::from_secs(1);
        book.begin(new("a/*", Some(over))).unwrap();
        let first = book.begin(new("b/*", None)).unwrap();
        let second = book.begin(new("c/*", None)).unwrap();
        let current = book.current();
        assert_eq!(current.iter().map(|pause| pause.id).collect::<Vec<_>>(), [first.id, second.id]);
        drop(book);
        let book = open();
        book.end(first.id).unwrap();
        assert!(matches!(book.end(first.id).unwrap_err(), PauseError::NoSuchPause(_)));
        drop(book);
        let left: Vec<_> = open().current().iter().map(|pause| pause.id).collect();
        assert_eq!(left, [second.id]);
    }

    #[test]
    fn what_cannot_be_kept_does_not_begin() {
        let folder = tempfile::tempdir().unwrap();
        let book = PauseBook::open(Some(State::open(folder.path()).unwrap())).unwrap();
        std::fs::remove_dir_all(folder.path()).unwrap();
        assert!(matches!(book.begin(new("a/*", None)), Err(PauseError::NotKept(_))));
        assert!(book.current().is_empty());
    }

    #[test]
    fn pauses_that_are_over_make_room_and_are_kept_until_then() {
        let book = PauseBook::open(None).unwrap();
        let over = Timestamp::now() - Duration::from_secs(1);
        for _ in 0..MOST {
            book.begin(new("a/*", Some(over))).unwrap();
        }
        assert_eq!(book.subscribe().borrow().0.len(), MOST, "the clock may be wrong");
        let id = book.subscribe().borrow().0[0].id;
        assert!(matches!(book.end(id), Err(PauseError::NoSuchPause(_))));
        book.begin(new("b/*", None)).unwrap();
        assert_eq!(book.subscribe().borrow().0.len(), 1);
    }

    #[test]
    fn there_is_an_end_to_pausing() {
        let book = PauseBook::open(None).unwrap();
        for _ in 0..MOST {
            book.begin(new("a/*", None)).unwrap();
        }
        assert!(matches!(book.begin(new("a/*", None)), Err(PauseError::TooMany)));
    }
}

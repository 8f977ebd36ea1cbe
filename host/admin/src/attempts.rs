//! Wrong tokens at the private listener: counted, logged at a limited rate, and answered slowly.
//!
//! The right token is accepted at once, whatever else its peer sends: only answers to wrong tokens wait. Those of one
//! peer are sent one after the other with a pause before each, and few may wait, so that guesses keep few connections
//! busy. What makes guessing hopeless is the length of the token, not the pause.

use std::hash::{BuildHasher as _, RandomState};
use std::net::IpAddr;
use std::time::Duration;

use orbital_listener::sparing::Sparing;
use tokio::sync::Semaphore;

/// The pause before the answer to a wrong token: 50 answers per second and peer.
const PAUSE: Duration = Duration::from_millis(20);

/// Answers of one peer that may wait, including the next one. Further wrong tokens are answered at once, with 429.
const WAITING: usize = 50;

/// The number of queues for all peers. With more peers some share a queue; no peer can choose its queue.
const QUEUES: usize = 256;

/// Wrong tokens of all peers, and the queues in which their answers wait.
pub(super) struct Attempts {
    queues: [Queue; QUEUES],
    peers: RandomState,
    wrong: Sparing,
}

struct Queue {
    places: Semaphore,
    turn: Semaphore,
}

/// The result of checking a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Attempt {
    /// The token is right.
    Right,
    /// The token is wrong.
    Wrong,
    /// The token is wrong, and its peer has sent too many wrong ones.
    TooMany,
}

impl Default for Attempts {
    fn default() -> Self {
        let queue = || Queue { places: Semaphore::new(WAITING), turn: Semaphore::new(1) };
        Self {
            queues: std::array::from_fn(|_| queue()),
            peers: RandomState::new(),
            wrong: Sparing::default(),
        }
    }
}

impl Attempts {
    /// Records a wrong token, and waits until it may be answered.
    pub(super) async fn wrong(&self, peer: IpAddr) -> Attempt {
        self.wrong.say(|more| {
            tracing::warn!(%peer, "a request to the private listener had a wrong token{more}");
        });
        let queue = &self.queues[self.peers.hash_one(peer) as usize % QUEUES];
        let Ok(_place) = queue.places.try_acquire() else { return Attempt::TooMany };
        // The semaphore is never closed.
        let _turn = queue.turn.acquire().await;
        tokio::time::sleep(PAUSE).await;
        Attempt::Wrong
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use futures_util::future::join_all;
    use tokio::time::Instant;

    use super::*;

    const PEER: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1));

    #[tokio::test(start_paused = true)]
    async fn answers_to_one_peer_wait_for_each_other_and_few_of_them_wait() {
        let attempts = Attempts::default();
        let began = Instant::now();
        let answers = join_all((0..2000).map(|_| attempts.wrong(PEER))).await;
        let wrong = answers.iter().filter(|answer| **answer == Attempt::Wrong).count();
        assert_eq!((wrong, answers.len() - wrong), (WAITING, 2000 - WAITING));
        let most = PAUSE * WAITING as u32;
        assert!((most..most * 11 / 10).contains(&began.elapsed()), "{:?}", began.elapsed());
        assert_eq!(attempts.wrong(PEER).await, Attempt::Wrong, "places are given back");
    }

    #[tokio::test(start_paused = true)]
    async fn peers_do_not_wait_for_each_other() {
        let attempts = Attempts::default();
        let queue = |peer: &IpAddr| attempts.peers.hash_one(peer) as usize % QUEUES;
        let other =
            (1..=255).map(|last| IpAddr::from([10, 0, 1, last])).find(|peer| queue(peer) != queue(&PEER));
        let began = Instant::now();
        let guesses = join_all((0..WAITING).map(|_| attempts.wrong(PEER)));
        let of_other = async {
            assert_eq!(attempts.wrong(other.unwrap()).await, Attempt::Wrong);
            assert!(began.elapsed() < PAUSE * 2, "{:?}", began.elapsed());
        };
        tokio::join!(guesses, of_other);
    }
}

//! Attempts to show the token of the private listener.
//!
//! Wrong tokens of one peer are checked one after the other, with a pause after each. Whoever guesses gets no further
//! with more connections; whoever has the token waits for those before it, from the same peer only, and is never refused.

use std::hash::{BuildHasher as _, RandomState};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::sparing::Sparing;

/// The pause after a wrong token: 50 in a second of one peer.
const PAUSE: Duration = Duration::from_millis(20);

/// How many peers take turns apart from each other. Beyond that some share their turns, which nobody can choose.
const TURNS: usize = 256;

/// Attempts of all peers.
pub(super) struct Attempts {
    turns: [Arc<Semaphore>; TURNS],
    peers: RandomState,
    wrong: Sparing,
}

/// The right to check one token. Those of the same peer wait until it is dropped.
pub(super) struct Turn {
    _permit: Option<OwnedSemaphorePermit>,
    peer: IpAddr,
}

impl Default for Attempts {
    fn default() -> Self {
        Self {
            turns: std::array::from_fn(|_| Arc::new(Semaphore::new(1))),
            peers: RandomState::new(),
            wrong: Sparing::default(),
        }
    }
}

impl Attempts {
    /// Waits for the turn of a peer. Those who wait get it in the order in which they came.
    pub(super) async fn turn(&self, peer: IpAddr) -> Turn {
        let turns = &self.turns[self.peers.hash_one(peer) as usize % TURNS];
        // It is never closed.
        Turn { _permit: turns.clone().acquire_owned().await.ok(), peer }
    }

    /// Notes that the token was wrong. The next one of this peer is checked after a pause.
    pub(super) fn wrong(&self, turn: Turn) {
        self.wrong.say(|more| {
            tracing::warn!(peer = %turn.peer, "a request to the private listener had a wrong token{more}");
        });
        // Whoever sent it may be gone by then, and that makes no difference.
        tokio::spawn(async move {
            tokio::time::sleep(PAUSE).await;
            drop(turn);
        });
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use tokio::time::Instant;

    use super::*;

    const PEER: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1));

    #[tokio::test(start_paused = true)]
    async fn wrong_tokens_of_a_peer_take_turns_and_its_right_one_is_checked_in_its_turn() {
        let attempts = Attempts::default();
        let began = Instant::now();
        let guesses = (0..100).map(async |_| attempts.wrong(attempts.turn(PEER).await));
        let right = async { drop(attempts.turn(PEER).await) };
        // They come in this order.
        tokio::join!(futures_util::future::join_all(guesses), right);
        assert!((100 * PAUSE..110 * PAUSE).contains(&began.elapsed()), "{:?}", began.elapsed());
        // Without guesses before, nobody waits.
        let began = Instant::now();
        for _ in 0..100 {
            drop(attempts.turn(PEER).await);
        }
        assert_eq!(began.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn peers_do_not_wait_for_each_other() {
        let attempts = Attempts::default();
        let others = (1..=255).map(|last| IpAddr::from([10, 0, 1, last]));
        let is_apart = |other: &IpAddr| {
            attempts.peers.hash_one(other) as usize % TURNS != attempts.peers.hash_one(PEER) as usize % TURNS
        };
        let began = Instant::now();
        attempts.wrong(attempts.turn(PEER).await);
        for other in others.filter(is_apart) {
            drop(attempts.turn(other).await);
        }
        assert_eq!(began.elapsed(), Duration::ZERO);
    }
}

//! Limits the requests of each peer within a second.
//!
//! The table is bounded by [`PEERS`].

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

/// The maximum number of peers whose requests are counted at once. Further peers wait a second.
const PEERS: usize = 65_536;

/// The time over which a peer's rate is measured, and the maximum burst in terms of its rate.
const SECOND: Duration = Duration::from_secs(1);

/// The requests of all peers.
#[derive(Debug, Default)]
pub(super) struct Peers(Mutex<Requests>);

#[derive(Debug, Default)]
struct Requests {
    /// The time at which a peer would have finished its requests at its rate. After that time, it counts as a new peer.
    caught_up: HashMap<IpAddr, Instant>,
    swept: Option<Instant>,
}

impl Peers {
    /// Returns whether a peer may send one more request now, at a maximum of `rate` requests per second.
    pub(super) fn admits(&self, peer: IpAddr, rate: Option<usize>) -> bool {
        // If code under this lock panics, it never leaves the table half changed.
        let requests = || self.0.lock();
        rate.is_none_or(|rate| requests().admit(peer, rate, Instant::now()))
    }
}

impl Requests {
    fn admit(&mut self, peer: IpAddr, rate: usize, now: Instant) -> bool {
        let known = self.caught_up.get(&peer).copied();
        if known.is_none() && self.caught_up.len() >= PEERS {
            self.sweep(now);
            if self.caught_up.len() >= PEERS {
                return false;
            }
        }
        let interval = Duration::from_nanos(1_000_000_000 / rate as u64);
        let caught_up = known.map_or(now, |known| known.max(now)) + interval;
        let admitted = caught_up.duration_since(now) <= SECOND;
        if admitted {
            self.caught_up.insert(peer, caught_up);
        }
        admitted
    }

    /// Removes the peers that count as new ones, at most once per second: a flood must not keep the host busy with
    /// this.
    fn sweep(&mut self, now: Instant) {
        if self.swept.is_some_and(|swept| now.duration_since(swept) < SECOND) {
            return;
        }
        self.swept = Some(now);
        self.caught_up.retain(|_, caught_up| *caught_up > now);
    }
}

/// Returns the peer at an address. For IPv6, the peer is everyone with the same first 64 bits, because one machine may
/// have all the addresses behind them.
pub(super) fn peer(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn of_ipv6_a_network_is_a_peer() {
        assert_eq!(peer(address("2001:db8::1")), peer(address("2001:db8::ffff:1")));
        assert_ne!(peer(address("2001:db8::1")), peer(address("2001:db8:0:1::1")));
        assert_eq!(peer(address("::ffff:10.0.0.1")), address("10.0.0.1"), "the same in another form");
    }

    #[test]
    fn a_peer_may_send_its_rate_and_again_as_time_passes() {
        let (mut requests, now) = (Requests::default(), Instant::now());
        for rate in [1, 3, 7, 1000] {
            requests.caught_up.clear();
            let mut admitted =
                |at, most| (0..most).filter(|_| requests.admit(address("10.0.0.1"), rate, at)).count();
            assert_eq!(admitted(now, rate + 5), rate, "in one burst");
            assert_eq!(admitted(now + SECOND, rate + 5), rate, "a second later");
            assert_eq!(admitted(now + SECOND + SECOND / 2, rate + 5), rate / 2, "half a second later");
        }
        assert!(requests.admit(address("10.0.0.2"), 1, now), "others do not suffer");
    }

    #[test]
    fn the_table_is_bounded() {
        let (mut requests, now) = (Requests::default(), Instant::now());
        for number in 0..PEERS as u32 {
            assert!(requests.admit(IpAddr::V4(number.into()), 1, now));
        }
        assert!(!requests.admit(address("255.0.0.1"), 1, now), "there is no room");
        assert!(requests.admit(address("255.0.0.1"), 1, now + SECOND), "a second later there is");
        assert_eq!(requests.caught_up.len(), 1);
    }

    #[test]
    fn a_flood_has_the_table_swept_once_a_second() {
        let (mut requests, now) = (Requests::default(), Instant::now());
        for number in 0..PEERS as u32 {
            assert!(requests.admit(IpAddr::V4(number.into()), 1000, now));
        }
        let mut admits = |at| requests.admit(address("255.0.0.1"), 1000, at);
        assert!(!admits(now), "nothing can be swept yet");
        assert!(!admits(now + SECOND - Duration::from_millis(1)), "it was swept within this second");
        assert!(admits(now + SECOND));
    }
}

//! Limits of a connection, and of a peer with all of its connections.

use std::time::Duration;

use orbital_config::Section;

/// The limits of one listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConnectionLimits {
    /// The maximum time in which the head of a request must arrive, from its first byte.
    pub head_timeout: Duration,
    /// The maximum time that a connection may be without a request.
    pub idle_timeout: Duration,
    /// The maximum size of a request's head, in bytes.
    pub max_head: usize,
    /// The maximum number of headers of a request.
    pub max_headers: usize,
    /// The maximum number of connections of one peer, if the listener has that many.
    pub connections_per_peer: usize,
    /// The maximum number of requests per second of one peer; `None` means no limit.
    pub rate_per_peer: Option<usize>,
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        Self {
            head_timeout: Duration::from_secs(10),
            // This is longer than clients and load balancers keep connections, so that they close them first: the
            // longest are those of Google Cloud, with 600 s. The side that closes first cannot lose a request.
            idle_timeout: Duration::from_secs(620),
            max_head: 64 << 10,
            max_headers: 100,
            connections_per_peer: 1024,
            rate_per_peer: None,
        }
    }
}

impl ConnectionLimits {
    /// Reads the limits from a listener's section.
    pub fn read(section: &Section<'_>) -> Self {
        let default = Self::default();
        Self {
            head_timeout: section.duration("head_timeout", default.head_timeout),
            idle_timeout: section.duration("idle_timeout", default.idle_timeout),
            // The buffers of hyper have at least 8 KiB.
            max_head: section.bytes("max_head", 8 << 10..=1 << 20, default.max_head as u64),
            max_headers: section.integer("max_headers", 1..=1000, default.max_headers),
            connections_per_peer: section.integer(
                "max_connections_per_peer",
                1..=100_000,
                default.connections_per_peer,
            ),
            rate_per_peer: section.optional_integer("max_rate_per_peer", 1..=1_000_000),
        }
    }
}

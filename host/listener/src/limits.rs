//! What a connection, and a peer with all of its connections, may do.

use std::time::Duration;

use orbital_config::Section;

/// Limits of one listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How long the head of a request may take to come, from its first byte on.
    pub head_timeout: Duration,
    /// How long a connection may be without a request.
    pub idle_timeout: Duration,
    /// The largest head of a request, in bytes.
    pub max_head: usize,
    /// The most headers of a request.
    pub max_headers: usize,
    /// How many connections one peer may have, if there are as many.
    pub connections_per_peer: usize,
    /// How many requests one peer may send in a second; none is as many as it likes.
    pub rate_per_peer: Option<usize>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            head_timeout: Duration::from_secs(10),
            // Longer than clients and load balancers keep connections, so that they close them first: the longest are
            // those of Google Cloud, with 600 s. Whoever closes first cannot lose a request.
            idle_timeout: Duration::from_secs(620),
            max_head: 64 << 10,
            max_headers: 100,
            connections_per_peer: 1024,
            rate_per_peer: None,
        }
    }
}

impl Limits {
    /// Reads them from a listener's section.
    pub fn read(section: &Section<'_>) -> Self {
        let default = Self::default();
        Self {
            head_timeout: section.duration("head_timeout", default.head_timeout),
            idle_timeout: section.duration("idle_timeout", default.idle_timeout),
            // hyper's buffers have at least 8 KiB.
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

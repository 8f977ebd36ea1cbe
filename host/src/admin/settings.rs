//! The section `[admin]`.

use std::net::SocketAddr;

use crate::config::Section;

/// The private listener.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdminSettings {
    /// The address; `127.0.0.1:8711` by default.
    pub listen: SocketAddr,
}

impl AdminSettings {
    /// Reads the section.
    pub fn read(section: &Section<'_>) -> Self {
        let listen = section.address("listen", SocketAddr::from(([127, 0, 0, 1], 8711)));
        if !listen.ip().is_loopback() {
            section.mistake_at(
                "listen",
                "must be a loopback address such as `127.0.0.1:8711`: this listener has no authentication yet",
            );
        }
        Self { listen }
    }
}

//! The peer that sent a request.

use std::net::{IpAddr, Ipv4Addr};

use http::Extensions;
use orbital_listener::Peer;

/// Returns the peer that sent a request, as the listener noted it.
pub(super) fn peer(extensions: &Extensions) -> IpAddr {
    extensions.get().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |Peer(address)| *address)
}

//! Reasons why connections and requests are turned away, and the answers to them.

use axum::Extension;
use axum::response::{IntoResponse as _, Response};
use http::{StatusCode, header};
use orbital_model::variants::variants;

use crate::shortage::Shortage;

/// The reason why a connection or a request was turned away. An answer that has one as an extension is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::VariantArray, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum TurnedAway {
    /// A connection, or a request on one that was being closed: its peer has its maximum number of connections, with a
    /// request in progress on each.
    Connections,
    /// A connection without a request was closed, because its place was needed for another one.
    Evicted,
    /// A request was rejected, because its peer has sent its maximum number of requests in this second.
    Rate,
    /// A connection was closed, because its TLS handshake failed.
    Tls,
    /// A request was rejected, because all connections except the spare ones were in use, and its path is not vital.
    Full,
    /// A request was rejected, because its token is wrong.
    Token,
    /// A request was rejected, because too many bytes of bodies were being received.
    Bodies,
}

impl TurnedAway {
    /// All reasons, in the order of the enum.
    pub const ALL: [Self; 7] = variants();

    /// Returns the name of the reason in metrics.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Returns the limit that was reached, if that is the reason, and whether the limit is per peer.
    pub(super) fn shortage(self) -> Option<(Shortage, bool)> {
        match self {
            Self::Connections => Some((Shortage::ConnectionsOfPeer, true)),
            Self::Rate => Some((Shortage::RateOfPeer, true)),
            Self::Bodies => Some((Shortage::Bodies, false)),
            // These are noted where connections are closed and spare places are assigned.
            Self::Evicted | Self::Full | Self::Tls | Self::Token => None,
        }
    }
}

/// Returns the answer to a request beyond the rate of its peer.
pub(super) fn too_many() -> Response {
    let detail = "too many requests in a second from this address (`max_rate_per_peer`)\n";
    let reason = Extension(TurnedAway::Rate);
    (StatusCode::TOO_MANY_REQUESTS, reason, [(header::RETRY_AFTER, "1")], detail).into_response()
}

/// Returns the answer to a request for which there is no place, for this reason.
pub(super) fn full(reason: TurnedAway) -> Response {
    let detail = match reason {
        TurnedAway::Connections => {
            "a request is in progress on each connection that this address may have (`max_connections_per_peer`)\n"
        }
        _ => {
            "a request is in progress on each connection that this address, or the listener, may have; only health and \
             metrics are answered\n"
        }
    };
    let headers = [(header::RETRY_AFTER, "1"), (header::CONNECTION, "close")];
    (StatusCode::SERVICE_UNAVAILABLE, Extension(reason), headers, detail).into_response()
}

//! File descriptors: how many the process may open, and how they are divided.
//!
//! Strangers can use as many connections as the webhook has. The descriptors that the HTTP client and the private
//! listener need are reserved.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::settings::Settings;

/// Connections of the private listener: more than scrapers and users of the pages need.
const ADMIN: usize = 240;

/// Additional connections of the private listener, for health and metrics.
const SPARE: usize = 16;

/// Descriptors for everything but sockets: files of the history and of components, pipes, and those of the runtimes.
const FILES: u64 = 64;

/// The number of connections that each listener may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Places {
    /// Connections of the public listener.
    pub webhook: usize,
    /// Connections of the private listener.
    pub admin: usize,
    /// Connections of the private listener for health and metrics, when all others are in use.
    pub spare: usize,
    /// The number of descriptors for all purposes.
    limit: u64,
    /// Connections of the public listener that the settings allow.
    wanted: usize,
}

/// Raises the number of descriptors that the process may open as far as it can without privileges.
pub fn raise() {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current == maximum {
        return;
    }
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }) {
        tracing::warn!(%error, "cannot raise the number of files that the process may open");
    }
}

impl Places {
    /// Divides the descriptors that the process may open now.
    pub fn now(settings: &Settings) -> Self {
        Self::of(getrlimit(Resource::Nofile).current, settings)
    }

    /// Divides the descriptors that the process may open after [`raise`].
    pub fn raised(settings: &Settings) -> Self {
        Self::of(getrlimit(Resource::Nofile).maximum, settings)
    }

    fn of(limit: Option<u64>, settings: &Settings) -> Self {
        Self::new(
            limit.unwrap_or(u64::MAX),
            settings.fixed.webhook.max_connections,
            settings.fixed.scheduler.max_in_flight,
        )
    }

    /// Assumes that each run in flight has one connection for its events, as most runs do.
    fn new(limit: u64, wanted: usize, max_in_flight: usize) -> Self {
        let sockets = usize::try_from(limit.saturating_sub(FILES)).unwrap_or(usize::MAX);
        let private = (ADMIN + SPARE).min(sockets / 8);
        let spare = SPARE.min(private / 4).max(1);
        let admin = private.saturating_sub(spare).max(1);
        let client = max_in_flight.min(sockets / 2);
        let webhook = wanted.min(sockets.saturating_sub(admin + spare + client)).max(1);
        Self { webhook, admin, spare, limit, wanted }
    }

    /// Returns a message if there are fewer connections than the settings allow.
    pub fn shortage(&self) -> Option<String> {
        let Self { webhook, limit, wanted, .. } = self;
        (webhook < wanted).then(|| {
            format!(
                "the webhook serves {webhook} connections at once, and not {wanted} (`webhook.max_connections`): the process \
                 may open {limit} files, and some are kept for events, the private listener and the host's own files; raise \
                 its hard limit, such as with `LimitNOFILE=` of systemd or `ulimit -Hn`"
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_enough_for_events_and_operators_whatever_the_limit() {
        for limit in [10, 100, 200, 256, 1024, 4096, 65_536, u64::MAX] {
            for (wanted, max_in_flight) in [(4096, 500), (100_000, 10_000), (1, 1)] {
                let places = Places::new(limit, wanted, max_in_flight);
                let Places { webhook, admin, spare, .. } = places;
                assert!((1..=wanted).contains(&webhook) && admin >= 1 && spare >= 1, "{places:?}");
                let client = max_in_flight.min((limit.saturating_sub(FILES) / 2) as usize);
                let all = FILES.saturating_add((webhook + admin + spare + client) as u64);
                assert!(all <= limit.max(FILES + 3), "{places:?}");
                assert_eq!(places.shortage().is_some(), webhook < wanted);
            }
        }
        assert_eq!(Places::new(65_536, 4096, 500).shortage(), None);
        let shortage = Places::new(1024, 4096, 500).shortage().unwrap();
        assert!(shortage.contains("serves 360 connections at once, and not 4096"), "{shortage}");
    }
}

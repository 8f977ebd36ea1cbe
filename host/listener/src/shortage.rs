//! Limits at which a listener turns away connections and requests or lets them wait, and when this happened.
//!
//! A delivery may be among the requests that were turned away, so the system under test is not blamed for a missing
//! delivery.

use std::net::IpAddr;
use std::time::Duration;

use orbital_model::describe::{counted, short};
use parking_lot::{Mutex, MutexGuard};
use tokio::time::Instant;

/// The maximum time that it takes to close an idle connection for the next one. A shorter wait is not a shortage.
pub(super) const NOTABLE: Duration = Duration::from_millis(50);

/// A limited resource of a listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shortage {
    /// The connections of the listener.
    Connections,
    /// The connections of one peer.
    ConnectionsOfPeer,
    /// The requests of one peer per second.
    RateOfPeer,
    /// The bytes of bodies that are being received.
    Bodies,
    /// A resource that the operating system needs for a connection: a file descriptor, or memory.
    Sockets(&'static str),
}

/// All shortages of a listener.
#[derive(Debug, Default)]
pub(super) struct Shortages(Mutex<[Record; Shortage::COUNT]>);

/// The shortages of one kind since the listener was started.
#[derive(Debug, Default, Clone, Copy)]
struct Record {
    turned_away: u64,
    /// The time at which something was last turned away, and the peer if the limit is per peer.
    last: Option<(Instant, Option<IpAddr>)>,
    /// For a shortage of sockets, the missing resource.
    reason: &'static str,
    /// The beginning of the current wait. Waits without a pause in between count as one.
    waiting_since: Option<Instant>,
    /// The end and the length of the last wait that has ended.
    last_wait: Option<(Instant, Duration)>,
}

/// A moment since which shortages can be counted.
#[derive(Debug, Clone, Copy)]
pub struct ShortageMark {
    at: Instant,
    turned_away: [u64; Shortage::COUNT],
}

/// A shortage within a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lack {
    pub(super) shortage: Shortage,
    /// The number of connections or requests that were turned away.
    pub(super) turned_away: u64,
    /// The last peer that was turned away, if the limit is per peer.
    peer: Option<IpAddr>,
    /// The time for which connections had to wait.
    pub(super) waited: Option<Duration>,
}

impl Shortage {
    const COUNT: usize = 5;

    fn index(self) -> usize {
        match self {
            Self::Connections => 0,
            Self::ConnectionsOfPeer => 1,
            Self::RateOfPeer => 2,
            Self::Bodies => 3,
            Self::Sockets(_) => 4,
        }
    }

    /// Returns all kinds, in the order of their indexes.
    fn all(reason: &'static str) -> [Self; Self::COUNT] {
        [Self::Connections, Self::ConnectionsOfPeer, Self::RateOfPeer, Self::Bodies, Self::Sockets(reason)]
    }
}

impl Shortages {
    /// Notes that a connection or a request was turned away. The peer is given if the limit is per peer.
    pub(super) fn turned_away(&self, shortage: Shortage, peer: Option<IpAddr>) {
        let record = &mut self.lock()[shortage.index()];
        record.turned_away += 1;
        record.last = Some((Instant::now(), peer));
    }

    /// Notes that connections are waiting to be accepted, until [`Shortages::caught_up`].
    pub(super) fn wait(&self, shortage: Shortage) {
        let record = &mut self.lock()[shortage.index()];
        record.waiting_since.get_or_insert_with(Instant::now);
        if let Shortage::Sockets(reason) = shortage {
            record.reason = reason;
        }
    }

    /// Notes that a connection is no longer waiting, because it got a spare place, however short its wait was.
    pub(super) fn note_wait(&self, shortage: Shortage) {
        let record = &mut self.lock()[shortage.index()];
        if let Some(since) = record.waiting_since {
            record.last_wait = Some((Instant::now(), since.elapsed()));
        }
    }

    /// Notes that no connection is waiting to be accepted.
    pub(super) fn caught_up(&self) {
        for record in &mut *self.lock() {
            let length = record.waiting_since.take().map(|since| since.elapsed());
            if let Some(length) = length.filter(|length| *length >= NOTABLE) {
                record.last_wait = Some((Instant::now(), length));
            }
        }
    }

    /// Returns a mark of the current moment.
    pub(super) fn mark(&self) -> ShortageMark {
        let turned_away = self.lock().map(|record| record.turned_away);
        ShortageMark { at: Instant::now(), turned_away }
    }

    /// Returns the shortages at any time since the mark.
    pub(super) fn since(&self, mark: &ShortageMark) -> Vec<Lack> {
        self.lacks(mark.at, |index, record| record.turned_away - mark.turned_away[index])
    }

    /// Returns the shortages within this time until now, with the number of everything that was turned away since the
    /// listener was started.
    pub(super) fn within(&self, time: Duration) -> Vec<Lack> {
        let Some(since) = Instant::now().checked_sub(time) else { return Vec::new() };
        let is_recent = |record: &Record| record.last.is_some_and(|(at, _)| at >= since);
        self.lacks(since, |_, record| if is_recent(record) { record.turned_away } else { 0 })
    }

    /// Returns the shortages for which something was turned away, or had to wait since this moment.
    fn lacks(&self, since: Instant, turned_away: impl Fn(usize, &Record) -> u64) -> Vec<Lack> {
        let now = Instant::now();
        let records = *self.lock();
        let lacks = records.iter().enumerate().filter_map(|(index, record)| {
            let turned_away = turned_away(index, record);
            let lack = Lack {
                shortage: Shortage::all(record.reason)[index],
                turned_away,
                peer: record.last.filter(|_| turned_away > 0).and_then(|(_, peer)| peer),
                waited: record.waited(since, now),
            };
            (lack.turned_away > 0 || lack.waited.is_some()).then_some(lack)
        });
        lacks.collect()
    }

    fn lock(&self) -> MutexGuard<'_, [Record; Shortage::COUNT]> {
        // If code under this lock panics, it never leaves a record half changed.
        self.0.lock()
    }
}

impl Record {
    fn waited(&self, since: Instant, now: Instant) -> Option<Duration> {
        let current = self.waiting_since.map(|began| now.duration_since(began));
        let current = current.filter(|length| *length >= NOTABLE);
        current.or_else(|| self.last_wait.filter(|(end, _)| *end >= since).map(|(_, length)| length))
    }
}

impl Lack {
    /// Describes what happened at the webhook, and what to change.
    pub fn explain(&self) -> String {
        let Self { shortage, turned_away, .. } = self;
        let last = self.peer.map(|peer| format!(", the last one from {peer},")).unwrap_or_default();
        let waited = self.waited.map(short);
        match (shortage, waited) {
            (Shortage::Sockets(reason), waited) => {
                let time = waited.map(|time| format!(" for {time}")).unwrap_or_default();
                format!("it could not accept connections{time}: {reason}")
            }
            (Shortage::Connections, Some(time)) if *turned_away == 0 => format!(
                "it could not take new connections for {time}, as all were in use (`webhook.max_connections`); raise the \
                 limit, or find out who takes them"
            ),
            (Shortage::Connections, _) => format!(
                "it closed {} without a complete request, as all connections were in use (`webhook.max_connections`); raise \
                 the limit, or find out who takes them",
                counted(*turned_away, "new connection")
            ),
            (Shortage::ConnectionsOfPeer, _) => format!(
                "it rejected {}{last} whose peer had too many connections (`webhook.max_connections_per_peer`); raise the \
                 limit, or find out who takes them",
                counted(*turned_away, "request")
            ),
            (Shortage::RateOfPeer, _) => format!(
                "it answered {}{last} with 429, as one peer sent too many in a second (`webhook.max_rate_per_peer`); raise \
                 the limit, or find out who sends them",
                counted(*turned_away, "request")
            ),
            (Shortage::Bodies, _) => format!(
                "it answered {} with 503, as it was receiving too many bytes of bodies at once (`webhook.max_bodies`); \
                 raise the limit, or find out who sends them",
                counted(*turned_away, "request")
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lacks(shortages: &Shortages, mark: &ShortageMark) -> Vec<(Shortage, u64, Option<Duration>)> {
        let lacks = shortages.since(mark);
        lacks.iter().map(|lack| (lack.shortage, lack.turned_away, lack.waited)).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn only_what_was_turned_away_since_a_mark_is_counted() {
        let shortages = Shortages::default();
        let peer = IpAddr::from([10, 0, 0, 9]);
        shortages.turned_away(Shortage::RateOfPeer, Some(peer));
        let mark = shortages.mark();
        assert_eq!(lacks(&shortages, &mark), []);
        for _ in 0..2 {
            shortages.turned_away(Shortage::RateOfPeer, Some(peer));
        }
        shortages.turned_away(Shortage::Bodies, None);
        assert_eq!(lacks(&shortages, &mark), [(Shortage::RateOfPeer, 2, None), (Shortage::Bodies, 1, None)]);
        let text = shortages.since(&mark)[0].explain();
        assert!(text.starts_with("it answered 2 requests, the last one from 10.0.0.9, with 429"), "{text}");
        let minute = Duration::from_secs(60);
        tokio::time::advance(minute).await;
        assert_eq!(shortages.within(minute).len(), 2);
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(shortages.within(minute), []);
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_is_noted_if_it_is_long_or_has_not_ended() {
        let shortages = Shortages::default();
        let mark = shortages.mark();
        let sockets = Shortage::Sockets("no file descriptor is left");
        shortages.wait(sockets);
        assert_eq!(lacks(&shortages, &mark), []);
        tokio::time::advance(NOTABLE).await;
        assert_eq!(lacks(&shortages, &mark), [(sockets, 0, Some(NOTABLE))]);
        shortages.caught_up();
        shortages.wait(Shortage::Connections);
        shortages.caught_up();
        assert_eq!(lacks(&shortages, &mark), [(sockets, 0, Some(NOTABLE))]);
        let text = shortages.since(&mark)[0].explain();
        assert_eq!(text, "it could not accept connections for 50.0ms: no file descriptor is left");
        tokio::time::advance(NOTABLE).await;
        assert_eq!(lacks(&shortages, &shortages.mark()), []);
    }
}

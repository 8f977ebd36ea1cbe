//! Connections of a listener, and which one is closed when all places are taken.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::{Arc, Weak};
use std::time::Duration;

use parking_lot::{Mutex, MutexGuard};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::ConnectionLimits;
use crate::peers::peer;
use crate::progress::{Eviction, Idleness, Progress};
use crate::shortage::{Shortage, Shortages};

/// How long to wait for a place before another connection is closed.
const RETRY: Duration = Duration::from_millis(200);

/// The fraction of all connections, as a divisor, that is selected at once to be closed next, so that a search need not
/// look at all of them each time.
const PART: usize = 16;

/// Connections of one listener.
#[derive(Debug)]
pub(super) struct Connections {
    most: usize,
    places: Arc<Semaphore>,
    spare_places: Arc<Semaphore>,
    table: Mutex<Table>,
    shortages: Shortages,
}

#[derive(Debug, Default)]
struct Table {
    next: u64,
    peers: HashMap<IpAddr, HashMap<u64, Arc<Progress>>>,
    /// Connections with a spare place.
    spare: HashMap<u64, Arc<Progress>>,
    /// Connections to close next, the most idle first. They may have become less idle since.
    most_idle: VecDeque<(Idleness, Weak<Progress>)>,
}

/// The place of a connection, which is released when this value is dropped.
#[derive(Debug)]
pub struct Slot {
    connections: Arc<Connections>,
    peer: IpAddr,
    number: u64,
    is_spare: bool,
    progress: Arc<Progress>,
    _permit: OwnedSemaphorePermit,
}

impl Connections {
    /// Returns a table with `most` places, and `spare` spare ones.
    pub(super) fn new(most: usize, spare: usize) -> Arc<Self> {
        let [places, spare_places] = [most, spare].map(|places| Arc::new(Semaphore::new(places)));
        Arc::new(Self {
            most,
            places,
            spare_places,
            table: Mutex::default(),
            shortages: Shortages::default(),
        })
    }

    /// Returns the shortages of the listener.
    pub(super) fn shortages(&self) -> &Shortages {
        &self.shortages
    }

    /// Returns the numbers of taken places and of all places, without spare ones.
    pub(super) fn in_use(&self) -> (usize, usize) {
        (self.most - self.places.available_permits(), self.most)
    }

    /// Waits for a place. If necessary, closes the most idle connection for it: one of the same peer, if that peer has
    /// its maximum number of connections. If a request is in progress on each of those, the place is a spare one.
    /// Returns `None` if there is no spare place either, and the peer has its maximum number of connections.
    pub(super) async fn enter(
        self: &Arc<Self>,
        address: IpAddr,
        progress: Arc<Progress>,
        evicted: impl Fn(),
    ) -> Option<Slot> {
        let peer = peer(address);
        let most_of_peer = progress.limits().connections_per_peer.min(self.most);
        let room = self.lock().make_room_for(peer, most_of_peer);
        match room {
            Room::Enough => {}
            Room::Made(eviction) => {
                self.note_of_peer(eviction, peer, progress.limits());
                evicted();
            }
            Room::None => return self.enter_spare(peer, &progress, &evicted).await,
        }
        let permit = loop {
            if let Ok(permit) = self.places.clone().try_acquire_owned() {
                break permit;
            }
            self.shortages.wait(Shortage::Connections);
            let eviction = self.lock().evict_any();
            if let Some(eviction) = eviction {
                self.note(eviction, Shortage::Connections, None);
                evicted();
            } else if let Some(place) = self.enter_spare(peer, &progress, &evicted).await {
                return Some(place);
            }
            let freed = tokio::time::timeout(RETRY, self.places.clone().acquire_owned()).await;
            if let Ok(Ok(permit)) = freed {
                break permit;
            }
        };
        let mut table = self.lock();
        let number = table.number();
        table.peers.entry(peer).or_default().insert(number, progress.clone());
        drop(table);
        let connections = self.clone();
        Some(Slot { connections, peer, number, is_spare: false, progress, _permit: permit })
    }

    /// Takes a spare place. If necessary, closes the most idle connection that has one.
    async fn enter_spare(
        self: &Arc<Self>,
        peer: IpAddr,
        progress: &Arc<Progress>,
        evicted: impl Fn(),
    ) -> Option<Slot> {
        let permit = match self.spare_places.clone().try_acquire_owned() {
            Ok(permit) => permit,
            Err(_) => {
                self.lock().evict_spare()?;
                evicted();
                let freed = tokio::time::timeout(RETRY, self.spare_places.clone().acquire_owned()).await;
                freed.ok()?.ok()?
            }
        };
        self.shortages.note_wait(Shortage::Connections);
        let mut table = self.lock();
        let number = table.number();
        table.spare.insert(number, progress.clone());
        drop(table);
        let (connections, progress) = (self.clone(), progress.clone());
        Some(Slot { connections, peer, number, is_spare: true, progress, _permit: permit })
    }

    /// Returns whether a request may begin on a connection that is being closed for another one of its peer. The
    /// connection counts again, so another one without a request is closed instead, if there is one.
    pub(super) fn readmit(&self, peer: IpAddr, limits: &ConnectionLimits) -> bool {
        let room = self.lock().make_room_for(peer, limits.connections_per_peer.min(self.most) + 1);
        if let Room::Made(eviction) = room {
            self.note_of_peer(eviction, peer, limits);
        }
        !matches!(room, Room::None)
    }

    /// Notes that a connection was closed for another one of its peer, which has its maximum number of connections, or
    /// all there are.
    fn note_of_peer(&self, eviction: Eviction, peer: IpAddr, limits: &ConnectionLimits) {
        if limits.connections_per_peer < self.most {
            self.note(eviction, Shortage::ConnectionsOfPeer, Some(peer));
        } else {
            self.note(eviction, Shortage::Connections, None);
        }
    }

    fn note(&self, eviction: Eviction, shortage: Shortage, peer: Option<IpAddr>) {
        if eviction == Eviction::BeforeRequest {
            self.shortages.turned_away(shortage, peer);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        // If code under this lock panics, it never leaves the table half changed.
        self.table.lock()
    }
}

/// Room for one more connection of a peer.
enum Room {
    Enough,
    /// One of the peer's connections is closed to make room.
    Made(Eviction),
    None,
}

impl Table {
    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    /// Closes the most idle connection with a spare place. Returns `None` if a request is in progress on each of them.
    fn evict_spare(&self) -> Option<Eviction> {
        evict_most_idle(self.spare.values())
    }

    fn make_room_for(&self, peer: IpAddr, most: usize) -> Room {
        let Some(connections) = self.peers.get(&peer).filter(|connections| connections.len() >= most) else {
            return Room::Enough;
        };
        // Connections that are about to end do not count.
        let staying = connections.values().filter(|progress| !progress.is_leaving()).count();
        if staying < most {
            return Room::Enough;
        }
        evict_most_idle(connections.values()).map_or(Room::None, Room::Made)
    }

    /// Closes the most idle connection. Returns `None` if a request is in progress on each of them.
    fn evict_any(&mut self) -> Option<Eviction> {
        self.evict_next().or_else(|| {
            self.find_most_idle();
            self.evict_next()
        })
    }

    fn evict_next(&mut self) -> Option<Eviction> {
        while let Some((idleness, progress)) = self.most_idle.pop_front() {
            if let Some(eviction) = progress.upgrade().and_then(|progress| progress.evict(idleness)) {
                return Some(eviction);
            }
        }
        None
    }

    fn find_most_idle(&mut self) {
        let all = self.peers.values().flat_map(HashMap::values);
        let mut idle: Vec<_> = all.filter_map(|progress| Some((progress.idleness()?, progress))).collect();
        idle.sort_unstable_by_key(|(idleness, _)| *idleness);
        idle.truncate(idle.len().div_ceil(PART));
        self.most_idle =
            idle.into_iter().map(|(idleness, progress)| (idleness, Arc::downgrade(progress))).collect();
    }
}

/// Closes the most idle one of these connections.
fn evict_most_idle<'a>(connections: impl Iterator<Item = &'a Arc<Progress>>) -> Option<Eviction> {
    let idle = connections.filter_map(|progress| Some((progress.idleness()?, progress)));
    let (idleness, progress) = idle.min_by_key(|(idleness, _)| *idleness)?;
    progress.evict(idleness)
}

impl Slot {
    pub(super) fn progress(&self) -> &Arc<Progress> {
        &self.progress
    }

    /// Returns whether the place is a spare one.
    pub(super) fn is_spare(&self) -> bool {
        self.is_spare
    }

    /// Returns the peer; for IPv6, this is the first half of its address.
    pub(super) fn peer(&self) -> IpAddr {
        self.peer
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut table = self.connections.lock();
        table.spare.remove(&self.number);
        if let Some(connections) = table.peers.get_mut(&self.peer) {
            connections.remove(&self.number);
            if connections.is_empty() {
                table.peers.remove(&self.peer);
            }
        }
    }
}

#[cfg(test)]
mod tests;

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
mod tests {
    use super::*;
    use crate::shortage::{NOTABLE, ShortageMark};

    fn address(last: u8) -> IpAddr {
        IpAddr::from([10, 0, 0, last])
    }

    fn progress(connections_per_peer: usize) -> Arc<Progress> {
        Progress::new(ConnectionLimits { connections_per_peer, ..ConnectionLimits::default() })
    }

    /// Creates the progress of `count` connections that begin one after the other.
    async fn several(count: usize, connections_per_peer: usize) -> Vec<Arc<Progress>> {
        let mut all = Vec::new();
        for _ in 0..count {
            all.push(progress(connections_per_peer));
            tokio::time::advance(Duration::from_millis(1)).await;
        }
        all
    }

    fn lacks(connections: &Connections, mark: &ShortageMark) -> Vec<(Shortage, u64, Option<Duration>)> {
        let lacks = connections.shortages().since(mark);
        lacks.iter().map(|lack| (lack.shortage, lack.turned_away, lack.waited)).collect()
    }

    fn request() -> http::Request<String> {
        http::Request::new(String::new())
    }

    /// Enters, and leaves when evicted, as a connection does.
    async fn enter(connections: &Arc<Connections>, peer: u8, progress: &Arc<Progress>) -> bool {
        let Some(place) = connections.enter(address(peer), progress.clone(), || {}).await else {
            return false;
        };
        leave_when_evicted(place).await;
        true
    }

    /// Leaves a place once evicted, as a connection does.
    async fn leave_when_evicted(place: Slot) {
        tokio::spawn(async move {
            place.progress().evicted().await;
            drop(place);
        });
        tokio::task::yield_now().await;
    }

    #[tokio::test(start_paused = true)]
    async fn the_most_idle_connection_makes_room_and_never_one_with_a_request() {
        let connections = Connections::new(4, 0);
        let all = several(7, 10).await;
        for progress in &all[..4] {
            assert!(enter(&connections, 1, progress).await);
        }
        all[0].begin(&request());
        all[1].begin(&request());
        all[1].end();
        let mark = connections.shortages().mark();
        // The first connection is busy, and the second has had a request; the third and the fourth have not.
        let mut evicted = Vec::new();
        for new in 4..7 {
            assert!(enter(&connections, 2, &all[new]).await);
            evicted.push((0..7).filter(|index| all[*index].is_evicted()).collect::<Vec<_>>());
        }
        assert_eq!(evicted, [vec![2], vec![2, 3], vec![2, 3, 4]]);
        assert_eq!(connections.in_use(), (4, 4));
        assert_eq!(lacks(&connections, &mark), [(Shortage::Connections, 3, None)]);
    }

    #[tokio::test(start_paused = true)]
    async fn who_is_closed_before_its_first_request_is_turned_away_if_that_may_be_on_its_way() {
        let connections = Connections::new(1, 0);
        let head_timeout = ConnectionLimits::default().head_timeout;
        let mark = connections.shortages().mark();
        assert!(enter(&connections, 1, &progress(10)).await);
        tokio::time::advance(head_timeout).await;
        let (served, slow, next, last) = (progress(10), progress(10), progress(10), progress(10));
        assert!(enter(&connections, 1, &served).await);
        served.begin(&request());
        served.end();
        assert!(enter(&connections, 1, &slow).await);
        assert_eq!(lacks(&connections, &mark), [], "no request was on its way");
        slow.read(b"POST / HTTP/1.1\r\n\r\n");
        slow.begin(&request());
        slow.end();
        slow.read(b"POST / HT");
        assert!(enter(&connections, 1, &next).await);
        assert_eq!(lacks(&connections, &mark), [(Shortage::Connections, 1, None)], "the next request");
        assert!(enter(&connections, 1, &last).await);
        assert_eq!(lacks(&connections, &mark), [(Shortage::Connections, 2, None)], "the first request");
    }

    #[tokio::test(start_paused = true)]
    async fn who_finds_all_busy_waits_and_that_is_noted() {
        let connections = Connections::new(1, 0);
        let (busy, next) = (progress(10), progress(10));
        assert!(enter(&connections, 1, &busy).await);
        busy.begin(&request());
        let mark = connections.shortages().mark();
        let ending = async {
            tokio::time::sleep(Duration::from_secs(5)).await;
            assert_eq!(lacks(&connections, &mark).len(), 1);
            busy.end();
        };
        let (entered, ()) = tokio::join!(enter(&connections, 2, &next), ending);
        assert!(entered);
        connections.shortages().caught_up();
        let [(Shortage::Connections, 0, Some(waited))] = lacks(&connections, &mark)[..] else {
            panic!("{:?}", lacks(&connections, &mark));
        };
        assert!((4..6).contains(&waited.as_secs()), "{waited:?}");
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(lacks(&connections, &connections.shortages().mark()), []);
    }

    #[tokio::test(start_paused = true)]
    async fn a_queue_of_short_waits_for_places_is_noted() {
        let connections = Connections::new(1, 0);
        let all = several(5, 10).await;
        let mark = connections.shortages().mark();
        // Each connection is closed a moment after the next one asks for its place.
        for progress in &all {
            progress.begin(&request());
            progress.end();
            let place = connections.enter(address(1), progress.clone(), || {}).await.unwrap();
            tokio::spawn(async move {
                place.progress().evicted().await;
                tokio::time::sleep(NOTABLE / 2).await;
                drop(place);
            });
            tokio::task::yield_now().await;
        }
        let waited = [(Shortage::Connections, 0, Some(NOTABLE * 2))];
        assert_eq!(lacks(&connections, &mark), waited);
        connections.shortages().caught_up();
        assert_eq!(lacks(&connections, &mark), waited);
        // A single short wait is only the time that it takes to close a connection.
        tokio::time::advance(NOTABLE).await;
        let mark = connections.shortages().mark();
        assert!(enter(&connections, 1, &progress(10)).await);
        assert_eq!(lacks(&connections, &mark), []);
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_displaces_only_itself() {
        let connections = Connections::new(100, 0);
        let all = several(4, 2).await;
        for progress in &all[..3] {
            assert!(enter(&connections, 1, progress).await);
        }
        assert!(all[0].is_evicted() && !all[1].is_evicted());
        all[1].begin(&request());
        all[2].begin(&request());
        assert!(!enter(&connections, 1, &all[3]).await);
        assert!(enter(&connections, 2, &all[3]).await);
        assert_eq!(connections.in_use(), (3, 100));
    }

    /// The connections are within the time in which a request may still arrive.
    #[tokio::test(start_paused = true)]
    async fn connections_that_are_being_closed_get_their_peer_no_more_places() {
        const MOST: usize = 2;
        let connections = Connections::new(100, 0);
        let all = several(10, MOST).await;
        let mut places = Vec::new();
        for progress in &all {
            let place = connections.enter(address(1), progress.clone(), || {}).await;
            places.push(place.expect("those before it are idle"));
        }
        let mut in_progress = 0;
        for progress in &all {
            progress.begin(&request());
            let is_admitted = !progress.is_evicted() || connections.readmit(address(1), progress.limits());
            in_progress += usize::from(is_admitted);
            if !is_admitted {
                progress.end();
            }
        }
        assert_eq!(in_progress, MOST);
        assert!(!enter(&connections, 1, &progress(MOST)).await, "a request is in progress on each");
        all.iter().filter(|progress| progress.is_busy()).for_each(|progress| progress.end());
        assert!(enter(&connections, 1, &progress(MOST)).await);
    }

    #[tokio::test(start_paused = true)]
    async fn spare_places_are_for_those_who_find_all_others_busy() {
        let connections = Connections::new(2, 1);
        let all = several(6, 2).await;
        for progress in &all[..2] {
            assert!(enter(&connections, 1, progress).await);
            progress.begin(&request());
        }
        // A connection of the same peer, and then one of another peer: each takes the spare place from the one before.
        for (peer, new) in [(1, 2), (2, 3), (1, 4)] {
            let place = connections.enter(address(peer), all[new].clone(), || {}).await.unwrap();
            assert!(place.is_spare());
            leave_when_evicted(place).await;
        }
        let evicted: Vec<_> = (0..6).filter(|index| all[*index].is_evicted()).collect();
        assert_eq!(evicted, [2, 3]);
        all[4].begin(&request());
        assert!(!enter(&connections, 1, &all[5]).await, "even the spare one is busy");
        all[0].end();
        assert!(enter(&connections, 2, &all[5]).await);
        assert!(all[0].is_evicted() && !all[4].is_evicted(), "the spare place is not for everybody");
    }

    #[tokio::test]
    async fn places_are_given_back() {
        let connections = Connections::new(2, 0);
        let place = connections.enter(address(1), progress(1), || {}).await;
        let other = connections.enter("::ffff:10.0.0.2".parse().unwrap(), progress(1), || {}).await;
        drop((place, other));
        assert!(connections.lock().peers.is_empty());
        assert_eq!(connections.in_use(), (0, 2));
    }
}

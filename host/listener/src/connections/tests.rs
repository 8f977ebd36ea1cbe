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

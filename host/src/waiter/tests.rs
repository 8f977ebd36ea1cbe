use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{HeaderMap, Method};

use super::*;

mod model;

fn delivery(body: &str) -> Delivery {
    Delivery {
        method: Method::POST,
        path: "/".to_owned(),
        query: String::new(),
        headers: HeaderMap::new(),
        body: Bytes::copy_from_slice(body.as_bytes()),
        answered: None,
        received: Instant::now(),
        received_at: SystemTime::UNIX_EPOCH,
    }
}

fn waiter() -> Arc<Waiter> {
    let settings = WaiterSettings {
        early_for: Duration::from_secs(10),
        early_count: 3,
        queue_per_key: 2,
        ..WaiterSettings::default()
    };
    Waiter::new(settings, Masker::default())
}

fn keys<const N: usize>(keys: [&str; N]) -> Vec<String> {
    keys.map(str::to_owned).to_vec()
}

fn bodies(arrived: &[Arrived]) -> Vec<&str> {
    arrived.iter().map(|one| std::str::from_utf8(&one.delivery.body).unwrap()).collect()
}

#[tokio::test(start_paused = true)]
async fn a_delivery_wakes_the_run_that_waits_for_its_key() {
    let waiter = waiter();
    let claims = waiter.claims(Uuid::now_v7(), Scope::ALL);
    claims.expect("a").unwrap();
    let waiting = tokio::spawn(async move { claims.next(&keys(["a"]), 1).await });
    tokio::task::yield_now().await;
    assert_eq!(waiter.deliver(None, "b", delivery("not mine")).0, Disposition::Held);
    assert_eq!(waiter.deliver(None, "a", delivery("mine")).0, Disposition::Matched);
    assert_eq!(bodies(&waiting.await.unwrap().unwrap()), ["mine"]);
}

#[tokio::test(start_paused = true)]
async fn what_became_of_each_request_can_be_looked_up() {
    let waiter = waiter();
    let (run, over) = (Uuid::now_v7(), Uuid::now_v7());
    let claims = waiter.claims(run, Scope::ALL);
    claims.expect("mine").unwrap();
    let ended = waiter.claims(over, Scope::ALL);
    ended.expect("late").unwrap();
    drop(ended);
    tokio::time::advance(Duration::from_secs(4)).await;
    for key in ["mine", "late", "soon", "never"] {
        waiter.deliver(None, key, delivery(key));
    }
    waiter.without_key(delivery("no key"));
    claims.expect("soon").unwrap();
    tokio::time::advance(Duration::from_secs(60)).await;
    let fates: Vec<_> = waiter.received(10, |_| true);
    let fates: Vec<_> = fates.iter().map(|one| (&*one.body, one.disposition, one.run)).collect();
    assert_eq!(
        fates,
        [
            ("no key", Disposition::NoKey, None),
            ("never", Disposition::Unmatched, None),
            ("soon", Disposition::Early, Some(run)),
            ("late", Disposition::Late, Some(over)),
            ("mine", Disposition::Matched, Some(run)),
        ]
    );
    let late = waiter.received(1, |one| one.key.as_deref() == Some("late"));
    assert_eq!(late[0].late_by, Some(Duration::from_secs(4)));
}

#[tokio::test(start_paused = true)]
async fn an_early_delivery_is_found_when_its_key_is_expected() {
    let waiter = waiter();
    waiter.deliver(None, "a", delivery("one"));
    waiter.deliver(None, "a", delivery("two"));
    let claims = waiter.claims(Uuid::now_v7(), Scope::ALL);
    claims.expect("a").unwrap();
    assert_eq!(bodies(&claims.next(&keys(["a"]), 2).await.unwrap()), ["one", "two"]);
    assert_eq!(waiter.count().of(Disposition::Early), 2);
    assert_eq!(waiter.count().of(Disposition::Unmatched), 0);
}

#[tokio::test(start_paused = true)]
async fn an_early_delivery_that_nobody_expects_in_time_is_unmatched() {
    let waiter = waiter();
    waiter.deliver(None, "a", delivery("one"));
    tokio::time::advance(Duration::from_secs(10)).await;
    assert_eq!(waiter.count().of(Disposition::Unmatched), 1);
    let claims = waiter.claims(Uuid::now_v7(), Scope::ALL);
    claims.expect("a").unwrap();
    assert!(claims.take(&keys(["a"]), 1).is_none());
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_strangers_pushes_out_the_oldest() {
    let waiter = waiter();
    for key in ["a", "b", "c", "d", "e"] {
        waiter.deliver(None, key, delivery(key));
    }
    assert_eq!(waiter.count().of(Disposition::Overflow), 2);
    assert_eq!(waiter.strays_since(Instant::now(), &Scope::ALL, 2), ["e", "d"]);
}

#[tokio::test(start_paused = true)]
async fn a_key_has_one_owner_until_its_run_ends() {
    let waiter = waiter();
    let (first, second) =
        (waiter.claims(Uuid::now_v7(), Scope::ALL), waiter.claims(Uuid::now_v7(), Scope::ALL));
    first.expect("a").unwrap();
    first.expect("a").unwrap();
    assert_eq!(second.expect("a"), Err(ExpectError::Taken));
    drop(first);
    assert_eq!(waiter.deliver(None, "a", delivery("late")).0, Disposition::Late);
    second.expect("a").unwrap();
    assert_eq!(waiter.deliver(None, "a", delivery("in time")).0, Disposition::Matched);
    assert_eq!(bodies(&second.next(&keys(["a"]), 1).await.unwrap()), ["in time"]);
}

#[tokio::test(start_paused = true)]
async fn releasing_does_not_take_the_key_from_its_next_owner() {
    let waiter = waiter();
    let (first, second) =
        (waiter.claims(Uuid::now_v7(), Scope::ALL), waiter.claims(Uuid::now_v7(), Scope::ALL));
    first.expect("a").unwrap();
    first.release_keys();
    second.expect("a").unwrap();
    drop(first);
    assert_eq!(waiter.deliver(None, "a", delivery("x")).0, Disposition::Matched);
}

#[tokio::test(start_paused = true)]
async fn a_full_queue_is_reported_after_what_was_kept() {
    let waiter = waiter();
    let claims = waiter.claims(Uuid::now_v7(), Scope::ALL);
    claims.expect("a").unwrap();
    for body in ["1", "2", "3", "4", "5"] {
        waiter.deliver(None, "a", delivery(body));
    }
    assert_eq!(waiter.count().of(Disposition::Overflow), 3);
    assert_eq!(bodies(&claims.next(&keys(["a"]), 2).await.unwrap()), ["1", "2"]);
    assert_eq!(claims.next(&keys(["a"]), 1).await.unwrap_err(), Overflow(3));
    assert!(claims.take(&keys(["a"]), 1).is_none());
}

#[tokio::test(start_paused = true)]
async fn waiting_for_more_than_comes_leaves_what_came() {
    let waiter = waiter();
    let claims = waiter.claims(Uuid::now_v7(), Scope::ALL);
    claims.expect("a").unwrap();
    claims.expect("b").unwrap();
    waiter.deliver(None, "b", delivery("1"));
    waiter.deliver(None, "a", delivery("2"));
    let both = keys(["a", "b"]);
    tokio::time::timeout(Duration::from_secs(1), claims.next(&both, 3)).await.unwrap_err();
    assert_eq!(bodies(&claims.next(&both, 2).await.unwrap()), ["1", "2"]);
}

#[tokio::test(start_paused = true)]
async fn latency_is_counted_from_the_event_that_can_be_told_to_be_the_cause() {
    let waiter = waiter();
    let claims = waiter.claims(Uuid::now_v7(), Scope::ALL);
    claims.expect("a").unwrap();
    claims.sent(Some("a"), Instant::now());
    claims.sent(None, Instant::now());
    tokio::time::advance(Duration::from_millis(250)).await;
    claims.sent(Some("a"), Instant::now());
    claims.expect("made by the system").unwrap();
    waiter.deliver(None, "a", delivery("1"));
    waiter.deliver(None, "made by the system", delivery("2"));
    waiter.deliver(None, "made by the system", delivery("3"));
    let latencies = |arrived: Vec<Arrived>| arrived[0].latency;
    let known = Some(Duration::from_millis(250));
    assert_eq!(latencies(claims.next(&keys(["a"]), 1).await.unwrap()), known);
    let made = keys(["made by the system"]);
    assert_eq!(latencies(claims.next(&made, 1).await.unwrap()), known);
    claims.sent(None, Instant::now());
    assert_eq!(latencies(claims.next(&made, 1).await.unwrap()), None);
}

#[tokio::test(start_paused = true)]
async fn planned_replies_are_given_in_order_and_then_no_more() {
    let waiter = waiter();
    let claims = waiter.claims(Uuid::now_v7(), Scope::ALL);
    claims.expect("a").unwrap();
    let reply = |status: u16| PlannedReply {
        status: status.try_into().unwrap(),
        delay: Duration::ZERO,
        headers: HeaderMap::new(),
        body: Bytes::new(),
    };
    claims.plan("a", vec![reply(500), reply(404)]);
    let answered = |_| waiter.deliver(None, "a", delivery("x")).1.map(|reply| reply.status.as_u16());
    assert_eq!([(); 3].map(answered), [Some(500), Some(404), None]);
    let arrived = claims.next(&keys(["a"]), 2).await.unwrap();
    assert_eq!(arrived[1].delivery.answered.map(|(status, _)| status.as_u16()), Some(404));
}

#[tokio::test(start_paused = true)]
async fn what_was_never_taken_is_given_back_at_the_end() {
    let waiter = waiter();
    let claims = waiter.claims(Uuid::now_v7(), Scope::ALL);
    claims.expect("a").unwrap();
    waiter.deliver(None, "a", delivery("left"));
    assert_eq!(bodies(&claims.release()), ["left"]);
    assert_eq!(waiter.expectations(), 0);
}

#[tokio::test(start_paused = true)]
async fn what_is_for_a_component_is_for_its_runs_only() {
    let waiter = waiter();
    let claims = |component| waiter.claims(Uuid::now_v7(), Scope::component(component));
    let (shop, thief, outside) = (claims("shop"), claims("thief"), waiter.claims(Uuid::now_v7(), Scope::ALL));
    // The same key is no conflict.
    for one in [&thief, &shop, &outside] {
        one.expect("a").unwrap();
    }
    assert_eq!(waiter.deliver(Some("shop"), "a", delivery("mine")).0, Disposition::Matched);
    assert_eq!(bodies(&shop.take(&keys(["a"]), 1).unwrap().unwrap()), ["mine"]);
    assert!(thief.take(&keys(["a"]), 1).is_none() && outside.take(&keys(["a"]), 1).is_none());

    // What comes early or late stays its component's too.
    let began = Instant::now();
    assert_eq!(waiter.deliver(Some("shop"), "b", delivery("early")).0, Disposition::Held);
    assert_eq!(waiter.strays_since(began, &Scope::component("shop"), 2), ["b"]);
    for other in [Scope::component("thief"), Scope::ALL] {
        assert!(waiter.strays_since(began, &other, 2).is_empty());
    }
    thief.expect("b").unwrap();
    assert!(thief.take(&keys(["b"]), 1).is_none());
    shop.expect("b").unwrap();
    assert_eq!(bodies(&shop.take(&keys(["b"]), 1).unwrap().unwrap()), ["early"]);
    drop(shop);
    assert_eq!(waiter.deliver(Some("shop"), "a", delivery("late")).0, Disposition::Late);
    assert_eq!(waiter.deliver(Some("thief"), "a", delivery("theirs")).0, Disposition::Matched);
}

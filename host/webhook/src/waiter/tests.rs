use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{HeaderMap, Method};

use crate::waiter::*;

mod model;

fn delivery(body: &str) -> Delivery {
    Delivery {
        method: Method::POST,
        path: "/".to_owned(),
        query: String::new(),
        headers: HeaderMap::new(),
        order: None,
        body: Bytes::copy_from_slice(body.as_bytes()),
        proven: false,
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

/// Returns the next deliveries. A test whose deliveries are missing fails: its clock jumps to the end of the limit.
async fn next<const N: usize>(claims: &Claims, of: [&str; N], n: usize) -> Result<Vec<Arrived>, Overflow> {
    let limit = Duration::from_secs(1);
    tokio::time::timeout(limit, claims.next(&keys(of), n)).await.expect("deliveries are missing")
}

#[tokio::test(start_paused = true)]
async fn a_delivery_wakes_the_run_that_waits_for_its_key() {
    let waiter = waiter();
    let claims = waiter.claims(Uuid::now_v7(), Scope::ALL);
    claims.expect("a").unwrap();
    let waiting = tokio::spawn(async move { next(&claims, ["a"], 1).await });
    tokio::task::yield_now().await;
    assert_eq!(waiter.deliver(None, "b", delivery("not mine"), Vec::new()).0, Disposition::Held);
    assert_eq!(waiter.deliver(None, "a", delivery("mine"), Vec::new()).0, Disposition::Matched);
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
        waiter.deliver(None, key, delivery(key), Vec::new());
    }
    waiter.without_key(None, delivery("no key"), Vec::new());
    claims.expect("soon").unwrap();
    tokio::time::advance(Duration::from_secs(60)).await;
    let fates: Vec<_> = waiter.received(10, |_| true);
    let fates: Vec<_> = fates.iter().map(|one| (one.text.body(), one.disposition, one.run())).collect();
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
    assert_eq!(late[0].late, Some(Lateness { run: over, by: Duration::from_secs(4) }));
}

#[tokio::test(start_paused = true)]
async fn an_early_delivery_is_found_when_its_key_is_expected() {
    let waiter = waiter();
    waiter.deliver(None, "a", delivery("one"), Vec::new());
    waiter.deliver(None, "a", delivery("two"), Vec::new());
    let claims = waiter.claims(Uuid::now_v7(), Scope::ALL);
    claims.expect("a").unwrap();
    assert_eq!(bodies(&next(&claims, ["a"], 2).await.unwrap()), ["one", "two"]);
    assert_eq!(waiter.count().of(Disposition::Early), 2);
    assert_eq!(waiter.count().of(Disposition::Unmatched), 0);
}

#[tokio::test(start_paused = true)]
async fn an_early_delivery_that_nobody_expects_in_time_is_unmatched() {
    let waiter = waiter();
    waiter.deliver(None, "a", delivery("one"), Vec::new());
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
        waiter.deliver(None, key, delivery(key), Vec::new());
    }
    assert_eq!(waiter.count().of(Disposition::Overflow), 2);
    let result = |key: &str| waiter.received(1, |one| one.key.as_deref() == Some(key))[0].disposition;
    assert_eq!(["a", "b"].map(result), [Disposition::Overflow; 2]);
    assert_eq!(["c", "d", "e"].map(result), [Disposition::Held; 3]);
}

#[tokio::test(start_paused = true)]
async fn a_delivery_that_is_larger_than_all_room_pushes_out_no_other() {
    let settings = WaiterSettings { early_bytes: 4096, ..WaiterSettings::default() };
    let waiter = Waiter::new(settings, Masker::default());
    waiter.deliver(None, "a", delivery("small"), Vec::new());
    let large = delivery(&"x".repeat(4096));
    assert_eq!(waiter.deliver(None, "b", large, Vec::new()).0, Disposition::Overflow);
    let claims = waiter.claims(Uuid::now_v7(), Scope::ALL);
    claims.expect("a").unwrap();
    assert_eq!(bodies(&next(&claims, ["a"], 1).await.unwrap()), ["small"]);
    // Together they are too large, so the older one is dropped.
    for key in ["c", "d"] {
        let half = delivery(&"x".repeat(2048));
        assert_eq!(waiter.deliver(None, key, half, Vec::new()).0, Disposition::Held);
    }
    assert_eq!(waiter.count().of(Disposition::Overflow), 2);
}

#[tokio::test(start_paused = true)]
async fn early_deliveries_without_proof_make_none_with_proof_go() {
    let waiter = waiter();
    let proven = |body: &str| Delivery { proven: true, ..delivery(body) };
    let deliver = |key: &str, delivery| waiter.deliver(None, key, delivery, Vec::new()).0;
    assert_eq!(deliver("a", delivery("a-1")), Disposition::Held);
    assert_eq!(deliver("a", proven("a-2")), Disposition::Held);
    assert_eq!(deliver("a", delivery("a-3")), Disposition::Held);
    // Deliveries without proof are dropped first, even from between others of their key.
    assert_eq!(deliver("b", delivery("b")), Disposition::Held);
    assert_eq!(deliver("b", proven("b")), Disposition::Held);
    assert_eq!(deliver("c", proven("c")), Disposition::Held);
    assert_eq!(deliver("d", delivery("d")), Disposition::Overflow);
    // With none of those left, the oldest is dropped.
    assert_eq!(deliver("e", proven("e")), Disposition::Held);
    let kept = |key: &str| {
        let claims = waiter.claims(Uuid::now_v7(), Scope::ALL);
        claims.expect(key).unwrap();
        claims.take(&keys([key]), 1).is_some()
    };
    assert_eq!(["a", "b", "c", "d", "e"].map(kept), [false, true, true, false, true]);
    assert_eq!(waiter.count().of(Disposition::Overflow), 5);
    assert_eq!(deliver("f", delivery("f")), Disposition::Held, "there is room again");
}

#[tokio::test(start_paused = true)]
async fn without_room_for_early_deliveries_none_is_kept() {
    let settings = WaiterSettings { early_count: 0, ..WaiterSettings::default() };
    let waiter = Waiter::new(settings, Masker::default());
    assert_eq!(waiter.deliver(None, "a", delivery("one"), Vec::new()).0, Disposition::Overflow);
    assert_eq!(waiter.received(1, |_| true)[0].disposition, Disposition::Overflow);
}

#[tokio::test(start_paused = true)]
async fn keys_of_ended_runs_are_remembered_in_bounded_number() {
    let settings = WaiterSettings { late_count: 2, ..WaiterSettings::default() };
    let waiter = Waiter::new(settings, Masker::default());
    for key in ["a", "b", "c"] {
        waiter.claims(Uuid::now_v7(), Scope::ALL).expect(key).unwrap();
    }
    let result = |key| waiter.deliver(None, key, delivery(key), Vec::new()).0;
    assert_eq!(["a", "b", "c"].map(result), [Disposition::Held, Disposition::Late, Disposition::Late]);
}

#[tokio::test(start_paused = true)]
async fn keys_of_ended_runs_are_remembered_for_a_bounded_time() {
    let waiter = waiter();
    let late_for = waiter.settings.late_for;
    waiter.claims(Uuid::now_v7(), Scope::ALL).expect("a").unwrap();
    tokio::time::advance(late_for - Duration::from_secs(1)).await;
    assert_eq!(waiter.deliver(None, "a", delivery("1"), Vec::new()).0, Disposition::Late);
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_eq!(waiter.deliver(None, "a", delivery("2"), Vec::new()).0, Disposition::Held);
}

#[tokio::test(start_paused = true)]
async fn a_late_delivery_is_found_by_the_next_run_that_expects_its_key() {
    let waiter = waiter();
    let (first, second) = (Uuid::now_v7(), Uuid::now_v7());
    waiter.claims(first, Scope::ALL).expect("a").unwrap();
    tokio::time::advance(Duration::from_secs(2)).await;
    assert_eq!(waiter.deliver(None, "a", delivery("late"), Vec::new()).0, Disposition::Late);
    let claims = waiter.claims(second, Scope::ALL);
    claims.expect("a").unwrap();
    assert_eq!(bodies(&next(&claims, ["a"], 1).await.unwrap()), ["late"]);
    let received = waiter.received(1, |_| true).remove(0);
    assert_eq!((received.disposition, received.run()), (Disposition::Early, Some(second)));
    assert_eq!(received.late, Some(Lateness { run: first, by: Duration::from_secs(2) }));
    assert!(received.is_of(first) && received.is_of(second));
    // The delivery counts as both.
    assert_eq!([Disposition::Late, Disposition::Early].map(|one| waiter.count().of(one)), [1, 1]);
}

#[tokio::test(start_paused = true)]
async fn a_late_delivery_that_no_run_expects_in_time_stays_late() {
    let waiter = waiter();
    let run = Uuid::now_v7();
    waiter.claims(run, Scope::ALL).expect("a").unwrap();
    waiter.deliver(None, "a", delivery("late"), Vec::new());
    for key in ["b", "c", "d"] {
        waiter.deliver(None, key, delivery(key), Vec::new());
    }
    waiter.deliver(None, "a", delivery("late, too"), Vec::new());
    tokio::time::advance(Duration::from_secs(10)).await;
    let claims = waiter.claims(Uuid::now_v7(), Scope::ALL);
    claims.expect("a").unwrap();
    assert!(claims.take(&keys(["a"]), 1).is_none());
    let late = waiter.received(9, |one| one.key.as_deref() == Some("a"));
    let late: Vec<_> = late.iter().map(|one| (one.disposition, one.run())).collect();
    assert_eq!(late, [(Disposition::Late, Some(run)); 2]);
    let count = waiter.count();
    let results = [Disposition::Late, Disposition::Unmatched, Disposition::Overflow].map(|one| count.of(one));
    assert_eq!(results, [2, 2, 1], "the first late one and `b` made room");
}

#[tokio::test(start_paused = true)]
async fn a_key_that_is_almost_one_that_a_run_expects_is_pointed_out() {
    let waiter = waiter();
    let (run, over) = (Uuid::now_v7(), Uuid::now_v7());
    waiter.claims(over, Scope::component("shop")).expect("cust/42").unwrap();
    let claims = waiter.claims(run, Scope::ALL);
    claims.expect("0a1b-2c3d").unwrap();
    let mark = claims.began();
    waiter.deliver(None, "0A1B-2C3D", delivery("case"), Vec::new());
    waiter.deliver(None, "other", delivery("other"), Vec::new());
    waiter.deliver(Some("other"), "cust/42/", delivery("another one's"), Vec::new());
    waiter.deliver(Some("shop"), "cust/42/", delivery("slash"), Vec::new());
    let received = waiter.received(9, |_| true);
    let near = waiter.near_misses(&received);
    let near: Vec<_> = received.iter().map(|one| near.get(&one.number).cloned()).collect();
    let slash = NearMiss { key: "cust/42".into(), run: over, differs: "only in punctuation or spaces" };
    let case = NearMiss { key: "0a1b-2c3d".into(), run, differs: "only in case" };
    assert_eq!(near, [Some(slash), None, None, Some(case)]);

    let seen = |scope: &Scope, key: &str| waiter.since(mark, scope, &keys([key])).near;
    let case = Some(("0A1B-2C3D".to_owned(), "0a1b-2c3d".to_owned(), "only in case"));
    assert_eq!(seen(&Scope::ALL, "0a1b-2c3d"), case);
    assert_eq!(seen(&Scope::ALL, "0A1B-2C3D"), None, "it is the same");
    assert_eq!(seen(&Scope::component("thief"), "cust/42"), None, "it is another component's");
    assert_eq!(waiter.since(waiter.mark(), &Scope::ALL, &keys(["0a1b-2c3d"])).near, None, "it came before");
}

#[tokio::test(start_paused = true)]
async fn each_result_has_examples_of_its_own() {
    let waiter = waiter();
    let mark = waiter.mark();
    waiter.claims(Uuid::now_v7(), Scope::ALL).expect("late").unwrap();
    for key in ["late", "a", "b", "c", "d"] {
        waiter.deliver(None, key, delivery(key), Vec::new());
    }
    waiter.without_key(None, delivery("none"), Vec::new());
    let meanwhile = waiter.since(mark, &Scope::ALL, &[]);
    let examples = |disposition| -> Vec<_> {
        meanwhile.examples(disposition).map(|one| one.key.clone().unwrap_or_default()).collect()
    };
    assert_eq!(examples(Disposition::Held), ["d", "c", "b"]);
    assert_eq!(examples(Disposition::Late), ["late"]);
    assert_eq!(examples(Disposition::NoKey), [""]);
    let count = [Disposition::Held, Disposition::Late, Disposition::NoKey].map(|one| meanwhile.count.of(one));
    assert_eq!(count, [4, 1, 1]);
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
    second.expect("a").unwrap();
    assert_eq!(waiter.deliver(None, "a", delivery("in time"), Vec::new()).0, Disposition::Matched);
    assert_eq!(bodies(&next(&second, ["a"], 1).await.unwrap()), ["in time"]);
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
    assert_eq!(waiter.deliver(None, "a", delivery("x"), Vec::new()).0, Disposition::Matched);
}

#[tokio::test(start_paused = true)]
async fn a_full_queue_is_reported_after_what_was_kept() {
    let waiter = waiter();
    let claims = waiter.claims(Uuid::now_v7(), Scope::ALL);
    claims.expect("a").unwrap();
    for body in ["1", "2", "3", "4", "5"] {
        waiter.deliver(None, "a", delivery(body), Vec::new());
    }
    assert_eq!(waiter.count().of(Disposition::Overflow), 3);
    assert_eq!(bodies(&next(&claims, ["a"], 2).await.unwrap()), ["1", "2"]);
    assert_eq!(next(&claims, ["a"], 1).await.unwrap_err(), Overflow(3));
    assert!(claims.take(&keys(["a"]), 1).is_none());
}

#[tokio::test(start_paused = true)]
async fn waiting_for_more_than_comes_leaves_what_came() {
    let waiter = waiter();
    let claims = waiter.claims(Uuid::now_v7(), Scope::ALL);
    claims.expect("a").unwrap();
    claims.expect("b").unwrap();
    waiter.deliver(None, "b", delivery("1"), Vec::new());
    waiter.deliver(None, "a", delivery("2"), Vec::new());
    tokio::time::timeout(Duration::from_secs(1), claims.next(&keys(["a", "b"]), 3)).await.unwrap_err();
    assert_eq!(bodies(&next(&claims, ["a", "b"], 2).await.unwrap()), ["1", "2"]);
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
    waiter.deliver(None, "a", delivery("1"), Vec::new());
    waiter.deliver(None, "made by the system", delivery("2"), Vec::new());
    waiter.deliver(None, "made by the system", delivery("3"), Vec::new());
    let latencies = |arrived: Vec<Arrived>| arrived[0].latency;
    let known = Some(Duration::from_millis(250));
    assert_eq!(latencies(next(&claims, ["a"], 1).await.unwrap()), known);
    let made = ["made by the system"];
    assert_eq!(latencies(next(&claims, made, 1).await.unwrap()), known);
    claims.sent(None, Instant::now());
    assert_eq!(latencies(next(&claims, made, 1).await.unwrap()), None);
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
    let answered =
        |_| waiter.deliver(None, "a", delivery("x"), Vec::new()).1.map(|reply| reply.status.as_u16());
    assert_eq!([(); 3].map(answered), [Some(500), Some(404), None]);
    let arrived = next(&claims, ["a"], 2).await.unwrap();
    assert_eq!(arrived[1].delivery.answered.map(|(status, _)| status.as_u16()), Some(404));
}

#[tokio::test(start_paused = true)]
async fn what_was_never_taken_is_given_back_at_the_end() {
    let waiter = waiter();
    let claims = waiter.claims(Uuid::now_v7(), Scope::ALL);
    claims.expect("a").unwrap();
    waiter.deliver(None, "a", delivery("left"), Vec::new());
    assert_eq!(bodies(&claims.release().left), ["left"]);
    assert_eq!(waiter.expectations(), 0);
}

#[tokio::test(start_paused = true)]
async fn what_is_for_a_component_is_for_its_runs_only() {
    let waiter = waiter();
    let claims = |component| waiter.claims(Uuid::now_v7(), Scope::component(component));
    let (shop, thief, outside) = (claims("shop"), claims("thief"), waiter.claims(Uuid::now_v7(), Scope::ALL));
    // The same key in different scopes is not a conflict.
    for one in [&thief, &shop, &outside] {
        one.expect("a").unwrap();
    }
    assert_eq!(waiter.deliver(Some("shop"), "a", delivery("mine"), Vec::new()).0, Disposition::Matched);
    assert_eq!(bodies(&shop.take(&keys(["a"]), 1).unwrap().unwrap()), ["mine"]);
    assert!(thief.take(&keys(["a"]), 1).is_none() && outside.take(&keys(["a"]), 1).is_none());

    // Early and late deliveries belong to their component too.
    let mark = waiter.mark();
    assert_eq!(waiter.deliver(Some("shop"), "b", delivery("early"), Vec::new()).0, Disposition::Held);
    let seen = |component| waiter.since(mark, &Scope::component(component), &[]).examples.len();
    assert_eq!([seen("shop"), seen("thief")], [1, 0]);
    thief.expect("b").unwrap();
    assert!(thief.take(&keys(["b"]), 1).is_none());
    shop.expect("b").unwrap();
    assert_eq!(bodies(&shop.take(&keys(["b"]), 1).unwrap().unwrap()), ["early"]);
    drop(shop);
    assert_eq!(waiter.deliver(Some("shop"), "a", delivery("late"), Vec::new()).0, Disposition::Late);
    assert_eq!(waiter.deliver(Some("thief"), "a", delivery("theirs"), Vec::new()).0, Disposition::Matched);
}

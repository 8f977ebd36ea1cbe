"""Events and deliveries, as in the example suite."""

from orbital_sdk import Event, Failure, Reply, Request, Test, WaitTimeout, case


@case(manual=True, timeout="5s")
def smoke(t: Test) -> None:
    key = t.new_id()
    t.send_event(Event("api", key=key, json={"id": key, "email": "ada@example.com"}))
    t.check_eq(t.wait_for(key).json()["processed"], True)


@case(manual=True, timeout="5s")
def fan_out(t: Test) -> None:
    key = t.new_id()
    t.send_event(Event("api", key=key, json={"id": key, "type": "order", "email": "ada@example.com"}))
    deliveries = t.wait_n([key], 3)
    destinations = set()
    for delivery in deliveries:
        destination = delivery.pointer("/destination")
        t.check(delivery.path.endswith(f"/hooks/{destination}"), f"{destination} got {delivery.path}")
        destinations.add(destination)
    if t.check_eq(destinations, {"analytics", "billing", "shipping"}):
        times = [delivery.received_at for delivery in deliveries]
        t.histogram("fan_out_spread_seconds", max(times) - min(times))


@case(manual=True, timeout="5s")
def exactly_once(t: Test) -> None:
    key = t.new_id()
    event = Event("api", key=key, json={"id": key, "email": "ada@example.com"})
    t.check_eq(t.send_event(event).success().pointer("/duplicate"), False)
    t.check_eq(t.send_event(event).success().pointer("/duplicate"), True)
    t.wait_for(key)
    t.no_delivery_within(key, "300ms")


@case(manual=True, timeout="5s")
def server_made_id(t: Test) -> None:
    receipt = t.send_event(Event("api", json={"email": "ada@example.com"})).success()
    delivery = t.wait_for(receipt.pointer("/id"))
    t.check_eq(delivery.pointer("/email"), "ada@example.com")


@case(manual=True, timeout="10s")
def planned_replies(t: Test) -> None:
    key = t.new_id()
    t.expect(key, Reply(500), Reply(200, delay="3s"), Reply(200))
    t.send_event(Event("api", key=key, json={"id": key, "email": "ada@example.com"}))
    first = t.wait_for(key)
    for failure in ("answered with 500", "left without an answer"):
        try:
            again = t.wait_for(key, within="2s")
        except WaitTimeout as error:
            raise Failure(f"a delivery that was {failure} is not tried again") from error
        t.check_eq(again.json(), first.json())
    t.no_delivery_within(key, "500ms")


@case(manual=True, timeout="5s")
def unknown_target(t: Test) -> None:
    t.send_event(Event("nowhere"))


@case(manual=True, timeout="5s")
def wait_timeout(t: Test) -> None:
    try:
        t.wait_for(t.new_id(), within="50ms")
    except WaitTimeout:
        t.log.info("timeout caught")


@case(manual=True, timeout="300ms")
def waits_for_ever(t: Test) -> None:
    t.wait_for(t.new_id())


@case(manual=True, timeout="5s")
def big_body(t: Test) -> None:
    receipt = t.send_event(Event("api", key=t.new_id(), body="x" * (3 * 1024 * 1024)))
    t.log.info(f"answered {receipt.status}")

@case(manual=True, timeout="5s")
def encodings(t: Test) -> None:
    for encoding in ("utf-8-mark", "utf-16-le", "utf-16-le-mark", "utf-16-be", "utf-16-be-mark"):
        answer = t.request(Request("GET", "encodings", path=f"/{encoding}"))
        t.check_eq(answer.pointer("/name"), "Zoë 🎉")

"""The same event twice, one delivery."""

from orbital_sdk import Event, Test, case

WATCH = "300ms"
"""How long to wait for a duplicate."""


@case(every="1s", timeout="5s")
def exactly_once(t: Test) -> None:
    key = t.new_id()
    event = Event("api", key=key, json={"id": key, "email": "ada@example.com"})
    first = t.send_event(event).success()
    t.check_eq(first.pointer("/duplicate"), False)
    second = t.send_event(event).success()
    t.check_eq(second.pointer("/duplicate"), True)

    t.wait_for(key)
    t.no_delivery_within(key, WATCH)

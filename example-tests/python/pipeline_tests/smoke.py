"""One event, one delivery."""

from orbital_sdk import Event, Test, case


@case(every="1s", timeout="3s")
def smoke(t: Test) -> None:
    key = t.new_id()
    t.send_event(Event("api", key=key, json={"id": key, "email": "ada@example.com"}))
    delivery = t.wait_for(key)
    t.check_eq(delivery.json()["processed"], True)

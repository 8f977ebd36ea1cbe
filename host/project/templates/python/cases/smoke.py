"""One event, one delivery."""

from orbital_sdk import Event, Test, case


@case(every="10s", timeout="3s")
def smoke(t: Test) -> None:
    """Sends a sign-up to the target `api`, and waits for the delivery that it causes."""
    key = t.new_id()
    t.send_event(Event("api", key=key, json={"id": key, "email": "ada@example.com"})).success()
    delivery = t.wait_for(key)
    t.check_eq(delivery.json()["processed"], True)

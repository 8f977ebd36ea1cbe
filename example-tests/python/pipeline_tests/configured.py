"""Whom the test signs up is another one in each environment."""

from orbital_sdk import Event, Test, case


@case(every="5s", timeout="3s")
def configured(t: Test) -> None:
    # Where the operator sets none, nobody reads this mail.
    email = t.config("email") or "ada@example.com"
    key = t.new_id()
    t.send_event(Event("api", key=key, json={"id": key, "email": email})).success()

    delivery = t.wait_for(key)
    t.check_eq(delivery.pointer("/email"), email)

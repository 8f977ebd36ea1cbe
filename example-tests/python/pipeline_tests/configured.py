"""The email address of the sign-up is different in each environment."""

from orbital_sdk import Event, Test, case


@case(every="5s", timeout="3s")
def configured(t: Test) -> None:
    # The default if the operator sets none; no one reads mail to it.
    email = t.config("email") or "ada@example.com"
    key = t.new_id()
    t.send_event(Event("api", key=key, json={"id": key, "email": email})).success()

    delivery = t.wait_for(key)
    t.check_eq(delivery.pointer("/email"), email)

"""The pipeline creates the id, so it may deliver before the test knows it."""

from orbital_sdk import Event, Test, case


@case(every="1s", timeout="3s")
def server_made_id(t: Test) -> None:
    receipt = t.send_event(Event("api", json={"email": "ada@example.com"})).success()
    delivery = t.wait_for(receipt.pointer("/id"))
    t.check_eq(delivery.pointer("/email"), "ada@example.com")

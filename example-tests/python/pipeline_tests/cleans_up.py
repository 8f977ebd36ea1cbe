"""A test that removes its data, whether it passes or not."""

from collections.abc import Iterator
from contextlib import contextmanager

from orbital_sdk import Event, Request, Test, case

LATEST = "3s"
"""Time limit for the delivery: less than the case's timeout, so that there is time to clean up."""


@case(every="5s", timeout="5s")
def cleans_up(t: Test) -> None:
    key = t.new_id()
    with sign_up(t, key):
        delivery = t.wait_for(key, within=LATEST)
        t.check_eq(delivery.json()["processed"], True)


@contextmanager
def sign_up(t: Test, key: str) -> Iterator[None]:
    """A sign-up in the system under test, removed however the block ends."""
    t.send_event(Event("api", key=key, json={"id": key, "email": "ada@example.com"})).success()
    try:
        yield
    finally:
        t.request(Request("DELETE", "api", path=f"/{key}")).success()

"""A delivery that fails is tried again, until it is taken."""

from orbital_sdk import Event, Failure, Reply, Test, WaitTimeout, case

HANG = "3s"
"""Longer than the pipeline waits for an answer (`--attempt-timeout`)."""

LAG = "2s"
"""How late a further attempt may be: the pipeline has to give up the last one, and to pause."""

WATCH = "500ms"
"""How long an attempt too many may take to give itself away."""


@case(every="5s", timeout="10s")
def retries_delivery(t: Test) -> None:
    key = t.new_id()
    # Before the event is sent, so that the first delivery is answered so already.
    t.expect(key, Reply(500), Reply(200, delay=HANG), Reply(200))
    t.send_event(Event("api", key=key, json={"id": key, "email": "ada@example.com"}))

    first = t.wait_for(key)
    for failure in ("answered with 500", "left without an answer"):
        try:
            again = t.wait_for(key, within=LAG)
        except WaitTimeout as error:
            raise Failure(f"a delivery that was {failure} is not tried again") from error
        t.check_eq(again.json(), first.json())
    t.no_delivery_within(key, WATCH)

"""A failed delivery is retried until it is accepted."""

from orbital_sdk import Event, Failure, Reply, Test, WaitTimeout, case

HANG = "3s"
"""Longer than the pipeline waits for a response (`--attempt-timeout`)."""

LAG = "2s"
"""Time limit for a retry: the pipeline first gives up the previous attempt, and pauses."""

WATCH = "500ms"
"""How long to wait for an unexpected further attempt."""


@case(every="5s", timeout="10s")
def retries_delivery(t: Test) -> None:
    key = t.new_id()
    # Plan the replies before sending the event, so that they apply to the first delivery.
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

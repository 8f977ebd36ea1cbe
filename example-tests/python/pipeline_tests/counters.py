"""The pipeline counts the events that it accepts."""

from orbital_sdk import Event, Failure, Request, Test, case

COUNTER = 'pipeline_events_accepted_total{type="invoice"}'
"""Counts a type that no other case sends, so that only this test changes it."""

LAG = "2s"
"""How long the counter may take to be updated."""


@case(every="1s", timeout="5s")
def counters(t: Test) -> None:
    before = counter(t)
    key = t.new_id()
    t.send_event(Event("api", key=key, json={"id": key, "type": "invoice", "email": "ada@example.com"}))

    delivery = t.wait_for(key)
    t.check_eq(delivery.pointer("/destination"), "ledger")

    def has_moved() -> None:
        after = counter(t)
        if after <= before:
            raise Failure(f"{COUNTER} is {after}, as before the event")

    t.eventually(LAG, has_moved)


def counter(t: Test) -> float:
    """The counter's value; 0 before it appears."""
    metrics = t.request(Request("GET", "pipeline", path="/metrics")).success()
    for line in metrics.text().splitlines():
        if line.startswith(COUNTER):
            return float(line.removeprefix(COUNTER))
    return 0

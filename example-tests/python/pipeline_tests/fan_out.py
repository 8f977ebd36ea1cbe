"""One event, three deliveries, in the order that the pipeline guarantees."""

from orbital_sdk import Event, Test, case


@case(every="1s", timeout="5s")
def fan_out(t: Test) -> None:
    key = t.new_id()
    t.send_event(Event("api", key=key, json={"id": key, "type": "order", "email": "ada@example.com"}))

    deliveries = t.wait_n([key], 3)
    destinations = []
    for delivery in deliveries:
        destination = delivery.pointer("/destination")
        t.check(delivery.path.endswith(f"/hooks/{destination}"), f"{destination} got {delivery.path}")
        destinations.append(destination)

    if t.check_eq(destinations, ["billing", "shipping", "analytics"]):
        # The time between the first and the last delivery, as the webhook received them.
        times = [delivery.received_at for delivery in deliveries]
        t.histogram("fan_out_spread_seconds", max(times) - min(times))

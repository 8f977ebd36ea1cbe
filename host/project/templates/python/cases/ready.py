"""A case that needs no system under test: it passes if the component runs and gets no delivery for a new key."""

from orbital_sdk import Test, case


@case(every="1m", timeout="1s")
def ready(t: Test) -> None:
    key = t.new_id()
    t.log.info(f"nobody knows the key {key}, so nothing can come")
    t.no_delivery_within(key, "10ms")

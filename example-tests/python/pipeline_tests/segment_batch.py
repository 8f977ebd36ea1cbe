"""Segment's tracking API, over HTTP as a client library would use it."""

from orbital_sdk import Test, case, http


@case(every="5s", timeout="5s")
def segment_batch(t: Test) -> None:
    key = t.new_id()
    # The HTTP request has no key, so the test expects the key itself.
    t.expect(key)
    message = {"type": "track", "messageId": key, "userId": "ada", "event": "Signed Up"}
    # The host in the URL is the name of a target, whose address the operator sets.
    http.post("http://segment/v1/batch", json={"batch": [message]}).raise_for_status()

    delivery = t.wait_for(key)
    t.check_eq(delivery.pointer("/event"), "Signed Up")

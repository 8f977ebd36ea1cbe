"""Segment's tracking API, over HTTP as a client library would use it."""

from orbital_sdk import Test, case, http


@case(every="5s", timeout="5s")
def segment_batch(t: Test) -> None:
    key = t.new_id()
    # What sends knows nothing of keys, so the key is expected here.
    t.expect(key)
    message = {"type": "track", "messageId": key, "userId": "ada", "event": "Signed Up"}
    # The name of a target stands for its host; the operator says where that is.
    http.post("http://segment/v1/batch", json={"batch": [message]}).raise_for_status()

    delivery = t.wait_for(key)
    t.check_eq(delivery.pointer("/event"), "Signed Up")

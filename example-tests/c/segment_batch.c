// A request as Segment's client libraries send it, and its delivery.
#include <orbital.h>

// The send function, for a client library that accepts one.
static void post(const char *path, orbital_json_text body) {
    orbital_success(orbital_request(.method = "POST", .target = "segment", .path = path, .json = body));
}

ORBITAL_CASE(segment_batch, .every = "5s", .timeout = "5s") {
    const char *id = orbital_new_id();
    // The HTTP request has no key, so the test expects the key itself.
    orbital_expect(id);
    post("/v1/batch", orbital_json("{ 'batch': [{ 'type': 'track', 'messageId': %s, 'userId': 'ada',"
                                   " 'event': 'Signed Up' }] }", id));

    const orbital_delivery *delivery = orbital_wait_for(id);
    ORBITAL_CHECK_EQ(orbital_string_at(delivery, "/event"), "Signed Up");
}

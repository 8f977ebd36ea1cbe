// What a client library of Segment's sends, and what becomes of it.
#include <orbital.h>

// To where a library would send, if it takes a function to send with.
static void post(const char *path, orbital_json_text body) {
    orbital_success(orbital_request(.method = "POST", .target = "segment", .path = path, .json = body));
}

ORBITAL_CASE(segment_batch, .every = "5s", .timeout = "5s") {
    const char *id = orbital_new_id();
    // What sends knows nothing of keys, so the key is expected here.
    orbital_expect(id);
    post("/v1/batch", orbital_json("{ 'batch': [{ 'type': 'track', 'messageId': %s, 'userId': 'ada',"
                                   " 'event': 'Signed Up' }] }", id));

    const orbital_delivery *delivery = orbital_wait_for(id);
    ORBITAL_CHECK_EQ(orbital_string_at(delivery, "/event"), "Signed Up");
}

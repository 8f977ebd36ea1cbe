// The same event twice, one delivery.
#include <orbital.h>

// How long to wait for a duplicate.
static const char copy_watch[] = "300ms";

ORBITAL_CASE(exactly_once, .every = "1s", .timeout = "5s") {
    const char *id = orbital_new_id();
    orbital_json_text user = orbital_json("{ 'id': %s, 'email': 'ada@example.com' }", id);
    for (int copy = 0; copy < 2; copy++) {
        const orbital_receipt *receipt =
            orbital_success(orbital_send_event(.target = "api", .key = id, .json = user));
        ORBITAL_CHECK_EQ(orbital_bool_at(receipt, "/duplicate"), copy == 1);
    }

    orbital_wait_for(id);
    orbital_no_delivery_within(id, copy_watch);
}

// One event, three deliveries.
#include <orbital.h>
#include <string.h>

static const char *const expected[] = {"analytics", "billing", "shipping"};

enum { COUNT = sizeof expected / sizeof *expected };

// Whether one of the deliveries is for this destination, on its own path.
static bool is_among(const orbital_delivery *deliveries, const char *destination) {
    for (int index = 0; index < COUNT; index++) {
        const orbital_delivery *delivery = &deliveries[index];
        if (strcmp(orbital_string_at(delivery, "/destination"), destination) == 0) {
            const char *end = strrchr(delivery->path, '/');
            return end != NULL && strcmp(end + 1, destination) == 0;
        }
    }
    return false;
}

ORBITAL_CASE(fan_out, .every = "1s", .timeout = "5s") {
    const char *id = orbital_new_id();
    orbital_send_event(.target = "api", .key = id,
                       .json = orbital_json("{ 'id': %s, 'type': 'order', 'email': 'ada@example.com' }", id));

    const orbital_delivery *deliveries = orbital_wait_n(COUNT, .key = id);
    // In the order in which they came, so that this is from the first to the last.
    double spread = deliveries[COUNT - 1].received_at - deliveries[0].received_at;
    for (int index = 0; index < COUNT; index++) {
        ORBITAL_CHECK(is_among(deliveries, expected[index]), "%s got none", expected[index]);
    }
    if (!orbital_failed()) {
        orbital_histogram("fan_out_spread_seconds", spread);
    }
}

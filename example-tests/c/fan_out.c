// One event, three deliveries, in the order that the pipeline guarantees.
#include <orbital.h>
#include <string.h>

static const char *const expected[] = {"billing", "shipping", "analytics"};

enum { COUNT = sizeof expected / sizeof *expected };

ORBITAL_CASE(fan_out, .every = "1s", .timeout = "5s") {
    const char *id = orbital_new_id();
    orbital_send_event(.target = "api", .key = id,
                       .json = orbital_json("{ 'id': %s, 'type': 'order', 'email': 'ada@example.com' }", id));

    const orbital_delivery *deliveries = orbital_wait_n(COUNT, .key = id);
    for (int index = 0; index < COUNT; index++) {
        const orbital_delivery *delivery = &deliveries[index];
        ORBITAL_CHECK_EQ(orbital_string_at(delivery, "/destination"), expected[index]);
        const char *end = strrchr(delivery->path, '/');
        ORBITAL_CHECK(end != NULL && strcmp(end + 1, expected[index]) == 0, "%s got %s", expected[index],
                      delivery->path);
    }
    if (!orbital_failed()) {
        orbital_histogram("fan_out_spread_seconds", deliveries[COUNT - 1].received_at - deliveries[0].received_at);
    }
}

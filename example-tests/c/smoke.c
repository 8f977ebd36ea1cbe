// One event, one delivery.
#include <orbital.h>

ORBITAL_CASE(smoke, .every = "1s", .timeout = "3s") {
    const char *id = orbital_new_id();
    orbital_send_event(.target = "api", .key = id,
                       .json = orbital_json("{ 'id': %s, 'email': 'ada@example.com' }", id));

    const orbital_delivery *delivery = orbital_wait_for(id);
    ORBITAL_CHECK(orbital_bool_at(delivery, "/processed"));
}

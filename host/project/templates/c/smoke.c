// One event, one delivery: sends a sign-up to the target api, and waits for the delivery that it causes.
#include <orbital.h>

// It needs a target: make this 1 when [targets.api] in orbital.toml is your system.
#if 0
ORBITAL_CASE(smoke, .every = "10s", .timeout = "3s") {
    const char *id = orbital_new_id();
    orbital_json_text signup = orbital_json("{ 'id': %s, 'email': 'ada@example.com' }", id);
    orbital_success(orbital_send_event(.target = "api", .key = id, .json = signup));

    const orbital_delivery *delivery = orbital_wait_for(id);
    ORBITAL_CHECK(orbital_bool_at(delivery, "/processed"));
}
#endif

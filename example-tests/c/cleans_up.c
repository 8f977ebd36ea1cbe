// A test that removes its data, whether it passes or not.
#include <orbital.h>

// Time limit for the delivery: less than the case's timeout, so that there is time to clean up.
static const char latest[] = "3s";

static void remove_sign_up(void *id) {
    const char *path = orbital_format("/%s", (const char *)id);
    orbital_success(orbital_request(.method = "DELETE", .target = "api", .path = path));
}

ORBITAL_CASE(cleans_up, .every = "5s", .timeout = "5s") {
    const char *id = orbital_new_id();
    orbital_json_text signup = orbital_json("{ 'id': %s, 'email': 'ada@example.com' }", id);
    orbital_success(orbital_send_event(.target = "api", .key = id, .json = signup));
    orbital_cleanup(remove_sign_up, (void *)id);

    const orbital_delivery *delivery = orbital_wait_for(id, .within = latest);
    ORBITAL_CHECK(orbital_bool_at(delivery, "/processed"));
}

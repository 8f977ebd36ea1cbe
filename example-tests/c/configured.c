// The email address of the sign-up is different in each environment.
#include <orbital.h>

ORBITAL_CASE(configured, .every = "5s", .timeout = "3s") {
    // The default if the operator sets none; no one reads mail to it.
    const char *email = orbital_config("email") ?: "ada@example.com";
    const char *id = orbital_new_id();
    orbital_json_text signup = orbital_json("{ 'id': %s, 'email': %s }", id, email);
    orbital_success(orbital_send_event(.target = "api", .key = id, .json = signup));

    const orbital_delivery *delivery = orbital_wait_for(id);
    ORBITAL_CHECK_EQ(orbital_string_at(delivery, "/email"), email);
}

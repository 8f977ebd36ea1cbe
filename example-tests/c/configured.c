// Whom the test signs up is another one in each environment.
#include <orbital.h>

ORBITAL_CASE(configured, .every = "5s", .timeout = "3s") {
    // Where the operator sets none, nobody reads this mail.
    const char *email = orbital_config("email") ?: "ada@example.com";
    const char *id = orbital_new_id();
    orbital_json_text signup = orbital_json("{ 'id': %s, 'email': %s }", id, email);
    orbital_success(orbital_send_event(.target = "api", .key = id, .json = signup));

    const orbital_delivery *delivery = orbital_wait_for(id);
    ORBITAL_CHECK_EQ(orbital_string_at(delivery, "/email"), email);
}

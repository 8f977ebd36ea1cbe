// The pipeline creates the id, so it may deliver before the test knows it.
#include <orbital.h>

ORBITAL_CASE(server_made_id, .every = "1s", .timeout = "3s") {
    const orbital_receipt *receipt =
        orbital_success(orbital_send_event(.target = "api", .json = orbital_json("{ 'email': 'ada@example.com' }")));

    const orbital_delivery *delivery = orbital_wait_for(orbital_string_at(receipt, "/id"));
    ORBITAL_CHECK_EQ(orbital_string_at(delivery, "/email"), "ada@example.com");
}

// A case that needs no system under test: it passes if the component runs and gets no delivery for a new key.
#include <orbital.h>

ORBITAL_CASE(ready, .every = "1m", .timeout = "1s") {
    const char *key = orbital_new_id();
    orbital_info("nobody knows the key %s, so nothing can come", key);
    orbital_no_delivery_within(key, "10ms");
}

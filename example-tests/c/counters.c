// The pipeline counts the events that it accepts.
#include <orbital.h>
#include <stdlib.h>
#include <string.h>

// A type that no other case sends, so that only this test changes its counter.
static const char counter_name[] = "pipeline_events_accepted_total{type=\"invoice\"}";

// How long the counter may take to be updated.
static const char counter_lag[] = "2s";

// The counter's value; 0 before it appears.
static double counter(void) {
    const orbital_receipt *metrics = orbital_success(orbital_request(.target = "pipeline", .path = "/metrics"));
    const char *line = strstr(metrics->body.text, counter_name);
    return line != NULL ? strtod(line + strlen(counter_name), NULL) : 0;
}

ORBITAL_CASE(counters, .every = "1s", .timeout = "5s") {
    double before = counter();
    const char *id = orbital_new_id();
    orbital_send_event(.target = "api", .key = id,
                       .json = orbital_json("{ 'id': %s, 'type': 'invoice', 'email': 'ada@example.com' }", id));

    const orbital_delivery *delivery = orbital_wait_for(id);
    ORBITAL_CHECK_EQ(orbital_string_at(delivery, "/destination"), "ledger");
    ORBITAL_EVENTUALLY(counter_lag) {
        ORBITAL_CHECK(counter() > before, "%s is %g, as before the event", counter_name, before);
    }
}

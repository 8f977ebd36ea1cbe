// A delivery that fails is tried again, until it is taken.
#include <orbital.h>

// Longer than the pipeline waits for an answer (--attempt-timeout).
static const char hang[] = "3s";

// How late a further attempt may be: the pipeline has to give up the last one, and to pause.
static const char retry_lag[] = "2s";

// How long an attempt too many may take to give itself away.
static const char retry_watch[] = "500ms";

static const char *const failures[] = {"answered with 500", "left without an answer"};

ORBITAL_CASE(retries_delivery, .every = "5s", .timeout = "10s") {
    const char *id = orbital_new_id();
    // Before the event is sent, so that the first delivery is answered so already.
    orbital_expect(id, {.status = 500}, {.status = 200, .delay = hang}, {.status = 200});
    orbital_send_event(.target = "api", .key = id,
                       .json = orbital_json("{ 'id': %s, 'email': 'ada@example.com' }", id));

    const orbital_delivery *first = orbital_wait_for(id);
    for (int index = 0; index < 2; index++) {
        orbital_failure failure;
        const orbital_delivery *again;
        if (!orbital_try(&failure, again = orbital_wait_for(id, .within = retry_lag))) {
            orbital_fatal("a delivery that was %s is not tried again: %s", failures[index], failure.text);
        }
        ORBITAL_CHECK_EQ(again->body, first->body);
    }
    orbital_no_delivery_within(id, retry_watch);
}

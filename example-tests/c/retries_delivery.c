// A failed delivery is retried until it is accepted.
#include <orbital.h>

// Longer than the pipeline waits for a response (--attempt-timeout).
static const char hang[] = "3s";

// Time limit for a retry: the pipeline first gives up the previous attempt, and pauses.
static const char retry_lag[] = "2s";

// How long to wait for an unexpected further attempt.
static const char retry_watch[] = "500ms";

static const char *const failures[] = {"answered with 500", "left without an answer"};

ORBITAL_CASE(retries_delivery, .every = "5s", .timeout = "10s") {
    const char *id = orbital_new_id();
    // Plan the replies before sending the event, so that they apply to the first delivery.
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

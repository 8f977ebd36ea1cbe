// What goes to the system under test, and what comes back.
#include <orbital.h>
#include <stdlib.h>
#include <string.h>

ORBITAL_CASE(smoke, .manual = true, .timeout = "5s") {
    const char *id = orbital_new_id();
    orbital_send_event(.target = "api", .key = id,
                       .json = orbital_json("{ 'id': %s, 'email': 'ada@example.com' }", id));
    const orbital_delivery *delivery = orbital_wait_for(id);
    ORBITAL_CHECK_EQ(orbital_bool_at(delivery, "/processed"), true);
}

static int by_name(const void *left, const void *right) {
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

ORBITAL_CASE(fan_out, .manual = true, .timeout = "5s") {
    static const char *const expected[] = {"analytics", "billing", "shipping"};
    const char *id = orbital_new_id();
    orbital_send_event(.target = "api", .key = id,
                       .json = orbital_json("{ 'id': %s, 'type': 'order', 'email': 'ada@example.com' }", id));
    const orbital_delivery *deliveries = orbital_wait_n(3, .key = id);
    const char *destinations[3];
    double first = deliveries[0].received_at, last = first;
    for (int index = 0; index < 3; index++) {
        const orbital_delivery *delivery = &deliveries[index];
        destinations[index] = orbital_string_at(delivery, "/destination");
        const char *hook = orbital_format("/hooks/%s", destinations[index]);
        const char *found = strstr(delivery->path, hook);
        ORBITAL_CHECK(found != NULL && strlen(found) == strlen(hook), "%s got %s", destinations[index],
                      delivery->path);
        first = delivery->received_at < first ? delivery->received_at : first;
        last = delivery->received_at > last ? delivery->received_at : last;
    }
    qsort(destinations, 3, sizeof *destinations, by_name);
    for (int index = 0; index < 3; index++) {
        ORBITAL_CHECK_EQ(destinations[index], expected[index]);
    }
    orbital_histogram("fan_out_spread_seconds", last - first);
}

ORBITAL_CASE(exactly_once, .manual = true, .timeout = "5s") {
    const char *id = orbital_new_id();
    orbital_json_text user = orbital_json("{ 'id': %s, 'email': 'ada@example.com' }", id);
    for (int copy = 0; copy < 2; copy++) {
        const orbital_receipt *receipt =
            orbital_success(orbital_send_event(.target = "api", .key = id, .json = user));
        ORBITAL_CHECK_EQ(orbital_bool_at(receipt, "/duplicate"), copy == 1);
    }
    orbital_wait_for(id);
    orbital_no_delivery_within(id, "300ms");
}

ORBITAL_CASE(server_made_id, .manual = true, .timeout = "5s") {
    const orbital_receipt *receipt =
        orbital_success(orbital_send_event(.target = "api", .json = orbital_json("{ 'email': 'ada@example.com' }")));
    const orbital_delivery *delivery = orbital_wait_for(orbital_string_at(receipt, "/id"));
    ORBITAL_CHECK_EQ(orbital_string_at(delivery, "/email"), "ada@example.com");
}

ORBITAL_CASE(planned_replies, .manual = true, .timeout = "10s") {
    static const char *const failures[] = {"answered with 500", "left without an answer"};
    const char *id = orbital_new_id();
    orbital_expect(id, {.status = 500}, {.status = 200, .delay = "3s"}, {.status = 200});
    orbital_send_event(.target = "api", .key = id,
                       .json = orbital_json("{ 'id': %s, 'email': 'ada@example.com' }", id));
    const orbital_delivery *first = orbital_wait_for(id);
    for (int index = 0; index < 2; index++) {
        orbital_failure failure;
        const orbital_delivery *again;
        if (!orbital_try(&failure, again = orbital_wait_for(id, .within = "2s"))) {
            orbital_fatal("a delivery that was %s is not tried again: %s", failures[index], failure.text);
        }
        ORBITAL_CHECK_EQ(again->body, first->body);
    }
    orbital_no_delivery_within(id, "500ms");
}

ORBITAL_CASE(big_body, .manual = true, .timeout = "5s") {
    const size_t size = 3 << 20;
    char *body = malloc(size);
    memset(body, 'x', size);
    const orbital_receipt *receipt =
        orbital_send_event(.target = "api", .key = orbital_new_id(), .body = orbital_bytes(body, size));
    free(body);
    orbital_info("answered %d", receipt->status);
}

ORBITAL_CASE(unknown_target, .manual = true, .timeout = "5s") { orbital_send_event(.target = "nowhere"); }

ORBITAL_CASE(wait_timeout, .manual = true, .timeout = "5s") {
    orbital_failure failure;
    orbital_try(&failure, orbital_wait_for(orbital_new_id(), .within = "50ms"));
    if (failure.reason != ORBITAL_TIMEOUT) {
        orbital_fatal("the wait ended with %d: %s", failure.reason, failure.text);
    }
    orbital_info("timeout caught");
}

ORBITAL_CASE(waits_for_ever, .manual = true, .timeout = "300ms") { orbital_wait_for(orbital_new_id()); }

ORBITAL_CASE(encodings, .manual = true, .timeout = "5s") {
    static const char *const paths[] = {"/utf-8-mark", "/utf-16-le", "/utf-16-le-mark", "/utf-16-be", "/utf-16-be-mark"};
    for (int index = 0; index < 5; index++) {
        const orbital_receipt *answer = orbital_request(.target = "encodings", .path = paths[index]);
        ORBITAL_CHECK_EQ(orbital_string_at(answer, "/name"), "Zoë 🎉");
    }
}

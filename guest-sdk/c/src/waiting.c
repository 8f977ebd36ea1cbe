// Waiting for what the system under test delivers to the webhook.
#include "inner.h"

static const orbital_field no_fields[] = {{NULL, NULL}};
static const orbital_delivery no_delivery = {"", "", "", "", no_fields, {"", 0}, 0, -1};

const char *orbital_new_id(void) {
    test_string_t id;
    orbital_test_deliveries_new_id(&id);
    return given(id);
}

void orbital_expect_(orbital_place place, const char *key, const orbital_reply *replies) {
    size_t count = 0;
    while (replies[count].status != -1) {
        count++;
    }
    orbital_test_deliveries_planned_reply_t *planned = room_for(count, sizeof *planned);
    for (size_t index = 0; index < count; index++) {
        const orbital_reply *reply = &replies[index];
        if (is_failing() || (reply->delay != NULL && !duration(place, reply->delay, &planned[index].delay_ms)) ||
            !content(place, reply->json, reply->body, reply->headers, &planned[index].body,
                     &planned[index].headers)) {
            return;
        }
        if (reply->status < 0 || reply->status > 599) {
            raise_failure(place, ORBITAL_INVALID_REPLY, 0, "invalid reply: the status %d is not 200 to 599",
                  reply->status);
            return;
        }
        planned[index].status = (uint16_t)reply->status;
    }
    test_string_t expected = bound(key);
    orbital_test_deliveries_expect_options_t options = {{planned, count}};
    orbital_test_deliveries_expect_error_t error;
    if (is_failing() || orbital_test_deliveries_expect(&expected, &options, &error)) {
        return;
    }
    switch (error.tag) {
    case ORBITAL_TEST_DELIVERIES_EXPECT_ERROR_TAKEN:
        raise_failure(place, ORBITAL_TAKEN, 0, "another run expects this key");
        return;
    case ORBITAL_TEST_DELIVERIES_EXPECT_ERROR_INVALID_KEY:
        raise_failure(place, ORBITAL_INVALID_KEY, 0, "invalid key: %s", given(error.val.invalid_key));
        return;
    default:
        raise_failure(place, ORBITAL_INVALID_REPLY, 0, "invalid reply: %s", given(error.val.invalid_reply));
        return;
    }
}

static void raise_wait(orbital_place place, const orbital_test_deliveries_wait_error_t *error) {
    switch (error->tag) {
    case ORBITAL_TEST_DELIVERIES_WAIT_ERROR_TIMEOUT:
        raise_failure(place, ORBITAL_TIMEOUT, 0, "timed out waiting for a delivery");
        return;
    case ORBITAL_TEST_DELIVERIES_WAIT_ERROR_TAKEN:
        raise_failure(place, ORBITAL_TAKEN, 0, "another run expects this key");
        return;
    case ORBITAL_TEST_DELIVERIES_WAIT_ERROR_INVALID_KEY:
        raise_failure(place, ORBITAL_INVALID_KEY, 0, "invalid key: %s", given(error->val.invalid_key));
        return;
    case ORBITAL_TEST_DELIVERIES_WAIT_ERROR_NOTHING_TO_WAIT_FOR:
        raise_failure(place, ORBITAL_NOTHING_TO_WAIT_FOR, 0, "there is nothing to wait for: no key, or zero deliveries");
        return;
    default:
        raise_failure(place, ORBITAL_OVERFLOW, error->val.overflow, "%u deliveries were dropped: the key's queue was full",
              (unsigned)error->val.overflow);
        return;
    }
}

static orbital_delivery delivery(const orbital_test_deliveries_delivery_t *taken) {
    return (orbital_delivery){given(taken->key),
                              given(taken->method),
                              given(taken->path),
                              given(taken->query),
                              given_fields(&taken->headers),
                              given_body(taken->body),
                              taken->received_at,
                              taken->latency.is_some ? taken->latency.val : -1};
}

const orbital_delivery *orbital_wait_for_(orbital_place place, const char *key, orbital_wait_options options) {
    uint32_t within = 0;
    if (is_failing() || (options.within != NULL && !duration(place, options.within, &within))) {
        return &no_delivery;
    }
    test_string_t expected = bound(key);
    orbital_test_deliveries_delivery_t taken;
    orbital_test_deliveries_wait_error_t error;
    if (!orbital_test_deliveries_wait_for(&expected, options.within != NULL ? &within : NULL, &taken, &error)) {
        raise_wait(place, &error);
        return &no_delivery;
    }
    orbital_delivery *made = room_for(1, sizeof *made);
    *made = delivery(&taken);
    return made;
}

const orbital_delivery *orbital_wait_n_(orbital_place place, uint32_t n, orbital_wait_n_options options) {
    orbital_delivery *deliveries = room_for(n, sizeof *deliveries);
    for (size_t index = 0; index < n; index++) {
        deliveries[index] = no_delivery;
    }
    uint32_t within = 0;
    if (is_failing() || (options.within != NULL && !duration(place, options.within, &within))) {
        return deliveries;
    }
    size_t count = 0;
    while (options.keys != NULL && options.keys[count] != NULL) {
        count++;
    }
    test_list_string_t expected = {room_for(count + 1, sizeof *expected.ptr), 0};
    if (options.key != NULL) {
        expected.ptr[expected.len++] = bound(options.key);
    }
    for (size_t index = 0; index < count; index++) {
        expected.ptr[expected.len++] = bound(options.keys[index]);
    }
    orbital_test_deliveries_list_delivery_t taken;
    orbital_test_deliveries_wait_error_t error;
    if (!orbital_test_deliveries_wait_n(&expected, n, options.within != NULL ? &within : NULL, &taken, &error)) {
        raise_wait(place, &error);
        return deliveries;
    }
    for (size_t index = 0; index < taken.len; index++) {
        deliveries[index] = delivery(&taken.ptr[index]);
    }
    return deliveries;
}

void orbital_no_delivery_within_(orbital_place place, const char *key, const char *within) {
    orbital_failure failure;
    const orbital_delivery *came = &no_delivery;
    if (is_failing()) {
        return;
    }
    if (!orbital_try(&failure, came = orbital_wait_for_(place, key, (orbital_wait_options){within}))) {
        if (failure.reason != ORBITAL_TIMEOUT) {
            // The place is in it.
            raise_failure(place, failure.reason, failure.number, "%s", failure.text);
        }
        return;
    }
    raise_failure(place, ORBITAL_FAILED, 0,
          "expected no delivery with the key `%s` within %s, but received: %s %s%s%s with %s", key, within,
          came->method, came->path, *came->query != '\0' ? "?" : "", came->query, beginning(came->body));
}

// Events and requests, and the answers to them.
#include <string.h>
#include <strings.h>

#include "inner.h"

static const orbital_field no_fields[] = {{NULL, NULL}};
static const orbital_receipt no_receipt = {0, no_fields, {"", 0}, 0};

bool content(orbital_place place, orbital_json_text json, orbital_body body, const orbital_field *headers,
             test_list_u8_t *sent, orbital_test_deliveries_list_header_t *sent_headers) {
    static const orbital_field is_json = {"content-type", "application/json"};
    if (json.text != NULL && body.text != NULL) {
        raise_failure(place, ORBITAL_INVALID_REQUEST, 0, "both body and json are set; remove one");
        return false;
    }
    if (json.text != NULL) {
        body = orbital_text(json.text);
    }
    *sent = (test_list_u8_t){(uint8_t *)body.text, body.size};
    size_t count = 0;
    while (headers != NULL && headers[count].name != NULL) {
        count++;
    }
    orbital_field *all = room_for(count + 2, sizeof *all);
    if (count > 0) {
        memcpy(all, headers, count * sizeof *all);
    }
    if (json.text != NULL && (headers == NULL || orbital_header_(headers, is_json.name) == NULL)) {
        all[count] = is_json;
    }
    *sent_headers = bound_fields(all);
    return true;
}

const char *orbital_header_(const orbital_field *headers, const char *name) {
    for (; headers->name != NULL; headers++) {
        if (strcasecmp(headers->name, name) == 0) {
            return headers->value;
        }
    }
    return NULL;
}

// A timeout that may be left out.
static bool limit(orbital_place place, const char *timeout, test_option_u32_t *limit) {
    limit->is_some = timeout != NULL;
    return timeout == NULL || duration(place, timeout, &limit->val);
}

static orbital_failure failure(const orbital_test_events_send_error_t *error) {
    switch (error->tag) {
    case ORBITAL_TEST_EVENTS_SEND_ERROR_UNKNOWN_TARGET:
        return (orbital_failure){ORBITAL_UNKNOWN_TARGET,
                                 orbital_format("unknown target: %s", given(error->val.unknown_target)), 0};
    case ORBITAL_TEST_EVENTS_SEND_ERROR_INVALID:
        return (orbital_failure){ORBITAL_INVALID_REQUEST,
                                 orbital_format("the request cannot be sent: %s", given(error->val.invalid)), 0};
    case ORBITAL_TEST_EVENTS_SEND_ERROR_TAKEN:
        return (orbital_failure){ORBITAL_TAKEN, "another run expects the event's key; nothing was sent", 0};
    case ORBITAL_TEST_EVENTS_SEND_ERROR_UNREACHABLE:
        return (orbital_failure){ORBITAL_UNREACHABLE,
                                 orbital_format("the target did not answer: %s", given(error->val.unreachable)), 0};
    case ORBITAL_TEST_EVENTS_SEND_ERROR_TIMEOUT:
        return (orbital_failure){ORBITAL_TIMEOUT, "the target did not answer in time", 0};
    default:
        return (orbital_failure){
            ORBITAL_TOO_LARGE,
            orbital_format("the target's answer is larger than %u bytes", (unsigned)error->val.too_large),
            error->val.too_large};
    }
}

static orbital_receipt receipt(const orbital_test_events_receipt_t *answer) {
    return (orbital_receipt){answer->status,
                             given_fields((const orbital_test_deliveries_list_header_t *)&answer->headers),
                             given_body(answer->body), answer->latency};
}

static const orbital_receipt *answered(orbital_place place, bool is_answered,
                                       const orbital_test_events_receipt_t *answer,
                                       const orbital_test_events_send_error_t *error) {
    if (!is_answered) {
        orbital_failure why = failure(error);
        raise_failure(place, why.reason, why.number, "%s", why.text);
        return &no_receipt;
    }
    orbital_receipt *made = room_for(1, sizeof *made);
    *made = receipt(answer);
    return made;
}

static bool ready(orbital_place place, const orbital_event *event, orbital_test_events_event_t *ready) {
    *ready = (orbital_test_events_event_t){
        .target = bound(event->target),
        .key = {event->key != NULL, bound(event->key)},
        .path = bound(event->path),
    };
    orbital_test_deliveries_list_header_t headers;
    bool is_ready = limit(place, event->timeout, &ready->timeout_ms) &&
                    content(place, event->json, event->body, event->headers, &ready->body, &headers);
    if (is_ready) {
        ready->headers = (orbital_test_events_list_header_t){headers.ptr, headers.len};
    }
    return is_ready;
}

const orbital_receipt *orbital_send_event_(orbital_place place, orbital_event event) {
    orbital_test_events_event_t sent;
    orbital_test_events_receipt_t answer;
    orbital_test_events_send_error_t error;
    if (is_failing() || !ready(place, &event, &sent)) {
        return &no_receipt;
    }
    return answered(place, orbital_test_events_send_event(&sent, &answer, &error), &answer, &error);
}

const orbital_answer *orbital_send_events_(orbital_place place, size_t n, const orbital_event *events) {
    orbital_answer *answers = room_for(n, sizeof *answers);
    orbital_test_events_list_event_t sent = {room_for(n, sizeof *sent.ptr), n};
    orbital_test_events_list_result_receipt_send_error_t results = {NULL, 0};
    bool is_ready = !is_failing();
    for (size_t index = 0; index < n; index++) {
        answers[index].receipt = no_receipt;
        is_ready = is_ready && ready(place, &events[index], &sent.ptr[index]);
    }
    if (is_ready) {
        orbital_test_events_send_events(&sent, &results);
    }
    for (size_t index = 0; index < results.len; index++) {
        if (results.ptr[index].is_err) {
            answers[index].failure = failure(&results.ptr[index].val.err);
        } else {
            answers[index].receipt = receipt(&results.ptr[index].val.ok);
        }
    }
    return answers;
}

const orbital_receipt *orbital_request_(orbital_place place, orbital_request_options request) {
    orbital_test_events_http_request_t sent = {
        .target = bound(request.target),
        .method = bound(request.method != NULL ? request.method : "GET"),
        .path = bound(request.path),
    };
    orbital_test_deliveries_list_header_t headers;
    orbital_test_events_receipt_t answer;
    orbital_test_events_send_error_t error;
    if (is_failing() || !limit(place, request.timeout, &sent.timeout_ms) ||
        !content(place, request.json, request.body, request.headers, &sent.body, &headers)) {
        return &no_receipt;
    }
    sent.headers = (orbital_test_events_list_header_t){headers.ptr, headers.len};
    return answered(place, orbital_test_events_request(&sent, &answer, &error), &answer, &error);
}

const orbital_receipt *orbital_success_(orbital_place place, const orbital_receipt *receipt) {
    if (!is_failing() && (receipt->status < 200 || receipt->status > 299)) {
        raise_failure(place, ORBITAL_STATUS, (uint32_t)receipt->status, "the target answered %d with %s", receipt->status,
              beginning(receipt->body));
    }
    return receipt;
}

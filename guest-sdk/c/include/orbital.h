// End-to-end tests for orbital in C.
//
// A test sends an event to the system under test and waits for the delivery to orbital's webhook. A test is a function. A
// suite of tests is a component: one .wasm file. To deploy it, copy it into the host's directory.
//
//     #include <orbital.h>
//
//     ORBITAL_CASE(smoke, .every = "1s", .timeout = "3s") {
//         const char *id = orbital_new_id();
//         orbital_send_event(.target = "api", .key = id, .json = orbital_json("{ 'id': %s }", id));
//         const orbital_delivery *delivery = orbital_wait_for(id);
//         ORBITAL_CHECK(orbital_bool_at(delivery, "/processed"));
//     }
//
// A case passes if it returns and was not marked as failed. ORBITAL_CHECK and orbital_fail mark it as failed and continue.
// A call that fails ends the case, with the reason and the location of the call, so results need no checks. To handle a
// failure in the test, use orbital_try.
//
// Returned memory need not be freed, because each run has its own memory. Strings end in a NUL. Durations are strings such
// as "300ms" and "1m 30s"; durations that the host measures are in seconds.
#ifndef ORBITAL_H
#define ORBITAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ORBITAL_VERSION "0.1.0"

// A location in a source file.
typedef struct orbital_place {
    const char *file;
    int line;
} orbital_place;

#define ORBITAL_HERE ((orbital_place){__FILE__, __LINE__})

// A name and a value: a header, a label, a tag, or a structured value of a logged line. A list ends with an empty field.
typedef struct orbital_field {
    const char *name;
    const char *value;
} orbital_field;

// A list of names and values: ORBITAL_FIELDS({"retry-after", "1"}, {"x-reason", "test"}).
#define ORBITAL_FIELDS(...) ((const orbital_field[]){__VA_ARGS__ __VA_OPT__(, ) {NULL, NULL}})

// A list of keys.
#define ORBITAL_KEYS(...) ((const char *const[]){__VA_ARGS__, NULL})

// JSON as text; create it with orbital_json.
typedef struct orbital_json_text {
    const char *text;
} orbital_json_text;

// A body. It is followed by a NUL, so it can be read as a string.
typedef struct orbital_body {
    const char *text;
    size_t size;
} orbital_body;

// ---------------------------------------------------------------- Cases

// The settings of a case.
typedef struct orbital_case {
    // The name: 1 to 100 letters, digits, -, _ and . The default is the function's name with - for each _.
    const char *name;
    // Runs periodically, with this period. Exactly one of every, cron and manual is required.
    const char *every;
    // Runs at the times of a cron expression: minute, hour, day of month, month, day of week.
    const char *cron;
    // The time zone of cron, such as "Europe/Madrid". The default is UTC.
    const char *zone;
    // Runs only on request, such as orbital run.
    bool manual;
    // The timeout of one attempt. The default is in the host's configuration.
    const char *timeout;
    // The maximum number of retries, at most 10. A run that passes after a retry is reported as passed and flaky.
    int retries;
    // The delay before each retry.
    const char *retry_delay;
    // Labels for filters, maintenance windows and metrics, at most 16: ORBITAL_FIELDS({"team", "growth"}).
    const orbital_field *tags;
    // The maximum number of concurrent runs of this case. The default is 1.
    int max_in_flight;
    // Set by ORBITAL_CASE.
    const char *function_;
    void (*test_)(void);
    orbital_place place_;
} orbital_case;

// Defines a case, followed by its body: ORBITAL_CASE(fan_out, .every = "1s", .timeout = "5s") { … }. Invalid settings, such
// as a duplicate name, are reported when the component is loaded, with the location and the fix.
#define ORBITAL_CASE(function, ...)                                                                                  \
    static void function(void);                                                                                      \
    static const orbital_case orbital_case_##function = {                                                            \
        .function_ = #function, .test_ = function, .place_ = {__FILE__, __LINE__} __VA_OPT__(, ) __VA_ARGS__};       \
    __attribute__((constructor)) static void orbital_register_##function(void) {                                     \
        orbital_register_(&orbital_case_##function);                                                                 \
    }                                                                                                                \
    static void function(void)

// ---------------------------------------------------------------- Failures

// The reason why a call failed.
typedef enum orbital_reason {
    ORBITAL_NONE,
    // The timeout expired.
    ORBITAL_TIMEOUT,
    // Another run expects the key.
    ORBITAL_TAKEN,
    // The key is empty, longer than 256 bytes, or contains control characters.
    ORBITAL_INVALID_KEY,
    ORBITAL_INVALID_REPLY,
    // No key was given, or the number of deliveries is zero.
    ORBITAL_NOTHING_TO_WAIT_FOR,
    // Deliveries were dropped because the queue of the key was full; `number` is how many.
    ORBITAL_OVERFLOW,
    // The host's configuration has no target with this name.
    ORBITAL_UNKNOWN_TARGET,
    // The path, a header, the method or the body is invalid or not granted to the component.
    ORBITAL_INVALID_REQUEST,
    // The connection failed, for example because it was refused or reset.
    ORBITAL_UNREACHABLE,
    // The body of the response is larger than the limit; `number` is the limit in bytes.
    ORBITAL_TOO_LARGE,
    // The status is not 200 to 299; `number` is the status.
    ORBITAL_STATUS,
    // A body is not JSON, or does not have the requested value.
    ORBITAL_BODY,
    ORBITAL_INVALID_NAME,
    ORBITAL_INVALID_LABEL,
    ORBITAL_INVALID_VALUE,
    // A metric with this name has another type.
    ORBITAL_OTHER_KIND,
    // The component has reached its limit of series, which is `number`.
    ORBITAL_TOO_MANY_SERIES,
    // The operator did not set the value.
    ORBITAL_NOT_SET,
    // A check failed, or the test called orbital_fail or orbital_fatal.
    ORBITAL_FAILED,
} orbital_reason;

// The failure of a call.
typedef struct orbital_failure {
    orbital_reason reason;
    // The reason as text for people, with the location.
    const char *text;
    uint32_t number;
} orbital_failure;

// Makes a call that may fail. Returns whether it succeeded; if not, sets the failure:
//
//     orbital_failure failure;
//     if (!orbital_try(&failure, delivery = orbital_wait_for(id, .within = "2s"))) {
//         orbital_fatal("nothing came: %s", failure.text);
//     }
//
// A failed call returns an empty result.
#define orbital_try(failure, ...) (orbital_try_begin_(), (void)(__VA_ARGS__), orbital_try_end_(failure))

// Marks the run as failed, with a reason, and continues: orbital_fail("%d of 3 came", n).
#define orbital_fail(...) orbital_fail_(ORBITAL_HERE, __VA_ARGS__)

// Marks the run as failed, with a reason, and ends the case.
#define orbital_fatal(...) orbital_fatal_(ORBITAL_HERE, __VA_ARGS__)

// Returns whether the run has been marked as failed.
bool orbital_failed(void);

// Checks a condition. If it is false, marks the run as failed and continues. Returns the condition. An optional message may
// follow: ORBITAL_CHECK(delivery->latency < 1, "slow for %s", id).
#define ORBITAL_CHECK(condition, ...)                                                                                \
    orbital_check_(ORBITAL_HERE, !!(condition), "`" #condition "`", ORBITAL_MESSAGE_(__VA_ARGS__))

// Checks a condition. If it is false, marks the run as failed and ends the case.
#define ORBITAL_REQUIRE(condition, ...)                                                                              \
    orbital_require_(ORBITAL_HERE, !!(condition), "`" #condition "`", ORBITAL_MESSAGE_(__VA_ARGS__))

// Checks that two values are equal. If not, marks the run as failed, with their difference, and continues. Returns whether
// they are equal: ORBITAL_CHECK_EQ(receipt->status, 202). Values are numbers, strings, JSON and bodies; bodies and JSON are
// compared as JSON. An optional message may follow.
#define ORBITAL_CHECK_EQ(left, right, ...)                                                                           \
    orbital_check_eq_(ORBITAL_HERE, orbital_value_(left), orbital_value_(right), "`" #left " == " #right "`",        \
                      ORBITAL_MESSAGE_(__VA_ARGS__))

// Checks that two values differ. If not, marks the run as failed and continues. Returns whether they differ.
#define ORBITAL_CHECK_NE(left, right, ...)                                                                           \
    orbital_check_ne_(ORBITAL_HERE, orbital_value_(left), orbital_value_(right), "`" #left " != " #right "`",        \
                      ORBITAL_MESSAGE_(__VA_ARGS__))

// Repeats the following block until nothing in it fails, with pauses from 10 ms doubling up to 500 ms. If it still fails
// when the time is up, the case ends with its last failure.
//
//     ORBITAL_EVENTUALLY("2s") {
//         ORBITAL_CHECK(paid("7"), "invoice 7 is not paid");
//     }
#define ORBITAL_EVENTUALLY(within)                                                                                   \
    for (__attribute__((cleanup(orbital_poll_leave_))) orbital_poll_ orbital_polling_ = {0};                         \
         orbital_poll_next_(&orbital_polling_, ORBITAL_HERE, within);)

// Registers a function that is called when the case ends, except after a timeout or a trap. The function registered last is
// called first.
void orbital_cleanup(void (*function)(void *argument), void *argument);

// ---------------------------------------------------------------- Sending

// An event. A case sends it to a target, with POST, and the system under test delivers it to the webhook.
typedef struct orbital_event {
    // The name of the target. The host's configuration must define it.
    const char *target;
    // The key that the delivery will have, if the test chooses the key. The host expects the key before it sends the event,
    // so even the fastest delivery is not lost.
    const char *key;
    // A path that is appended to the target's URL: empty, or starting with /. May include a query.
    const char *path;
    // Headers. They override the target's default headers.
    const orbital_field *headers;
    // The body as JSON. Sets the header content-type unless it is in headers. Set json or body, not both.
    orbital_json_text json;
    // The body: orbital_text("…"), orbital_bytes(pointer, size).
    orbital_body body;
    // The timeout for the request and its response. The default is the target's own timeout.
    const char *timeout;
} orbital_event;

// A request that is not an event, such as one that reads or prepares data.
typedef struct orbital_request_options {
    const char *target;
    // The HTTP method. The default is GET.
    const char *method;
    // These members have the same meaning as in orbital_event.
    const char *path;
    const orbital_field *headers;
    orbital_json_text json;
    orbital_body body;
    const char *timeout;
} orbital_request_options;

// A target's response, with any status.
typedef struct orbital_receipt {
    int status;
    // The headers, with names in lower case.
    const orbital_field *headers;
    orbital_body body;
    // The time from the start of the request to the last byte of the response, in seconds.
    double latency;
} orbital_receipt;

// The result of one event of orbital_send_events: a response or a failure.
typedef struct orbital_answer {
    orbital_receipt receipt;
    // Its reason is ORBITAL_NONE if there is a response.
    orbital_failure failure;
} orbital_answer;

// Sends an event and waits for the response, with any status: orbital_send_event(.target = "api", .key = id, .json = …).
#define orbital_send_event(...) orbital_send_event_(ORBITAL_HERE, (orbital_event){__VA_ARGS__})

// Sends n events concurrently and waits for all responses, which are in the order of the events.
#define orbital_send_events(n, events) orbital_send_events_(ORBITAL_HERE, n, events)

// Sends a request that is not an event, and waits for the response: orbital_request(.target = "api", .path = "/a").
#define orbital_request(...) orbital_request_(ORBITAL_HERE, (orbital_request_options){__VA_ARGS__})

// Returns the receipt if its status is 200 to 299, and fails otherwise.
#define orbital_success(receipt) orbital_success_(ORBITAL_HERE, receipt)

// Creates JSON from a format, in which ' is written for ", and %s inserts a string with quotes and escapes. Numbers use the
// conversions of printf: orbital_json("{ 'id': %s, 'count': %d }", id, 3).
#define orbital_json(...) orbital_json_(ORBITAL_HERE, __VA_ARGS__)

// Returns a body with this text.
orbital_body orbital_text(const char *text);

// Returns a body with these bytes, which are not copied.
orbital_body orbital_bytes(const void *bytes, size_t size);

// Returns a string formatted like printf.
__attribute__((format(printf, 1, 2))) const char *orbital_format(const char *format, ...);

// ---------------------------------------------------------------- Waiting

// A request that the webhook received for this run.
typedef struct orbital_delivery {
    // The key that assigned the delivery to this run.
    const char *key;
    // The HTTP method, in upper case.
    const char *method;
    const char *path;
    // The query string: the part of the URL after the first ?, or empty.
    const char *query;
    // The headers, with names in lower case.
    const orbital_field *headers;
    orbital_body body;
    // The time when the last byte was received, in seconds since the Unix epoch, by the host's clock.
    double received_at;
    // The time from sending the event to receiving this delivery, in seconds. Negative if the host cannot tell which event
    // the delivery belongs to.
    double latency;
} orbital_delivery;

// The webhook's response to one delivery.
typedef struct orbital_reply {
    // The HTTP status, 200 to 599.
    int status;
    // How long the webhook waits before it responds, at most one minute.
    const char *delay;
    const orbital_field *headers;
    // The body as JSON. Set json or body, not both.
    orbital_json_text json;
    // The body, at most 64 KiB.
    orbital_body body;
} orbital_reply;

// Options of orbital_wait_for.
typedef struct orbital_wait_options {
    // How long to wait. By default until the run times out; "0s" does not wait.
    const char *within;
} orbital_wait_options;

// Options of orbital_wait_n.
typedef struct orbital_wait_n_options {
    // One key, or several as ORBITAL_KEYS(first, second).
    const char *key;
    const char *const *keys;
    const char *within;
} orbital_wait_n_options;

// Returns a new key that cannot be guessed, and that is unique among all runs.
const char *orbital_new_id(void);

// Reserves a key for this run until the run ends. Waiting for a key, and sending an event with a key, also does this. The
// replies, at most 32, are the webhook's responses to the deliveries with this key, in order; further deliveries get a 200:
// orbital_expect(id, {.status = 503}, {.status = 200, .delay = "1s"}).
#define orbital_expect(key, ...)                                                                                     \
    orbital_expect_(ORBITAL_HERE, key, (const orbital_reply[]){__VA_ARGS__ __VA_OPT__(, ) {.status = -1}})

// Waits for the next delivery with this key, and removes it from the queue: orbital_wait_for(id), or
// orbital_wait_for(id, .within = "2s"). If none arrives until the run times out, the run ends with outcome timeout.
#define orbital_wait_for(key, ...) orbital_wait_for_(ORBITAL_HERE, key, (orbital_wait_options){__VA_ARGS__})

// Waits for the next n deliveries with these keys, in the order of arrival, and removes them from the queues:
// orbital_wait_n(3, .key = id). If fewer arrive in time, they stay in the queue.
#define orbital_wait_n(n, ...) orbital_wait_n_(ORBITAL_HERE, n, (orbital_wait_n_options){__VA_ARGS__})

// Checks that no further delivery with this key arrives within this time.
#define orbital_no_delivery_within(key, within) orbital_no_delivery_within_(ORBITAL_HERE, key, within)

// ---------------------------------------------------------------- Reading deliveries and receipts
//
// JSON may be encoded in UTF-8 or UTF-16, with or without a byte order mark.

// Returns the first value of a header, or NULL. The case of the name does not matter.
#define orbital_header(message, name) orbital_header_((message)->headers, name)

// Returns the string at a JSON pointer such as "/user/email".
#define orbital_string_at(message, pointer) orbital_string_at_(ORBITAL_HERE, (message)->body, pointer)

// Returns the number at a JSON pointer.
#define orbital_number_at(message, pointer) orbital_number_at_(ORBITAL_HERE, (message)->body, pointer)

// Returns the boolean at a JSON pointer.
#define orbital_bool_at(message, pointer) orbital_bool_at_(ORBITAL_HERE, (message)->body, pointer)

// Returns the number of members or items of the object or array at a JSON pointer.
#define orbital_count_at(message, pointer) orbital_count_at_(ORBITAL_HERE, (message)->body, pointer)

// Returns the value at a JSON pointer as JSON. The pointer "" is the whole body.
#define orbital_json_at(message, pointer) orbital_json_at_(ORBITAL_HERE, (message)->body, pointer)

// Returns whether there is a value at a JSON pointer, which may be null.
#define orbital_has(message, pointer) orbital_has_((message)->body, pointer)

// ---------------------------------------------------------------- Logging, metrics, context

typedef enum orbital_level { ORBITAL_DEBUG, ORBITAL_INFO, ORBITAL_WARN, ORBITAL_ERROR } orbital_level;

// Logs a line to the run's report, with structured values: orbital_log(ORBITAL_WARN, "slow", {"seconds", "3"}). No level
// fails the test. Lines that are printed with printf are logged, too.
#define orbital_log(level, message, ...) orbital_log_(level, message, ORBITAL_FIELDS(__VA_ARGS__))

// Logs a line with level info, formatted like printf. The following functions log with the level of their name.
__attribute__((format(printf, 1, 2))) void orbital_info(const char *format, ...);
__attribute__((format(printf, 1, 2))) void orbital_debug(const char *format, ...);
__attribute__((format(printf, 1, 2))) void orbital_warn(const char *format, ...);
__attribute__((format(printf, 1, 2))) void orbital_error(const char *format, ...);

// Adds a value to a counter: orbital_counter("items_total", 3, {"kind", "new"}). By convention its name ends in _total. The
// host exports it as orbital_test_items_total, with the labels component and case.
#define orbital_counter(name, value, ...) orbital_record_(ORBITAL_HERE, 0, name, value, ORBITAL_FIELDS(__VA_ARGS__))

// Sets a gauge to a value.
#define orbital_gauge(name, value, ...) orbital_record_(ORBITAL_HERE, 1, name, value, ORBITAL_FIELDS(__VA_ARGS__))

// Adds an observation to a histogram, in base units such as seconds or bytes.
#define orbital_histogram(name, value, ...) orbital_record_(ORBITAL_HERE, 2, name, value, ORBITAL_FIELDS(__VA_ARGS__))

// Information about the current run.
typedef struct orbital_run {
    const char *run_id;
    const char *component;
    const char *case_name;
    // The number of the attempt, starting at 1.
    int attempt;
    // The name of the environment that the host runs in. Empty if the operator did not set it.
    const char *environment;
    // The public URL of the webhook, without a trailing slash. A test may append a path to it.
    const char *webhook_url;
} orbital_run;

// Returns information about the current run.
const orbital_run *orbital_run_context(void);

// Returns the time that is left before the attempt times out, in seconds.
double orbital_time_left(void);

// Returns a value that the operator set for this component in the host's configuration, or NULL.
const char *orbital_config(const char *name);

// Returns a value that the operator must set for this component in the host's configuration, and fails otherwise.
#define orbital_require_config(name) orbital_require_config_(ORBITAL_HERE, name)

// Returns the time of the host's clock, in seconds since the Unix epoch.
double orbital_now(void);

// Returns the time since the attempt started, in seconds.
double orbital_elapsed(void);

// Sleeps. To wait for a delivery, use orbital_wait_for; for anything else, use ORBITAL_EVENTUALLY. Both return as early as
// possible.
#define orbital_sleep(duration) orbital_sleep_(ORBITAL_HERE, duration)

// ---------------------------------------------------------------- Internal: used by the macros

typedef struct orbital_poll_ {
    struct orbital_poll_ *outer;
    orbital_failure failure;
    double end;
    uint32_t pause;
    bool is_begun;
} orbital_poll_;

typedef struct orbital_value {
    enum { ORBITAL_SIGNED_, ORBITAL_UNSIGNED_, ORBITAL_DOUBLE_, ORBITAL_BOOL_, ORBITAL_STRING_, ORBITAL_BODY_ } kind;
    union {
        int64_t integer;
        uint64_t whole;
        double number;
        const char *string;
        orbital_body body;
    };
} orbital_value;

static inline orbital_value orbital_of_signed_(int64_t value) {
    return (orbital_value){ORBITAL_SIGNED_, {.integer = value}};
}
static inline orbital_value orbital_of_unsigned_(uint64_t value) {
    return (orbital_value){ORBITAL_UNSIGNED_, {.whole = value}};
}
static inline orbital_value orbital_of_double_(double value) {
    return (orbital_value){ORBITAL_DOUBLE_, {.number = value}};
}
static inline orbital_value orbital_of_bool_(bool value) { return (orbital_value){ORBITAL_BOOL_, {.integer = value}}; }
static inline orbital_value orbital_of_string_(const char *value) {
    return (orbital_value){ORBITAL_STRING_, {.string = value}};
}
static inline orbital_value orbital_of_body_(orbital_body value) {
    return (orbital_value){ORBITAL_BODY_, {.body = value}};
}
static inline orbital_value orbital_of_json_(orbital_json_text value) {
    return orbital_of_body_(orbital_text(value.text));
}

// The optional message of a check, or its default.
#define ORBITAL_MESSAGE_(...) ORBITAL_MESSAGE_IS##__VA_OPT__(_GIVEN)(__VA_ARGS__)
#define ORBITAL_MESSAGE_IS_GIVEN(...) __VA_ARGS__
#define ORBITAL_MESSAGE_IS() "check failed"

#define orbital_value_(value)                                                                                        \
    _Generic((value),                                                                                                \
        bool: orbital_of_bool_,                                                                                      \
        float: orbital_of_double_,                                                                                   \
        double: orbital_of_double_,                                                                                  \
        char *: orbital_of_string_,                                                                                  \
        const char *: orbital_of_string_,                                                                            \
        orbital_body: orbital_of_body_,                                                                              \
        orbital_json_text: orbital_of_json_,                                                                         \
        unsigned char: orbital_of_unsigned_,                                                                         \
        unsigned short: orbital_of_unsigned_,                                                                        \
        unsigned int: orbital_of_unsigned_,                                                                          \
        unsigned long: orbital_of_unsigned_,                                                                         \
        unsigned long long: orbital_of_unsigned_,                                                                    \
        default: orbital_of_signed_)(value)

void orbital_register_(const orbital_case *added);
void orbital_try_begin_(void);
bool orbital_try_end_(orbital_failure *failure);
bool orbital_poll_next_(orbital_poll_ *poll, orbital_place place, const char *within);
void orbital_poll_leave_(orbital_poll_ *poll);
__attribute__((format(printf, 2, 3))) void orbital_fail_(orbital_place place, const char *format, ...);
__attribute__((format(printf, 2, 3), noreturn)) void orbital_fatal_(orbital_place place, const char *format, ...);
__attribute__((format(printf, 4, 5))) bool orbital_check_(orbital_place place, bool holds, const char *check,
                                                          const char *format, ...);
__attribute__((format(printf, 4, 5))) void orbital_require_(orbital_place place, bool holds, const char *check,
                                                            const char *format, ...);
__attribute__((format(printf, 5, 6))) bool orbital_check_eq_(orbital_place place, orbital_value left,
                                                             orbital_value right, const char *check,
                                                             const char *format, ...);
__attribute__((format(printf, 5, 6))) bool orbital_check_ne_(orbital_place place, orbital_value left,
                                                             orbital_value right, const char *check,
                                                             const char *format, ...);
const orbital_receipt *orbital_send_event_(orbital_place place, orbital_event event);
const orbital_answer *orbital_send_events_(orbital_place place, size_t n, const orbital_event *events);
const orbital_receipt *orbital_request_(orbital_place place, orbital_request_options request);
const orbital_receipt *orbital_success_(orbital_place place, const orbital_receipt *receipt);
__attribute__((format(printf, 2, 3))) orbital_json_text orbital_json_(orbital_place place, const char *format, ...);
void orbital_expect_(orbital_place place, const char *key, const orbital_reply *replies);
const orbital_delivery *orbital_wait_for_(orbital_place place, const char *key, orbital_wait_options options);
const orbital_delivery *orbital_wait_n_(orbital_place place, uint32_t n, orbital_wait_n_options options);
void orbital_no_delivery_within_(orbital_place place, const char *key, const char *within);
const char *orbital_header_(const orbital_field *headers, const char *name);
const char *orbital_string_at_(orbital_place place, orbital_body body, const char *pointer);
double orbital_number_at_(orbital_place place, orbital_body body, const char *pointer);
bool orbital_bool_at_(orbital_place place, orbital_body body, const char *pointer);
size_t orbital_count_at_(orbital_place place, orbital_body body, const char *pointer);
orbital_json_text orbital_json_at_(orbital_place place, orbital_body body, const char *pointer);
bool orbital_has_(orbital_body body, const char *pointer);
void orbital_log_(orbital_level level, const char *message, const orbital_field *fields);
void orbital_record_(orbital_place place, int kind, const char *name, double value, const orbital_field *labels);
const char *orbital_require_config_(orbital_place place, const char *name);
void orbital_sleep_(orbital_place place, const char *duration);

#endif

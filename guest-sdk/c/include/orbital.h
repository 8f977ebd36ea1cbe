// End-to-end tests for orbital in C.
//
// A test sends an event to the system under test and waits for what that system delivers to orbital's webhook. It is a
// function; a suite of them is a component, one .wasm file, which is deployed by copying it into the host's directory.
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
// A case passes if it returns and nothing was marked as failed on the way. ORBITAL_CHECK and orbital_fail mark and go
// on. A call that cannot do what it is asked for ends the case, with the reason and the place of the call, so that its
// result needs no look; orbital_try is for those that may fail.
//
// What is given need not be freed: each run has fresh memory. Texts end in a NUL. Durations are texts such as "300ms",
// "1m 30s"; what the host measured is in seconds.
#ifndef ORBITAL_H
#define ORBITAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ORBITAL_VERSION "0.1.0"

// A place in the author's file.
typedef struct orbital_place {
    const char *file;
    int line;
} orbital_place;

#define ORBITAL_HERE ((orbital_place){__FILE__, __LINE__})

// A name and a value: a header, a label, a tag, or something beside a line of the log. A list ends in an empty one.
typedef struct orbital_field {
    const char *name;
    const char *value;
} orbital_field;

// A list of names and values: ORBITAL_FIELDS({"retry-after", "1"}, {"x-reason", "test"}).
#define ORBITAL_FIELDS(...) ((const orbital_field[]){__VA_ARGS__ __VA_OPT__(, ) {NULL, NULL}})

// A list of keys.
#define ORBITAL_KEYS(...) ((const char *const[]){__VA_ARGS__, NULL})

// JSON as text; orbital_json makes it.
typedef struct orbital_json_text {
    const char *text;
} orbital_json_text;

// A body. There is a NUL behind it, so that it can be read as text.
typedef struct orbital_body {
    const char *text;
    size_t size;
} orbital_body;

// ---------------------------------------------------------------- Cases

// What a case declares.
typedef struct orbital_case {
    // 1 to 100 letters, digits, -, _ and .; without it, the function's name with - for each _.
    const char *name;
    // Runs at multiples of this period. Exactly one of every, cron and manual is required.
    const char *every;
    // Runs at the times of this expression: minute, hour, day of month, month, day of week.
    const char *cron;
    // The time zone of cron, such as "Europe/Madrid"; without it, UTC.
    const char *zone;
    // Runs only when somebody asks for it: orbital run.
    bool manual;
    // How long one attempt may take; without it, what the host's configuration says.
    const char *timeout;
    // Further attempts after one that did not pass, at most 10. A run that passes then is a pass, and flaky.
    int retries;
    // The pause before each.
    const char *retry_delay;
    // For maintenance windows, and to join metrics with: ORBITAL_FIELDS({"team", "growth"}).
    const orbital_field *tags;
    // How many runs may go on at once; 1 without it.
    int max_in_flight;
    // Set by ORBITAL_CASE.
    const char *function_;
    void (*test_)(void);
    orbital_place place_;
} orbital_case;

// Begins a case, whose body follows: ORBITAL_CASE(fan_out, .every = "1s", .timeout = "5s") { … }. What cannot be, such as
// a name that is there twice, is refused when the component is loaded, with the place and the fix.
#define ORBITAL_CASE(function, ...)                                                                                  \
    static void function(void);                                                                                      \
    static const orbital_case orbital_case_##function = {                                                            \
        .function_ = #function, .test_ = function, .place_ = {__FILE__, __LINE__} __VA_OPT__(, ) __VA_ARGS__};       \
    __attribute__((constructor)) static void orbital_register_##function(void) {                                     \
        orbital_register_(&orbital_case_##function);                                                                 \
    }                                                                                                                \
    static void function(void)

// ---------------------------------------------------------------- What fails

// Why a call did not succeed.
typedef enum orbital_reason {
    ORBITAL_NONE,
    // The time ran out.
    ORBITAL_TIMEOUT,
    // Another run expects the key.
    ORBITAL_TAKEN,
    ORBITAL_INVALID_KEY,
    ORBITAL_INVALID_REPLY,
    // No key was given, or zero deliveries.
    ORBITAL_NOTHING_TO_WAIT_FOR,
    // Deliveries were dropped because the queue of the key was full; `number` says how many.
    ORBITAL_OVERFLOW,
    ORBITAL_UNKNOWN_TARGET,
    // The path, a header, the method or the body is outside its limits, or not granted.
    ORBITAL_INVALID_REQUEST,
    ORBITAL_UNREACHABLE,
    // The answer is larger than allowed; `number` says how many bytes are.
    ORBITAL_TOO_LARGE,
    // The status is not 200 to 299; `number` is it.
    ORBITAL_STATUS,
    // A body is not the JSON that was asked for.
    ORBITAL_BODY,
    ORBITAL_INVALID_NAME,
    ORBITAL_INVALID_LABEL,
    ORBITAL_INVALID_VALUE,
    ORBITAL_OTHER_KIND,
    // The component has as many series as it may; `number` says how many.
    ORBITAL_TOO_MANY_SERIES,
    // The operator did not set a value.
    ORBITAL_NOT_SET,
    // A check, or something the test said itself.
    ORBITAL_FAILED,
} orbital_reason;

// What went wrong in a call.
typedef struct orbital_failure {
    orbital_reason reason;
    // For a person to read, with the place.
    const char *text;
    uint32_t number;
} orbital_failure;

// Makes a call that may fail; says whether it succeeded, and if not, puts into the failure why:
//
//     orbital_failure failure;
//     if (!orbital_try(&failure, delivery = orbital_wait_for(id, .within = "2s"))) {
//         orbital_fatal("nothing came: %s", failure.text);
//     }
//
// A call that failed gives an empty result.
#define orbital_try(failure, ...) (orbital_try_begin_(), (void)(__VA_ARGS__), orbital_try_end_(failure))

// Marks the run as failed, with a reason for a person to read, and goes on: orbital_fail("%d of 3 came", n).
#define orbital_fail(...) orbital_fail_(ORBITAL_HERE, __VA_ARGS__)

// Marks the run as failed, and ends the case.
#define orbital_fatal(...) orbital_fatal_(ORBITAL_HERE, __VA_ARGS__)

// Whether the run has been marked as failed.
bool orbital_failed(void);

// Marks the run as failed unless the condition holds, and goes on; gives whether it holds. A text for a person to read
// may follow: ORBITAL_CHECK(delivery->latency < 1, "slow for %s", id).
#define ORBITAL_CHECK(condition, ...)                                                                                \
    orbital_check_(ORBITAL_HERE, !!(condition), "`" #condition "`", ORBITAL_MESSAGE_(__VA_ARGS__))

// The same, and ends the case.
#define ORBITAL_REQUIRE(condition, ...)                                                                              \
    orbital_require_(ORBITAL_HERE, !!(condition), "`" #condition "`", ORBITAL_MESSAGE_(__VA_ARGS__))

// Marks the run as failed unless both values are equal, with both in the reason, and goes on; gives whether they are:
// ORBITAL_CHECK_EQ(receipt->status, 202). Values are numbers, texts, JSON and bodies; bodies and JSON are equal if they
// are the same as JSON. A text for a person to read may follow.
#define ORBITAL_CHECK_EQ(left, right, ...)                                                                           \
    orbital_check_eq_(ORBITAL_HERE, orbital_value_(left), orbital_value_(right), "`" #left " == " #right "`",        \
                      ORBITAL_MESSAGE_(__VA_ARGS__))

// Marks the run as failed if both values are equal, and goes on; gives whether they differ.
#define ORBITAL_CHECK_NE(left, right, ...)                                                                           \
    orbital_check_ne_(ORBITAL_HERE, orbital_value_(left), orbital_value_(right), "`" #left " != " #right "`",        \
                      ORBITAL_MESSAGE_(__VA_ARGS__))

// Does the block that follows again until nothing in it fails, with pauses of 10 ms that double up to 500 ms. If
// something still does when the time is up, that is the reason for which the case ends.
//
//     ORBITAL_EVENTUALLY("2s") {
//         ORBITAL_CHECK(paid("7"), "invoice 7 is not paid");
//     }
#define ORBITAL_EVENTUALLY(within)                                                                                   \
    for (__attribute__((cleanup(orbital_poll_leave_))) orbital_poll_ orbital_polling_ = {0};                         \
         orbital_poll_next_(&orbital_polling_, ORBITAL_HERE, within);)

// Has a function called when the case has ended, however it did, but for a timeout and a trap. The last one first.
void orbital_cleanup(void (*function)(void *argument), void *argument);

// ---------------------------------------------------------------- Sending

// What the system under test is to deliver to the webhook, sent to a target with POST.
typedef struct orbital_event {
    // The name of a target, which the host's configuration must have.
    const char *target;
    // The key that the delivery will have, if the test chooses it. The host expects it before it sends the event, so that
    // no delivery can come too early.
    const char *key;
    // Appended to the path of the target's URL: empty, or starting with /. It may have a query.
    const char *path;
    // They win over the target's own.
    const orbital_field *headers;
    // The body, with content-type unless that is among the headers. Set this or body.
    orbital_json_text json;
    // The body: orbital_text("…"), orbital_bytes(pointer, size).
    orbital_body body;
    // Bounds the whole exchange; without it, the target's own setting does.
    const char *timeout;
} orbital_event;

// Any other request.
typedef struct orbital_request_options {
    const char *target;
    // GET without it.
    const char *method;
    // The rest is as in an event.
    const char *path;
    const orbital_field *headers;
    orbital_json_text json;
    orbital_body body;
    const char *timeout;
} orbital_request_options;

// A target's answer, whatever its status.
typedef struct orbital_receipt {
    int status;
    // Names are in lower case.
    const orbital_field *headers;
    orbital_body body;
    // Seconds from the start of the request to the last byte of the answer.
    double latency;
} orbital_receipt;

// What came of one of several events: a receipt, or the reason why there is none.
typedef struct orbital_answer {
    orbital_receipt receipt;
    orbital_failure failure;
} orbital_answer;

// Sends an event and waits for the answer, of any status: orbital_send_event(.target = "api", .key = id, .json = …).
#define orbital_send_event(...) orbital_send_event_(ORBITAL_HERE, (orbital_event){__VA_ARGS__})

// Sends so many events at the same time, and waits for all answers, which are in the order of the events.
#define orbital_send_events(n, events) orbital_send_events_(ORBITAL_HERE, n, events)

// Sends any other request and waits for the answer: orbital_request(.target = "api", .path = "/invoices/7").
#define orbital_request(...) orbital_request_(ORBITAL_HERE, (orbital_request_options){__VA_ARGS__})

// Fails unless the receipt's status is 200 to 299; gives the receipt.
#define orbital_success(receipt) orbital_success_(ORBITAL_HERE, receipt)

// JSON from a text in which ' stands for ", and %s for a text, with its quotes and what must be escaped. Other
// conversions are those of printf, for numbers: orbital_json("{ 'id': %s, 'count': %d }", id, 3).
#define orbital_json(...) orbital_json_(ORBITAL_HERE, __VA_ARGS__)

// A body of this text.
orbital_body orbital_text(const char *text);

// A body of these bytes, which are not copied.
orbital_body orbital_bytes(const void *bytes, size_t size);

// A text, as printf makes it.
__attribute__((format(printf, 1, 2))) const char *orbital_format(const char *format, ...);

// ---------------------------------------------------------------- Waiting

// A request that the webhook received for this run.
typedef struct orbital_delivery {
    // Tied it to this run.
    const char *key;
    // In capitals.
    const char *method;
    const char *path;
    // What came after the first ? of the URL; empty if nothing did.
    const char *query;
    // Names are in lower case.
    const orbital_field *headers;
    orbital_body body;
    // Seconds since the Unix epoch when its last byte had come, by the host's clock.
    double received_at;
    // Seconds from the sending of the event to the receipt of this delivery; less than 0 if the host cannot tell which
    // event it belongs to.
    double latency;
} orbital_delivery;

// What the webhook answers to one delivery.
typedef struct orbital_reply {
    // 200 to 599.
    int status;
    // How long the webhook waits before it answers; at most a minute.
    const char *delay;
    const orbital_field *headers;
    // Set this or body.
    orbital_json_text json;
    // At most 64 KiB.
    orbital_body body;
} orbital_reply;

// How long to wait.
typedef struct orbital_wait_options {
    // Without it, as long as the run may last; "0s" looks without waiting.
    const char *within;
} orbital_wait_options;

// What to wait for, and how long.
typedef struct orbital_wait_n_options {
    // One key, or several: ORBITAL_KEYS(first, second).
    const char *key;
    const char *const *keys;
    const char *within;
} orbital_wait_n_options;

// A new key: unguessable, and unique over all runs.
const char *orbital_new_id(void);

// Claims a key for this run, until the run ends. Waiting for a key, and sending an event with one, does this too. With
// replies, it plans what the webhook answers to the deliveries of this key, in order; those after the last one are
// answered with 200: orbital_expect(id, {.status = 503}, {.status = 200, .delay = "1s"}).
#define orbital_expect(key, ...)                                                                                     \
    orbital_expect_(ORBITAL_HERE, key, (const orbital_reply[]){__VA_ARGS__ __VA_OPT__(, ) {.status = -1}})

// Takes the next delivery of a key; waits for it: orbital_wait_for(id), orbital_wait_for(id, .within = "2s"). If none
// comes within the time that the run may last, the run ends as timeout.
#define orbital_wait_for(key, ...) orbital_wait_for_(ORBITAL_HERE, key, (orbital_wait_options){__VA_ARGS__})

// Takes the next n deliveries of some keys, in the order in which they came: orbital_wait_n(3, .key = id). If fewer come
// in time, those that came stay in the queue.
#define orbital_wait_n(n, ...) orbital_wait_n_(ORBITAL_HERE, n, (orbital_wait_n_options){__VA_ARGS__})

// Watches this long that nothing more is delivered with a key.
#define orbital_no_delivery_within(key, within) orbital_no_delivery_within_(ORBITAL_HERE, key, within)

// ---------------------------------------------------------------- Reading deliveries and receipts
//
// A body of JSON may be UTF-8 or UTF-16, with or without a byte order mark.

// The first value of a header, by its name in any case; NULL if there is none.
#define orbital_header(message, name) orbital_header_((message)->headers, name)

// The text at a JSON pointer such as "/user/email".
#define orbital_string_at(message, pointer) orbital_string_at_(ORBITAL_HERE, (message)->body, pointer)

// The number there.
#define orbital_number_at(message, pointer) orbital_number_at_(ORBITAL_HERE, (message)->body, pointer)

// The true or false there.
#define orbital_bool_at(message, pointer) orbital_bool_at_(ORBITAL_HERE, (message)->body, pointer)

// How many members or items the object or list there has.
#define orbital_count_at(message, pointer) orbital_count_at_(ORBITAL_HERE, (message)->body, pointer)

// Any value there, as JSON. The pointer "" is the whole body.
#define orbital_json_at(message, pointer) orbital_json_at_(ORBITAL_HERE, (message)->body, pointer)

// Whether there is a value, null or any other.
#define orbital_has(message, pointer) orbital_has_((message)->body, pointer)

// ---------------------------------------------------------------- Saying, measuring, knowing

typedef enum orbital_level { ORBITAL_DEBUG, ORBITAL_INFO, ORBITAL_WARN, ORBITAL_ERROR } orbital_level;

// Adds a line to the run's report, with names and values beside it: orbital_log(ORBITAL_WARN, "slow", {"seconds", "3"}).
// None of them fails the test. printf works too.
#define orbital_log(level, message, ...) orbital_log_(level, message, ORBITAL_FIELDS(__VA_ARGS__))

// A line of the level info, as printf makes it; the others are of the level that they are named after.
__attribute__((format(printf, 1, 2))) void orbital_info(const char *format, ...);
__attribute__((format(printf, 1, 2))) void orbital_debug(const char *format, ...);
__attribute__((format(printf, 1, 2))) void orbital_warn(const char *format, ...);
__attribute__((format(printf, 1, 2))) void orbital_error(const char *format, ...);

// Adds to a counter of the case's own: orbital_counter("items_total", 3, {"kind", "new"}). It is on the host's metrics
// page as orbital_test_items_total, with the labels component and case added. The name ends in _total.
#define orbital_counter(name, value, ...) orbital_record_(ORBITAL_HERE, 0, name, value, ORBITAL_FIELDS(__VA_ARGS__))

// Sets a gauge.
#define orbital_gauge(name, value, ...) orbital_record_(ORBITAL_HERE, 1, name, value, ORBITAL_FIELDS(__VA_ARGS__))

// Adds an observation to a histogram. In base units: seconds, bytes.
#define orbital_histogram(name, value, ...) orbital_record_(ORBITAL_HERE, 2, name, value, ORBITAL_FIELDS(__VA_ARGS__))

// The run, as the host sees it.
typedef struct orbital_run {
    const char *run_id;
    const char *component;
    const char *case_name;
    // 1 for the first attempt of the run.
    int attempt;
    // The operator's name for where the host runs; empty if it is not set.
    const char *environment;
    // The webhook's public URL, to which a path may be appended.
    const char *webhook_url;
} orbital_run;

const orbital_run *orbital_run_context(void);

// Seconds that are left of the attempt's time.
double orbital_time_left(void);

// A value that the operator set for this component; NULL if it is not set.
const char *orbital_config(const char *name);

// A value that the operator must set for this component.
#define orbital_require_config(name) orbital_require_config_(ORBITAL_HERE, name)

// Seconds since the Unix epoch, by the host's clock.
double orbital_now(void);

// Seconds since the attempt began.
double orbital_elapsed(void);

// Waits. To wait for a delivery use orbital_wait_for, and for anything else ORBITAL_EVENTUALLY: both end as soon as they
// can.
#define orbital_sleep(duration) orbital_sleep_(ORBITAL_HERE, duration)

// ---------------------------------------------------------------- What the macros call

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

// The text that follows a check, or what stands for it.
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

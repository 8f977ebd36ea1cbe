// What the files of the SDK share.
#ifndef ORBITAL_INNER_H
#define ORBITAL_INNER_H

#include <stdarg.h>

#include "orbital.h"
#include "test.h"

// Every name that the linker sees begins with orbital_: the others are the author's.
#define beginning orbital_beginning_
#define bound orbital_bound_
#define bound_fields orbital_bound_fields_
#define clean_up orbital_clean_up_
#define content orbital_content_
#define difference orbital_difference_
#define duration orbital_duration_
#define end_case orbital_end_case_
#define given orbital_given_
#define given_body orbital_given_body_
#define given_fields orbital_given_fields_
#define is_failing orbital_is_failing_
#define json_utf8 orbital_json_utf8_
#define mark orbital_mark_
#define pretty orbital_pretty_
#define raise_failure orbital_raise_failure_
#define read_duration orbital_read_duration_
#define room_for orbital_room_for_
#define text_add orbital_text_add_
#define text_add_character orbital_text_add_character_
#define text_done orbital_text_done_
#define text_print orbital_text_print_
#define text_print_list orbital_text_print_list_
#define text_say orbital_text_say_
#define valid_text orbital_valid_text_

// A text that grows.
typedef struct text {
    char *start;
    size_t size;
    size_t room;
} text;

void text_add(text *text, const char *added, size_t size);
void text_say(text *text, const char *said);
// Adds a character as UTF-8.
void text_add_character(text *text, uint32_t code);
__attribute__((format(printf, 2, 3))) void text_print(text *text, const char *format, ...);
void text_print_list(text *text, const char *format, va_list arguments);
// It ends in a NUL, and is not NULL.
const char *text_done(text *text);

// Memory that is there: without any left it ends the instance.
void *room_for(size_t count, size_t size);

// The text with U+FFFD in place of each byte that is not valid UTF-8: the host ends a run that passes anything else. A
// valid text is not copied.
const char *valid_text(const char *given);

// A valid text as the bindings want it. They do not copy, and do not change it.
test_string_t bound(const char *text);
// What the host gave: there is a NUL behind it; see cabi_realloc.
const char *given(test_string_t text);
orbital_body given_body(test_list_u8_t body);
const orbital_field *given_fields(const orbital_test_deliveries_list_header_t *headers);
orbital_test_deliveries_list_header_t bound_fields(const orbital_field *fields);

// Says why a call does not succeed: to orbital_try or ORBITAL_EVENTUALLY, if it is in one; otherwise the case ends.
__attribute__((format(printf, 4, 5))) void raise_failure(orbital_place place, orbital_reason reason, uint32_t number,
                                                 const char *format, ...);
// Whether a call within the innermost orbital_try or ORBITAL_EVENTUALLY has failed: the next ones do nothing.
bool is_failing(void);
// Ends the case, after its clean-up.
_Noreturn void end_case(void);
void clean_up(void);
// Marks the run as failed, with the place behind the reason's first line.
void mark(orbital_place place, const char *reason);

// In milliseconds. If it cannot be read, gives what is wrong with it.
const char *read_duration(const char *text, uint32_t *milliseconds);
// The same for a call, which fails if it cannot be.
bool duration(orbital_place place, const char *text, uint32_t *milliseconds);

// The first bytes of a body, for a person to read.
const char *beginning(orbital_body body);
// A body of JSON as UTF-8 without a byte order mark; it may be UTF-16.
orbital_body json_utf8(orbital_body body);
// JSON as it is shown and compared: with members sorted, each in a line of its own. NULL if it is none; then the mistake
// says why.
const char *pretty(orbital_body body, const char **mistake);
// The body of what is sent, and headers that say what it is.
bool content(orbital_place place, orbital_json_text json, orbital_body body, const orbital_field *headers,
             test_list_u8_t *sent, orbital_test_deliveries_list_header_t *sent_headers);
// Two texts that should be equal, for a person to compare.
const char *difference(const char *left, const char *right);

#endif

// Checks that mark the run as failed and go on.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "inner.h"

static bool is_negative(orbital_value value) { return value.kind == ORBITAL_SIGNED_ && value.integer < 0; }

static bool is_number(orbital_value value) { return value.kind <= ORBITAL_BOOL_; }

static double as_double(orbital_value value) {
    switch (value.kind) {
    case ORBITAL_DOUBLE_:
        return value.number;
    case ORBITAL_UNSIGNED_:
        return (double)value.whole;
    default:
        return (double)value.integer;
    }
}

// A body as it is compared: the same JSON is the same text.
static const char *as_text(orbital_body body) {
    const char *mistake, *shown = pretty(body, &mistake);
    return shown != NULL ? shown : body.text;
}

static bool is_equal(orbital_value left, orbital_value right) {
    if (is_number(left) && is_number(right)) {
        if (left.kind == ORBITAL_DOUBLE_ || right.kind == ORBITAL_DOUBLE_) {
            return as_double(left) == as_double(right);
        }
        return is_negative(left) == is_negative(right) && left.whole == right.whole;
    }
    if (left.kind != right.kind) {
        return false;
    }
    if (left.kind == ORBITAL_STRING_) {
        return left.string == right.string ||
               (left.string != NULL && right.string != NULL && strcmp(left.string, right.string) == 0);
    }
    bool is_same = left.body.size == right.body.size && memcmp(left.body.text, right.body.text, left.body.size) == 0;
    return is_same || strcmp(as_text(left.body), as_text(right.body)) == 0;
}

static const char *shown(orbital_value value) {
    switch (value.kind) {
    case ORBITAL_SIGNED_:
        return orbital_format("%lld", (long long)value.integer);
    case ORBITAL_UNSIGNED_:
        return orbital_format("%llu", (unsigned long long)value.whole);
    case ORBITAL_DOUBLE_:
        return orbital_format("%.17g", value.number);
    case ORBITAL_BOOL_:
        return value.integer ? "true" : "false";
    case ORBITAL_STRING_:
        return value.string != NULL ? orbital_format("\"%s\"", value.string) : "NULL";
    default:
        return as_text(value.body);
    }
}

// The author's words, and what was checked.
static const char *about(const char *check, const char *format, va_list arguments) {
    text told = {0};
    text_print_list(&told, format, arguments);
    text_print(&told, ": %s", check);
    return text_done(&told);
}

bool orbital_check_(orbital_place place, bool holds, const char *check, const char *format, ...) {
    if (!holds) {
        va_list arguments;
        va_start(arguments, format);
        mark(place, about(check, format, arguments));
        va_end(arguments);
    }
    return holds;
}

void orbital_require_(orbital_place place, bool holds, const char *check, const char *format, ...) {
    if (!holds) {
        va_list arguments;
        va_start(arguments, format);
        raise_failure(place, ORBITAL_FAILED, 0, "%s", about(check, format, arguments));
        va_end(arguments);
    }
}

bool orbital_check_eq_(orbital_place place, orbital_value left, orbital_value right, const char *check,
                       const char *format, ...) {
    bool holds = is_equal(left, right);
    if (!holds) {
        va_list arguments;
        va_start(arguments, format);
        const char *told = about(check, format, arguments);
        va_end(arguments);
        mark(place, orbital_format("%s\n%s", told, difference(shown(left), shown(right))));
    }
    return holds;
}

bool orbital_check_ne_(orbital_place place, orbital_value left, orbital_value right, const char *check,
                       const char *format, ...) {
    bool differs = !is_equal(left, right);
    if (!differs) {
        va_list arguments;
        va_start(arguments, format);
        const char *told = about(check, format, arguments);
        va_end(arguments);
        mark(place, orbital_format("%s\n   both: %s", told, shown(left)));
    }
    return differs;
}

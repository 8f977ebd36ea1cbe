// What fails: where the reason goes, and what becomes of the case.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inner.h"

// The innermost block or call in which failures are looked at by the test. There is one thread.
static orbital_poll_ *watching;


static bool is_marked;

typedef struct cleanup {
    struct cleanup *earlier;
    void (*function)(void *);
    void *argument;
} cleanup;

static cleanup *cleanups;

void orbital_cleanup(void (*function)(void *), void *argument) {
    cleanup *added = room_for(1, sizeof *added);
    *added = (cleanup){cleanups, function, argument};
    cleanups = added;
}

void clean_up(void) {
    while (cleanups != NULL) {
        cleanup *last = cleanups;
        // Taken off first: if it ends the case, the others are called all the same.
        cleanups = last->earlier;
        last->function(last->argument);
    }
}

void end_case(void) {
    watching = NULL;
    clean_up();
    fflush(NULL);
    // The run was marked as failed, so that this is its end and no more.
    _Exit(1);
}

// A reason with the place behind its first line.
static const char *with_place(orbital_place place, const char *reason) {
    size_t line = strcspn(reason, "\n");
    text told = {0};
    text_add(&told, reason, line);
    if (place.line > 0) {
        text_print(&told, " (%s:%d)", place.file, place.line);
    }
    text_say(&told, reason + line);
    return text_done(&told);
}

// Keeps a failure if somebody looks at it.
static bool keep(orbital_reason reason, uint32_t number, const char *text) {
    if (watching == NULL) {
        return false;
    }
    if (watching->failure.reason == ORBITAL_NONE) {
        watching->failure = (orbital_failure){reason, text, number};
    }
    return true;
}

static void fail(const char *reason) {
    is_marked = true;
    test_string_t message = bound(reason);
    orbital_test_verdict_fail(&message);
}

// For other languages, which have put the place into it.
void orbital_told_(const char *reason) { fail(reason); }

void mark(orbital_place place, const char *reason) {
    const char *placed = with_place(place, reason);
    if (!keep(ORBITAL_FAILED, 0, placed)) {
        fail(placed);
    }
}

void raise_failure(orbital_place place, orbital_reason reason, uint32_t number, const char *format, ...) {
    text told = {0};
    va_list arguments;
    va_start(arguments, format);
    text_print_list(&told, format, arguments);
    va_end(arguments);
    const char *placed = with_place(place, text_done(&told));
    if (!keep(reason, number, placed)) {
        fail(placed);
        end_case();
    }
}

bool is_failing(void) { return watching != NULL && watching->failure.reason != ORBITAL_NONE; }

bool orbital_failed(void) { return is_marked; }

void orbital_fail_(orbital_place place, const char *format, ...) {
    text told = {0};
    va_list arguments;
    va_start(arguments, format);
    text_print_list(&told, format, arguments);
    va_end(arguments);
    mark(place, text_done(&told));
}

void orbital_fatal_(orbital_place place, const char *format, ...) {
    text told = {0};
    va_list arguments;
    va_start(arguments, format);
    text_print_list(&told, format, arguments);
    va_end(arguments);
    fail(with_place(place, text_done(&told)));
    end_case();
}

void orbital_try_begin_(void) {
    orbital_poll_ *added = room_for(1, sizeof *added);
    *added = (orbital_poll_){.outer = watching};
    watching = added;
}

bool orbital_try_end_(orbital_failure *failure) {
    orbital_poll_ *ended = watching;
    watching = ended->outer;
    bool succeeded = ended->failure.reason == ORBITAL_NONE;
    if (failure != NULL) {
        *failure = succeeded ? (orbital_failure){ORBITAL_NONE, "", 0} : ended->failure;
    }
    free(ended);
    return succeeded;
}

// The first pause is short, as most systems answer well at the second try; the longest one bounds how late a good answer
// is noticed.
enum { FIRST_PAUSE = 10, LONGEST_PAUSE = 500 };

bool orbital_poll_next_(orbital_poll_ *poll, orbital_place place, const char *within) {
    uint32_t limit = 0;
    if (!poll->is_begun) {
        if (!duration(place, within, &limit)) {
            return false;
        }
        *poll = (orbital_poll_){watching, {0}, orbital_elapsed() + limit / 1e3, FIRST_PAUSE, true};
        watching = poll;
        return true;
    }
    if (poll->failure.reason == ORBITAL_NONE) {
        return false;
    }
    // The last try is at the end of the time, so that none of it is wasted.
    double left = (poll->end - orbital_elapsed()) * 1e3;
    if (left <= 0) {
        orbital_failure last = poll->failure;
        orbital_poll_leave_(poll);
        raise_failure(place, last.reason, last.number, "%s, still so after %s", last.text, within);
        return false;
    }
    orbital_test_clock_sleep(left < poll->pause ? (uint32_t)left + 1 : poll->pause);
    poll->pause = 2 * poll->pause < LONGEST_PAUSE ? 2 * poll->pause : LONGEST_PAUSE;
    poll->failure = (orbital_failure){0};
    return true;
}

// Also where the block is left by `break` or `return`.
void orbital_poll_leave_(orbital_poll_ *poll) {
    if (poll->is_begun && watching == poll) {
        watching = poll->outer;
    }
}

// What `assert` calls in place of libc's: its reason is one of the verdict, and the trap after it has the functions that led there.
_Noreturn void orbital_assert_fail_(const char *assertion, const char *file, int line, const char *function) {
    (void)function;
    watching = NULL;
    mark((orbital_place){file, line}, orbital_format("assertion failed: `%s`", assertion));
    __builtin_trap();
}

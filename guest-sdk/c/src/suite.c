// The exports of the component: its cases, and a way to run each of them.
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inner.h"

enum { LONGEST_NAME = 100, LONGEST_TAG = 64, LONGEST_TAGGED = 256, MOST_TAGS = 16, MOST_RETRIES = 10 };

static const orbital_case **cases;
static size_t count;

void orbital_register_(const orbital_case *added) {
    cases = realloc(cases, (count + 1) * sizeof *cases);
    if (cases == NULL) {
        abort();
    }
    cases[count++] = added;
}

// Of a language whose cases are no constructors. It is there once at most.
__attribute__((weak)) void orbital_register_all_(void);

static void register_all(void) {
    if (orbital_register_all_ != NULL && count == 0) {
        orbital_register_all_();
    }
}

static const char *name_of(const orbital_case *known) {
    if (known->name != NULL) {
        return known->name;
    }
    char *name = room_for(strlen(known->function_) + 1, 1);
    for (size_t index = 0; known->function_[index] != '\0'; index++) {
        name[index] = known->function_[index] == '_' ? '-' : known->function_[index];
    }
    return name;
}

static bool has_only(const char *text, const char *besides) {
    for (; *text != '\0'; text++) {
        if (!isalnum((unsigned char)*text) && strchr(besides, *text) == NULL) {
            return false;
        }
    }
    return true;
}

// A duration that is longer than zero. Gives what is wrong with it.
static const char *nonzero(const char *what, const char *text, uint32_t *milliseconds) {
    const char *mistake = read_duration(text, milliseconds);
    if (mistake == NULL && *milliseconds == 0) {
        mistake = "it must be longer than zero; the shortest is \"1ms\"";
    }
    return mistake != NULL ? orbital_format("%s: %s", what, mistake) : NULL;
}

static const char *schedule(const orbital_case *known, exports_orbital_test_suite_schedule_t *schedule) {
    if ((known->every != NULL) + (known->cron != NULL) + known->manual != 1) {
        return "it needs exactly one of `.every`, `.cron` and `.manual`";
    }
    if (known->zone != NULL && known->cron == NULL) {
        return "`.zone` is for `.cron` only";
    }
    if (known->manual) {
        schedule->tag = EXPORTS_ORBITAL_TEST_SUITE_SCHEDULE_MANUAL;
        return NULL;
    }
    if (known->every != NULL) {
        schedule->tag = EXPORTS_ORBITAL_TEST_SUITE_SCHEDULE_EVERY;
        return nonzero("`.every`", known->every, &schedule->val.every);
    }
    size_t fields = 0;
    for (const char *at = known->cron; *(at += strspn(at, " \t")) != '\0'; at += strcspn(at, " \t")) {
        fields++;
    }
    if (fields != 5) {
        return orbital_format("a cron expression has five fields (minute, hour, day of month, month, day of week), this "
                              "one has %zu",
                              fields);
    }
    schedule->tag = EXPORTS_ORBITAL_TEST_SUITE_SCHEDULE_CRON;
    test_string_dup(&schedule->val.cron.expression, valid_text(known->cron));
    schedule->val.cron.zone.is_some = known->zone != NULL;
    if (known->zone != NULL) {
        test_string_dup(&schedule->val.cron.zone.val, valid_text(known->zone));
    }
    return NULL;
}

static const char *tags(const orbital_case *known, exports_orbital_test_suite_list_tag_t *list) {
    const orbital_field *tags = known->tags;
    list->ptr = room_for(MOST_TAGS, sizeof *list->ptr);
    for (size_t index = 0; tags != NULL && tags[index].name != NULL; index++) {
        const orbital_field *tag = &tags[index];
        if (!isalpha((unsigned char)*tag->name) || strlen(tag->name) > LONGEST_TAG || !has_only(tag->name, "_")) {
            return orbital_format("`%s` cannot be a tag's name; use a letter, then letters, digits and `_`, %d bytes at "
                                  "most",
                                  tag->name, LONGEST_TAG);
        }
        if (strlen(tag->value) > LONGEST_TAGGED) {
            return orbital_format("the value of the tag `%s` has %zu bytes; at most %d", tag->name, strlen(tag->value),
                                  LONGEST_TAGGED);
        }
        for (size_t other = 0; other < index; other++) {
            if (strcmp(tags[other].name, tag->name) == 0) {
                return orbital_format("the tag `%s` is set twice; remove one", tag->name);
            }
        }
        if (index == MOST_TAGS) {
            return orbital_format("too many tags; at most %d", MOST_TAGS);
        }
        test_string_dup(&list->ptr[index].name, tag->name);
        test_string_dup(&list->ptr[index].value, valid_text(tag->value));
        list->len = index + 1;
    }
    return NULL;
}

// A case in the words of the contract. Gives what is wrong with it.
static const char *describe(size_t index, exports_orbital_test_suite_test_case_t *described) {
    const orbital_case *known = cases[index];
    const char *name = name_of(known);
    if (*name == '\0' || strlen(name) > LONGEST_NAME || !has_only(name, "-_.")) {
        return orbital_format("this cannot be a case's name; use 1 to %d letters, digits, `-`, `_` and `.`, as in "
                              "`fan-out`",
                              LONGEST_NAME);
    }
    for (size_t other = 0; other < index; other++) {
        if (strcmp(name_of(cases[other]), name) == 0) {
            return "a case with this name already exists; rename one of them";
        }
    }
    if (known->retries < 0 || known->retries > MOST_RETRIES) {
        return orbital_format("the number of retries is %d; use 0 to %d", known->retries, MOST_RETRIES);
    }
    if (known->max_in_flight < 0) {
        return orbital_format("the maximum of runs in flight is %d; it must be at least 1", known->max_in_flight);
    }
    test_string_dup(&described->name, name);
    described->retry.retries = (uint32_t)known->retries;
    described->max_in_flight = known->max_in_flight > 0 ? (uint32_t)known->max_in_flight : 1;
    described->timeout_ms.is_some = known->timeout != NULL;
    const char *mistake = schedule(known, &described->schedule);
    if (mistake == NULL && known->timeout != NULL) {
        mistake = nonzero("`.timeout`", known->timeout, &described->timeout_ms.val);
    }
    if (mistake == NULL && known->retry_delay != NULL) {
        mistake = read_duration(known->retry_delay, &described->retry.delay_ms);
    }
    return mistake != NULL ? mistake : tags(known, &described->tags);
}

void exports_orbital_test_suite_cases(exports_orbital_test_suite_list_test_case_t *described) {
    register_all();
    described->ptr = room_for(count, sizeof *described->ptr);
    described->len = count;
    bool is_wrong = false;
    for (size_t index = 0; index < count; index++) {
        const char *mistake = describe(index, &described->ptr[index]);
        if (mistake != NULL) {
            mark(cases[index]->place_, orbital_format("the case `%s`: %s", name_of(cases[index]), mistake));
            is_wrong = true;
        }
    }
    if (is_wrong) {
        // The host shows the reasons: the contract has no other way for a component to refuse.
        __builtin_trap();
    }
}

bool exports_orbital_test_suite_run(test_string_t *name, test_string_t *error) {
    text names = {0};
    register_all();
    for (size_t index = 0; index < count; index++) {
        const char *known = name_of(cases[index]);
        text_print(&names, "%s%s", index > 0 ? ", " : "", known);
        if (strcmp(known, given(*name)) != 0) {
            continue;
        }
        // So that lines come in the order in which they were said, whatever said them.
        setvbuf(stdout, NULL, _IOLBF, 0);
        cases[index]->test_();
        clean_up();
        fflush(NULL);
        // What went wrong, the host knows already.
        return true;
    }
    test_string_dup(error, orbital_format("there is no case `%s`; there are: %s", given(*name), text_done(&names)));
    return false;
}

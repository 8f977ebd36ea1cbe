// Durations as people write them, in the milliseconds that the contract counts in.
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "inner.h"

static const struct {
    const char *name;
    uint64_t milliseconds;
} units[] = {{"ms", 1}, {"s", 1000}, {"m", 60 * 1000}, {"h", 60 * 60 * 1000}, {"d", 24 * 60 * 60 * 1000}};

// How many milliseconds the unit at the beginning has; 0 if it is none.
static uint64_t unit(const char *text, size_t size) {
    for (size_t index = 0; index < sizeof units / sizeof *units; index++) {
        if (strlen(units[index].name) == size && strncmp(text, units[index].name, size) == 0) {
            return units[index].milliseconds;
        }
    }
    return 0;
}

const char *read_duration(const char *text, uint32_t *milliseconds) {
    uint64_t sum = 0;
    const char *rest = text;
    do {
        char *end = NULL;
        uint64_t number = isdigit((unsigned char)*rest) ? strtoull(rest, &end, 10) : 0;
        size_t letters = 0;
        while (end != NULL && isalpha((unsigned char)end[letters])) {
            letters++;
        }
        uint64_t each = end != NULL ? unit(end, letters) : 0;
        if (each == 0) {
            return orbital_format("`%s` is not a duration; write one such as \"1s\" or \"250ms\"", text);
        }
        if (number > UINT32_MAX || (sum += number * each) > UINT32_MAX) {
            return orbital_format("`%s` is too long; at most 49 days", text);
        }
        for (rest = end + letters; *rest == ' '; rest++) {
        }
    } while (*rest != '\0');
    *milliseconds = (uint32_t)sum;
    return NULL;
}

bool duration(orbital_place place, const char *text, uint32_t *milliseconds) {
    const char *mistake = read_duration(text != NULL ? text : "", milliseconds);
    if (mistake != NULL) {
        raise_failure(place, ORBITAL_INVALID_VALUE, 0, "%s", mistake);
    }
    return mistake == NULL;
}

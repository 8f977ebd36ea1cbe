// Two values that should be equal, for a person to compare.
#include <string.h>

#include "inner.h"

enum {
    // How many lines are shown before and after one that differs.
    LINES_AROUND = 3,
    // Comparing needs memory for each pair of lines: this many are 4 MiB. Values that are larger are shown whole.
    MOST_PAIRS = 1 << 20,
};

typedef struct line {
    const char *start;
    size_t size;
    // '-' and '+' for those of one side, ' ' for those of both.
    char sign;
} line;

typedef struct lines {
    line *first;
    size_t count;
} lines;

static lines divide(const char *text) {
    size_t most = 1;
    for (const char *at = text; *at != '\0'; at++) {
        most += *at == '\n';
    }
    lines lines = {room_for(most, sizeof(line)), 0};
    while (*text != '\0') {
        size_t size = strcspn(text, "\n");
        lines.first[lines.count++] = (line){text, size, ' '};
        text += size + (text[size] == '\n');
    }
    return lines;
}

static bool is_same(line left, line right) {
    return left.size == right.size && memcmp(left.start, right.start, left.size) == 0;
}

// All lines of both, in an order in which as many as possible are of both.
static lines merge(lines left, lines right) {
    size_t width = right.count + 1;
    // How many lines are common from here to the end.
    uint32_t *common = room_for((left.count + 1) * width, sizeof *common);
    for (size_t row = left.count; row-- > 0;) {
        for (size_t column = right.count; column-- > 0;) {
            uint32_t skip_left = common[(row + 1) * width + column], skip_right = common[row * width + column + 1];
            common[row * width + column] = is_same(left.first[row], right.first[column])
                                               ? common[(row + 1) * width + column + 1] + 1
                                           : skip_left > skip_right ? skip_left
                                                                    : skip_right;
        }
    }
    lines merged = {room_for(left.count + right.count, sizeof(line)), 0};
    size_t row = 0, column = 0;
    while (row < left.count || column < right.count) {
        line *added = &merged.first[merged.count++];
        if (row < left.count && column < right.count && is_same(left.first[row], right.first[column])) {
            *added = left.first[row++];
            column++;
        } else if (column == right.count ||
                   (row < left.count && common[(row + 1) * width + column] >= common[row * width + column + 1])) {
            *added = left.first[row++];
            added->sign = '-';
        } else {
            *added = right.first[column++];
            added->sign = '+';
        }
    }
    return merged;
}

static bool differs_around(lines lines, size_t index) {
    size_t from = index < LINES_AROUND ? 0 : index - LINES_AROUND;
    for (size_t at = from; at < lines.count && at <= index + LINES_AROUND; at++) {
        if (lines.first[at].sign != ' ') {
            return true;
        }
    }
    return false;
}

const char *difference(const char *left, const char *right) {
    lines lefts = divide(left), rights = divide(right);
    bool is_short = lefts.count < 2 && rights.count < 2;
    if (is_short || (uint64_t)lefts.count * rights.count > MOST_PAIRS) {
        return orbital_format("   left: %s\n  right: %s", left, right);
    }
    lines merged = merge(lefts, rights);
    text shown = {0};
    text_say(&shown, "- left\n+ right\n");
    bool skips = false;
    for (size_t index = 0; index < merged.count; index++) {
        if (!differs_around(merged, index)) {
            skips = true;
            continue;
        }
        if (skips) {
            text_say(&shown, "  …\n");
            skips = false;
        }
        line line = merged.first[index];
        text_print(&shown, "%c %.*s\n", line.sign, (int)line.size, line.start);
    }
    return text_done(&shown);
}

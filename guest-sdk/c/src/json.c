// JSON: reading it, pointing into it, showing it, and writing it by a template.
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inner.h"

enum {
    // How many bytes of a body a failure shows.
    SHOWN_BYTES = 300,
    MOST_DEPTH = 128,
};

typedef struct node {
    enum { NOTHING, TRUTH, NUMBER, STRING, LIST, OBJECT } kind;
    // In an object; NULL elsewhere.
    const char *name;
    // Of a string, or a number as it was written.
    const char *text;
    bool truth;
    size_t count;
    struct node *first;
    struct node *next;
} node;

typedef struct reader {
    const char *start;
    const char *at;
    const char *end;
    const char *mistake;
} reader;

static node *read_value(reader *reader, int depth);

static node *mistaken(reader *reader, const char *expected) {
    if (reader->mistake == NULL) {
        reader->mistake = orbital_format("expected %s at byte %zu", expected, (size_t)(reader->at - reader->start) + 1);
    }
    return NULL;
}

static char peek(reader *reader) {
    while (reader->at < reader->end && strchr(" \t\r\n", *reader->at) != NULL && *reader->at != '\0') {
        reader->at++;
    }
    return reader->at < reader->end ? *reader->at : '\0';
}

static bool take(reader *reader, const char *word) {
    size_t size = strlen(word);
    if ((size_t)(reader->end - reader->at) < size || memcmp(reader->at, word, size) != 0) {
        return false;
    }
    reader->at += size;
    return true;
}

static bool read_code(reader *reader, uint32_t *code) {
    *code = 0;
    for (int digit = 0; digit < 4; digit++, reader->at++) {
        if (reader->at >= reader->end || !isxdigit((unsigned char)*reader->at)) {
            return false;
        }
        char character = (char)tolower(*reader->at);
        *code = *code * 16 + (uint32_t)(isdigit((unsigned char)character) ? character - '0' : character - 'a' + 10);
    }
    return true;
}

static bool read_escape(reader *reader, text *text) {
    static const char names[] = "\"\\/bfnrt", characters[] = "\"\\/\b\f\n\r\t";
    char name = reader->at < reader->end ? *reader->at++ : '\0';
    const char *known = name != '\0' ? strchr(names, name) : NULL;
    if (known != NULL) {
        text_add(text, &characters[known - names], 1);
        return true;
    }
    uint32_t code, low;
    if (name != 'u' || !read_code(reader, &code)) {
        return false;
    }
    if (code >= 0xd800 && code < 0xdc00 && take(reader, "\\u")) {
        if (!read_code(reader, &low)) {
            return false;
        }
        bool is_pair = low >= 0xdc00 && low < 0xe000;
        code = is_pair ? 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00) : 0xfffd;
    } else if (code >= 0xd800 && code < 0xe000) {
        code = 0xfffd;
    }
    text_add_character(text, code);
    return true;
}

static const char *read_string(reader *reader) {
    text text = {0};
    if (!take(reader, "\"")) {
        mistaken(reader, "a text in quotes");
        return NULL;
    }
    while (reader->at < reader->end && *reader->at != '"') {
        const char *from = reader->at;
        while (reader->at < reader->end && *reader->at != '"' && *reader->at != '\\' &&
               (unsigned char)*reader->at >= ' ') {
            reader->at++;
        }
        text_add(&text, from, (size_t)(reader->at - from));
        if (reader->at < reader->end && *reader->at != '"' && (*reader->at++ != '\\' || !read_escape(reader, &text))) {
            mistaken(reader, "a character that a text may have");
            return NULL;
        }
    }
    if (!take(reader, "\"")) {
        mistaken(reader, "the end of a text");
        return NULL;
    }
    return text_done(&text);
}

static node *new_node(int kind) {
    node *made = room_for(1, sizeof *made);
    made->kind = kind;
    return made;
}

static node *read_number(reader *reader) {
    const char *from = reader->at;
    take(reader, "-");
    const char *digits = reader->at;
    while (reader->at < reader->end && isdigit((unsigned char)*reader->at)) {
        reader->at++;
    }
    bool is_one = reader->at > digits && (*digits != '0' || reader->at == digits + 1);
    if (take(reader, ".")) {
        digits = reader->at;
        while (reader->at < reader->end && isdigit((unsigned char)*reader->at)) {
            reader->at++;
        }
        is_one = is_one && reader->at > digits;
    }
    if (take(reader, "e") || take(reader, "E")) {
        if (!take(reader, "+")) {
            take(reader, "-");
        }
        digits = reader->at;
        while (reader->at < reader->end && isdigit((unsigned char)*reader->at)) {
            reader->at++;
        }
        is_one = is_one && reader->at > digits;
    }
    if (!is_one) {
        reader->at = from;
        return mistaken(reader, "a value");
    }
    text text = {0};
    text_add(&text, from, (size_t)(reader->at - from));
    node *number = new_node(NUMBER);
    number->text = text_done(&text);
    return number;
}

// The members of an object, or the items of a list.
static node *read_many(reader *reader, int kind, int depth) {
    node *many = new_node(kind), **last = &many->first;
    const char *end = kind == OBJECT ? "}" : "]";
    reader->at++;
    if (peek(reader) == *end) {
        reader->at++;
        return many;
    }
    do {
        const char *name = NULL;
        peek(reader);
        if (kind == OBJECT) {
            name = read_string(reader);
            peek(reader);
            if (name == NULL || !take(reader, ":")) {
                return mistaken(reader, "`:`");
            }
        }
        *last = read_value(reader, depth + 1);
        if (*last == NULL) {
            return NULL;
        }
        (*last)->name = name;
        last = &(*last)->next;
        many->count++;
        peek(reader);
    } while (take(reader, ","));
    return take(reader, end) ? many : mistaken(reader, kind == OBJECT ? "`,` or `}`" : "`,` or `]`");
}

static node *read_value(reader *reader, int depth) {
    if (depth > MOST_DEPTH) {
        return mistaken(reader, "fewer levels");
    }
    node *made = NULL;
    switch (peek(reader)) {
    case '{':
        return read_many(reader, OBJECT, depth);
    case '[':
        return read_many(reader, LIST, depth);
    case '"':
        made = new_node(STRING);
        made->text = read_string(reader);
        return made->text != NULL ? made : NULL;
    default:
        break;
    }
    if (take(reader, "null")) {
        return new_node(NOTHING);
    }
    bool is_true = take(reader, "true");
    if (is_true || take(reader, "false")) {
        made = new_node(TRUTH);
        made->truth = is_true;
        return made;
    }
    return read_number(reader);
}

// UTF-16 as UTF-8. JSON starts with an ASCII character, so that one of the first two bytes is zero even without a byte
// order mark.
static orbital_body from_utf16(orbital_body body, bool is_big) {
    const unsigned char *bytes = (const unsigned char *)body.text;
    text text = {0};
    text_done(&text);
    for (size_t index = 0; index + 1 < body.size; index += 2) {
        uint32_t code = is_big ? (uint32_t)bytes[index] << 8 | bytes[index + 1]
                               : (uint32_t)bytes[index + 1] << 8 | bytes[index];
        if (code >= 0xd800 && code < 0xdc00 && index + 3 < body.size) {
            uint32_t low = is_big ? (uint32_t)bytes[index + 2] << 8 | bytes[index + 3]
                                  : (uint32_t)bytes[index + 3] << 8 | bytes[index + 2];
            if (low >= 0xdc00 && low < 0xe000) {
                code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
                index += 2;
            }
        }
        text_add_character(&text, code >= 0xd800 && code < 0xe000 ? 0xfffd : code);
    }
    if (body.size % 2 != 0) {
        text_add_character(&text, 0xfffd);
    }
    return (orbital_body){text.start, text.size};
}

orbital_body json_utf8(orbital_body body) {
    const unsigned char *bytes = (const unsigned char *)body.text;
    if (body.size >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0) {
        return (orbital_body){body.text + 3, body.size - 3};
    }
    if (body.size < 2) {
        return body;
    }
    bool is_big = bytes[0] == 0xfe && bytes[1] == 0xff, is_little = bytes[0] == 0xff && bytes[1] == 0xfe;
    if (is_big || is_little) {
        return from_utf16((orbital_body){body.text + 2, body.size - 2}, is_big);
    }
    if ((bytes[0] == 0) != (bytes[1] == 0)) {
        return from_utf16(body, bytes[0] == 0);
    }
    return body;
}

static node *read_json(orbital_body body, const char **mistake) {
    body = json_utf8(body);
    reader reader = {body.text, body.text, body.text + body.size, NULL};
    node *whole = read_value(&reader, 0);
    if (whole != NULL && (peek(&reader), reader.at != reader.end)) {
        whole = mistaken(&reader, "the end");
    }
    *mistake = reader.mistake;
    return whole;
}

// The value at a JSON pointer; NULL if there is none.
static node *find(node *from, const char *pointer) {
    if (*pointer != '\0' && *pointer != '/') {
        return NULL;
    }
    while (from != NULL && *pointer == '/') {
        text step = {0};
        for (pointer++; *pointer != '\0' && *pointer != '/'; pointer++) {
            bool is_escape = *pointer == '~' && (pointer[1] == '0' || pointer[1] == '1');
            text_add(&step, is_escape ? (*++pointer == '0' ? "~" : "/") : pointer, 1);
        }
        const char *name = text_done(&step);
        node *found = from->first;
        if (from->kind == OBJECT) {
            // The last one, where a name is there twice.
            node *last = NULL;
            for (; found != NULL; found = found->next) {
                last = strcmp(found->name, name) == 0 ? found : last;
            }
            found = last;
        } else if (from->kind == LIST) {
            size_t index = strtoul(name, NULL, 10);
            bool is_index = strcmp(orbital_format("%zu", index), name) == 0;
            while (is_index && found != NULL && index-- > 0) {
                found = found->next;
            }
            found = is_index ? found : NULL;
        } else {
            found = NULL;
        }
        from = found;
    }
    return from;
}

const char *beginning(orbital_body body) {
    if (body.size == 0) {
        return "an empty body";
    }
    size_t shown = body.size;
    if (shown > SHOWN_BYTES) {
        // Not in the middle of a character.
        for (shown = SHOWN_BYTES; shown > 0 && ((unsigned char)body.text[shown] & 0xc0) == 0x80; shown--) {
        }
    }
    text text = {0};
    text_say(&text, "`");
    for (size_t index = 0; index < shown; index++) {
        // What is no text stands as a question mark: a message must be one.
        unsigned char byte = (unsigned char)body.text[index];
        size_t follow = byte < 0x80 ? 0 : byte >= 0xf0 && byte < 0xf5 ? 3 : byte >= 0xe0 ? 2 : byte >= 0xc2 ? 1 : 4;
        bool is_text = byte != 0 && byte < 0xf5 && index + follow < shown && follow < 4;
        for (size_t next = 1; is_text && next <= follow; next++) {
            is_text = ((unsigned char)body.text[index + next] & 0xc0) == 0x80;
        }
        text_add(&text, is_text ? &body.text[index] : "?", is_text ? follow + 1 : 1);
        index += is_text ? follow : 0;
    }
    text_print(&text, body.size > shown ? "…` (%zu bytes)" : "`", body.size);
    return text_done(&text);
}

static node *no_json(orbital_place place, orbital_body body, const char *mistake) {
    raise_failure(place, ORBITAL_BODY, 0, "not the JSON expected: %s; it is %s", mistake, beginning(body));
    return NULL;
}

// The value that a call asks for, of one of two kinds; otherwise the call fails.
static node *value_at(orbital_place place, orbital_body body, const char *pointer, int kind, int other,
                      const char *wanted) {
    const char *mistake;
    if (is_failing()) {
        return NULL;
    }
    node *whole = read_json(body, &mistake);
    if (whole == NULL) {
        return no_json(place, body, mistake);
    }
    node *found = find(whole, pointer);
    if (found == NULL) {
        raise_failure(place, ORBITAL_BODY, 0, "no value at `%s` in the JSON; it is %s", pointer, beginning(body));
        return NULL;
    }
    if (wanted != NULL && (int)found->kind != kind && (int)found->kind != other) {
        return no_json(place, body, orbital_format("the value at `%s` is not %s", pointer, wanted));
    }
    return found;
}

const char *orbital_string_at_(orbital_place place, orbital_body body, const char *pointer) {
    node *found = value_at(place, body, pointer, STRING, STRING, "a text");
    return found != NULL ? found->text : "";
}

double orbital_number_at_(orbital_place place, orbital_body body, const char *pointer) {
    node *found = value_at(place, body, pointer, NUMBER, NUMBER, "a number");
    return found != NULL ? strtod(found->text, NULL) : 0;
}

bool orbital_bool_at_(orbital_place place, orbital_body body, const char *pointer) {
    node *found = value_at(place, body, pointer, TRUTH, TRUTH, "true or false");
    return found != NULL && found->truth;
}

size_t orbital_count_at_(orbital_place place, orbital_body body, const char *pointer) {
    node *found = value_at(place, body, pointer, LIST, OBJECT, "a list or an object");
    return found != NULL ? found->count : 0;
}

bool orbital_has_(orbital_body body, const char *pointer) {
    const char *mistake;
    node *whole = read_json(body, &mistake);
    return whole != NULL && find(whole, pointer) != NULL;
}

static void quote(text *text, const char *string) {
    text_say(text, "\"");
    for (; *string != '\0'; string++) {
        unsigned char byte = (unsigned char)*string;
        if (byte == '"' || byte == '\\') {
            text_print(text, "\\%c", byte);
        } else if (byte == '\n') {
            text_say(text, "\\n");
        } else if (byte < ' ') {
            text_print(text, "\\u%04x", byte);
        } else {
            text_add(text, string, 1);
        }
    }
    text_say(text, "\"");
}

static int by_name(const void *left, const void *right) {
    const node *const *a = left, *const *b = right;
    return strcmp((*a)->name, (*b)->name);
}

// A number in one way of all in which it can be written.
static void show_number(text *text, const char *number) {
    if (strpbrk(number, ".eE") == NULL) {
        text_say(text, strcmp(number, "-0") == 0 ? "0" : number);
        return;
    }
    double value = strtod(number, NULL);
    if (value == trunc(value) && fabs(value) < 1e15) {
        text_print(text, "%.0f", value == 0 ? 0 : value);
        return;
    }
    const char *shown = orbital_format("%.15g", value);
    text_say(text, strtod(shown, NULL) == value ? shown : orbital_format("%.17g", value));
}

static void show(text *text, const node *value, int depth);

static void show_many(text *text, const node *many, int depth) {
    const char *ends = many->kind == OBJECT ? "{}" : "[]";
    text_add(text, ends, 1);
    node **sorted = room_for(many->count, sizeof *sorted);
    size_t count = 0;
    for (node *each = many->first; each != NULL; each = each->next) {
        sorted[count++] = each;
    }
    if (many->kind == OBJECT) {
        qsort(sorted, count, sizeof *sorted, by_name);
    }
    for (size_t index = 0; index < count; index++) {
        text_print(text, "%s\n%*s", index > 0 ? "," : "", 2 * (depth + 1), "");
        if (many->kind == OBJECT) {
            quote(text, sorted[index]->name);
            text_say(text, ": ");
        }
        show(text, sorted[index], depth + 1);
    }
    if (count > 0) {
        text_print(text, "\n%*s", 2 * depth, "");
    }
    text_add(text, ends + 1, 1);
}

static void show(text *text, const node *value, int depth) {
    switch (value->kind) {
    case NOTHING:
        text_say(text, "null");
        return;
    case TRUTH:
        text_say(text, value->truth ? "true" : "false");
        return;
    case NUMBER:
        show_number(text, value->text);
        return;
    case STRING:
        quote(text, value->text);
        return;
    default:
        show_many(text, value, depth);
        return;
    }
}

const char *pretty(orbital_body body, const char **mistake) {
    node *whole = read_json(body, mistake);
    if (whole == NULL) {
        return NULL;
    }
    text text = {0};
    show(&text, whole, 0);
    return text_done(&text);
}

orbital_json_text orbital_json_at_(orbital_place place, orbital_body body, const char *pointer) {
    node *found = value_at(place, body, pointer, 0, 0, NULL);
    text text = {0};
    if (found != NULL) {
        show(&text, found, 0);
    } else {
        text_say(&text, "null");
    }
    return (orbital_json_text){text_done(&text)};
}

// One conversion of a template, such as `%s` and `%.3f`; gives what follows it, or NULL if it is none for JSON.
static const char *convert(text *text, const char *template, va_list *arguments) {
    size_t plain = 1 + strspn(template + 1, "-+ #0123456789.");
    size_t size = plain + strspn(template + plain, "hljztL");
    char conversion = template[size];
    const char *length = orbital_format("%.*s", (int)(size - plain), template + plain);
    char *format = room_for(size + 2, 1);
    memcpy(format, template, size + 1);
    if (conversion == 's') {
        const char *string = va_arg(*arguments, const char *);
        if (string != NULL) {
            quote(text, string);
        } else {
            text_say(text, "null");
        }
    } else if (conversion == '%') {
        text_say(text, "%");
    } else if (conversion != '\0' && strchr("di", conversion) != NULL) {
        bool is_long = strchr(length, 'j') != NULL || strstr(length, "ll") != NULL;
        text_print(text, "%lld", is_long ? va_arg(*arguments, long long) : (long long)va_arg(*arguments, long));
    } else if (conversion == 'u') {
        bool is_long = strchr(length, 'j') != NULL || strstr(length, "ll") != NULL;
        text_print(text, "%llu",
                   is_long ? va_arg(*arguments, unsigned long long)
                           : (unsigned long long)va_arg(*arguments, unsigned long));
    } else if (conversion != '\0' && strchr("feg", conversion) != NULL && *length == '\0') {
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wformat-nonliteral"
        text_print(text, format, va_arg(*arguments, double));
#pragma clang diagnostic pop
    } else {
        return NULL;
    }
    return template + size + 1;
}

orbital_json_text orbital_json_(orbital_place place, const char *template, ...) {
    text text = {0};
    const char *at = template;
    va_list arguments;
    va_start(arguments, template);
    while (at != NULL && *at != '\0') {
        if (*at == '%') {
            at = convert(&text, at, &arguments);
        } else {
            text_add(&text, *at == '\'' ? "\"" : at, 1);
            at++;
        }
    }
    va_end(arguments);
    const char *mistake = "of %s and the conversions for numbers, one is unknown";
    orbital_body made = orbital_text(text_done(&text));
    if (at == NULL || read_json(made, &mistake) == NULL) {
        raise_failure(place, ORBITAL_BODY, 0, "the text is no JSON: %s; it is %s", mistake, beginning(made));
        return (orbital_json_text){"null"};
    }
    return (orbital_json_text){made.text};
}

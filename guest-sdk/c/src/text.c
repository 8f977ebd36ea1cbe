// Texts that grow, and those that come from the host and go there.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inner.h"

void *room_for(size_t count, size_t size) {
    void *room = calloc(count > 0 ? count : 1, size);
    if (room == NULL) {
        abort();
    }
    return room;
}

// The generated one gives what was asked for; with one more byte, every text of the host ends in a NUL, and need not be
// copied to have one.
__attribute__((__export_name__("cabi_realloc"))) void *cabi_realloc(void *old, size_t old_size, size_t align,
                                                                    size_t new_size) {
    (void)old_size;
    (void)align;
    char *room = realloc(old, new_size + 1);
    if (room == NULL) {
        abort();
    }
    room[new_size] = '\0';
    return room;
}

void text_add(text *text, const char *added, size_t size) {
    if (text->room - text->size <= size) {
        text->room = 2 * (text->size + size) + 64;
        text->start = realloc(text->start, text->room);
        if (text->start == NULL) {
            abort();
        }
    }
    memcpy(text->start + text->size, added, size);
    text->size += size;
    text->start[text->size] = '\0';
}

void text_say(text *text, const char *said) { text_add(text, said, strlen(said)); }

void text_print_list(text *text, const char *format, va_list arguments) {
    va_list again;
    va_copy(again, arguments);
    int size = vsnprintf(NULL, 0, format, arguments);
    if (size >= 0) {
        char *printed = room_for((size_t)size + 1, 1);
        vsnprintf(printed, (size_t)size + 1, format, again);
        text_add(text, printed, (size_t)size);
        free(printed);
    }
    va_end(again);
}

void text_print(text *text, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    text_print_list(text, format, arguments);
    va_end(arguments);
}

const char *text_done(text *text) {
    text_add(text, "", 0);
    return text->start;
}

const char *orbital_format(const char *format, ...) {
    text text = {0};
    va_list arguments;
    va_start(arguments, format);
    text_print_list(&text, format, arguments);
    va_end(arguments);
    return text_done(&text);
}

orbital_body orbital_text(const char *text) {
    return (orbital_body){text != NULL ? text : "", text != NULL ? strlen(text) : 0};
}

orbital_body orbital_bytes(const void *bytes, size_t size) { return (orbital_body){bytes, size}; }

test_string_t bound(const char *text) {
    return (test_string_t){(uint8_t *)text, text != NULL ? strlen(text) : 0};
}

const char *given(test_string_t text) { return text.len > 0 ? (const char *)text.ptr : ""; }

orbital_body given_body(test_list_u8_t body) {
    return (orbital_body){body.len > 0 ? (const char *)body.ptr : "", body.len};
}

const orbital_field *given_fields(const orbital_test_deliveries_list_header_t *headers) {
    orbital_field *fields = room_for(headers->len + 1, sizeof *fields);
    for (size_t index = 0; index < headers->len; index++) {
        fields[index] = (orbital_field){given(headers->ptr[index].name), given(headers->ptr[index].value)};
    }
    return fields;
}

orbital_test_deliveries_list_header_t bound_fields(const orbital_field *fields) {
    size_t count = 0;
    while (fields != NULL && fields[count].name != NULL) {
        count++;
    }
    orbital_test_deliveries_list_header_t headers = {room_for(count, sizeof *headers.ptr), count};
    for (size_t index = 0; index < count; index++) {
        headers.ptr[index].name = bound(fields[index].name);
        headers.ptr[index].value = bound(fields[index].value);
    }
    return headers;
}

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

void text_add_character(text *text, uint32_t code) {
    char bytes[4];
    size_t size = 1;
    if (code < 0x80) {
        bytes[0] = (char)code;
    } else {
        size = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
        for (size_t index = size; index-- > 1; code >>= 6) {
            bytes[index] = (char)(0x80 | (code & 0x3f));
        }
        bytes[0] = (char)((0xf0 << (4 - size)) | code);
    }
    text_add(text, bytes, size);
}

// Returns the number of bytes of the character at the start of these; 0 if they do not start with one.
static size_t character_size(const unsigned char *bytes, size_t size) {
    unsigned char first = bytes[0];
    size_t whole = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
    if (whole == 0 || whole > size) {
        return 0;
    }
    for (size_t index = 1; index < whole; index++) {
        // The bounds of the second byte rule out surrogates, what lies beyond the last character, and longer forms.
        bool is_second = index == 1;
        unsigned char least = is_second && first == 0xe0 ? 0xa0 : is_second && first == 0xf0 ? 0x90 : 0x80;
        unsigned char most = is_second && first == 0xed ? 0x9f : is_second && first == 0xf4 ? 0x8f : 0xbf;
        if (bytes[index] < least || bytes[index] > most) {
            return 0;
        }
    }
    return whole;
}

const char *valid_text(const char *given) {
    const unsigned char *bytes = (const unsigned char *)given;
    size_t size = strlen(given), index = 0, step;
    while (index < size && (step = character_size(bytes + index, size - index)) > 0) {
        index += step;
    }
    if (index == size) {
        return given;
    }
    text valid = {0};
    text_add(&valid, given, index);
    while (index < size) {
        step = character_size(bytes + index, size - index);
        if (step > 0) {
            text_add(&valid, given + index, step);
        } else {
            text_add_character(&valid, 0xfffd);
            step = 1;
        }
        index += step;
    }
    return text_done(&valid);
}

test_string_t bound(const char *text) {
    const char *valid = text != NULL ? valid_text(text) : NULL;
    return (test_string_t){(uint8_t *)valid, valid != NULL ? strlen(valid) : 0};
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

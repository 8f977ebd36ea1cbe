// What the compiler calls where C leaves it open what happens: an index out of bounds, a null pointer, a number too large.
// It makes a reason of the verdict of each, with the place, and the trap after it has the functions that led there.
#include "inner.h"

typedef struct source {
    const char *file;
    uint32_t line;
    uint32_t column;
} source;

typedef struct type {
    uint16_t kind;
    uint16_t info;
    char name[];
} type;

_Noreturn static void orbital_end_(const source *source, const char *reason) {
    mark((orbital_place){source->file != NULL ? source->file : "unknown", (int)source->line}, reason);
    __builtin_trap();
}

// A value as it was passed: in itself if it fits, or by its address.
static long long number(const type *type, uintptr_t value) {
    uint32_t bits = 1U << (type->info >> 1);
    if (bits > 8 * sizeof value) {
        return bits == 64 ? *(const long long *)value : 0;
    }
    bool is_signed = type->info & 1;
    uint32_t spare = 64 - bits;
    return is_signed ? (long long)((uint64_t)value << spare) >> spare : (long long)value;
}

// Data of most of them: the place, and no more that is used here. What follows it is not looked at, but must be there.
#define PLACED(name, reason, ...)                                                                                    \
    _Noreturn void __ubsan_handle_##name(const source *source __VA_OPT__(, ) __VA_ARGS__) { orbital_end_(source, reason); }

PLACED(builtin_unreachable, "a place was reached that was said not to be")
PLACED(missing_return, "a function ended without the value that it must return")
PLACED(invalid_builtin_abort, "a builtin was given zero")
PLACED(nonnull_arg_abort, "an argument that must not be null is null")
PLACED(vla_bound_not_positive_abort, "the size of an array is not positive", uintptr_t)
PLACED(load_invalid_value_abort, "a value was read that its type does not have", uintptr_t)
PLACED(float_cast_overflow_abort, "a number is too large for the type that it is converted to", uintptr_t)
PLACED(pointer_overflow_abort, "a pointer went beyond the memory", uintptr_t, uintptr_t)
PLACED(alignment_assumption_abort, "a pointer is not aligned as was promised", uintptr_t, uintptr_t, uintptr_t)

// This one has the place beside its data.
_Noreturn void __ubsan_handle_nonnull_return_v1_abort(const void *data, const source *source) {
    (void)data;
    orbital_end_(source, "a function returned null, which it must not");
}

typedef struct operation {
    source source;
    const type *type;
} operation;

#define OVERFLOW(word, sign)                                                                                         \
    _Noreturn void __ubsan_handle_##word##_overflow_abort(const operation *data, uintptr_t left, uintptr_t right) {   \
        orbital_end_(&data->source, orbital_format("%lld " sign " %lld is too large for %s", number(data->type, left),       \
                                          number(data->type, right), data->type->name));                             \
    }

OVERFLOW(add, "+")
OVERFLOW(sub, "-")
OVERFLOW(mul, "*")

_Noreturn void __ubsan_handle_negate_overflow_abort(const operation *data, uintptr_t value) {
    orbital_end_(&data->source,
        orbital_format("-(%lld) is too large for %s", number(data->type, value), data->type->name));
}

_Noreturn void __ubsan_handle_divrem_overflow_abort(const operation *data, uintptr_t left, uintptr_t right) {
    orbital_end_(&data->source, orbital_format("%lld cannot be divided by %lld", number(data->type, left),
                                      number(data->type, right)));
}

typedef struct shift {
    source source;
    const type *left;
    const type *right;
} shift;

_Noreturn void __ubsan_handle_shift_out_of_bounds_abort(const shift *data, uintptr_t left, uintptr_t right) {
    orbital_end_(&data->source, orbital_format("%lld cannot be shifted by %lld as %s", number(data->left, left),
                                      number(data->right, right), data->left->name));
}

typedef struct access {
    source source;
    const type *array;
    const type *index;
} access;

_Noreturn void __ubsan_handle_out_of_bounds_abort(const access *data, uintptr_t index) {
    orbital_end_(&data->source, orbital_format("index %lld is out of bounds of %s", number(data->index, index),
                                      data->array->name));
}

typedef struct mismatch {
    source source;
    const type *type;
    uint8_t alignment;
    uint8_t kind;
} mismatch;

_Noreturn void __ubsan_handle_type_mismatch_v1_abort(const mismatch *data, uintptr_t pointer) {
    uintptr_t alignment = (uintptr_t)1 << data->alignment;
    const char *reason = pointer == 0             ? "a null pointer was used as one of"
                         : pointer % alignment > 0 ? "a pointer that is not aligned was used as one of"
                                                   : "a pointer to too little memory was used as one of";
    orbital_end_(&data->source, orbital_format("%s %s", reason, data->type->name));
}

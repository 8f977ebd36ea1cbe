// What a case says, measures and knows.
#include "inner.h"

void orbital_log_(orbital_level level, const char *message, const orbital_field *fields) {
    orbital_test_deliveries_list_header_t beside = bound_fields(fields);
    orbital_test_log_list_field_t bound_beside = {(orbital_test_log_field_t *)beside.ptr, beside.len};
    test_string_t line = bound(message);
    orbital_test_log_log((orbital_test_log_level_t)level, &line, &bound_beside);
}

// One for each level.
#define SAYS(function, level)                                                                                        \
    void function(const char *format, ...) {                                                                         \
        text line = {0};                                                                                             \
        va_list arguments;                                                                                           \
        va_start(arguments, format);                                                                                 \
        text_print_list(&line, format, arguments);                                                                   \
        va_end(arguments);                                                                                           \
        orbital_log(level, text_done(&line));                                                                        \
    }

SAYS(orbital_debug, ORBITAL_DEBUG)
SAYS(orbital_info, ORBITAL_INFO)
SAYS(orbital_warn, ORBITAL_WARN)
SAYS(orbital_error, ORBITAL_ERROR)

void orbital_record_(orbital_place place, int kind, const char *name, double value, const orbital_field *labels) {
    orbital_test_deliveries_list_header_t beside = bound_fields(labels);
    orbital_test_metrics_list_label_t bound_labels = {(orbital_test_metrics_label_t *)beside.ptr, beside.len};
    test_string_t metric = bound(name);
    orbital_test_metrics_metric_error_t error;
    if (is_failing()) {
        return;
    }
    bool is_recorded = kind == 0   ? orbital_test_metrics_counter(&metric, value, &bound_labels, &error)
                       : kind == 1 ? orbital_test_metrics_gauge(&metric, value, &bound_labels, &error)
                                   : orbital_test_metrics_histogram(&metric, value, &bound_labels, &error);
    if (is_recorded) {
        return;
    }
    switch (error.tag) {
    case ORBITAL_TEST_METRICS_METRIC_ERROR_INVALID_NAME:
        raise_failure(place, ORBITAL_INVALID_NAME, 0, "invalid metric name: %s", given(error.val.invalid_name));
        return;
    case ORBITAL_TEST_METRICS_METRIC_ERROR_INVALID_LABEL:
        raise_failure(place, ORBITAL_INVALID_LABEL, 0, "invalid metric label: %s",
              given(error.val.invalid_label));
        return;
    case ORBITAL_TEST_METRICS_METRIC_ERROR_INVALID_VALUE:
        raise_failure(place, ORBITAL_INVALID_VALUE, 0, "invalid metric value: %s",
              given(error.val.invalid_value));
        return;
    case ORBITAL_TEST_METRICS_METRIC_ERROR_OTHER_KIND:
        raise_failure(place, ORBITAL_OTHER_KIND, 0, "the metric has another type: %s", given(error.val.other_kind));
        return;
    default:
        raise_failure(place, ORBITAL_TOO_MANY_SERIES, error.val.too_many_series,
              "the component has reached its limit of %u series", (unsigned)error.val.too_many_series);
        return;
    }
}

const orbital_run *orbital_run_context(void) {
    orbital_test_context_run_context_t current;
    orbital_test_context_current(&current);
    orbital_run *run = room_for(1, sizeof *run);
    *run = (orbital_run){given(current.run_id), given(current.component),   given(current.case_),
                         (int)current.attempt,  given(current.environment), given(current.webhook_url)};
    return run;
}

double orbital_time_left(void) { return orbital_test_context_time_left_ms() / 1e3; }

const char *orbital_config(const char *name) {
    test_string_t asked = bound(name), value;
    return orbital_test_config_get(&asked, &value) ? given(value) : NULL;
}

const char *orbital_require_config_(orbital_place place, const char *name) {
    const char *value = orbital_config(name);
    if (value == NULL) {
        raise_failure(place, ORBITAL_NOT_SET, 0, "`%s` is not set in the host's configuration of this component", name);
        return "";
    }
    return value;
}

double orbital_now(void) { return orbital_test_clock_now(); }

double orbital_elapsed(void) { return orbital_test_clock_elapsed(); }

void orbital_sleep_(orbital_place place, const char *text) {
    uint32_t milliseconds = 0;
    if (!is_failing() && duration(place, text, &milliseconds)) {
        orbital_test_clock_sleep(milliseconds);
    }
}

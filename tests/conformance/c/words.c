// What a case says and what it is told.
#include <orbital.h>
#include <stdio.h>
#include <unistd.h>

ORBITAL_CASE(logs, .manual = true, .timeout = "5s") {
    orbital_log(ORBITAL_DEBUG, "level debug", {"n", "1"});
    orbital_log(ORBITAL_INFO, "level info", {"n", "2"});
    orbital_log(ORBITAL_WARN, "level warn", {"n", "3"});
    orbital_log(ORBITAL_ERROR, "level error", {"n", "4"});
    printf("printed\n");
    fprintf(stderr, "complained\n");
}

ORBITAL_CASE(non_utf8, .manual = true, .timeout = "5s") { printf("\xff\xfe\n"); }

ORBITAL_CASE(metrics, .manual = true, .timeout = "5s") {
    orbital_counter("items_total", 3, {"kind", "new"});
    orbital_gauge("depth", 7);
    orbital_histogram("spread_seconds", 0.5);
}

ORBITAL_CASE(config, .manual = true, .timeout = "5s") {
    orbital_info("%s", orbital_require_config("greeting"));
    orbital_require_config("missing");
}

ORBITAL_CASE(context, .manual = true, .timeout = "5s") {
    const orbital_run *run = orbital_run_context();
    orbital_info("context %s %d %s", run->case_name, run->attempt, run->environment);
}

#define BYTES "got \x8b\xff"

ORBITAL_CASE(invalid_text, .manual = true, .timeout = "5s") {
    orbital_log(ORBITAL_INFO, BYTES, {"n", BYTES});
    orbital_expect(orbital_format("%s%s", BYTES, orbital_new_id()));
    const orbital_receipt *asked = orbital_request(.target = "encodings", .path = "/\x8b\xff");
    orbital_info("%.*s", (int)asked->body.size, asked->body.text);
    orbital_counter("invalid_text_total", 1, {"kind", BYTES});
    orbital_config(BYTES);
    orbital_fail(BYTES);
}

ORBITAL_CASE(invalid_end, .manual = true, .timeout = "5s") { orbital_fatal(BYTES); }

ORBITAL_CASE(random_values, .name = "random", .manual = true, .timeout = "5s") {
    for (int index = 0; index < 3; index++) {
        unsigned long long number = 0;
        getentropy(&number, sizeof number);
        orbital_info("%llu", number);
    }
}

// The ways in which a case can end.
#include <orbital.h>

ORBITAL_CASE(passes, .manual = true, .timeout = "5s") {}

ORBITAL_CASE(fails, .manual = true, .timeout = "5s") {
    orbital_fail("first");
    orbital_fail("second");
}

ORBITAL_CASE(returns_error, .manual = true, .timeout = "5s") { orbital_fatal("no invoice"); }

static orbital_json_text basket(int last) {
    return orbital_json("{ 'id': '7', 'items': [{ 'sku': 'a', 'n': 1 }, { 'sku': 'b', 'n': %d }] }", last);
}

ORBITAL_CASE(differs, .manual = true, .timeout = "5s") { ORBITAL_CHECK_EQ(basket(2), basket(3)); }

// One of what has only two.
__attribute__((noinline)) static int number(int index) {
    static volatile int numbers[2] = {1, 2};
    return numbers[index];
}

ORBITAL_CASE(uncaught, .manual = true, .timeout = "5s") { orbital_info("%d", number(2)); }

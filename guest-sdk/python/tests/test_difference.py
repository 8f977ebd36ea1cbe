from __future__ import annotations

from dataclasses import dataclass

from orbital_sdk._difference import difference


def test_short_values_are_shown_whole() -> None:
    assert difference(False, True) == "   left: false\n  right: true"
    assert difference("a", None) == '   left: "a"\n  right: null'


def test_of_long_values_what_differs_is_shown() -> None:
    left = list(range(20))
    right = [*range(10), 99, *range(11, 20)]
    lines = ["  …", "    7,", "    8,", "    9,", "-   10,", "+   99,", "    11,", "    12,", "    13,", "  …"]
    assert difference(left, right) == "- left\n+ right\n" + "\n".join(lines) + "\n"


def test_texts_are_compared_by_line() -> None:
    assert difference("a\nb", "a\nc") == '- left\n+ right\n  "a\n- b"\n+ c"\n'


def test_the_order_of_keys_is_no_difference() -> None:
    assert difference({"a": 1, "b": 2}, {"b": 3, "a": 1}).count("\n-") == 1


def test_what_is_the_same_in_json_is_told_apart() -> None:
    assert difference((1, 2), [1, 2]) == "   left: (1, 2)\n  right: [1, 2]"


def test_values_of_other_types_are_shown() -> None:
    @dataclass
    class Order:
        id: int

    assert '"id": 1' in difference(Order(1), Order(2))
    assert difference({1}, {2}).startswith("- left\n+ right\n")
    assert difference(1j, 2j) == '   left: "1j"\n  right: "2j"'


def test_what_is_too_long_to_compare_is_shown_whole() -> None:
    assert difference([0] * 2000, [1] * 2000).startswith("   left: [\n")

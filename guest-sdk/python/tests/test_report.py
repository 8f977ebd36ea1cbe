from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from orbital_sdk import Failure, WaitTimeout
from orbital_sdk._report import describe


def raised(function: Callable[[], object]) -> str:
    try:
        function()
    except BaseException as error:
        return re.sub(r":\d+", ":1", describe(error)).replace("tests/", "")
    raise AssertionError("nothing was raised")


def helper() -> object:
    empty: dict[str, int] = {}
    return empty["x"]


def test_the_place_is_the_authors_and_the_way_is_below() -> None:
    lines = raised(helper).splitlines()
    assert lines[0] == "KeyError: 'x' (test_report.py:1)"
    assert lines[1:] == ["  test_report.py:1 in raised: function()", "  test_report.py:1 in helper: return empty[\"x\"]"]


def test_frames_of_the_standard_library_are_left_out() -> None:
    lines = raised(lambda: json.loads("<")).splitlines()
    assert lines[0].startswith("JSONDecodeError: Expecting value")
    assert lines[0].endswith("(test_report.py:1)")
    assert not any("decoder.py" in line for line in lines)


def test_a_failure_is_its_text() -> None:
    def fails() -> None:
        raise Failure("no invoice")

    assert raised(fails).splitlines()[0] == "no invoice (test_report.py:1)"


def test_causes_stand_after_the_reason() -> None:
    def fails() -> None:
        try:
            raise WaitTimeout
        except WaitTimeout as error:
            raise Failure("it is not tried again") from error

    assert raised(fails).startswith("it is not tried again: timed out waiting for a delivery (")


def test_an_assertion_without_a_text_is_shown(tmp_path: Path) -> None:
    # In a file of its own, where pytest does not rewrite assertions.
    file = tmp_path / "bare.py"
    file.write_text("def bare():\n    assert 1 == 2\n\ndef says():\n    assert 1 == 2, 'as it is'\n")
    scope: dict[str, Callable[[], object]] = {}
    exec(compile(file.read_text(), str(file), "exec"), scope)
    assert raised(scope["bare"]).startswith(f"AssertionError: `assert 1 == 2` ({file}:1)")
    assert raised(scope["says"]).startswith(f"AssertionError: as it is ({file}:1)")


def test_leaving_is_no_way_to_end_a_case() -> None:
    assert raised(lambda: sys.exit(3)).startswith("the test called `exit(3)`; it must return instead (")


def test_long_ways_are_cut() -> None:
    def again() -> object:
        return again()

    def one(left: int) -> object:
        return other(left - 1)

    def other(left: int) -> object:
        return one(left - 1) if left > 0 else helper()

    lines = raised(again).splitlines()
    assert lines[0].startswith("RecursionError: ")
    assert re.fullmatch(r"  … the same \d+ more times", lines[-1])
    assert len(lines) == 4

    lines = raised(lambda: one(100)).splitlines()
    assert len(lines) == 22
    assert re.fullmatch(r"  … \d+ more", lines[11])


def test_notes_and_groups_are_shown() -> None:
    def fails() -> None:
        error = ExceptionGroup("two", [ValueError("a"), KeyError("b")])
        error.add_note("while testing")
        raise error

    lines = raised(fails).splitlines()
    assert lines[1:4] == ["while testing", "  ValueError: a", "  KeyError: 'b'"]


def test_an_exception_whose_text_breaks_is_shown_still() -> None:
    class Broken(Exception):
        def __str__(self) -> str:
            raise ZeroDivisionError

    def fails() -> None:
        raise Broken

    assert "its message is not available: ZeroDivisionError" in raised(fails)


@pytest.mark.parametrize("name", ["nowhere"])
def test_a_late_import_names_the_fix(name: str) -> None:
    assert "import it at the top of the file" in raised(lambda: __import__(name))

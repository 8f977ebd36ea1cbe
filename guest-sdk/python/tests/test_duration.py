from __future__ import annotations

from datetime import timedelta

import pytest

from orbital_sdk import _duration
from orbital_sdk._duration import Duration


@pytest.mark.parametrize(
    ("given", "milliseconds"),
    [("250ms", 250), ("1m 30s", 90_000), ("0s", 0), (0.3, 300), (3, 3000), (timedelta(seconds=1.5), 1500), ("1h", 3_600_000)],
)
def test_durations_are_read_as_people_write_them(given: Duration, milliseconds: int) -> None:
    assert _duration.declared_milliseconds(given) == milliseconds


@pytest.mark.parametrize("given", ["soon", "", "1", "s", "1s x", "1parsec", -1, float("nan"), True, None])
def test_what_is_not_a_duration_is_refused_with_an_example(given: Duration) -> None:
    with pytest.raises(ValueError, match='write one such as "1s" or "250ms"'):
        _duration.nanoseconds(given)


def test_durations_the_host_cannot_count_are_refused() -> None:
    with pytest.raises(ValueError, match="whole number of milliseconds"):
        _duration.declared_milliseconds("10us")
    with pytest.raises(ValueError, match="too long"):
        _duration.declared_milliseconds("50days")
    with pytest.raises(ValueError, match="longer than zero"):
        _duration.nonzero_milliseconds("0s")


def test_waits_are_rounded_up_and_bounded() -> None:
    assert _duration.milliseconds("1us") == 1
    assert _duration.milliseconds(0) == 0
    assert _duration.milliseconds("100w") == 2**32 - 1


@pytest.mark.parametrize(("given", "text"), [("1500ms", "1.5s"), (0.3, "300ms"), ("10us", "10µs"), ("2m", "120s"), (0, "0ns")])
def test_durations_are_shown_in_one_unit(given: Duration, text: str) -> None:
    assert _duration.shown(given) == text

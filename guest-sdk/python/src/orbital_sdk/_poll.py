"""Polling until a condition holds."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from . import _duration, _report
from ._duration import Duration
from ._errors import Failure
from ._place import places

T = TypeVar("T")

_FIRST_PAUSE_MS = 10
"""The first pause. It is short because most systems are ready at the second attempt."""

_LONGEST_PAUSE_MS = 500
"""The longest pause, which limits how late a success is noticed."""


def poll(
    within: Duration,
    elapsed: Callable[[], float],
    sleep: Callable[[int], None],
    attempt: Callable[[], T],
) -> T:
    """Calls `attempt` until it succeeds or the time is up, with pauses that double.

    The last attempt is at the end of the time, so none of it is wasted.
    """
    end = elapsed() + _duration.nanoseconds(within) / 1e9
    pause_ms = _FIRST_PAUSE_MS
    while True:
        try:
            return attempt()
        except Exception as error:
            left_ms = round((end - elapsed()) * 1000)
            if left_ms <= 0:
                raise Failure(f"{_with_place(error)}, still so after {_duration.shown(within)}") from None
        sleep(min(pause_ms, left_ms))
        pause_ms = min(pause_ms * 2, _LONGEST_PAUSE_MS)


def _with_place(error: Exception) -> str:
    author = [place for place in places(error.__traceback__) if place.is_author]
    text = _report.reason(error)
    return f"{text} ({author[-1]})" if author else text

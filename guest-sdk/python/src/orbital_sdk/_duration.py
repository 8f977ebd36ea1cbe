"""Parsing of durations into milliseconds, the unit of the contract."""

from __future__ import annotations

import math
import re
from datetime import timedelta
from decimal import Decimal
from typing import TypeAlias

Duration: TypeAlias = "float | timedelta | str"
"""Seconds, a `timedelta`, or a string such as `"250ms"` or `"1m 30s"`."""

MOST_MS = 2**32 - 1
"""The maximum of the contract: 49 days."""

_NANOSECONDS = {
    "ns": 1,
    "us": 1_000,
    "ms": 1_000_000,
    "s": 1_000_000_000,
    "m": 60 * 1_000_000_000,
    "h": 3_600 * 1_000_000_000,
    "d": 86_400 * 1_000_000_000,
    "w": 7 * 86_400 * 1_000_000_000,
}

_NAMES = {
    "nsec": "ns", "usec": "us", "µs": "us", "msec": "ms", "millis": "ms",
    "sec": "s", "secs": "s", "second": "s", "seconds": "s",
    "min": "m", "mins": "m", "minute": "m", "minutes": "m",
    "hr": "h", "hrs": "h", "hour": "h", "hours": "h",
    "day": "d", "days": "d", "week": "w", "weeks": "w",
}  # fmt: skip

_PART = re.compile(r"\s*(\d+)\s*([a-zµ]+)\s*")


def nanoseconds(duration: Duration) -> int:
    """Returns a duration in nanoseconds. Raises a `ValueError` that names the fix."""
    if isinstance(duration, str):
        return _from_text(duration)
    if isinstance(duration, bool) or not isinstance(duration, (int, float, timedelta)):
        raise ValueError(f"not a duration: {duration!r}; {_EXAMPLE}")
    if isinstance(duration, timedelta):
        whole = duration // timedelta(microseconds=1) * 1000
    elif math.isfinite(duration):
        # Converted as text, so that 0.3 is 300 ms and not slightly less.
        whole = int(Decimal(repr(duration)) * 1_000_000_000)
    else:
        raise ValueError(f"not a duration: {duration}; {_EXAMPLE}")
    if whole < 0:
        raise ValueError(f"not a duration: {duration} is less than zero; {_EXAMPLE}")
    return whole


def milliseconds(duration: Duration) -> int:
    """Returns whole milliseconds, rounded up so that a short time does not become zero, at most 49 days."""
    return min(-(-nanoseconds(duration) // 1_000_000), MOST_MS)


def declared_milliseconds(duration: Duration) -> int:
    """Returns a duration in milliseconds, for the settings of a case. Raises instead of rounding."""
    whole = nanoseconds(duration)
    if whole % 1_000_000:
        raise ValueError(f"`{duration}` is not a whole number of milliseconds, which is the host's unit")
    if whole // 1_000_000 > MOST_MS:
        raise ValueError(f"`{duration}` is too long; the maximum is 49 days; use `cron` for longer periods")
    return whole // 1_000_000


def nonzero_milliseconds(duration: Duration) -> int:
    """Returns a duration in milliseconds, for the settings of a case. Raises if it is zero."""
    whole = declared_milliseconds(duration)
    if whole == 0:
        raise ValueError('must be longer than zero; the shortest is "1ms"')
    return whole


def shown(duration: Duration) -> str:
    """Returns a duration as text for people, such as `1.5s` or `300ms`."""
    whole = nanoseconds(duration)
    for unit in ("s", "ms", "us"):
        if whole >= _NANOSECONDS[unit]:
            number = Decimal(whole) / _NANOSECONDS[unit]
            return f"{number.normalize():f}{'µs' if unit == 'us' else unit}"
    return f"{whole}ns"


_EXAMPLE = 'write one such as "1s" or "250ms"'


def _from_text(text: str) -> int:
    total, end = 0, 0
    while part := _PART.match(text, end):
        number, unit = part.groups()
        unit = _NAMES.get(unit, unit)
        if unit not in _NANOSECONDS:
            raise ValueError(f"not a duration: unknown unit `{part[2]}` in `{text}`; {_EXAMPLE}")
        total += int(number) * _NANOSECONDS[unit]
        end = part.end()
    if end == 0 or end != len(text):
        raise ValueError(f"not a duration: `{text}`; {_EXAMPLE}")
    return total

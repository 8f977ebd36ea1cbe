"""Cases: what makes a function one, and what is known of it before it runs."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Never, TypeAlias, TypeVar

from . import _duration, _limits, _place
from ._duration import Duration
from ._errors import CaseError

if TYPE_CHECKING:
    from ._test import Test

CaseFunction: TypeAlias = "Callable[[Test], None]"
"""What a case is written as."""

_F = TypeVar("_F", bound="Callable[[Test], None]")

_SCHEDULES = '`every="1s"`, `cron="0 7 * * *"` or `manual=True`'

_ATTRIBUTE = "__orbital_case__"


@dataclass(frozen=True)
class Every:
    """Runs at multiples of a period."""

    period_ms: int
    """At least 1."""


@dataclass(frozen=True)
class Cron:
    """Runs at the times that a cron expression names."""

    expression: str
    """Five fields: minute, hour, day of month, month, day of week."""
    zone: str | None = None
    """A name of the IANA time zone database such as `Europe/Madrid`; none means UTC."""


@dataclass(frozen=True)
class Manual:
    """Runs only when somebody asks for it."""


Schedule: TypeAlias = "Every | Cron | Manual"
"""When the host starts a case by itself."""


@dataclass(frozen=True)
class Case:
    """One test, as the decorator `case` describes it."""

    name: str
    """Unique in the suite; 1 to 100 letters, digits, `-`, `_` and `.`."""
    schedule: Schedule
    """When it runs."""
    timeout_ms: int | None
    """How long one attempt may take; none means what the host's configuration says."""
    tags: Mapping[str, str]
    """Labels; at most 16."""
    retries: int
    """Further attempts after one that did not pass; at most 10."""
    retry_delay_ms: int
    """Between two attempts."""
    max_in_flight: int
    """How many runs may go on at once; at least 1."""
    function: CaseFunction = field(compare=False)
    """The test."""


def case(
    *misplaced: Never,
    every: Duration | None = None,
    cron: str | None = None,
    zone: str | None = None,
    manual: bool = False,
    timeout: Duration | None = None,
    tags: Mapping[str, str] | None = None,
    retries: int = 0,
    retry_delay: Duration | None = None,
    max_in_flight: int = 1,
    name: str | None = None,
) -> Callable[[_F], _F]:
    """Makes a function a case of the suite. It takes a `Test`, and passes if it returns.

    Exactly one of `every`, `cron` and `manual` is required.

    - `every="1s"`: runs at multiples of this period.
    - `cron="0 7 * * *"`, `zone="Europe/Madrid"`: runs at these times; without a zone, in UTC.
    - `manual=True`: runs only when somebody asks for it.
    - `timeout="3s"`: how long one attempt may take; without it, what the host's configuration says.
    - `tags={"team": "growth"}`: labels for filters, maintenance windows and metrics; at most 16.
    - `retries=2`, `retry_delay="1s"`: further attempts after one that did not pass (at most 10), and the time
      between them.
    - `max_in_flight=2`: how many runs may go on at once.
    - `name="other-name"`: the case's name; without it, the function's with `-` for each `_`.
    """

    def register(function: _F) -> _F:
        shown = name if name is not None else getattr(function, "__name__", repr(function)).replace("_", "-")
        try:
            _check_function(function)
            _limits.check_name(shown)
            described = Case(
                name=shown,
                schedule=_schedule(every, cron, zone, manual),
                timeout_ms=_milliseconds("timeout", _duration.nonzero_milliseconds, timeout),
                tags=dict(tags or {}),
                retries=retries,
                retry_delay_ms=_milliseconds("retry_delay", _duration.declared_milliseconds, retry_delay) or 0,
                max_in_flight=max_in_flight,
                function=function,
            )
            with _named("tags"):
                _limits.check_tags(described.tags)
            with _named("retries"):
                _limits.check_retries(retries)
            with _named("max_in_flight"):
                _limits.check_max_in_flight(max_in_flight)
            if retry_delay is not None and retries == 0:
                raise ValueError("`retry_delay` goes with `retries`; add `retries=1` or remove it")
        except ValueError as error:
            raise CaseError(f"case `{shown}`: {error}") from None
        _register(described)
        setattr(function, _ATTRIBUTE, described)
        return function

    if misplaced:
        raise CaseError(f"`@case` needs brackets and a schedule: {_SCHEDULES}")
    return register


def cases() -> list[Case]:
    """The cases of all modules that were imported, in the order of their registration."""
    return list(_cases.values())


def find(name: str) -> Case | None:
    """The case of this name."""
    return _cases.get(name)


def of(function: CaseFunction) -> Case:
    """The case that a function is."""
    found = getattr(function, _ATTRIBUTE, None)
    if not isinstance(found, Case):
        raise ValueError(f"{function!r} is not a case; put `@case(…)` before it")
    return found


_cases: dict[str, Case] = {}


def _register(new: Case) -> None:
    old = _cases.get(new.name)
    if old is not None and _line(old) != _line(new):
        raise CaseError(
            f"case `{new.name}` is there twice: {_shown(old)} and {_shown(new)}; rename one, or give it a `name`"
        )
    # The same lines again are a module that was loaded again.
    _cases[new.name] = new


def _line(described: Case) -> tuple[str, int]:
    code = inspect.unwrap(described.function).__code__
    return os.path.abspath(code.co_filename), code.co_firstlineno


def _shown(described: Case) -> str:
    return str(_place.Place(*_line(described), described.name))


def _schedule(every: Duration | None, cron: str | None, zone: str | None, manual: bool) -> Schedule:
    given = [every is not None, cron is not None, bool(manual)]
    if not any(given):
        raise ValueError(f"a case needs a schedule: {_SCHEDULES}")
    if sum(given) > 1:
        raise ValueError(f"a case has one schedule; keep one of {_SCHEDULES}")
    if zone is not None and cron is None:
        raise ValueError("`zone` goes with `cron`; remove it")
    if cron is not None:
        with _named("cron"):
            _limits.check_cron(cron)
        return Cron(cron, zone)
    period_ms = _milliseconds("every", _duration.nonzero_milliseconds, every)
    return Manual() if period_ms is None else Every(period_ms)


def _milliseconds(name: str, read: Callable[[Duration], int], value: Duration | None) -> int | None:
    if value is None:
        return None
    with _named(name):
        return read(value)


@contextmanager
def _named(argument: str) -> Iterator[None]:
    """Names the argument in the error."""
    try:
        yield
    except ValueError as error:
        raise ValueError(f"`{argument}`: {error}") from None


def _check_function(function: object) -> None:
    if not inspect.isfunction(function):
        raise ValueError("`@case` goes before a function `def name(t: Test) -> None`")
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        raise ValueError("a case is not async: its calls block, and waiting costs no thread; remove `async`")
    if inspect.isgeneratorfunction(function):
        raise ValueError("a case does not `yield`; return instead")
    required = [
        parameter
        for parameter in inspect.signature(function).parameters.values()
        if parameter.default is parameter.empty and parameter.kind is not parameter.VAR_KEYWORD
    ]
    if len(required) != 1 or required[0].kind is inspect.Parameter.KEYWORD_ONLY:
        raise ValueError("a case takes one argument: `t: Test`")

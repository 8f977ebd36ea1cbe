"""Cases: the decorator `case`, and the settings of a case."""

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
"""The type of a function that is a case."""

_F = TypeVar("_F", bound="Callable[[Test], None]")

_SCHEDULES = '`every="1s"`, `cron="0 7 * * *"` or `manual=True`'

_ATTRIBUTE = "__orbital_case__"


@dataclass(frozen=True)
class Every:
    """Runs periodically."""

    period_ms: int
    """The period in milliseconds, at least 1."""


@dataclass(frozen=True)
class Cron:
    """Runs at the times of a cron expression."""

    expression: str
    """Five fields: minute, hour, day of month, month, day of week."""
    zone: str | None = None
    """The name of a time zone in the IANA database, such as `Europe/Madrid`. `None` means UTC."""


@dataclass(frozen=True)
class Manual:
    """Runs only on request, such as `orbital run`."""


Schedule: TypeAlias = "Every | Cron | Manual"
"""When the host starts a case."""


@dataclass(frozen=True)
class Case:
    """A test with its settings. The decorator `case` creates it."""

    name: str
    """The name, unique in the suite: 1 to 100 letters, digits, `-`, `_` and `.`."""
    schedule: Schedule
    """When the case runs."""
    timeout_ms: int | None
    """The timeout of one attempt. `None` means the default in the host's configuration."""
    tags: Mapping[str, str]
    """Labels of the case, at most 16."""
    retries: int
    """The maximum number of retries, at most 10."""
    retry_delay_ms: int
    """The delay before each retry, in milliseconds."""
    max_in_flight: int
    """The maximum number of concurrent runs of this case, at least 1."""
    function: CaseFunction = field(compare=False)
    """The function of the test."""


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
    """Makes a function a case. The function takes a `Test`. The case passes if it returns and was not marked as failed.

    Exactly one of `every`, `cron` and `manual` is required.

    - `every="1s"`: runs periodically, with this period.
    - `cron="0 7 * * *"`, `zone="Europe/Madrid"`: runs at the times of a cron expression. The default zone is UTC.
    - `manual=True`: runs only on request, such as `orbital run`.
    - `timeout="3s"`: the timeout of one attempt. The default is in the host's configuration.
    - `tags={"team": "growth"}`: labels for filters, maintenance windows and metrics, at most 16.
    - `retries=2`, `retry_delay="1s"`: the maximum number of retries, at most 10, and the delay before each.
    - `max_in_flight=2`: the maximum number of concurrent runs. The default is 1.
    - `name="other-name"`: the name of the case. The default is the function's name with `-` for each `_`.
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
                raise ValueError("`retry_delay` requires `retries`; add `retries=1` or remove it")
        except ValueError as error:
            raise CaseError(f"case `{shown}`: {error}") from None
        _register(described)
        setattr(function, _ATTRIBUTE, described)
        return function

    if misplaced:
        raise CaseError(f"`@case` needs parentheses and a schedule: {_SCHEDULES}")
    return register


def cases() -> list[Case]:
    """Returns the cases of all imported modules, in the order of their registration."""
    return list(_cases.values())


def find(name: str) -> Case | None:
    """Returns the case with this name, or `None`."""
    return _cases.get(name)


def of(function: CaseFunction) -> Case:
    """Returns the case of a function."""
    found = getattr(function, _ATTRIBUTE, None)
    if not isinstance(found, Case):
        raise ValueError(f"{function!r} is not a case; decorate it with `@case(…)`")
    return found


_cases: dict[str, Case] = {}


def _register(new: Case) -> None:
    old = _cases.get(new.name)
    if old is not None and _line(old) != _line(new):
        raise CaseError(
            f"case `{new.name}` is defined twice: {_shown(old)} and {_shown(new)}; rename one, or set its `name`"
        )
    # The same lines mean that a module was loaded again.
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
        raise ValueError("`zone` requires `cron`; remove it")
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
    """Adds the name of the argument to an error."""
    try:
        yield
    except ValueError as error:
        raise ValueError(f"`{argument}`: {error}") from None


def _check_function(function: object) -> None:
    if not inspect.isfunction(function):
        raise ValueError("`@case` must be on a function `def name(t: Test) -> None`")
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        raise ValueError("a case cannot be async; remove `async`: its calls block, and a waiting case does not block a thread")
    if inspect.isgeneratorfunction(function):
        raise ValueError("a case cannot `yield`; return instead")
    required = [
        parameter
        for parameter in inspect.signature(function).parameters.values()
        if parameter.default is parameter.empty and parameter.kind is not parameter.VAR_KEYWORD
    ]
    if len(required) != 1 or required[0].kind is inspect.Parameter.KEYWORD_ONLY:
        raise ValueError("a case takes one argument: `t: Test`")

"""The seam between this package and whoever runs a case.

In a component that is orbital's host, by way of the bindings that are generated when the component is built.
In a unit test it is `orbital_sdk.fake`. Nothing else knows which of the two it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

from ._errors import SendError
from ._event import Event, Reply, Request
from ._receipt import Delivery, Receipt

if TYPE_CHECKING:
    from . import http

Level: TypeAlias = Literal["debug", "info", "warn", "error"]
"""How much a line of the log matters."""

MetricKind: TypeAlias = Literal["counter", "gauge", "histogram"]
"""What a metric is."""


@dataclass(frozen=True)
class RunContext:
    """What a case may know of the run it is in."""

    run_id: str
    """Unique over all runs of all replicas."""
    component: str
    """The component's name: the stem of its file."""
    case: str
    """The case's name."""
    attempt: int
    """1 for the first attempt of the run."""
    environment: str
    """The operator's name for where the host runs, such as `staging`; empty if not set."""
    webhook_url: str
    """The webhook's public URL, without a slash at its end: where the system under test must deliver to."""


class Host(Protocol):
    """The contract's functions, in the types of this package. Their errors are raised."""

    def fail(self, message: str) -> None: ...
    def log(self, level: Level, message: str, fields: Sequence[tuple[str, str]]) -> None: ...
    def context(self) -> RunContext: ...
    def time_left_ms(self) -> int: ...
    def config(self, name: str) -> str | None: ...
    def elapsed(self) -> float: ...
    def sleep(self, duration_ms: int) -> None: ...
    def new_id(self) -> str: ...
    def expect(self, key: str, replies: Sequence[Reply]) -> None: ...
    def wait_for(self, key: str, timeout_ms: int | None) -> Delivery: ...
    def wait_n(self, keys: Sequence[str], n: int, timeout_ms: int | None) -> list[Delivery]: ...
    def send_event(self, event: Event) -> Receipt: ...
    def send_events(self, events: Sequence[Event]) -> list[Receipt | SendError]: ...
    def request(self, request: Request) -> Receipt: ...
    def record(self, kind: MetricKind, name: str, value: float, labels: Sequence[tuple[str, str]]) -> None: ...
    def fetch(self, request: http.Request) -> http.Response: ...


_current: list[Host] = []


def current() -> Host:
    """The host of the run that is going on, for functions that are not given a `Test`."""
    if not _current:
        raise RuntimeError("no case is running: this works in a case only, or in `orbital_sdk.fake`")
    return _current[-1]


@contextmanager
def entered(host: Host) -> Iterator[None]:
    """Makes a host the current one."""
    _current.append(host)
    try:
        yield
    finally:
        _current.pop()

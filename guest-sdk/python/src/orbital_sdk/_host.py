"""The interface between this package and the host that runs a case.

In a component, it is implemented by orbital's host, through the bindings that are generated when the component is built.
In a unit test, it is implemented by `orbital_sdk.fake`. Other modules do not know which of the two it is.
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
"""The severity of a logged line."""

MetricKind: TypeAlias = Literal["counter", "gauge", "histogram"]
"""The type of a metric."""


@dataclass(frozen=True)
class RunContext:
    """Information about the current run."""

    run_id: str
    """Identifies the run. A UUID, version 7."""
    component: str
    """The name of the component: its file name without the extension."""
    case: str
    """The name of the case."""
    attempt: int
    """The number of the attempt, starting at 1."""
    environment: str
    """The name of the environment that the host runs in, such as `staging`. Empty if the operator did not set it."""
    webhook_url: str
    """The public URL of the webhook, without a trailing slash. The system under test must deliver to this URL."""


class Host(Protocol):
    """The functions of the contract, in the types of this package. They raise their errors."""

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
    """Returns the host of the current run, for functions without a `Test` argument."""
    if not _current:
        raise RuntimeError("no case is running: call this in a case only, or with `orbital_sdk.fake`")
    return _current[-1]


@contextmanager
def entered(host: Host) -> Iterator[None]:
    """Makes a host the current one."""
    _current.append(host)
    try:
        yield
    finally:
        _current.pop()

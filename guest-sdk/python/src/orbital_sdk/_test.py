"""The current run."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from typing import TypeVar

from . import _duration, _place, _poll
from ._difference import brief, difference, in_short
from ._duration import Duration
from ._errors import Failure, SendError, WaitTimeout
from ._event import Event, Reply, Request
from ._host import Host, RunContext
from ._log import Log
from ._receipt import Delivery, Receipt

T = TypeVar("T")


class Test:
    """The current run. A case uses it to send events, wait for deliveries, log and fail.

    All calls block. To wait for several deliveries, use `wait_n`; to send several events concurrently, use `send_events`.
    Threads and `asyncio` do not work in a component.

    Durations are seconds, a `timedelta`, or a string such as `"250ms"`.
    """

    # Prevents pytest from collecting this class as tests.
    __test__ = False

    log: Log
    """The log of the run."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self.log = Log(host)

    def fail(self, message: object) -> None:
        """Marks the run as failed, with a reason, and continues."""
        self._host.fail(str(message))

    def check(self, condition: object, message: object = None) -> bool:
        """Checks a condition. If it is false, marks the run as failed and continues. Returns the condition."""
        if not condition:
            if message is None:
                message = f"check failed: the condition is {brief(condition)}"
            self.fail(_with_place(message))
        return bool(condition)

    def check_eq(self, left: object, right: object, message: object = "check failed") -> bool:
        """Checks that two values are equal. If not, marks the run as failed, with their difference, and continues.
        Returns whether they are equal."""
        if left == right:
            return True
        headline = _with_place(f"{message}: {in_short(left, right)}")
        self.fail(f"{headline}\n{difference(left, right)}")
        return False

    def new_id(self) -> str:
        """Returns a new key that cannot be guessed, and that is unique among all runs."""
        return self._host.new_id()

    def expect(self, key: str, *replies: Reply) -> None:
        """Reserves a key for this run until the run ends. Waiting for a key, and sending an event with a key, also does
        this.

        The replies, at most 32, are the webhook's responses to the deliveries with this key, in order. Further deliveries
        get a 200. Raises `ExpectError` if another run expects the key, or if the key or a reply is invalid.
        """
        self._host.expect(key, replies)

    def wait_for(self, key: str, within: Duration | None = None) -> Delivery:
        """Waits for the next delivery with this key, and removes it from the queue.

        Without `within`, it waits until the run times out, and the run then ends with outcome `timeout`. With `within`, it
        raises `WaitTimeout` if no delivery arrives within that time; 0 does not wait. Raises `WaitError`.
        """
        return self._host.wait_for(key, _limit(within))

    def wait_n(self, keys: Iterable[str], n: int, within: Duration | None = None) -> list[Delivery]:
        """Waits for the next `n` deliveries with any of these keys, in the order of arrival, and removes them from the
        queues.

        Without `within`, it waits until the run times out. With `within`, it raises `WaitTimeout` if fewer than `n` arrive
        within that time; those that arrived stay in the queue. Raises `WaitError`.
        """
        # A string is iterable, and would become a list of keys with one letter each.
        listed = [keys] if isinstance(keys, str) else list(keys)
        return self._host.wait_n(listed, n, _limit(within))

    def no_delivery_within(self, key: str, within: Duration) -> None:
        """Checks that no further delivery with this key arrives within this time. Raises `Failure` if one does."""
        try:
            delivery = self.wait_for(key, within)
        except WaitTimeout:
            return
        raise Failure(
            f"expected no delivery with the key `{key}` within {_duration.shown(within)}, "
            f"but received: {delivery}"
        )

    def send_event(self, event: Event) -> Receipt:
        """Sends an event and waits for the response, which may have any status; see `Receipt.success`.

        Raises `SendError` if there is no response.
        """
        return self._host.send_event(event)

    def send_events(self, events: Iterable[Event]) -> list[Receipt | SendError]:
        """Sends events concurrently and waits for all responses. The host limits how many are sent at once.

        The results are in the order of the events. An event without a response has a `SendError`, which is returned and not
        raised. All keys are expected before the first event is sent.
        """
        return self._host.send_events(list(events))

    def request(self, request: Request) -> Receipt:
        """Sends a request that is not an event, and waits for the response. Raises `SendError` if there is none."""
        return self._host.request(request)

    def counter(self, name: str, value: float = 1, /, **labels: str) -> None:
        """Adds a value to a counter: `t.counter("items_total", 3, kind="new")`. By convention its name ends in `_total`.

        The host exports it as `orbital_test_<name>`, with the labels `component` and `case`. Raises `MetricError` if the
        value was not recorded.
        """
        self._host.record("counter", name, value, list(labels.items()))

    def gauge(self, name: str, value: float, /, **labels: str) -> None:
        """Sets a gauge to a value. Raises `MetricError` if the value was not recorded."""
        self._host.record("gauge", name, value, list(labels.items()))

    def histogram(self, name: str, value: float, /, **labels: str) -> None:
        """Adds an observation to a histogram, in base units such as seconds or bytes. Raises `MetricError` if the value was
        not recorded."""
        self._host.record("histogram", name, value, list(labels.items()))

    def config(self, name: str) -> str | None:
        """Returns a value that the operator set for this component in the host's configuration, or `None`."""
        return self._host.config(name)

    def require_config(self, name: str) -> str:
        """Returns a value that the operator must set for this component in the host's configuration. Raises `Failure` if
        it is not set."""
        value = self._host.config(name)
        if value is None:
            raise Failure(f"`{name}` is not set in the host's configuration of this component")
        return value

    @property
    def context(self) -> RunContext:
        """Information about the run, such as its id and its environment."""
        return self._host.context()

    @property
    def time_left(self) -> float:
        """The time that is left before the attempt times out, in seconds."""
        return self._host.time_left_ms() / 1000

    def sleep(self, duration: Duration) -> None:
        """Sleeps. To wait for a delivery, use `wait_for`; for anything else, use `eventually`. Both return as early as
        possible."""
        self._host.sleep(_duration.milliseconds(duration))

    def eventually(self, within: Duration, attempt: Callable[[], T]) -> T:
        """Retries until the function succeeds, with pauses from 10 ms doubling up to 500 ms, and returns its result.

        Raises `Failure` with the last error if the function did not succeed within this time.
        """
        return _poll.poll(within, self._host.elapsed, self._host.sleep, attempt)


def _limit(within: Duration | None) -> int | None:
    return None if within is None else _duration.milliseconds(within)


def _with_place(message: object) -> str:
    place = _place.caller(sys._getframe(2))
    return f"{message} ({place})" if place else str(message)

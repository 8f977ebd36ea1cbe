"""The run that a case is in."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from typing import TypeVar

from . import _duration, _place, _poll
from ._difference import difference
from ._duration import Duration
from ._errors import Failure, SendError, WaitTimeout
from ._event import Event, Reply, Request
from ._host import Host, RunContext
from ._log import Log
from ._receipt import Delivery, Receipt

T = TypeVar("T")


class Test:
    """The run that a case is in: what the case does, and says, goes through it.

    All calls block, and one run does one thing at a time: to wait for several deliveries use `wait_n`, and to
    send several events at once `send_events`. Threads and `asyncio` do not work in a component.

    Durations are seconds, a `timedelta`, or a text such as `"250ms"`.
    """

    # It is no class of tests, whatever its name says to pytest.
    __test__ = False

    log: Log
    """What the case has to say."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self.log = Log(host)

    def fail(self, message: object) -> None:
        """Marks the run as failed, with a reason for a person to read, and goes on."""
        self._host.fail(str(message))

    def check(self, condition: object, message: object = "check failed") -> bool:
        """Marks the run as failed unless the condition holds, and goes on. Returns whether it holds."""
        if not condition:
            self.fail(_with_place(message))
        return bool(condition)

    def check_eq(self, left: object, right: object, message: object = "check failed") -> bool:
        """Marks the run as failed unless both values are equal, with their difference in the message, and goes
        on. Returns whether they are."""
        if left == right:
            return True
        self.fail(f"{_with_place(message)}\n{difference(left, right)}")
        return False

    def new_id(self) -> str:
        """A new key: unguessable, and unique over all runs."""
        return self._host.new_id()

    def expect(self, key: str, *replies: Reply) -> None:
        """Claims a key for this run, until the run ends. Waiting for a key, and sending an event with one, does
        this too.

        Replies are what the webhook answers to the deliveries of the key, in order; those after the last one are
        answered with 200. At most 32. Raises `ExpectError`.
        """
        self._host.expect(key, replies)

    def wait_for(self, key: str, within: Duration | None = None) -> Delivery:
        """Takes the next delivery of a key.

        Waits for it as long as the run may last: if none comes, the run ends as `timeout`. With `within` it waits
        so long, and raises `WaitTimeout` if none comes; 0 looks without waiting. Raises `WaitError`.
        """
        return self._host.wait_for(key, _limit(within))

    def wait_n(self, keys: Iterable[str], n: int, within: Duration | None = None) -> list[Delivery]:
        """Takes the next `n` deliveries of any of these keys, in the order in which they came.

        Otherwise as `wait_for`. If fewer come in time, those stay in the queue.
        """
        # A text is an iterable of texts, and would be a list of keys of one letter each.
        listed = [keys] if isinstance(keys, str) else list(keys)
        return self._host.wait_n(listed, n, _limit(within))

    def no_delivery_within(self, key: str, within: Duration) -> None:
        """Watches this long that nothing more is delivered with a key; raises `Failure` if something is."""
        try:
            delivery = self.wait_for(key, within)
        except WaitTimeout:
            return
        raise Failure(
            f"nothing more was to be delivered with the key `{key}` within {_duration.shown(within)}, "
            f"but this was: {delivery}"
        )

    def send_event(self, event: Event) -> Receipt:
        """Sends an event and waits for the answer, which may have any status: see `Receipt.success`.

        Raises `SendError` if there is no answer.
        """
        return self._host.send_event(event)

    def send_events(self, events: Iterable[Event]) -> list[Receipt | SendError]:
        """Sends events at the same time, up to a bound that the host sets, and waits for all answers.

        They are in the order of the events. All keys are expected before the first event is sent. What was not
        answered is returned as the error, and nothing is raised.
        """
        return self._host.send_events(list(events))

    def request(self, request: Request) -> Receipt:
        """Sends any other request and waits for the answer. Raises as `send_event`."""
        return self._host.request(request)

    def counter(self, name: str, value: float = 1, /, **labels: str) -> None:
        """Adds to a counter: `t.counter("items_total", 3, kind="new")`. Its name ends in `_total`.

        A case's own metrics are on the host's metrics page as `orbital_test_<name>`, with the labels `component`
        and `case` added. Raises `MetricError` if nothing was recorded.
        """
        self._host.record("counter", name, value, list(labels.items()))

    def gauge(self, name: str, value: float, /, **labels: str) -> None:
        """Sets a gauge. Raises `MetricError` if nothing was recorded."""
        self._host.record("gauge", name, value, list(labels.items()))

    def histogram(self, name: str, value: float, /, **labels: str) -> None:
        """Adds an observation to a histogram, in base units: seconds, bytes. Raises `MetricError` if nothing was
        recorded."""
        self._host.record("histogram", name, value, list(labels.items()))

    def config(self, name: str) -> str | None:
        """A value that the operator set for this component; none if it is not set."""
        return self._host.config(name)

    def require_config(self, name: str) -> str:
        """A value that the operator must set for this component. Raises `Failure` if it is not set."""
        value = self._host.config(name)
        if value is None:
            raise Failure(f"`{name}` is not set in the host's configuration of this component")
        return value

    @property
    def context(self) -> RunContext:
        """The run, as the host sees it."""
        return self._host.context()

    @property
    def time_left(self) -> float:
        """What is left of the attempt's time, in seconds."""
        return self._host.time_left_ms() / 1000

    def sleep(self, duration: Duration) -> None:
        """Waits. To wait for a delivery use `wait_for`, and for anything else `eventually`: both end as soon as
        they can."""
        self._host.sleep(_duration.milliseconds(duration))

    def eventually(self, within: Duration, attempt: Callable[[], T]) -> T:
        """Calls a function until it raises nothing, with pauses of 10 ms that double up to 500 ms, and returns
        what it returned.

        Raises `Failure` with the last reason if it never succeeded in this time.
        """
        return _poll.poll(within, self._host.elapsed, self._host.sleep, attempt)


def _limit(within: Duration | None) -> int | None:
    return None if within is None else _duration.milliseconds(within)


def _with_place(message: object) -> str:
    place = _place.caller(sys._getframe(2))
    return f"{message} ({place})" if place else str(message)

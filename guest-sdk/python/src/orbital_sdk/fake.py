"""A fake host for unit tests of cases, without a component, a network or waiting.

    from orbital_sdk.fake import Answer, Deliver, FakeHost

    def test_smoke() -> None:
        host = FakeHost()
        host.on_event(lambda event: [Deliver(json={"processed": True})])
        run = host.run(smoke)
        assert run.outcome == "pass", run.messages
        assert run.events[0].target == "api"

The fake has its own clock. It advances only when the case waits or sleeps, and then immediately. Use a new host for
each run.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from . import _case, _content, _duration, _report, http
from ._case import CaseFunction
from ._content import UNSET, Header, Headers
from ._duration import Duration
from ._errors import NothingToWaitFor, SendError, WaitTimeout
from ._event import Event, Reply, Request
from ._host import Level, MetricKind, RunContext, entered
from ._receipt import Delivery, Receipt
from ._test import Test

__all__ = [
    "Answer",
    "Deliver",
    "FakeHost",
    "Line",
    "Metric",
    "Run",
]

_DEFAULT_TIMEOUT_MS = 10_000
"""The default of `components.default_timeout` in the host's configuration."""

_EPOCH = 1_800_000_000.0
"""The time of the clock when a run starts, so that `received_at` is a realistic time."""


@dataclass(frozen=True, init=False)
class Answer:
    """A target's response."""

    status: int
    headers: tuple[Header, ...]
    body: bytes
    after_ms: int

    def __init__(
        self,
        status: int = 202,
        *,
        headers: Headers = (),
        body: bytes | str = b"",
        json: object = UNSET,
        after: Duration = 0,
    ) -> None:
        """`after` is how long the case waits for the response."""
        listed, encoded = _content.content(headers, body, json)
        object.__setattr__(self, "status", status)
        object.__setattr__(self, "headers", _lower(listed))
        object.__setattr__(self, "body", encoded)
        object.__setattr__(self, "after_ms", _duration.milliseconds(after))


@dataclass(frozen=True, init=False)
class Deliver:
    """A delivery of the system under test to the webhook."""

    key: str | None
    method: str
    path: str
    query: str
    headers: tuple[Header, ...]
    body: bytes
    after_ms: int

    def __init__(
        self,
        *,
        key: str | None = None,
        method: str = "POST",
        path: str = "/",
        headers: Headers = (),
        body: bytes | str = b"",
        json: object = UNSET,
        after: Duration = 0,
    ) -> None:
        """`key` defaults to the key of the event. `after` is the delay after the event."""
        listed, encoded = _content.content(headers, body, json)
        object.__setattr__(self, "key", key)
        object.__setattr__(self, "method", method)
        object.__setattr__(self, "path", path.partition("?")[0])
        object.__setattr__(self, "query", path.partition("?")[2])
        object.__setattr__(self, "headers", _lower(listed))
        object.__setattr__(self, "body", encoded)
        object.__setattr__(self, "after_ms", _duration.milliseconds(after))


@dataclass(frozen=True)
class Line:
    """A logged line."""

    level: Level
    message: str
    fields: Mapping[str, str]


@dataclass(frozen=True)
class Metric:
    """A recorded value of a metric."""

    kind: MetricKind
    name: str
    value: float
    labels: Mapping[str, str]


Outcome: TypeAlias = Literal["pass", "fail", "timeout"]


@dataclass
class Run:
    """The result of a run, with everything that the case did."""

    outcome: Outcome = "pass"
    """The outcome."""
    messages: list[str] = field(default_factory=list)
    """The reasons why the run did not pass."""
    logs: list[Line] = field(default_factory=list)
    """The lines that the case logged, in order."""
    events: list[Event] = field(default_factory=list)
    """The events that the case sent, in order."""
    requests: list[Request] = field(default_factory=list)
    """The other requests that the case sent to targets, in order."""
    fetches: list[http.Request] = field(default_factory=list)
    """The requests that the case sent with `orbital_sdk.http`, in order."""
    metrics: list[Metric] = field(default_factory=list)
    """The values of metrics that the case recorded, in order."""
    expected: list[str] = field(default_factory=list)
    """The keys that the case expected, in order."""
    duration: float = 0.0
    """The duration in seconds, by the clock of the fake host."""


EventHandler: TypeAlias = Callable[[Event], "Iterable[Answer | Deliver] | None"]
RequestHandler: TypeAlias = Callable[[Request], Answer]
FetchHandler: TypeAlias = Callable[[http.Request], Answer]
ReplyHandler: TypeAlias = Callable[[Delivery, Reply], "Iterable[Deliver] | None"]


class FakeHost:
    """A fake host with its own clock and a fake system under test."""

    def __init__(
        self,
        *,
        config: Mapping[str, str] | None = None,
        environment: str = "",
        attempt: int = 1,
        webhook_url: str = "http://127.0.0.1:8710",
    ) -> None:
        """`config` has the values that the operator would set for the component. The other arguments are part of
        `Test.context`."""
        self._config = dict(config or {})
        self._environment = environment
        self._attempt = attempt
        self._webhook_url = webhook_url
        self._on_event: EventHandler = lambda event: None
        self._on_request: RequestHandler = lambda request: Answer(200)
        self._on_fetch: FetchHandler = lambda request: Answer(200)
        self._on_reply: ReplyHandler = lambda delivery, reply: None
        self._run = Run()
        self._case = ""
        self._timeout_ms = _DEFAULT_TIMEOUT_MS
        self._now_ms = 0
        self._ids = 0
        self._sent_ms: dict[str, int] = {}
        self._coming: list[tuple[int, int, Delivery]] = []
        self._came: dict[str, deque[tuple[int, Delivery]]] = defaultdict(deque)
        self._order = 0
        self._replies: dict[str, deque[Reply]] = {}

    def on_event(self, handler: EventHandler) -> None:
        """Sets the function that is called with each event. It returns deliveries and an optional `Answer`, which defaults
        to status 202. To simulate a missing response, raise a `SendError`."""
        self._on_event = handler

    def on_request(self, handler: RequestHandler) -> None:
        """Sets the function that returns the response to a request that is not an event. The default status is 200."""
        self._on_request = handler

    def on_fetch(self, handler: FetchHandler) -> None:
        """Sets the function that returns the response to a request of `orbital_sdk.http`. The default status is 200. To
        simulate a missing response, raise `http.HTTPError`."""
        self._on_fetch = handler

    def on_reply(self, handler: ReplyHandler) -> None:
        """Sets the function that is called with each delivery and the webhook's response. It returns further deliveries,
        such as a redelivery after a 503. Their `after` is the delay after that delivery."""
        self._on_reply = handler

    def run(self, case: CaseFunction) -> Run:
        """Runs a case and returns the result."""
        described = _case.of(case)
        self._case = described.name
        self._timeout_ms = described.timeout_ms or _DEFAULT_TIMEOUT_MS
        run = self._run
        ended: str | None = None
        try:
            with entered(self):
                described.function(Test(self))
        except _TimeIsUp as error:
            ended = "timeout"
            run.messages.append(str(error))
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                # The user wants to stop the unit tests.
                raise
            ended = "fail"
            run.messages.append(_report.describe(error))
        if ended == "timeout" and len(run.messages) == 1:
            run.outcome = "timeout"
        elif run.messages:
            # A run that called `fail` has failed, however it ended.
            run.outcome = "fail"
        run.duration = self._now_ms / 1000
        return run

    # The following methods implement `orbital_sdk._host.Host`.

    def fail(self, message: str) -> None:
        self._run.messages.append(message)

    def log(self, level: Level, message: str, fields: Sequence[tuple[str, str]]) -> None:
        self._run.logs.append(Line(level, message, dict(fields)))

    def context(self) -> RunContext:
        return RunContext("fake", "fake", self._case, self._attempt, self._environment, self._webhook_url)

    def time_left_ms(self) -> int:
        return self._timeout_ms - self._now_ms

    def config(self, name: str) -> str | None:
        return self._config.get(name)

    def elapsed(self) -> float:
        return self._now_ms / 1000

    def sleep(self, duration_ms: int) -> None:
        self._advance(duration_ms, f"while sleeping for {duration_ms}ms")

    def new_id(self) -> str:
        self._ids += 1
        return f"00000000-0000-7000-8000-{self._ids:012}"

    def expect(self, key: str, replies: Sequence[Reply]) -> None:
        if key not in self._run.expected:
            self._run.expected.append(key)
        if replies:
            self._replies[key] = deque(replies)

    def wait_for(self, key: str, timeout_ms: int | None) -> Delivery:
        return self.wait_n([key], 1, timeout_ms)[0]

    def wait_n(self, keys: Sequence[str], n: int, timeout_ms: int | None) -> list[Delivery]:
        if n == 0 or not keys:
            raise NothingToWaitFor
        for key in keys:
            self.expect(key, ())
        end = None if timeout_ms is None else self._now_ms + timeout_ms
        while sum(len(self._came[key]) for key in dict.fromkeys(keys)) < n:
            next_ms = min((at for at, _, _ in self._coming), default=None)
            if end is not None and (next_ms is None or next_ms > end):
                self._advance(end - self._now_ms, f"waiting for {_keys(keys)}")
                raise WaitTimeout
            if next_ms is None:
                next_ms = self._timeout_ms
            self._advance(next_ms - self._now_ms, f"waiting for {_keys(keys)}")
        return [self._take(keys) for _ in range(n)]

    def send_event(self, event: Event) -> Receipt:
        (answer,) = self.send_events([event])
        if isinstance(answer, SendError):
            raise answer
        return answer

    def send_events(self, events: Sequence[Event]) -> list[Receipt | SendError]:
        for event in events:
            if event.key is not None:
                self.expect(event.key, ())
        answers: list[Receipt | SendError] = []
        longest_ms = 0
        for event in events:
            self._run.events.append(event)
            if event.key is not None:
                self._sent_ms[event.key] = self._now_ms
            try:
                planned = list(self._on_event(event) or ())
            except SendError as error:
                answers.append(error)
                continue
            answer = next((item for item in planned if isinstance(item, Answer)), Answer())
            answers.append(_receipt(answer))
            longest_ms = max(longest_ms, answer.after_ms)
            for item in planned:
                if isinstance(item, Deliver):
                    self._deliver(item, event.key or "")
        # The events are sent concurrently.
        self._advance(longest_ms, "waiting for an answer")
        return answers

    def request(self, request: Request) -> Receipt:
        self._run.requests.append(request)
        answer = self._on_request(request)
        self._advance(answer.after_ms, f"waiting for an answer from `{request.target}`")
        return _receipt(answer)

    def record(self, kind: MetricKind, name: str, value: float, labels: Sequence[tuple[str, str]]) -> None:
        self._run.metrics.append(Metric(kind, name, value, dict(labels)))

    def fetch(self, request: http.Request) -> http.Response:
        self._run.fetches.append(request)
        answer = self._on_fetch(request)
        self._advance(answer.after_ms, f"waiting for an answer from {http.shown(request)}")
        return http.Response(http.shown(request), answer.status, answer.headers, answer.body)

    def _deliver(self, deliver: Deliver, key: str) -> None:
        at = self._now_ms + deliver.after_ms
        key = deliver.key if deliver.key is not None else key
        sent_ms = self._sent_ms.get(key)
        delivery = Delivery(
            key=key,
            method=deliver.method,
            path=deliver.path,
            query=deliver.query,
            headers=deliver.headers,
            body=deliver.body,
            received_at=_EPOCH + at / 1000,
            latency=None if sent_ms is None else (at - sent_ms) / 1000,
        )
        self._order += 1
        self._coming.append((at, self._order, delivery))
        self._receive()

    def _advance(self, duration_ms: int, doing: str) -> None:
        """Advances the clock, receives the deliveries of that time, and ends the run if it times out."""
        end = self._now_ms + duration_ms
        while self._coming and min(self._coming)[0] <= min(end, self._timeout_ms):
            self._now_ms = max(self._now_ms, min(self._coming)[0])
            self._receive()
        self._now_ms = min(end, self._timeout_ms)
        if end >= self._timeout_ms and duration_ms > 0:
            raise _TimeIsUp(f"timed out after {_duration.shown(self._timeout_ms / 1000)} {doing}")

    def _receive(self) -> None:
        """Receives, and responds to, the deliveries that are due."""
        while due := [item for item in self._coming if item[0] <= self._now_ms]:
            first = min(due, key=lambda item: item[:2])
            self._coming.remove(first)
            delivery = first[2]
            self._order += 1
            self._came[delivery.key].append((self._order, delivery))
            planned = self._replies.get(delivery.key)
            reply = planned.popleft() if planned else Reply(200)
            for again in self._on_reply(delivery, reply) or ():
                self._deliver(again, delivery.key)

    def _take(self, keys: Sequence[str]) -> Delivery:
        queues = [self._came[key] for key in dict.fromkeys(keys) if self._came[key]]
        return min(queues, key=lambda queue: queue[0][0]).popleft()[1]


class _TimeIsUp(BaseException):
    """Ends a run that timed out. It is not an `Exception`, so that a case does not catch it."""


def _receipt(answer: Answer) -> Receipt:
    return Receipt(answer.status, answer.headers, answer.body, answer.after_ms / 1000)


def _lower(headers: Iterable[Header]) -> tuple[Header, ...]:
    return tuple(Header(header.name.lower(), header.value) for header in headers)


def _keys(keys: Sequence[str]) -> str:
    shown = ", ".join(f"`{key}`" for key in keys)
    return f"a delivery with key {shown}"

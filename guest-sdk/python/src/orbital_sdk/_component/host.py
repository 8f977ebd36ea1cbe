"""orbital's host, by way of the generated bindings."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

from componentize_py_types import Err, Ok
from wit_world.imports import clock, config, context, deliveries, events, log, metrics, verdict

from .. import _errors as errors
from .. import _report
from .. import http as http_api
from .._content import Header
from .._errors import OrbitalError, SendError
from .._event import Event, Reply, Request
from .._host import Level, MetricKind, RunContext
from .._receipt import Delivery, Receipt

Fetch = Callable[[http_api.Request], http_api.Response]


class ComponentHost:
    """The contract's functions. An error of the contract becomes an exception of this package."""

    def __init__(self, fetch: Fetch | None) -> None:
        self._fetch = fetch

    def fail(self, message: str) -> None:
        verdict.fail(_text(message))

    def log(self, level: Level, message: str, fields: Sequence[tuple[str, str]]) -> None:
        listed = [log.Field(_text(name), _text(value)) for name, value in fields]
        log.log(_LEVELS[level], _text(message), listed)

    def context(self) -> RunContext:
        run = context.current()
        return RunContext(run.run_id, run.component, run.case, run.attempt, run.environment, run.webhook_url)

    def time_left_ms(self) -> int:
        return context.time_left_ms()

    def config(self, name: str) -> str | None:
        return config.get(_text(name))

    def elapsed(self) -> float:
        return clock.elapsed()

    def sleep(self, duration_ms: int) -> None:
        clock.sleep(duration_ms)

    def new_id(self) -> str:
        return deliveries.new_id()

    def expect(self, key: str, replies: Sequence[Reply]) -> None:
        planned = [
            deliveries.PlannedReply(_u16(reply.status), reply.delay_ms, _headers(reply.headers), reply.body)
            for reply in replies
        ]
        try:
            deliveries.expect(_text(key), deliveries.ExpectOptions(planned))
        except Err as error:
            _raise(error)

    def wait_for(self, key: str, timeout_ms: int | None) -> Delivery:
        try:
            return _delivery(deliveries.wait_for(_text(key), timeout_ms))
        except Err as error:
            _raise(error)

    def wait_n(self, keys: Sequence[str], n: int, timeout_ms: int | None) -> list[Delivery]:
        try:
            found = deliveries.wait_n([_text(key) for key in keys], _count(n), timeout_ms)
        except Err as error:
            _raise(error)
        return [_delivery(delivery) for delivery in found]

    def send_event(self, event: Event) -> Receipt:
        try:
            return _receipt(events.send_event(_event(event)))
        except Err as error:
            _raise(error)

    def send_events(self, many: Sequence[Event]) -> list[Receipt | SendError]:
        answers = events.send_events([_event(event) for event in many])
        return [_answer(answer) for answer in answers]

    def request(self, request: Request) -> Receipt:
        wanted = events.HttpRequest(
            _text(request.target),
            _text(request.method),
            _text(request.path),
            _headers(request.headers),
            request.body,
            request.timeout_ms,
        )
        try:
            return _receipt(events.request(wanted))
        except Err as error:
            _raise(error)

    def record(self, kind: MetricKind, name: str, value: float, labels: Sequence[tuple[str, str]]) -> None:
        listed = [metrics.Label(_text(label), _text(text)) for label, text in labels]
        try:
            _METRICS[kind](_text(name), float(value), listed)
        except Err as error:
            _raise(error)

    def fetch(self, request: http_api.Request) -> http_api.Response:
        if self._fetch is None:
            raise errors.Failure("`orbital_sdk.http` needs `http = true` in `[tool.orbital]` of pyproject.toml")
        return self._fetch(request)


def _text(text: str) -> str:
    """Returns a text that can cross the boundary, with U+FFFD in place of lone surrogates, which UTF-8 cannot express."""
    return _report.well_formed(str(text))


def _u16(number: int) -> int:
    # Beyond this the bindings would break the instance; the host says what is allowed.
    return min(max(int(number), 0), 0xFFFF)


def _count(number: int) -> int:
    return min(max(int(number), 0), 0xFFFF_FFFF)


def _headers(headers: Sequence[Header]) -> list[deliveries.Header]:
    return [deliveries.Header(_text(header.name), _text(header.value)) for header in headers]


def _event(event: Event) -> events.Event:
    key = None if event.key is None else _text(event.key)
    headers = _headers(event.headers)
    return events.Event(
        _text(event.target), key, _text(event.path), headers, event.body, event.timeout_ms
    )


def _received(headers: Sequence[deliveries.Header]) -> tuple[Header, ...]:
    return tuple(Header(header.name, header.value) for header in headers)


def _receipt(receipt: events.Receipt) -> Receipt:
    return Receipt(receipt.status, _received(receipt.headers), receipt.body, receipt.latency)


def _delivery(found: deliveries.Delivery) -> Delivery:
    return Delivery(
        key=found.key,
        method=found.method,
        path=found.path,
        query=found.query,
        headers=_received(found.headers),
        body=found.body,
        received_at=found.received_at,
        latency=found.latency,
    )


def _answer(answer: Ok[events.Receipt] | Err[events.SendError]) -> Receipt | SendError:
    if isinstance(answer, Ok):
        return _receipt(answer.value)
    error = _translated(answer.value)
    if not isinstance(error, SendError):
        raise TypeError(f"{error!r} is no error of sending")
    return error


def _raise(error: Err[Any]) -> NoReturn:
    # Without the bindings' own error beside it: it says the same in other words.
    raise _translated(error.value) from None


def _translated(value: Any) -> OrbitalError:
    return _ERRORS[type(value)](value)


_LEVELS: Mapping[Level, log.Level] = {
    "debug": log.Level.DEBUG,
    "info": log.Level.INFO,
    "warn": log.Level.WARN,
    "error": log.Level.ERROR,
}

_METRICS: Mapping[MetricKind, Callable[[str, float, list[metrics.Label]], None]] = {
    "counter": metrics.counter,
    "gauge": metrics.gauge,
    "histogram": metrics.histogram,
}

_ERRORS: Mapping[type, Callable[[Any], OrbitalError]] = {
    deliveries.ExpectError_Taken: lambda _: errors.KeyTaken(),
    deliveries.ExpectError_InvalidKey: lambda error: errors.InvalidKey(error.value),
    deliveries.ExpectError_InvalidReply: lambda error: errors.InvalidReply(error.value),
    deliveries.WaitError_Timeout: lambda _: errors.WaitTimeout(),
    deliveries.WaitError_Taken: lambda _: errors.KeyTaken(),
    deliveries.WaitError_InvalidKey: lambda error: errors.InvalidKey(error.value),
    deliveries.WaitError_NothingToWaitFor: lambda _: errors.NothingToWaitFor(),
    deliveries.WaitError_Overflow: lambda error: errors.Overflow(error.value),
    events.SendError_UnknownTarget: lambda error: errors.UnknownTarget(error.value),
    events.SendError_Invalid: lambda error: errors.InvalidRequest(error.value),
    events.SendError_Taken: lambda _: errors.EventKeyTaken(),
    events.SendError_Unreachable: lambda error: errors.Unreachable(error.value),
    events.SendError_Timeout: lambda _: errors.SendTimeout(),
    events.SendError_TooLarge: lambda error: errors.AnswerTooLarge(error.value),
    metrics.MetricError_InvalidName: lambda error: errors.InvalidMetricName(error.value),
    metrics.MetricError_InvalidLabel: lambda error: errors.InvalidMetricLabel(error.value),
    metrics.MetricError_InvalidValue: lambda error: errors.InvalidMetricValue(error.value),
    metrics.MetricError_OtherKind: lambda error: errors.OtherMetricKind(error.value),
    metrics.MetricError_TooManySeries: lambda error: errors.TooManySeries(error.value),
}

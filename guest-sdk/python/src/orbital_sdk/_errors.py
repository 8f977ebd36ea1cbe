"""Errors. Each kind that a test may want to catch has its own class."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ._receipt import Receipt


class OrbitalError(Exception):
    """The base class of the errors of this package."""


class Failure(OrbitalError):
    """Fails the case with a reason: `raise Failure(f"no invoice for {key}")`.

    With `from error`, the reason of that error is appended.
    """


class CaseError(OrbitalError, ValueError):
    """A case with invalid settings, found when its module is imported."""


class ExpectError(OrbitalError):
    """The reason why a key cannot be expected."""


class WaitError(OrbitalError):
    """The reason why waiting returned no delivery."""


class SendError(OrbitalError):
    """The reason why there is no response. A response with an error status is not a `SendError`."""


class MetricError(OrbitalError):
    """The reason why a value was not recorded."""


class KeyTaken(ExpectError, WaitError):
    """Another run expects this key."""

    def __init__(self) -> None:
        super().__init__("another run expects this key")


class InvalidKey(ExpectError, WaitError):
    """The key is empty, longer than 256 bytes, or contains control characters."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"invalid key: {reason}")


class InvalidReply(ExpectError):
    """A reply is invalid."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"invalid reply: {reason}")


class WaitTimeout(WaitError, TimeoutError):
    """The timeout given to the call expired. Deliveries received until then stay in the queue."""

    def __init__(self) -> None:
        super().__init__("timed out waiting for a delivery")


class NothingToWaitFor(WaitError):
    """`n` is zero, or no key was given."""

    def __init__(self) -> None:
        super().__init__("there is nothing to wait for: no key, or zero deliveries")


class Overflow(WaitError):
    """Deliveries were dropped because the queue of a key was full.

    Raised once, after all queued deliveries have been returned.
    """

    dropped: int
    """The number of dropped deliveries."""

    def __init__(self, dropped: int) -> None:
        super().__init__(f"{dropped} deliveries were dropped: the key's queue was full")
        self.dropped = dropped


class UnknownTarget(SendError):
    """The host's configuration has no target with this name. The text lists the configured targets."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"unknown target: {reason}")


class InvalidRequest(SendError):
    """The path, a header, the method or the body is invalid or not granted to the component."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"the request cannot be sent: {reason}")


class EventKeyTaken(SendError):
    """Another run expects the event's key. Nothing was sent."""

    def __init__(self) -> None:
        super().__init__("another run expects the event's key; nothing was sent")


class Unreachable(SendError):
    """The connection failed, for example because it was refused or reset."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"the target did not answer: {reason}")


class SendTimeout(SendError, TimeoutError):
    """The request timed out. The target may or may not have processed it."""

    def __init__(self) -> None:
        super().__init__("the target did not answer in time")


class AnswerTooLarge(SendError):
    """The body of the response is larger than the limit."""

    allowed: int
    """The limit, in bytes."""

    def __init__(self, allowed: int) -> None:
        super().__init__(f"the target's answer is larger than {allowed} bytes")
        self.allowed = allowed


class InvalidMetricName(MetricError):
    """The name is longer than 100 bytes, is not a letter followed by letters, digits and `_`, or ends in `_bucket`,
    `_sum` or `_count`, which are reserved for histograms."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"invalid metric name: {reason}")


class InvalidMetricLabel(MetricError):
    """A label is invalid."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"invalid metric label: {reason}")


class InvalidMetricValue(MetricError):
    """The value is not a number, or would make a counter decrease or become infinite."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"invalid metric value: {reason}")


class OtherMetricKind(MetricError):
    """A metric with this name has another type."""

    def __init__(self, kind: str) -> None:
        super().__init__(f"the metric has another type: {kind}")


class TooManySeries(MetricError):
    """The component has reached its limit of series."""

    limit: int
    """The limit. It is 0 if the component is not granted metrics."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"the component has reached its limit of {limit} series")
        self.limit = limit


class StatusError(OrbitalError):
    """The status of a response is not 200 to 299."""

    receipt: Receipt
    """The response."""

    def __init__(self, receipt: Receipt, text: str) -> None:
        super().__init__(text)
        self.receipt = receipt


class BodyError(OrbitalError):
    """A body cannot be read as requested. The message includes the start of the body."""

"""Why a case ends early. What a test may want to catch has a class of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ._receipt import Receipt


class OrbitalError(Exception):
    """What all errors of this package have in common. The text is for a person to read."""


class Failure(OrbitalError):
    """Ends the case, or the function that helps it, with a reason: `raise Failure(f"no invoice for {key}")`.

    With `from error` the reason of that error stands after this one.
    """


class CaseError(OrbitalError, ValueError):
    """A case that cannot be one, found when its module is imported."""


class ExpectError(OrbitalError):
    """Why a key cannot be expected."""


class WaitError(OrbitalError):
    """Why there is no delivery."""


class SendError(OrbitalError):
    """Why there is no answer. An answer of any status is none of these."""


class MetricError(OrbitalError):
    """Why a value was not recorded."""


class KeyTaken(ExpectError, WaitError):
    """Another run expects this key."""

    def __init__(self) -> None:
        super().__init__("another run expects this key")


class InvalidKey(ExpectError, WaitError):
    """A key that is empty, longer than 256 bytes, or has control characters."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"the key cannot be one: {reason}")


class InvalidReply(ExpectError):
    """A planned reply that is outside its limits."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"the reply cannot be one: {reason}")


class WaitTimeout(WaitError, TimeoutError):
    """The time given ran out. What came in that time stays in the queue."""

    def __init__(self) -> None:
        super().__init__("what was waited for was not delivered in time")


class NothingToWaitFor(WaitError):
    """`n` is zero, or no key was given."""

    def __init__(self) -> None:
        super().__init__("there is nothing to wait for: no key, or zero deliveries")


class Overflow(WaitError):
    """Deliveries were dropped because the queue of a key was full.

    Raised once, when all that was kept has been taken.
    """

    dropped: int
    """How many."""

    def __init__(self, dropped: int) -> None:
        super().__init__(f"{dropped} deliveries were dropped: the key's queue was full")
        self.dropped = dropped


class UnknownTarget(SendError):
    """No target of this name is configured; the text lists those that are."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"unknown target: {reason}")


class InvalidRequest(SendError):
    """The path, a header, the method or the body is outside its limits."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"the request cannot be sent: {reason}")


class EventKeyTaken(SendError):
    """The event's key is expected by another run. Nothing was sent."""

    def __init__(self) -> None:
        super().__init__("another run expects the event's key; nothing was sent")


class Unreachable(SendError):
    """The connection was refused, reset or could not be made."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"the target did not answer: {reason}")


class SendTimeout(SendError, TimeoutError):
    """The time ran out. Whether the target took the request is not known."""

    def __init__(self) -> None:
        super().__init__("the target did not answer in time")


class AnswerTooLarge(SendError):
    """The answer's body is larger than is allowed."""

    allowed: int
    """In bytes."""

    def __init__(self, allowed: int) -> None:
        super().__init__(f"the target's answer is larger than {allowed} bytes")
        self.allowed = allowed


class InvalidMetricName(MetricError):
    """The name is not a letter followed by letters, digits and `_`, is longer than 100 bytes, or ends in
    `_bucket`, `_sum` or `_count`."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"the metric's name cannot be one: {reason}")


class InvalidMetricLabel(MetricError):
    """A label is outside its limits."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"the metric's label cannot be one: {reason}")


class InvalidMetricValue(MetricError):
    """The value is not a number, or a counter would go down."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"the metric cannot have this value: {reason}")


class OtherMetricKind(MetricError):
    """The name stands for a metric of another kind."""

    def __init__(self, kind: str) -> None:
        super().__init__(f"the metric is of another kind: {kind}")


class TooManySeries(MetricError):
    """The component has as many series as it may."""

    limit: int
    """How many it may have."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"the component has {limit} series already, as many as it may")
        self.limit = limit


class StatusError(OrbitalError):
    """An answer whose status is not 200 to 299."""

    receipt: Receipt
    """The answer."""

    def __init__(self, receipt: Receipt, text: str) -> None:
        super().__init__(text)
        self.receipt = receipt


class BodyError(OrbitalError):
    """A body that is not what was asked for. The text shows the body's beginning."""

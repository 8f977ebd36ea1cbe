"""Write end-to-end tests for orbital in Python.

A test sends an event to the system under test and waits for the delivery to orbital's webhook. A test is a
function. A suite of tests is a component: one `.wasm` file. To deploy it, copy it into the host's directory.

    from orbital_sdk import Event, Test, case

    @case(every="1s", timeout="3s")
    def smoke(t: Test) -> None:
        key = t.new_id()
        t.send_event(Event("api", key=key, json={"id": key, "email": "ada@example.com"}))
        delivery = t.wait_for(key)
        t.check_eq(delivery.json()["processed"], True)

A case passes if it returns and was not marked as failed. `Test.check`, `Test.check_eq` and `Test.fail` mark it as
failed and continue. An uncaught exception, such as that of `assert`, ends it.
"""

from ._case import Case, Cron, Every, Manual, Schedule, case
from ._content import Header, Headers
from ._duration import Duration
from ._errors import (
    AnswerTooLarge,
    BodyError,
    CaseError,
    EventKeyTaken,
    ExpectError,
    Failure,
    InvalidKey,
    InvalidMetricLabel,
    InvalidMetricName,
    InvalidMetricValue,
    InvalidReply,
    InvalidRequest,
    KeyTaken,
    MetricError,
    NothingToWaitFor,
    OrbitalError,
    OtherMetricKind,
    Overflow,
    SendError,
    SendTimeout,
    StatusError,
    TooManySeries,
    UnknownTarget,
    Unreachable,
    WaitError,
    WaitTimeout,
)
from ._event import Event, Reply, Request
from ._host import Level, RunContext
from ._log import Log
from ._receipt import Delivery, Receipt
from ._test import Test

__version__ = "0.1.0"

__all__ = [
    "AnswerTooLarge",
    "BodyError",
    "Case",
    "CaseError",
    "Cron",
    "Delivery",
    "Duration",
    "Event",
    "EventKeyTaken",
    "Every",
    "ExpectError",
    "Failure",
    "Header",
    "Headers",
    "InvalidKey",
    "InvalidMetricLabel",
    "InvalidMetricName",
    "InvalidMetricValue",
    "InvalidReply",
    "InvalidRequest",
    "KeyTaken",
    "Level",
    "Log",
    "Manual",
    "MetricError",
    "NothingToWaitFor",
    "OrbitalError",
    "OtherMetricKind",
    "Overflow",
    "Receipt",
    "Reply",
    "Request",
    "RunContext",
    "Schedule",
    "SendError",
    "SendTimeout",
    "StatusError",
    "Test",
    "TooManySeries",
    "UnknownTarget",
    "Unreachable",
    "WaitError",
    "WaitTimeout",
    "case",
]

"""What a target answered, and what the system under test delivered."""

from __future__ import annotations

from dataclasses import dataclass

from ._content import Header, Reading, beginning
from ._errors import StatusError


@dataclass(frozen=True)
class Receipt(Reading):
    """A target's answer, whatever its status."""

    status: int
    """100 to 999."""
    headers: tuple[Header, ...]
    """In the order in which they came, with names in lower case."""
    body: bytes
    """At most what the host's configuration allows (1 MiB by default)."""
    latency: float
    """Seconds from the start of the request to the last byte of the answer."""

    def success(self) -> Receipt:
        """This answer, if its status is 200 to 299; raises `StatusError` if it is any other."""
        if 200 <= self.status < 300:
            return self
        raise StatusError(self, f"the target answered {self.status} with {beginning(self.body)}")


@dataclass(frozen=True)
class Delivery(Reading):
    """A request that the webhook received for this run."""

    key: str
    """The key that tied it to this run."""
    method: str
    """The method, in capitals."""
    path: str
    """The path, as it was sent."""
    query: str
    """What came after the first `?` of the URL; empty if nothing did."""
    headers: tuple[Header, ...]
    """In the order in which they came, with names in lower case."""
    body: bytes
    """At most what the host's configuration allows (1 MiB by default)."""
    received_at: float
    """Seconds since the Unix epoch when its last byte had come, by the host's clock."""
    latency: float | None
    """Seconds from the sending of the event to the receipt of this delivery; none if the host cannot tell
    which event it belongs to."""

    def __str__(self) -> str:
        """The request line and the beginning of the body: enough to recognise it by."""
        mark = "?" if self.query else ""
        return f"{self.method} {self.path}{mark}{self.query} with {beginning(self.body)}"

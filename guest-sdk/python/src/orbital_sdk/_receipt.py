"""Responses of targets, and deliveries of the system under test."""

from __future__ import annotations

from dataclasses import dataclass

from ._content import Header, Reading, beginning
from ._errors import StatusError


@dataclass(frozen=True)
class Receipt(Reading):
    """A target's response, with any status."""

    status: int
    """The HTTP status, 100 to 999."""
    headers: tuple[Header, ...]
    """The headers, in the order in which they were received, with names in lower case."""
    body: bytes
    """The body. The host's configuration limits its size (1 MiB by default)."""
    latency: float
    """The time from the start of the request to the last byte of the response, in seconds."""

    def success(self) -> Receipt:
        """Returns this response if its status is 200 to 299. Raises `StatusError` otherwise."""
        if 200 <= self.status < 300:
            return self
        raise StatusError(self, f"the target answered {self.status} with {beginning(self.body)}")


@dataclass(frozen=True)
class Delivery(Reading):
    """A request that the webhook received for this run."""

    key: str
    """The key that assigned the delivery to this run."""
    method: str
    """The HTTP method, in upper case."""
    path: str
    """The path, exactly as it was sent."""
    query: str
    """The query string: the part of the URL after the first `?`, or empty."""
    headers: tuple[Header, ...]
    """The headers, in the order in which they were received, with names in lower case."""
    body: bytes
    """The body. The host's configuration limits its size (1 MiB by default)."""
    received_at: float
    """The time when the last byte was received, in seconds since the Unix epoch, by the host's clock."""
    latency: float | None
    """The time from sending the event to receiving this delivery, in seconds. `None` if the host cannot tell which event
    the delivery belongs to."""

    def __str__(self) -> str:
        """Returns the request line and the start of the body."""
        mark = "?" if self.query else ""
        return f"{self.method} {self.path}{mark}{self.query} with {beginning(self.body)}"

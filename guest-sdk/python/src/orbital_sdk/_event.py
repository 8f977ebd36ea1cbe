"""What a case sends to the system under test."""

from __future__ import annotations

from dataclasses import dataclass

from . import _content, _duration
from ._content import UNSET, Header, Headers
from ._duration import Duration


@dataclass(frozen=True, init=False)
class Event:
    """What a case sends to a target, with `POST`, for the system under test to deliver to the webhook.

    `Event("api", key=key, json={"id": key})`
    """

    target: str
    """The name of the target, which the host's configuration must have."""
    key: str | None
    """The key that the delivery will have, if the test chooses it. The host expects it before it sends the
    event, so that no delivery can come too early."""
    path: str
    """Appended to the path of the target's URL: empty, or starting with `/`. It may have a query."""
    headers: tuple[Header, ...]
    """They win over the target's default headers."""
    body: bytes
    """At most 8 MiB."""
    timeout_ms: int | None
    """Bounds the whole exchange; without it, the target's own setting does."""

    def __init__(
        self,
        target: str,
        *,
        key: str | None = None,
        path: str = "",
        headers: Headers = (),
        body: bytes | str = b"",
        json: object = UNSET,
        timeout: Duration | None = None,
    ) -> None:
        """`json` sets the body to a value as JSON, and `content-type` unless it is among the headers."""
        _set(self, "target", target)
        _set(self, "key", key)
        _set(self, "path", path)
        _set_content(self, headers, body, json)
        _set(self, "timeout_ms", None if timeout is None else _duration.milliseconds(timeout))


@dataclass(frozen=True, init=False)
class Request:
    """A request to a target that is not an event: to prepare something, or to look something up.

    `Request("GET", "pipeline", path="/metrics")`
    """

    method: str
    """The method, such as `GET`."""
    target: str
    """As in `Event`."""
    path: str
    """As in `Event`."""
    headers: tuple[Header, ...]
    """As in `Event`."""
    body: bytes
    """As in `Event`."""
    timeout_ms: int | None
    """As in `Event`."""

    def __init__(
        self,
        method: str,
        target: str,
        *,
        path: str = "",
        headers: Headers = (),
        body: bytes | str = b"",
        json: object = UNSET,
        timeout: Duration | None = None,
    ) -> None:
        """As `Event`."""
        _set(self, "method", method)
        _set(self, "target", target)
        _set(self, "path", path)
        _set_content(self, headers, body, json)
        _set(self, "timeout_ms", None if timeout is None else _duration.milliseconds(timeout))


@dataclass(frozen=True, init=False)
class Reply:
    """What the webhook answers to one delivery, to see how the system under test takes it.

    `Reply(503, headers={"retry-after": "1"})`
    """

    status: int
    """200 to 599."""
    delay_ms: int
    """How long to wait before answering; at most a minute."""
    headers: tuple[Header, ...]
    """Headers of the answer."""
    body: bytes
    """Body of the answer; at most 64 KiB."""

    def __init__(
        self,
        status: int,
        *,
        delay: Duration = 0,
        headers: Headers = (),
        body: bytes | str = b"",
        json: object = UNSET,
    ) -> None:
        """`json` is as in `Event`."""
        _set(self, "status", status)
        _set(self, "delay_ms", _duration.milliseconds(delay))
        _set_content(self, headers, body, json)


def _set(value: object, name: str, to: object) -> None:
    # The values are frozen; this is how their own constructors fill them.
    object.__setattr__(value, name, to)


def _set_content(value: object, headers: Headers, body: bytes | str, json: object) -> None:
    listed, encoded = _content.content(headers, body, json)
    _set(value, "headers", listed)
    _set(value, "body", encoded)

"""Events, requests, and the webhook's responses to deliveries."""

from __future__ import annotations

from dataclasses import dataclass

from . import _content, _duration
from ._content import UNSET, Header, Headers
from ._duration import Duration


@dataclass(frozen=True, init=False)
class Event:
    """An event. A case sends it to a target, with `POST`, and the system under test delivers it to the webhook.

    `Event("api", key=key, json={"id": key})`
    """

    target: str
    """The name of the target. The host's configuration must define it."""
    key: str | None
    """The key that the delivery will have, if the test chooses the key. The host expects the key before it sends the
    event, so even the fastest delivery is not lost."""
    path: str
    """A path that is appended to the target's URL: empty, or starting with `/`. May include a query."""
    headers: tuple[Header, ...]
    """Headers. They override the target's default headers."""
    body: bytes
    """The body, at most 8 MiB."""
    timeout_ms: int | None
    """The timeout for the request and its response, in milliseconds. `None` means the target's default."""

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
        """`json` is a value that is sent as JSON. It sets the header `content-type` unless it is in `headers`."""
        _set(self, "target", target)
        _set(self, "key", key)
        _set(self, "path", path)
        _set_content(self, headers, body, json)
        _set(self, "timeout_ms", None if timeout is None else _duration.milliseconds(timeout))


@dataclass(frozen=True, init=False)
class Request:
    """A request to a target that is not an event, such as one that reads or prepares data.

    `Request("GET", "pipeline", path="/metrics")`
    """

    method: str
    """The HTTP method, such as `GET`."""
    target: str
    """The name of the target. The host's configuration must define it."""
    path: str
    """A path that is appended to the target's URL: empty, or starting with `/`. May include a query."""
    headers: tuple[Header, ...]
    """Headers. They override the target's default headers."""
    body: bytes
    """The body, at most 8 MiB."""
    timeout_ms: int | None
    """The timeout for the request and its response, in milliseconds. `None` means the target's default."""

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
        """`json` is a value that is sent as JSON. It sets the header `content-type` unless it is in `headers`."""
        _set(self, "method", method)
        _set(self, "target", target)
        _set(self, "path", path)
        _set_content(self, headers, body, json)
        _set(self, "timeout_ms", None if timeout is None else _duration.milliseconds(timeout))


@dataclass(frozen=True, init=False)
class Reply:
    """The webhook's response to one delivery, to test how the system under test handles it.

    `Reply(503, headers={"retry-after": "1"})`
    """

    status: int
    """The HTTP status, 200 to 599."""
    delay_ms: int
    """How long the webhook waits before it responds, in milliseconds, at most one minute."""
    headers: tuple[Header, ...]
    """The headers of the response."""
    body: bytes
    """The body of the response, at most 64 KiB."""

    def __init__(
        self,
        status: int,
        *,
        delay: Duration = 0,
        headers: Headers = (),
        body: bytes | str = b"",
        json: object = UNSET,
    ) -> None:
        """`json` is a value that is sent as JSON. It sets the header `content-type` unless it is in `headers`."""
        _set(self, "status", status)
        _set(self, "delay_ms", _duration.milliseconds(delay))
        _set_content(self, headers, body, json)


def _set(value: object, name: str, to: object) -> None:
    # The values are frozen; their own constructors set attributes this way.
    object.__setattr__(value, name, to)


def _set_content(value: object, headers: Headers, body: bytes | str, json: object) -> None:
    listed, encoded = _content.content(headers, body, json)
    _set(value, "headers", listed)
    _set(value, "body", encoded)

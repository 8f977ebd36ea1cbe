"""HTTP by way of `wasi:http`, for code that does not know of orbital's events.

`Test.send_event` and `Test.request` need none of this, and are what a test should use for the system under test.
This module is for a client library that wants a function to send requests with. It must be asked for in
`pyproject.toml`, because it makes the component import `wasi:http`:

    [tool.orbital]
    http = true

A URL whose host is the name of a target goes to that target, with its URL, headers and secrets:

    from orbital_sdk import http

    answer = http.post("http://segment/v1/batch", json={"batch": []})
    answer.raise_for_status()

What other hosts may be reached is for the operator to say.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import SplitResult, urlencode, urlsplit, urlunsplit
from collections.abc import Mapping

from . import _content, _duration, _host
from ._content import UNSET, Header, Headers, Reading
from ._duration import Duration
from ._errors import OrbitalError

__all__ = [
    "HTTPError",
    "Request",
    "Response",
    "StatusError",
    "delete",
    "get",
    "post",
    "put",
    "request",
    "send",
]


class HTTPError(OrbitalError):
    """There is no answer."""

    code: str
    """The case of `wasi:http`'s `error-code`, such as `HTTP-request-denied` or `connection-refused`."""

    def __init__(self, url: str, code: str, detail: str = "") -> None:
        super().__init__(f"no answer from {url}: {code}{f' ({detail})' if detail else ''}")
        self.code = code


class StatusError(OrbitalError):
    """An answer whose status is not 200 to 299."""

    response: Response
    """The answer."""

    def __init__(self, response: Response) -> None:
        super().__init__(
            f"{response.url} answered {response.status} with {_content.beginning(response.body)}"
        )
        self.response = response


@dataclass(frozen=True)
class Request:
    """A request, ready to be sent."""

    method: str
    """In capitals."""
    url: SplitResult
    """With `http` or `https` and a host."""
    headers: tuple[Header, ...]
    """As they are sent."""
    body: bytes
    """As it is sent."""
    timeout_ms: int | None
    """Bounds the time to connect, to the first byte of the answer, and between two of its bytes."""


@dataclass(frozen=True)
class Response(Reading):
    """An answer, whatever its status."""

    url: str
    """What was asked."""
    status: int
    """100 to 999."""
    headers: tuple[Header, ...]
    """In the order in which they came, with names in lower case."""
    body: bytes
    """All of it."""

    @property
    def ok(self) -> bool:
        """Whether the status is 200 to 299."""
        return 200 <= self.status < 300

    def raise_for_status(self) -> Response:
        """This answer, if its status is 200 to 299; raises `StatusError` if it is any other."""
        if self.ok:
            return self
        raise StatusError(self)


def request(
    method: str,
    url: str,
    *,
    params: Mapping[str, str] | None = None,
    headers: Headers = (),
    body: bytes | str = b"",
    json: object = UNSET,
    timeout: Duration | None = None,
) -> Response:
    """Sends a request and waits for the whole answer. Redirects are not followed.

    `params` are added to the URL's query; `json` sets the body and `content-type`. Raises `HTTPError` if there is
    no answer.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"`{url}` is no URL to send to; write one such as `http://api/v1/batch`")
    if params:
        query = "&".join(part for part in (parts.query, urlencode(params)) if part)
        parts = parts._replace(query=query)
    listed, encoded = _content.content(headers, body, json)
    timeout_ms = None if timeout is None else _duration.milliseconds(timeout)
    return send(Request(method.upper(), parts._replace(fragment=""), listed, encoded, timeout_ms))


def get(
    url: str,
    *,
    params: Mapping[str, str] | None = None,
    headers: Headers = (),
    timeout: Duration | None = None,
) -> Response:
    """A `GET`; see `request`."""
    return request("GET", url, params=params, headers=headers, timeout=timeout)


def post(
    url: str,
    *,
    headers: Headers = (),
    body: bytes | str = b"",
    json: object = UNSET,
    timeout: Duration | None = None,
) -> Response:
    """A `POST`; see `request`."""
    return request("POST", url, headers=headers, body=body, json=json, timeout=timeout)


def put(
    url: str,
    *,
    headers: Headers = (),
    body: bytes | str = b"",
    json: object = UNSET,
    timeout: Duration | None = None,
) -> Response:
    """A `PUT`; see `request`."""
    return request("PUT", url, headers=headers, body=body, json=json, timeout=timeout)


def delete(url: str, *, headers: Headers = (), timeout: Duration | None = None) -> Response:
    """A `DELETE`; see `request`."""
    return request("DELETE", url, headers=headers, timeout=timeout)


def send(request: Request) -> Response:
    """Sends a request that is ready."""
    return _host.current().fetch(request)


def shown(request: Request) -> str:
    """The URL of a request, for a person to read."""
    return urlunsplit(request.url)

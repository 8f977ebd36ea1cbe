"""An HTTP client based on `wasi:http`, for client libraries.

For the system under test, a test should use `Test.send_event` and `Test.request`. This module is for client libraries
that need a function to send requests. Enable it in `pyproject.toml`, because it makes the component import `wasi:http`:

    [tool.orbital]
    http = true

A URL whose host is the name of a target is sent to that target, with its URL, headers and secrets:

    from orbital_sdk import http

    answer = http.post("http://segment/v1/batch", json={"batch": []})
    answer.raise_for_status()

The operator decides which other hosts can be reached.
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
    """There is no response."""

    code: str
    """The case of `wasi:http`'s `error-code`, such as `HTTP-request-denied` or `connection-refused`."""

    def __init__(self, url: str, code: str, detail: str = "") -> None:
        super().__init__(f"no answer from {url}: {code}{f' ({detail})' if detail else ''}")
        self.code = code


class StatusError(OrbitalError):
    """The status of a response is not 200 to 299."""

    response: Response
    """The response."""

    def __init__(self, response: Response) -> None:
        super().__init__(
            f"{response.url} answered {response.status} with {_content.beginning(response.body)}"
        )
        self.response = response


@dataclass(frozen=True)
class Request:
    """A request."""

    method: str
    """The HTTP method, in upper case."""
    url: SplitResult
    """The URL, with `http` or `https` and a host."""
    headers: tuple[Header, ...]
    """The headers."""
    body: bytes
    """The body."""
    timeout_ms: int | None
    """The timeout to connect, to the first byte of the response, and between two of its bytes, in milliseconds."""


@dataclass(frozen=True)
class Response(Reading):
    """A response, with any status."""

    url: str
    """The URL of the request."""
    status: int
    """The HTTP status, 100 to 999."""
    headers: tuple[Header, ...]
    """The headers, in the order in which they were received, with names in lower case."""
    body: bytes
    """The whole body."""

    @property
    def ok(self) -> bool:
        """Whether the status is 200 to 299."""
        return 200 <= self.status < 300

    def raise_for_status(self) -> Response:
        """Returns this response if its status is 200 to 299. Raises `StatusError` otherwise."""
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
    """Sends a request and waits for the whole response. Redirects are not followed.

    `params` are added to the URL's query. `json` is a value that is sent as JSON, with the header `content-type`. Raises
    `HTTPError` if there is no response.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"`{url}` is not a valid URL; use one such as `http://api/v1/batch`")
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
    """Sends a `GET` request; see `request`."""
    return request("GET", url, params=params, headers=headers, timeout=timeout)


def post(
    url: str,
    *,
    headers: Headers = (),
    body: bytes | str = b"",
    json: object = UNSET,
    timeout: Duration | None = None,
) -> Response:
    """Sends a `POST` request; see `request`."""
    return request("POST", url, headers=headers, body=body, json=json, timeout=timeout)


def put(
    url: str,
    *,
    headers: Headers = (),
    body: bytes | str = b"",
    json: object = UNSET,
    timeout: Duration | None = None,
) -> Response:
    """Sends a `PUT` request; see `request`."""
    return request("PUT", url, headers=headers, body=body, json=json, timeout=timeout)


def delete(url: str, *, headers: Headers = (), timeout: Duration | None = None) -> Response:
    """Sends a `DELETE` request; see `request`."""
    return request("DELETE", url, headers=headers, timeout=timeout)


def send(request: Request) -> Response:
    """Sends a request and waits for the whole response."""
    return _host.current().fetch(request)


def shown(request: Request) -> str:
    """Returns the URL of a request as text."""
    return urlunsplit(request.url)

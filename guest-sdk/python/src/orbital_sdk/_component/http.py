"""Sending by way of `wasi:http`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlunsplit

from componentize_py_types import Err, Ok
from wit_world.imports import outgoing_handler, types
from wit_world.imports.streams import InputStream, OutputStream, StreamError_Closed

from .. import http as api
from .._content import Header

_MOST_PER_WRITE = 4096
"""What `blocking-write-and-flush` takes at once."""

_MOST_PER_READ = 64 * 1024

_METHODS: Mapping[str, Callable[[], types.Method]] = {
    "GET": types.Method_Get,
    "HEAD": types.Method_Head,
    "POST": types.Method_Post,
    "PUT": types.Method_Put,
    "DELETE": types.Method_Delete,
    "CONNECT": types.Method_Connect,
    "OPTIONS": types.Method_Options,
    "TRACE": types.Method_Trace,
    "PATCH": types.Method_Patch,
}


def fetch(request: api.Request) -> api.Response:
    """Sends a request and waits for the whole answer."""
    url = urlunsplit(request.url)
    try:
        outgoing = _outgoing(request, url)
        body = outgoing.body()
        future = outgoing_handler.handle(outgoing, _options(request))
        # After the request is on its way, so that a long body has somewhere to go.
        _write(body, request.body)
        with future, future.subscribe() as pollable:
            pollable.block()
            answer = future.get()
        if answer is None or isinstance(answer, Err):
            raise api.HTTPError(url, "internal-error", "the answer is not there")
        inner = answer.value
        if isinstance(inner, Err):
            raise inner
        return _response(inner.value, url)
    except Err as error:
        raise _error(error, url) from None


def _outgoing(request: api.Request, url: str) -> types.OutgoingRequest:
    headers = [(header.name, header.value.encode("latin-1", "replace")) for header in request.headers]
    if not any(header.name.lower() == "content-length" for header in request.headers) and request.body:
        headers.append(("content-length", str(len(request.body)).encode()))
    try:
        fields = types.Fields.from_list(headers)
    except Err as error:
        raise api.HTTPError(url, _name(error.value), "a header cannot be sent") from None
    outgoing = types.OutgoingRequest(fields)
    method = _METHODS.get(request.method)
    path = request.url.path or "/"
    try:
        outgoing.set_method(method() if method else types.Method_Other(request.method))
        outgoing.set_scheme(types.Scheme_Https() if request.url.scheme == "https" else types.Scheme_Http())
        outgoing.set_authority(request.url.netloc.rpartition("@")[2])
        outgoing.set_path_with_query(f"{path}?{request.url.query}" if request.url.query else path)
    except Err:
        raise api.HTTPError(url, "HTTP-request-URI-invalid", "the method or the URL cannot be sent") from None
    return outgoing


def _options(request: api.Request) -> types.RequestOptions | None:
    if request.timeout_ms is None:
        return None
    nanoseconds = request.timeout_ms * 1_000_000
    options = types.RequestOptions()
    for limit in (
        options.set_connect_timeout,
        options.set_first_byte_timeout,
        options.set_between_bytes_timeout,
    ):
        try:
            limit(nanoseconds)
        except Err:
            # A host may not support each of them; the run's own time still bounds the exchange.
            continue
    return options


def _write(body: types.OutgoingBody, content: bytes) -> None:
    if content:
        with body.write() as stream:
            if not _write_all(stream, content):
                # The answer, which says why, is still to come.
                return
    types.OutgoingBody.finish(body, None)


def _write_all(stream: OutputStream, content: bytes) -> bool:
    for start in range(0, len(content), _MOST_PER_WRITE):
        try:
            stream.blocking_write_and_flush(content[start : start + _MOST_PER_WRITE])
        except Err:
            return False
    return True


def _response(incoming: types.IncomingResponse, url: str) -> api.Response:
    with incoming:
        status = incoming.status()
        with incoming.headers() as fields:
            headers = tuple(Header(name.lower(), value.decode("latin-1")) for name, value in fields.entries())
        with incoming.consume() as body, body.stream() as stream:
            content = _read_all(stream, url)
    return api.Response(url, status, headers, content)


def _read_all(stream: InputStream, url: str) -> bytes:
    parts = []
    while True:
        try:
            parts.append(stream.blocking_read(_MOST_PER_READ))
        except Err as error:
            if isinstance(error.value, StreamError_Closed):
                return b"".join(parts)
            detail = error.value.value.to_debug_string()
            raise api.HTTPError(url, "HTTP-response-incomplete", detail) from None


def _error(error: Err[Any], url: str) -> api.HTTPError:
    if error.value is None:
        return api.HTTPError(url, "internal-error", "the request was used twice")
    value = getattr(error.value, "value", None)
    return api.HTTPError(url, _name(error.value), "" if value is None else str(value))


_ABBREVIATIONS = {"Dns": "DNS", "Http": "HTTP", "Ip": "IP", "Tls": "TLS", "Uri": "URI"}


def _name(value: object) -> str:
    """The name of a variant's case as the contract writes it: `ErrorCode_HttpRequestDenied` is
    `HTTP-request-denied`."""
    words = re.findall(r"[A-Z][a-z]*", type(value).__name__.partition("_")[2])
    return "-".join(_ABBREVIATIONS.get(word, word.lower()) for word in words)

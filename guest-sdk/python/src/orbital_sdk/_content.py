"""Headers and bodies: what is sent has them, and what is received."""

from __future__ import annotations

import json as json_module
from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Any, Literal, NamedTuple, TypeAlias

from ._errors import BodyError

_SHOWN_BYTES = 300
"""How many bytes of a body an error shows."""


class Unset(Enum):
    """Tells `json=None`, which is the JSON value `null`, from no JSON."""

    UNSET = "unset"


UNSET: Literal[Unset.UNSET] = Unset.UNSET


class Header(NamedTuple):
    """A header of HTTP. A byte of the value that is not ASCII stands as the character of the same number."""

    name: str
    value: str


Headers: TypeAlias = "Mapping[str, str] | Iterable[tuple[str, str]]"
"""Headers to send: a mapping, or pairs where a name is there more than once."""


def content(headers: Headers, body: bytes | str, json: object) -> tuple[tuple[Header, ...], bytes]:
    """Headers and body of what is sent."""
    pairs = headers.items() if isinstance(headers, Mapping) else headers
    listed = tuple(Header(str(name), str(value)) for name, value in pairs)
    encoded = body.encode() if isinstance(body, str) else bytes(body)
    if isinstance(json, Unset):
        return listed, encoded
    if encoded:
        raise ValueError("`body` and `json` are both set; remove one")
    try:
        encoded = json_module.dumps(json, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    except (TypeError, ValueError) as error:
        raise type(error)(f"the body cannot be JSON: {error}") from None
    if first(listed, "content-type") is None:
        listed += (Header("content-type", "application/json"),)
    return listed, encoded


def first(headers: Iterable[Header], name: str) -> str | None:
    """The first value of a header, by its name in any case."""
    wanted = name.lower()
    return next((header.value for header in headers if header.name.lower() == wanted), None)


def beginning(body: bytes) -> str:
    """The first bytes of a body, for a person to read."""
    if not body:
        return "an empty body"
    shown = body[:_SHOWN_BYTES].decode(errors="replace")
    return f"`{shown}`" if len(body) <= _SHOWN_BYTES else f"`{shown}…` ({len(body)} bytes)"


class Reading:
    """Reads headers and body of what was received."""

    headers: tuple[Header, ...]
    body: bytes

    def header(self, name: str) -> str | None:
        """The first value of a header, by its name in any case."""
        return first(self.headers, name)

    def text(self) -> str:
        """The body as text; what is not UTF-8 in it is replaced."""
        return self.body.decode(errors="replace")

    def json(self) -> Any:
        """The body, read as JSON: UTF-8, UTF-16 or UTF-32, with or without a byte order mark. Raises `BodyError` if it
        is not JSON."""
        try:
            return json_module.loads(self.body)
        except ValueError as error:
            raise BodyError(f"not the JSON expected: {error}; it is {beginning(self.body)}") from None

    def pointer(self, pointer: str) -> Any:
        """The value at a JSON pointer such as `/user/email`. Raises `BodyError` if there is none."""
        value = self.json()
        try:
            for part in _parts(pointer):
                value = value[_index(part)] if isinstance(value, list) else value[part]
        except (LookupError, TypeError, ValueError):
            raise BodyError(f"no value at `{pointer}` in the JSON; it is {beginning(self.body)}") from None
        return value


def _parts(pointer: str) -> list[str]:
    if not pointer:
        return []
    if not pointer.startswith("/"):
        raise LookupError
    return [part.replace("~1", "/").replace("~0", "~") for part in pointer[1:].split("/")]


def _index(part: str) -> int:
    if not part.isascii() or not part.isdigit() or (part != "0" and part.startswith("0")):
        raise LookupError
    return int(part)

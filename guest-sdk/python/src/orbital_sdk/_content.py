"""Headers and bodies of sent and received messages."""

from __future__ import annotations

import json as json_module
from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Any, Literal, NamedTuple, TypeAlias

from ._errors import BodyError

_SHOWN_BYTES = 300
"""The maximum number of bytes of a body that an error shows."""


class Unset(Enum):
    """Distinguishes `json=None`, which is the JSON value `null`, from no JSON."""

    UNSET = "unset"


UNSET: Literal[Unset.UNSET] = Unset.UNSET


class Header(NamedTuple):
    """An HTTP header. Each byte of the value that is not ASCII is the character with the same number (Latin-1)."""

    name: str
    value: str


Headers: TypeAlias = "Mapping[str, str] | Iterable[tuple[str, str]]"
"""Headers to send: a mapping, or pairs if a name occurs more than once."""


def content(headers: Headers, body: bytes | str, json: object) -> tuple[tuple[Header, ...], bytes]:
    """Returns headers and body as they are sent."""
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
    """Returns the first value of a header. The case of the name does not matter."""
    wanted = name.lower()
    return next((header.value for header in headers if header.name.lower() == wanted), None)


def beginning(body: bytes) -> str:
    """Returns the first bytes of a body, as text for people."""
    if not body:
        return "an empty body"
    shown = body[:_SHOWN_BYTES].decode(errors="replace")
    return f"`{shown}`" if len(body) <= _SHOWN_BYTES else f"`{shown}…` ({len(body)} bytes)"


class Reading:
    """Methods that read the headers and the body of a received message."""

    headers: tuple[Header, ...]
    body: bytes

    def header(self, name: str) -> str | None:
        """Returns the first value of a header. The case of the name does not matter."""
        return first(self.headers, name)

    def text(self) -> str:
        """Returns the body as text. Invalid UTF-8 is replaced."""
        return self.body.decode(errors="replace")

    def json(self) -> Any:
        """Parses the body as JSON, in UTF-8, UTF-16 or UTF-32, with or without a byte order mark. Raises `BodyError` if
        it is not JSON."""
        try:
            return json_module.loads(self.body)
        except ValueError as error:
            raise BodyError(f"not the JSON expected: {error}; it is {beginning(self.body)}") from None

    def pointer(self, pointer: str) -> Any:
        """Returns the value at a JSON pointer such as `/user/email`. Raises `BodyError` if there is none."""
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

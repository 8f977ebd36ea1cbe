"""What a component says of itself, in the custom sections that tools agree on."""

from __future__ import annotations

from .. import __version__

_CUSTOM_SECTION = 0


def described(component: bytes, version: str) -> bytes:
    """The component with its language, its tool and its version added."""
    fields = {"language": {"Python": "3.14"}, "processed-by": {"orbital-sdk": __version__}}
    sections = _section("producers", _producers(fields))
    if version:
        # Text without a length: the section says how long it is.
        sections += _section("version", version.encode())
    return component + sections


def _producers(fields: dict[str, dict[str, str]]) -> bytes:
    content = _number(len(fields))
    for field, values in fields.items():
        content += _text(field) + _number(len(values))
        for name, version in values.items():
            content += _text(name) + _text(version)
    return content


def _section(name: str, content: bytes) -> bytes:
    named = _text(name) + content
    return bytes([_CUSTOM_SECTION]) + _number(len(named)) + named


def _text(text: str) -> bytes:
    encoded = text.encode()
    return _number(len(encoded)) + encoded


def _number(number: int) -> bytes:
    """An unsigned LEB128."""
    encoded = bytearray()
    while True:
        number, low = number >> 7, number & 0x7F
        encoded.append(low | 0x80 if number else low)
        if not number:
            return bytes(encoded)

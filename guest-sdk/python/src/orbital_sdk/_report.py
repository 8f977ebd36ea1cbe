"""Converts an uncaught exception to the reason why a run failed."""

from __future__ import annotations

import re
from itertools import groupby

from ._errors import OrbitalError
from ._place import Place, places

_MOST_PLACES = 20
"""The maximum number of lines of a traceback that are shown, for example of a recursion."""


_LONE_SURROGATES = re.compile("[\ud800-\udfff]")


unimportable: dict[str, str] = {}
"""In a component: modules that cannot be imported by functions, with the reasons."""


def well_formed(text: str) -> str:
    """Returns a text with U+FFFD in place of each lone surrogate, which UTF-8 cannot encode. Python uses them for invalid
    UTF-8, as in `os.fsdecode`."""
    return _LONE_SURROGATES.sub("\ufffd", text)


def describe(error: BaseException) -> str:
    """Returns the reason, its location in the author's file, and below that the traceback."""
    way = places(error.__traceback__)
    # The frames that called the case are not shown.
    while way and way[0].is_sdk and not all(place.is_sdk for place in way):
        del way[0]
    author = [place for place in way if place.is_author]
    first = _reason(error, author[-1] if author else None)
    if isinstance(error, ModuleNotFoundError):
        why = unimportable.get(error.name or "")
        first += (
            "; modules are imported when the component is built, so import it at the top of the file"
            if why is None
            else f"; a component cannot import it: {why}"
        )
    if author:
        first = f"{first} ({author[-1]})"
    lines = [first, *_notes(error)]
    if isinstance(error, OrbitalError):
        # The location is sufficient, unless the case called a function.
        lines += _traceback(author) if len(author) > 1 else []
    else:
        lines += _traceback(way)
    return "\n".join(lines)


def reason(error: BaseException) -> str:
    """Returns the text of an exception, followed by those of its causes."""
    return _reason(error, None)


def _reason(error: BaseException, place: Place | None) -> str:
    texts = [_own(error, place)]
    seen = {id(error)}
    cause = error.__cause__
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        texts.append(_own(cause, None))
        cause = cause.__cause__
    return ": ".join(texts)


def _own(error: BaseException, place: Place | None) -> str:
    try:
        text = str(error)
    except Exception as broken:
        text = f"its message is not available: {type(broken).__name__}"
    if isinstance(error, OrbitalError):
        return text or type(error).__name__
    if isinstance(error, SystemExit):
        return f"the test called `exit({text})`; it must return instead"
    if isinstance(error, AssertionError) and not text and place is not None:
        # An assertion without a message is described by its code.
        text = f"`{place.code}`" if place.code else ""
    name = type(error).__qualname__
    return f"{name}: {text}" if text else name


def _notes(error: BaseException) -> list[str]:
    lines = [str(note) for note in getattr(error, "__notes__", [])]
    if isinstance(error, BaseExceptionGroup):
        lines += [f"  {reason(part)}" for part in error.exceptions]
    return lines


def _traceback(way: list[Place]) -> list[str]:
    lines: list[str] = []
    for line, same in groupby(f"  {place} in {place.function}{f': {place.code}' if place.code else ''}" for place in way):
        times = sum(1 for _ in same)
        lines.append(line)
        if times > 1:
            lines.append(f"  … the same {times - 1} more times")
    if len(lines) > _MOST_PLACES:
        half = _MOST_PLACES // 2
        lines[half:-half] = [f"  … {len(lines) - 2 * half} more"]
    return lines

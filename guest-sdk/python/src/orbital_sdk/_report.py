"""From an exception that nobody caught to the reason why a run failed."""

from __future__ import annotations

import re
from itertools import groupby

from ._errors import OrbitalError
from ._place import Place, places

_MOST_PLACES = 20
"""How many lines of a traceback are shown, such as of a recursion."""


_LONE_SURROGATES = re.compile("[\ud800-\udfff]")


unimportable: dict[str, str] = {}
"""In a component: modules that functions import and that cannot be imported there, with the reasons."""


def well_formed(text: str) -> str:
    """Returns a text with U+FFFD in place of each lone surrogate, which UTF-8 cannot express. Python makes them of bytes
    that are not valid UTF-8, as in `os.fsdecode`."""
    return _LONE_SURROGATES.sub("\ufffd", text)


def describe(error: BaseException) -> str:
    """The reason, the place in the author's file where it arose, and below that the way there."""
    way = places(error.__traceback__)
    # What called the case is of no interest.
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
        # The place says all, unless a function was called on the way there.
        lines += _traceback(author) if len(author) > 1 else []
    else:
        lines += _traceback(way)
    return "\n".join(lines)


def reason(error: BaseException) -> str:
    """An exception in one text: its own, and those of the exceptions it was raised from."""
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
        text = f"its text cannot be had: {type(broken).__name__}"
    if isinstance(error, OrbitalError):
        return text or type(error).__name__
    if isinstance(error, SystemExit):
        return f"the test called `exit({text})`; it must return instead"
    if isinstance(error, AssertionError) and not text and place is not None:
        # What was asserted is all that there is to say.
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

"""Random values that are taken while the project is imported. That happens when the component is built, so that they are
the same in every run."""

from __future__ import annotations

import _random
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from .. import _renewal
from .._place import Place

_METHODS = frozenset({"random", "getrandbits"})


@contextmanager
def watched() -> Iterator[list[str]]:
    """Notes where random values are taken, each place once, as warnings."""
    warnings: list[str] = []

    def noting(frame: FrameType, event: str, called: Any) -> None:
        if event == "c_call" and _takes(called):
            text = _warning(frame)
            if text is not None and text not in warnings:
                warnings.append(text)

    with _renewal.watched():
        before = sys.getprofile()
        sys.setprofile(noting)
        try:
            yield warnings
        finally:
            sys.setprofile(before)


def _takes(called: Any) -> bool:
    """Whether a function of C takes random values that the author has not chosen to repeat."""
    if called is os.urandom:
        return True
    generator = getattr(called, "__self__", None)
    return (
        issubclass(type(generator), _random.Random)
        and called.__name__ in _METHODS
        and generator not in _renewal.chosen
    )


def _warning(frame: FrameType | None) -> str | None:
    package = ""
    while frame is not None:
        place = Place(frame.f_code.co_filename, frame.f_lineno, "")
        name = str(frame.f_globals.get("__name__", "")).partition(".")[0]
        if place.is_author:
            who = f"`{package}` takes" if package else "it takes"
            return (
                f"{place}: {who} random values while it is imported, which is when the component is built: they are "
                "the same in every run; take them in a case"
            )
        if not package and name not in sys.stdlib_module_names and not place.is_sdk:
            package = name
        frame = frame.f_back
    return None

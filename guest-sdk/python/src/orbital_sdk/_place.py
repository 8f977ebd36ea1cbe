"""Places in the author's own files."""

from __future__ import annotations

import linecache
import os
from collections.abc import Mapping
from types import FrameType, TracebackType

_SDK = os.path.dirname(os.path.abspath(__file__)) + os.sep

_roots: dict[str, str] | None = None
"""In a component: the directories that hold the author's files, and how each is shown."""

_sources: dict[str, list[str]] = {}
"""In a component: the lines of the author's files, which are not there when it runs."""


class Place:
    """A line of a file, and the function it is in."""

    def __init__(self, filename: str, line: int, function: str) -> None:
        self._filename = filename
        self._line = line
        self.function = function
        self.is_sdk = filename.startswith(_SDK)
        self._shown = _shown(filename)

    @property
    def is_author(self) -> bool:
        """Whether the file is the author's own."""
        return self._shown is not None and not self.is_sdk

    @property
    def code(self) -> str:
        """The line itself; empty if it is not known."""
        lines = _sources.get(self._filename) or linecache.getlines(self._filename)
        return lines[self._line - 1].strip() if 0 < self._line <= len(lines) else ""

    def __str__(self) -> str:
        name = self._shown
        if self.is_sdk:
            name = "orbital_sdk/" + self._filename.removeprefix(_SDK).replace(os.sep, "/")
        return f"{name or self._filename}:{self._line}"


def configure(roots: Mapping[str, str], sources: Mapping[str, list[str]]) -> None:
    """Says where the author's files are in this component, and what is in them."""
    global _roots
    _roots = dict(roots)
    _sources.update(sources)


def caller(frame: FrameType | None) -> Place | None:
    """Where the author's code called this package."""
    while frame is not None:
        place = Place(frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name)
        if place.is_author:
            return place
        frame = frame.f_back
    return None


def places(traceback: TracebackType | None) -> list[Place]:
    """The way of an exception through the author's files and this package, the outermost call first."""
    found = []
    while traceback is not None:
        code = traceback.tb_frame.f_code
        place = Place(code.co_filename, traceback.tb_lineno, code.co_name)
        if place.is_author or place.is_sdk:
            found.append(place)
        traceback = traceback.tb_next
    return found


def _shown(filename: str) -> str | None:
    """How a file of the author is shown; none if it is somebody else's."""
    if _roots is not None:
        for root, shown in _roots.items():
            if filename.startswith(root + "/"):
                return shown + filename[len(root) + 1 :]
        return None
    if filename.startswith("<") or _is_installed(filename):
        return None
    here = os.getcwd() + os.sep
    return filename.removeprefix(here).replace(os.sep, "/")


def _is_installed(filename: str) -> bool:
    parts = filename.split(os.sep)
    return "site-packages" in parts or "dist-packages" in parts or filename.startswith(_STANDARD_LIBRARY)


_STANDARD_LIBRARY = os.path.dirname(os.path.abspath(os.__file__)) + os.sep

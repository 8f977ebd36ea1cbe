"""What happens once, when the component is built: the author's modules are imported, and what they left in
memory is what every run starts from. Files cannot be read after that."""

from __future__ import annotations

import importlib
import json
import os
import sys
from typing import TypedDict

from .. import _case, _collect, _place, _renewal, _report
from . import refusals, suite

_LATE = (
    # The standard library imports these when they are first needed, which is too late in a run.
    "_strptime",
    "encodings.ascii",
    "encodings.base64_codec",
    "encodings.cp1252",
    "encodings.hex_codec",
    "encodings.idna",
    "encodings.iso8859_1",
    "encodings.iso8859_15",
    "encodings.latin_1",
    "encodings.punycode",
    "encodings.raw_unicode_escape",
    "encodings.unicode_escape",
    "encodings.utf_16",
    "encodings.utf_16_be",
    "encodings.utf_16_le",
    "encodings.utf_32",
    "encodings.utf_32_be",
    "encodings.utf_32_le",
    "encodings.utf_8_sig",
)


_DEFAULT_RECURSION_LIMIT = 1000

_RECURSION_LIMIT = 200
"""Less than Python's own, because the stack of an instance is smaller than that of a process: a function that calls
itself by way of the interpreter's C code, as `__getattr__` or a key of `sorted` can, overflows it after about 230
calls, and that breaks the instance where an exception would name the line. A suite that needs more sets it."""


class Settings(TypedDict):
    """What the build says."""

    modules: list[str]
    """The modules that have the cases."""
    roots: dict[str, str]
    """Where the author's files are in here, and how they are shown."""
    late: list[str]
    """What functions would import when they are called."""
    http: bool
    """Whether the component may import `wasi:http`."""
    zones: str | None
    """The file that has the data of time zones; none if `zoneinfo` is not used."""
    report: str
    """The file that is to say what happened."""


class Report(TypedDict, total=False):
    """What is told to the build."""

    error: str
    """Why it is not a suite; absent if it is."""
    missing: str
    """The module that was not found, if that is why."""
    cases: list[str]
    """The names of the cases."""
    modules: list[str]
    """What was imported."""


def load(settings: Settings) -> None:
    """Imports the author's modules, and writes a report for the build to read."""
    report: Report = {}
    try:
        _load(settings)
        report["cases"] = [case.name for case in _case.cases()]
        report["modules"] = sorted(sys.modules)
    except BaseException as error:
        report["error"] = str(error) if isinstance(error, _collect.LoadError) else _collect.explain(error, "")
        cause = error.__cause__
        if isinstance(cause, ImportError) and cause.name:
            report["missing"] = cause.name
        raise
    finally:
        with open(settings["report"], "w", encoding="utf-8") as file:
            json.dump(report, file)


def _load(settings: Settings) -> None:
    _place.configure(settings["roots"], {})
    if settings["zones"] is not None:
        importlib.import_module("orbital_sdk._component.zones").load(settings["zones"])
    with _renewal.watched():
        _collect.load(settings["modules"])
    if settings["http"]:
        suite.fetch = importlib.import_module("orbital_sdk._component.http").fetch
    for name in (*_LATE, *settings["late"]):
        try:
            importlib.import_module(name)
        except Exception as error:
            # Another version of Python may not have it. If a run asks for it after all, it is told this.
            _report.unimportable[name] = _report.reason(error)
    _place.configure(settings["roots"], _sources())
    refusals.refuse()
    _renewal.find()
    if sys.getrecursionlimit() == _DEFAULT_RECURSION_LIMIT:
        sys.setrecursionlimit(_RECURSION_LIMIT)


def _sources() -> dict[str, list[str]]:
    """The lines of the author's files, for messages that show them."""
    sources = {}
    for module in _collect.author_modules():
        path = str(_collect.file_of(module))
        if os.path.isfile(path) and path.endswith(".py"):
            with open(path, encoding="utf-8", errors="replace") as file:
                sources[path] = file.read().splitlines()
    return sources

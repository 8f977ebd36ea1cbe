"""What happens once, when the component is built: the author's modules are imported, and what they left in
memory is what every run starts from. Files cannot be read after that."""

from __future__ import annotations

import importlib
import json
import os
import sys
from typing import TypedDict

from .. import _case, _collect, _place
from . import suite

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
    "encodings.utf_8_sig",
)


class Settings(TypedDict):
    """What the build says."""

    modules: list[str]
    """The modules that have the cases."""
    roots: dict[str, str]
    """Where the author's files are in here, and how they are shown."""
    http: bool
    """Whether the component may import `wasi:http`."""
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
    _collect.load(settings["modules"])
    if settings["http"]:
        suite.fetch = importlib.import_module("orbital_sdk._component.http").fetch
    nested = [name for module in _collect.author_modules() for name, _ in _collect.nested_imports(module)]
    for name in (*_LATE, *nested):
        try:
            importlib.import_module(name)
        except Exception:
            # It may be meant for another platform, or be no module but a name in one. If it is called for after
            # all, the run says so.
            continue
    _place.configure(settings["roots"], _sources())


def _sources() -> dict[str, list[str]]:
    """The lines of the author's files, for messages that show them."""
    sources = {}
    for module in _collect.author_modules():
        path = str(module.__file__)
        if os.path.isfile(path) and path.endswith(".py"):
            with open(path, encoding="utf-8", errors="replace") as file:
                sources[path] = file.read().splitlines()
    return sources

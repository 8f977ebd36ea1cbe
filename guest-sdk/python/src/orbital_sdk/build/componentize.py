"""Running componentize-py, which links CPython, the project and its dependencies into one component."""

from __future__ import annotations

import importlib
import importlib.metadata
import json
import signal
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from . import metadata, zones
from .check import Found
from .problem import Problem
from .project import Project, import_path

VERSION = "0.25.1"
"""The release of componentize-py that this package is made for: it brings the interpreter."""

WIT = Path(__file__).parent.parent / "_wit"
"""The contract, and the part of `wasi:http` that `orbital_sdk.http` uses."""

_ENTRY = """\
import sys

# Nothing is left behind in the author's directories.
sys.dont_write_bytecode = True

from orbital_sdk._component.loading import load

load({settings!r})

from orbital_sdk._component.suite import Suite
"""


def componentize(project: Project, found: Found, out: Path) -> list[str]:
    """Writes the component, and returns the names of its cases."""
    tool = _tool()
    with tempfile.TemporaryDirectory(prefix="orbital-") as temporary:
        here = Path(temporary)
        search = [here, project.source, *(path for path in import_path() if path != project.source)]
        # The directories are /0, /1 and so on in there, in this order.
        settings = {
            "modules": list(project.modules),
            "roots": {"/1": project.shown_source},
            "late": found.late,
            "http": project.http,
            "zones": "/0/zones.json" if found.zones else None,
            "report": "/0/report.json",
        }
        if found.zones:
            zones.write(here / "zones.json")
        (here / "orbital_entry.py").write_text(_ENTRY.format(settings=settings), encoding="utf-8")
        # It does not return to Python until it is done, so that Ctrl-C would go unnoticed.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        try:
            tool.componentize(
                [str(WIT / "test"), *([str(WIT / "http")] if project.http else [])],  # wit_path
                ["orbital:python/test-with-http" if project.http else "orbital:test/test"],  # worlds
                [],  # features
                False,  # all_features
                None,  # world_module
                [str(path) for path in search],  # python_path
                [],  # module_worlds
                "orbital_entry",  # app_name
                str(here / "component.wasm"),  # output_path
                False,  # stub_wasi
                [],  # import_interface_names
                [],  # export_interface_names
                False,  # full_names
                None,  # intersect_world
            )
        except BaseException as error:
            # All of them: a panic of the tool is no `Exception`.
            raise Problem(_explain(str(error), _report(here), found.native)) from None
        _write(out, metadata.described((here / "component.wasm").read_bytes(), project.version))
        return list(_report(here).get("cases", []))


def generate_bindings(contract: Path, out: Path) -> None:
    """Writes the bindings of everything that this package imports, for type checkers and editors."""
    _tool().generate_bindings(
        [str(contract), str(WIT / "http")],  # wit_path
        ["orbital:python/test-with-http"],  # worlds
        [],  # features
        False,  # all_features
        None,  # world_module
        str(out),  # output_dir
        [],  # import_interface_names
        [],  # export_interface_names
        False,  # full_names
    )


def _tool() -> ModuleType:
    try:
        found = importlib.metadata.version("componentize-py")
        tool = importlib.import_module("componentize_py")
    except ImportError:
        raise Problem(
            "componentize-py is not installed for this Python; install it with "
            f"`{sys.executable} -m pip install 'orbital-sdk[build]'`"
        ) from None
    if found != VERSION:
        raise Problem(
            f"componentize-py {found} is installed, and this package is made for {VERSION}; install that with "
            f"`{sys.executable} -m pip install 'orbital-sdk[build]'`"
        )
    return tool


def _report(here: Path) -> dict[str, Any]:
    try:
        report: dict[str, Any] = json.loads((here / "report.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return report


def _explain(error: str, report: Mapping[str, Any], native: Mapping[str, str]) -> str:
    """Why there is no component: in the words of this package if it got so far, else in those of the tool."""
    if "error" not in report:
        return f"componentize-py failed: {error.partition('Stack backtrace:')[0].strip()}"
    text = str(report["error"])
    missing = str(report.get("missing") or "")
    package = missing.partition(".")[0]
    # The error names the whole module, its last part, or nothing at all.
    natives = [name for name in native if not missing or {package, missing} & {*name.split("."), name}]
    if natives and ("ImportError: " in text or "ModuleNotFoundError: " in text):
        return (
            f"{text}\n  help: {_some(natives)} compiled for this machine, and cannot run in a component; use a version "
            "in pure Python, or do without"
        )
    if package in sys.stdlib_module_names:
        return f"{text}\n  help: this module of Python's standard library is not in a component"
    if missing:
        return f"{text}\n  help: this Python found it, and the Python in the component (3.14) did not"
    return f"{text}\n  help: this Python imported it, and the Python in the component (3.14) did not"


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(f"`{name}`" for name in names[:3])
    more = f" and {len(names) - 3} more modules" if len(names) > 3 else ""
    return f"{shown}{more} {'is' if len(names) == 1 else 'are'}"


def _write(out: Path, component: bytes) -> None:
    """Writes a file whole: somebody may be watching its directory."""
    out.parent.mkdir(parents=True, exist_ok=True)
    part = out.with_name(f".{out.name}.part")
    part.write_bytes(component)
    part.replace(out)

"""What can be found without building: in the project's own Python, in a moment."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from dataclasses import dataclass
from types import FunctionType, ModuleType

from .. import _collect, _place
from . import early_random, imports, late
from .problem import Problem, report
from .project import Project


@dataclass(frozen=True)
class Found:
    """What this Python found out about a project."""

    native: dict[str, str]
    """What it imports that is compiled for this machine: modules and their files."""
    late: list[str]
    """What its functions, and those of what it imports, would import when they are called."""
    zones: bool
    """Whether it uses time zones."""


def check(project: Project) -> Found:
    """Imports the project, and warns of what its component could not do. Raises `Problem` if it is no suite."""
    _place.configure({str(project.source): project.shown_source}, {})
    sys.path.insert(0, str(project.source))
    sys.dont_write_bytecode = True
    before = list(sys.modules)
    with imports.watched() as uses, early_random.watched() as repeated:
        try:
            _collect.load(project.modules)
        except _collect.LoadError as error:
            raise Problem(str(error) + _help(error.__cause__)) from None
    for text in [*imports.warnings([*uses, *imports.late_uses()], project.http), *repeated]:
        report("warning", text)
    _check_http(project)
    native, imported = imports.native_extensions(before), late.import_late(before)
    return Found(native, imported, "zoneinfo" in sys.modules)


def check_types(project: Project) -> None:
    """Runs mypy, if the project's environment has it."""
    if not project.mypy or importlib.util.find_spec("mypy") is None:
        return
    targets = [argument for module in project.modules for argument in ("-p", module)]
    search = os.pathsep.join(filter(None, [str(project.source), os.environ.get("MYPYPATH", "")]))
    done = subprocess.run(
        [sys.executable, "-P", "-m", "mypy", "--no-error-summary", *targets],
        cwd=project.directory,
        env={**os.environ, "MYPYPATH": search},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise Problem(
            f"mypy found mistakes:\n{done.stdout.rstrip()}\n"
            "  to build without it, set `mypy = false` in `[tool.orbital]` of pyproject.toml"
        )


def _check_http(project: Project) -> None:
    if "orbital_sdk.http" in sys.modules and not project.http and "orbital_sdk.http" in _http_users():
        raise Problem(
            "`orbital_sdk.http` is imported, and the component may not import `wasi:http`; "
            "set `http = true` in `[tool.orbital]` of pyproject.toml"
        )


def _http_users() -> set[str]:
    """The package's own modules that the author's modules hold."""
    held = set()
    for module in _collect.author_modules():
        for value in vars(module).values():
            if _home(value) == "orbital_sdk.http":
                held.add("orbital_sdk.http")
        held.update(found.name for found in late.imports(module))
    return held


def _home(value: object) -> object:
    """The name of the module that something is, or comes from. It runs no code of the value's own, such as that of a lazy
    object."""
    if type(value) is ModuleType:
        return vars(value).get("__name__")
    if type(value) is FunctionType:
        return value.__module__
    return type.__getattribute__(value if issubclass(type(value), type) else type(value), "__module__")


def _help(error: BaseException | None) -> str:
    if isinstance(error, ModuleNotFoundError) and error.name:
        package = error.name.partition(".")[0]
        return (
            f"\n  help: install it for {sys.executable}, such as with `{sys.executable} -m pip install {package}`, "
            "or remove the import"
        )
    return ""

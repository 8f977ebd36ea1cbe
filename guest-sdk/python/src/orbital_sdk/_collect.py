"""Importing the author's modules, so that their cases register: when the component is built, and before that in
the project's own Python, where mistakes are found at once."""

from __future__ import annotations

import importlib
import pkgutil
import sys
from collections.abc import Sequence
from types import ModuleType

from . import _case, _report
from ._errors import CaseError
from ._place import Place, places

_NOT_OF_THE_SUITE = ("__main__", "conftest", "tests", "test")


class LoadError(Exception):
    """The suite cannot be loaded. The text is for a person to read."""


def load(names: Sequence[str]) -> None:
    """Imports modules, of packages all modules in them, and checks that there are cases."""
    for name in names:
        try:
            _import_all(name)
        except BaseException as error:
            raise LoadError(explain(error, name)) from error
    if not _case.cases():
        raise LoadError(
            f"there are no cases in {_list(names)}; put `@case(…)` before a function, or name the modules that "
            "have them in `modules` of `[tool.orbital]` in pyproject.toml"
        )


def explain(error: BaseException, module: str) -> str:
    """Why a module cannot be imported, with the place first, as compilers have it."""
    if isinstance(error, SyntaxError) and error.filename and error.lineno:
        line = (error.text or "").rstrip("\n")
        indent = len(line) - len(line.lstrip())
        caret = " " * max((error.offset or 1) - 1 - indent, 0) + "^"
        place = Place(error.filename, error.lineno, module)
        return f"{place}: {error.msg}\n    {line.strip()}\n    {caret}"
    way = [place for place in places(error.__traceback__) if place.is_author]
    if isinstance(error, CaseError) and way:
        return f"{way[-1]}: {error}"
    # The way from the import statement is of interest; this package's part of it is not.
    text = _report.reason(error)
    start = f"{way[-1]}: " if way else f"module `{module}`: "
    steps = [f"  {place} in {place.function}: {place.code}".rstrip(": ") for place in way]
    return "\n".join([start + text, *(steps if len(steps) > 1 else [])])


def author_modules() -> list[ModuleType]:
    """The author's own modules that have been imported."""
    return [
        module
        for module in list(sys.modules.values())
        if (file := file_of(module)) is not None and Place(file, 1, "").is_author
    ]


def file_of(module: object) -> str | None:
    """Returns the file of a module. It runs no code of the module, as `getattr` may for what a module lacks."""
    file = vars(module).get("__file__") if isinstance(module, ModuleType) else None
    return file if isinstance(file, str) else None


def _import_all(name: str) -> None:
    module = importlib.import_module(name)
    for found in pkgutil.iter_modules(vars(module).get("__path__", [])):
        if found.name not in _NOT_OF_THE_SUITE and not found.name.startswith("test_"):
            _import_all(f"{name}.{found.name}")


def _list(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)

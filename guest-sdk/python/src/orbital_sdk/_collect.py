"""Imports the author's modules, which registers their cases: first in the project's own Python, to find mistakes early,
and then when the component is built."""

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
    """The suite cannot be loaded."""


def load(names: Sequence[str]) -> None:
    """Imports modules, including all modules of packages, and checks that there are cases."""
    for name in names:
        try:
            _import_all(name)
        except BaseException as error:
            raise LoadError(explain(error, name)) from error
    if not _case.cases():
        raise LoadError(
            f"there are no cases in {_list(names)}; decorate a function with `@case(…)`, or list the modules with "
            "cases as `modules` in `[tool.orbital]` in pyproject.toml"
        )


def explain(error: BaseException, module: str) -> str:
    """Returns why a module cannot be imported, with the location first, like compilers."""
    if isinstance(error, SyntaxError) and error.filename and error.lineno:
        line = (error.text or "").rstrip("\n")
        indent = len(line) - len(line.lstrip())
        caret = " " * max((error.offset or 1) - 1 - indent, 0) + "^"
        place = Place(error.filename, error.lineno, module)
        return f"{place}: {error.msg}\n    {line.strip()}\n    {caret}"
    way = [place for place in places(error.__traceback__) if place.is_author]
    if isinstance(error, CaseError) and way:
        return f"{way[-1]}: {error}"
    # The frames from the import statement are shown, except those of this package.
    text = _report.reason(error)
    start = f"{way[-1]}: " if way else f"module `{module}`: "
    steps = [f"  {place} in {place.function}: {place.code}".rstrip(": ") for place in way]
    return "\n".join([start + text, *(steps if len(steps) > 1 else [])])


def author_modules() -> list[ModuleType]:
    """Returns the imported modules of the author."""
    return [
        module
        for module in list(sys.modules.values())
        if (file := file_of(module)) is not None and Place(file, 1, "").is_author
    ]


def file_of(module: object) -> str | None:
    """Returns the file of a module. Does not use `getattr`, which may run code of the module."""
    file = vars(module).get("__file__") if isinstance(module, ModuleType) else None
    return file if isinstance(file, str) else None


def _import_all(name: str) -> None:
    module = importlib.import_module(name)
    for found in pkgutil.iter_modules(vars(module).get("__path__", [])):
        if found.name not in _NOT_OF_THE_SUITE and not found.name.startswith("test_"):
            _import_all(f"{name}.{found.name}")


def _list(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)

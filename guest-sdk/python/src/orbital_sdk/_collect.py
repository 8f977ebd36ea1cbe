"""Importing the author's modules, so that their cases register: when the component is built, and before that in
the project's own Python, where mistakes are found at once."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import pkgutil
import sys
from collections.abc import Iterator, Sequence
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


def nested_imports(module: ModuleType) -> Iterator[tuple[str, int]]:
    """The modules that the functions of a module import when they are called, and the lines where they do."""
    try:
        with open(str(module.__file__), "rb") as file:
            tree = ast.parse(file.read())
    except (OSError, SyntaxError, ValueError):
        return
    top = {id(node) for node in tree.body}
    for node in ast.walk(tree):
        if id(node) in top:
            continue
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node.lineno
        elif isinstance(node, ast.ImportFrom):
            package = module.__package__ or ""
            name = "." * node.level + (node.module or "")
            try:
                base = importlib.util.resolve_name(name, package) if node.level else name
            except ImportError:
                continue
            yield base, node.lineno
            for alias in node.names:
                yield f"{base}.{alias.name}", node.lineno


def import_late() -> list[str]:
    """Imports what functions of the modules that are there would import when they are called, and what functions
    of those would, and so on; returns the names. In a run it would be too late: there are no files.

    Modules of the standard library have a great many such imports, most of them never used. Of those only what is
    of the same package counts, such as `email.policy` for `email.message`.
    """
    imported: list[str] = []
    scanned: set[int] = set()
    while modules := [module for module in list(sys.modules.values()) if id(module) not in scanned]:
        for module in modules:
            scanned.add(id(module))
            top = module.__name__.partition(".")[0]
            is_python = str(getattr(module, "__file__", None)).endswith(".py")
            if not is_python or top in ("__main__", "mypy", "orbital_sdk"):
                continue
            for name, _ in nested_imports(module):
                is_same = name.partition(".")[0] == top
                if name in imported or (top in sys.stdlib_module_names and not is_same) or top in _NOT_LATE:
                    continue
                try:
                    importlib.import_module(name)
                except Exception:
                    # It may be meant for another platform, or be no module but a name in one. If it is called for
                    # after all, the run says so.
                    continue
                imported.append(name)
    return imported


_NOT_LATE = frozenset({"asyncio", "concurrent", "multiprocessing", "test", "unittest", "urllib", "xmlrpc"})
"""Packages that are of no use in a component, and those for other tests."""


def _import_all(name: str) -> None:
    module = importlib.import_module(name)
    for found in pkgutil.iter_modules(getattr(module, "__path__", [])):
        if found.name not in _NOT_OF_THE_SUITE and not found.name.startswith("test_"):
            _import_all(f"{name}.{found.name}")


def author_modules() -> list[ModuleType]:
    """The author's own modules that have been imported."""
    return [
        module
        for module in list(sys.modules.values())
        if isinstance(getattr(module, "__file__", None), str) and Place(str(module.__file__), 1, "").is_author
    ]


def _list(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)

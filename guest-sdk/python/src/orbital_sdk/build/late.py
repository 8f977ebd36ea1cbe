"""Imports that stand in functions. In a run they would be too late, as there are no files then: so the build finds
them, and what they name is imported when the component is built."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import sys
from collections.abc import Iterator, Sequence
from types import ModuleType
from typing import NamedTuple

from .. import _collect

_NEVER = frozenset({"asyncio", "concurrent", "encodings", "importlib", "multiprocessing", "test", "unittest", "xmlrpc"})
"""Packages of the standard library that are of no use in a component, or that have what they need."""


class Import(NamedTuple):
    """An import statement's name, and where it stands."""

    name: str
    line: int
    is_late: bool
    """Whether it stands in a function, or under a condition."""


def imports(module: ModuleType) -> Iterator[Import]:
    """What a module's file imports. `from a import b` may name a module `a.b`, so that is there too."""
    try:
        with open(str(_collect.file_of(module)), "rb") as file:
            tree = ast.parse(file.read())
    except (OSError, SyntaxError, ValueError):
        return
    top = {id(node) for node in tree.body}
    for node in ast.walk(tree):
        is_late = id(node) not in top
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(alias.name, node.lineno, is_late)
        elif isinstance(node, ast.ImportFrom):
            try:
                name = importlib.util.resolve_name("." * node.level + (node.module or ""), vars(module).get("__package__") or "")
            except ImportError:
                continue
            yield Import(name, node.lineno, is_late)
            for alias in node.names:
                yield Import(f"{name}.{alias.name}", node.lineno, is_late)


def import_late(before: Sequence[str]) -> list[str]:
    """Imports what functions of the project and its dependencies would, and what functions of those would, and so
    on; returns the names.

    Modules of the standard library have a great many such imports, most of them never used. Of those only what is of
    the same package counts, in packages that the project asks for: such as `email.policy` for `email.message`.
    """
    others = {name.partition(".")[0] for name in before}
    asked: set[str] = set()
    scanned: set[str] = set()
    late: list[str] = []
    while modules := [
        (name, module)
        for name, module in list(sys.modules.items())
        if name not in scanned and _counts(name, module, others, asked)
    ]:
        for name, module in modules:
            scanned.add(name)
            top = name.partition(".")[0]
            is_standard = top in sys.stdlib_module_names
            for found in imports(module):
                wanted = found.name.partition(".")[0]
                if not is_standard:
                    asked.add(wanted)
                if found.is_late and found.name not in late and (not is_standard or wanted == top):
                    if _import(found.name):
                        late.append(found.name)
    return late


def _counts(name: str, module: ModuleType, others: set[str], asked: set[str]) -> bool:
    if not str(_collect.file_of(module)).endswith(".py"):
        return False
    top = name.partition(".")[0]
    if top in sys.stdlib_module_names:
        return top in asked and top not in _NEVER
    # What was there before the project belongs to this environment, and not to the project.
    return top not in others


def _import(name: str) -> bool:
    try:
        importlib.import_module(name)
    except Exception:
        # It may be meant for another platform, or be no module but a name in one. If it is called for after all, the
        # run says so.
        return False
    return True

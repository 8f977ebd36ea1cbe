"""A project: where its files are, and what it says of itself in `pyproject.toml`."""

from __future__ import annotations

import difflib
import os
import sys
import sysconfig
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .problem import Problem

_SETTINGS = ("http", "modules", "mypy", "source")


@dataclass(frozen=True)
class Project:
    """A project that can be built."""

    directory: Path
    """Where it is."""
    source: Path
    """The directory that its modules are imported from."""
    modules: tuple[str, ...]
    """The modules that have the cases; of a package, all that is in it."""
    http: bool
    """Whether its component imports `wasi:http`."""
    mypy: bool
    """Whether its types are checked, if its environment has mypy."""
    version: str
    """The version of the component; empty if the project does not say."""

    @classmethod
    def read(cls, directory: Path) -> Project:
        """Reads `pyproject.toml`, which may be missing: then the cases are in `app.py`."""
        directory = directory.resolve()
        if not directory.is_dir():
            raise Problem(f"the project `{directory}` is no directory")
        text = _toml(directory / "pyproject.toml")
        settings = text.get("tool", {}).get("orbital", {})
        _check_names(settings)
        modules = _modules(settings)
        source = _source(directory, settings, modules)
        for module in modules:
            _check_module(source, module, directory)
        return cls(
            directory=directory,
            source=source,
            modules=modules,
            http=_flag(settings, "http", default=False),
            mypy=_flag(settings, "mypy", default=True),
            version=str(text.get("project", {}).get("version", "")),
        )

    @property
    def shown_source(self) -> str:
        """What stands before the names of its files in messages: empty, or such as `src/`."""
        if self.source == self.directory:
            return ""
        return os.path.relpath(self.source, self.directory).replace(os.sep, "/") + "/"


def import_path() -> list[Path]:
    """Where this Python imports from, less its own standard library: the component has one of its own."""
    own = {Path(sysconfig.get_path(name)).resolve() for name in ("stdlib", "platstdlib")}
    found = []
    for entry in sys.path:
        path = Path(entry or os.curdir).resolve()
        is_own = path in own or path.parent in own and path.name == "lib-dynload"
        if path.is_dir() and not is_own and path not in found:
            found.append(path)
    return found


def _toml(file: Path) -> dict[str, Any]:
    try:
        with file.open("rb") as opened:
            return tomllib.load(opened)
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Problem(f"pyproject.toml: {error}") from None


def _check_names(settings: object) -> None:
    if not isinstance(settings, Mapping):
        raise Problem("pyproject.toml: `tool.orbital` is no table; write `[tool.orbital]`")
    for name in settings:
        if name not in _SETTINGS:
            near = difflib.get_close_matches(name, _SETTINGS, 1)
            hint = f"did you mean `{near[0]}`?" if near else f"there are {', '.join(_SETTINGS)}"
            raise Problem(f"pyproject.toml: `tool.orbital.{name}`: unknown setting; {hint}")


def _modules(settings: Mapping[str, Any]) -> tuple[str, ...]:
    given = settings.get("modules", ["app"])
    if isinstance(given, str) or not isinstance(given, list) or not given:
        raise Problem('pyproject.toml: `tool.orbital.modules`: expected a list of names, as in `modules = ["app"]`')
    for name in given:
        if not isinstance(name, str) or not all(part.isidentifier() for part in name.split(".")):
            raise Problem(
                f"pyproject.toml: `tool.orbital.modules`: `{name}` is no module's name; write one such as `app`"
            )
    return tuple(given)


def _source(directory: Path, settings: Mapping[str, Any], modules: tuple[str, ...]) -> Path:
    given = settings.get("source")
    if given is not None:
        source = (directory / str(given)).resolve()
        if not source.is_dir():
            raise Problem(f"pyproject.toml: `tool.orbital.source`: `{given}` is no directory")
        return source
    nested = directory / "src"
    return nested if nested.is_dir() and not _exists(directory, modules[0]) else directory


def _check_module(source: Path, module: str, directory: Path) -> None:
    if not _exists(source, module):
        raise Problem(
            f"there is no module `{module}` in `{source}`; write its cases into "
            f"`{os.path.relpath(source / module.replace('.', '/'), directory)}.py`, "
            'or name other modules, as in `[tool.orbital] modules = ["checkout"]` in pyproject.toml'
        )
    top = module.partition(".")[0]
    if top in sys.stdlib_module_names or top in _TAKEN:
        raise Problem(
            f"the module `{module}` cannot have this name: Python or the component has a module `{top}`; rename it"
        )


def _exists(source: Path, module: str) -> bool:
    path = source.joinpath(*module.split("."))
    return path.with_suffix(".py").is_file() or path.is_dir()


_TAKEN = frozenset(
    {
        "componentize_py_async_support",
        "componentize_py_runtime",
        "componentize_py_types",
        "orbital_sdk",
        "orbital_entry",
        "poll_loop",
        "wit_world",
    }
)


def _flag(settings: Mapping[str, Any], name: str, *, default: bool) -> bool:
    value = settings.get(name, default)
    if not isinstance(value, bool):
        raise Problem(f"pyproject.toml: `tool.orbital.{name}`: expected true or false")
    return value

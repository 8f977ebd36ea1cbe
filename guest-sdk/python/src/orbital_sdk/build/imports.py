"""What a component cannot do, found by what the project imports: sockets, processes and threads, and native
extensions."""

from __future__ import annotations

import builtins
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.machinery import EXTENSION_SUFFIXES
from types import ModuleType
from typing import Any

from .. import _absent, _collect
from .._place import Place
from . import late

_CLIENTS = (
    "a component has no sockets, so that what it sends by them fails. Send with `t.send_event` and `t.request`; or, if it "
    "sends by `wasi:http`, or can be given `orbital_sdk.http` to send with, set `http = true` in `[tool.orbital]`"
)

_USELESS: Mapping[str, str] = {
    "socket": _absent.SOCKETS,
    "ssl": _absent.SOCKETS,
    "http.client": _absent.SOCKETS,
    "http.server": _absent.SOCKETS,
    "urllib.request": _absent.SOCKETS,
    "xmlrpc.client": _absent.SOCKETS,
    "ftplib": _absent.SOCKETS,
    "smtplib": _absent.SOCKETS,
    "imaplib": _absent.SOCKETS,
    "poplib": _absent.SOCKETS,
    "socketserver": _absent.SOCKETS,
    "subprocess": _absent.PROCESSES,
    "multiprocessing": _absent.PROCESSES,
    "threading": _absent.THREADS,
    "concurrent.futures": _absent.THREADS,
    "asyncio": _absent.EVENT_LOOPS,
}


@dataclass(frozen=True)
class Use:
    """An import of a module whose main purpose cannot be met in a component."""

    module: str
    """What is imported."""
    package: str
    """The package that the author imported, by which it came to this."""
    place: Place
    """Where."""
    through: Place | None
    """Where the author's own file led there."""


@contextmanager
def watched() -> Iterator[list[Use]]:
    """Notes who imports what, while the project is imported."""
    uses: list[Use] = []
    original = builtins.__import__

    def noting(
        name: str,
        globals: Mapping[str, Any] | None = None,
        locals: Mapping[str, Any] | None = None,
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> ModuleType:
        importer = str((globals or {}).get("__name__", ""))
        if level == 0 and not _is_ours_or_pythons(importer):
            names = [name, *(f"{name}.{item}" for item in fromlist or ())]
            found = next((item for item in names if item in _USELESS), None)
            if found:
                uses.append(_use(found, importer))
        return original(name, globals, locals, fromlist or (), level)

    builtins.__import__ = noting
    try:
        yield uses
    finally:
        builtins.__import__ = original


def warnings(uses: Sequence[Use], has_http: bool) -> Iterator[str]:
    """What is said of them: once for each import of the author's."""
    told = set()
    for use in uses:
        reason = _USELESS[use.module]
        if use.place.is_author:
            shown = reason.replace(" (`http = true` in `[tool.orbital]`)", "") if has_http else reason
            mark, text = (str(use.place), use.module), f"{use.place}: `{use.module}`: {shown}"
        elif reason == _absent.SOCKETS and not has_http:
            # With `wasi:http` a package may send by it, and without sockets. Anything else that packages import, they may
            # well do without: a lock, say, or a process that is never started.
            mark = (str(use.through), use.package)
            text = f"{use.through}: `{use.package}` imports `{use.module}`: {_CLIENTS}"
        else:
            continue
        if mark not in told:
            told.add(mark)
            yield text


def late_uses() -> Iterator[Use]:
    """The same for what functions of the author's files import when they are called."""
    for module in _collect.author_modules():
        for found in late.imports(module):
            if found.is_late and found.name in _USELESS:
                place = Place(str(_collect.file_of(module)), found.line, "")
                yield Use(found.name, found.name, place, None)


def native_extensions(before: Sequence[str]) -> dict[str, str]:
    """What the project imported that is compiled for this machine: modules and their files."""
    found = {}
    for name, module in list(sys.modules.items()):
        file = _collect.file_of(module)
        is_native = file is not None and file.endswith(tuple(EXTENSION_SUFFIXES))
        if name not in before and is_native and name.partition(".")[0] not in sys.stdlib_module_names:
            found[name] = str(file)
    return found


def _use(module: str, importer: str) -> Use:
    # 0 is this function, 1 the one that notes, 2 the import statement.
    frame = sys._getframe(2)
    place = Place(frame.f_code.co_filename, frame.f_lineno, importer)
    package, through = importer, None
    up = frame.f_back
    while not place.is_author and up is not None and through is None:
        passed = Place(up.f_code.co_filename, up.f_lineno, "")
        name = str(up.f_globals.get("__name__", ""))
        if passed.is_author:
            through = passed
        elif not _is_ours_or_pythons(name):
            package = name
        up = up.f_back
    return Use(module, package.partition(".")[0], place, through)


def _is_ours_or_pythons(importer: str) -> bool:
    top = importer.partition(".")[0]
    return top in sys.stdlib_module_names or top in ("orbital_sdk", "", "__main__")
